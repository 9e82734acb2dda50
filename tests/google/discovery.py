"""Google's own description of the People API as strict JSON Schemas: what is not described there is wrong.

The document comes with the wheel of google-api-python-client. ``validator`` judges a whole document of a schema,
``validator(.., writable=True)`` one that is sent: members that are output only may not be in it, but for the metadata
of a person, which an update has to name its source and its etag in.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

Json = dict[str, Any]

FORMATS = jsonschema.FormatChecker(formats=())
"""Google's formats, and none of JSON Schema's own."""
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.(\d{3}|\d{6}|\d{9}))?Z", re.ASCII)
_MASK = re.compile(r"[A-Za-z][A-Za-z0-9_.]*(,[A-Za-z][A-Za-z0-9_.]*)*", re.ASCII)
_UPDATED = ("etag", "sources")
"""What of the metadata is input although Person.metadata is output only (people.updateContact)."""


@dataclass(frozen=True)
class Method:
    """A method of the API.

    Attributes:
        id: for example ``people.people.get``.
        verb: the HTTP method.
        path: for example ``v1/{+resourceName}:updateContact``.
        parameters: by name, as the document has them (``location``, ``required``, ``repeated``, ``enum``, ``pattern``),
            without those that every method has.
        request, response: names of schemas, None where there is no body.
    """

    id: str
    verb: str
    path: str
    parameters: dict[str, Json]
    request: str | None
    response: str | None


@cache
def document() -> Json:
    """The discovery document."""
    found = importlib.util.find_spec("googleapiclient")
    assert found is not None, "google-api-python-client is not installed"
    assert found.origin is not None
    path = Path(found.origin).parent / "discovery_cache/documents/people.v1.json"
    loaded: Json = json.loads(path.read_text(encoding="utf-8"))
    return loaded


@cache
def methods() -> dict[str, Method]:
    """Every method by its id."""
    found: dict[str, Method] = {}

    def walk(resource: Json) -> None:
        for entry in resource.get("methods", {}).values():
            found[entry["id"]] = Method(
                id=entry["id"],
                verb=entry["httpMethod"],
                path=entry["path"],
                parameters=entry.get("parameters", {}),
                request=entry.get("request", {}).get("$ref"),
                response=entry.get("response", {}).get("$ref"),
            )
        for inner in resource.get("resources", {}).values():
            walk(inner)

    walk(document())
    return found


def method(name: str) -> Method:
    """The method with this id."""
    return methods()[name]


def mask_values(parameter: Json) -> tuple[str, ...]:
    """The field names that a mask parameter may have, which only its description lists (``* names * urls``)."""
    return tuple(re.findall(r"\* ([A-Za-z]+)", parameter["description"]))


@cache
def validator(schema: str, *, writable: bool = False) -> jsonschema.Draft202012Validator:
    """What judges a document of this schema.

    Args:
        schema: its name, for example ``Person``.
        writable: output-only members are refused, too.
    """
    whole = {"$ref": f"#/$defs/{schema}", "$defs": _definitions(writable=writable)}
    return jsonschema.Draft202012Validator(whole, format_checker=FORMATS)


@cache
def _definitions(*, writable: bool) -> Json:
    return {name: _strict(schema, name, writable=writable) for name, schema in document()["schemas"].items()}


def _strict(schema: Json, name: str, *, writable: bool) -> Json:
    if "$ref" in schema:
        return {"$ref": f"#/$defs/{schema['$ref']}"}
    kind = schema["type"]
    if kind == "any":
        return {}
    strict: Json = {"type": kind}
    if kind == "object":
        members = {
            member: _strict(value, f"{name}.{member}", writable=writable)
            for member, value in schema.get("properties", {}).items()
            if not (writable and _output_only(name, member, value))
        }
        inner = schema.get("additionalProperties")
        strict["properties"] = members
        strict["additionalProperties"] = _strict(inner, name, writable=writable) if inner else False
    elif kind == "array":
        strict["items"] = _strict(schema["items"], name, writable=writable)
    elif kind == "integer":
        assert schema.get("format") == "int32"
        strict |= {"minimum": -(2**31), "maximum": 2**31 - 1}
    elif "format" in schema:
        strict["format"] = schema["format"]
    if "enum" in schema:
        strict["enum"] = schema["enum"]
    return strict


def _output_only(schema: str, member: str, value: Json) -> bool:
    if (schema, member) == ("Person", "metadata") or (schema == "PersonMetadata" and member in _UPDATED):
        return False
    return bool(value.get("readOnly")) or value.get("description", "").strip().startswith("Output only")


@FORMATS.checks("google-datetime")
def _is_datetime(value: object) -> bool:
    """RFC 3339 in UTC with up to nine digits of a second."""
    if not isinstance(value, str):
        return True
    if not _TIMESTAMP.fullmatch(value):
        return False
    try:
        datetime.fromisoformat(value[:19])
    except ValueError:
        return False
    return True


@FORMATS.checks("google-fieldmask")
def _is_mask(value: object) -> bool:
    return not isinstance(value, str) or _MASK.fullmatch(value) is not None


@FORMATS.checks("byte")
def _is_bytes(value: object) -> bool:
    """Base64, in the alphabet of URLs or the other one (proto3 JSON takes both)."""
    if not isinstance(value, str):
        return True
    try:
        base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except ValueError:
        return False
    return True
