"""What JSON Schemas are made of here (draft 2020-12, as OpenAPI 3.1 uses them)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any

Json = dict[str, Any]

TEXT: Json = {"type": "string"}
TIME: Json = {"type": "string", "format": "date-time"}
COUNT: Json = {"type": "integer", "minimum": 0}
NUMBER: Json = {"type": "integer", "format": "int64", "minimum": 1}
FLAG: Json = {"type": "boolean"}

LINE: Json = {"type": ["string", "null"], "pattern": "^[^\\u0000-\\u001f\\u007f]*$"}
"""One line of text."""

PROPERTY_NAME = "^[^\\u0000-\\u0020\\u007f]([^\\u0000-\\u001f\\u007f]*[^\\u0000-\\u0020\\u007f])?$"
"""Printable, with no space at either end."""


def ref(name: str) -> Json:
    """A reference to a component schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def array(items: Json) -> Json:
    return {"type": "array", "items": items}


def some(members: Json, required: Iterable[str] = (), about: str = "", example: Json | None = None) -> Json:
    """An object with these members."""
    schema: Json = {"type": "object", "properties": members}
    if names := list(required):
        schema["required"] = names
    if about:
        schema["description"] = about
    if example is not None:
        schema["examples"] = [example]
    return schema


def about(schema: Json, description: str) -> Json:
    return {**schema, "description": description}


def read_only(schema: Json) -> Json:
    return {**schema, "readOnly": True}


def nullable(schema: Json) -> Json:
    """The same or null."""
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]}
    or_null = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        or_null["enum"] = [*schema["enum"], None]
    return or_null


def texts(*names: str) -> Json:
    return dict.fromkeys(names, TEXT)


def texts_in(*names: str) -> Json:
    return dict.fromkeys(names, nullable(TEXT))


def enum(values: type[Enum]) -> Json:
    return {"type": "string", "enum": [value.value for value in values]}


def enum_in(values: type[Enum]) -> Json:
    """What is taken for an enum value (``polydex.core.decode``): any letter case, with spaces around it, or nothing."""
    spellings = "|".join(_any_case(value.value) for value in values)
    return {
        "anyOf": [nullable(enum(values)), {"type": "string", "pattern": f"^[ \\t\\r\\n]*({spellings})?[ \\t\\r\\n]*$"}],
        "description": "In any letter case; null and an empty string mean absent.",
    }


def _any_case(word: str) -> str:
    return "".join(f"[{letter.upper()}{letter.lower()}]" for letter in word)
