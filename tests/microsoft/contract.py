"""Microsoft's description of the contacts in Graph as strict JSON Schemas: what is not described there is wrong.

The description is msgraph-contacts.openapi.yaml, here beside it. OData annotations (``@odata.etag``) are allowed where
Graph has them; any other member that the description does not name is refused, although Microsoft declares contacts as
open types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema
import yaml

Json = dict[str, Any]

DOCUMENT: Final = Path(__file__).with_name("msgraph-contacts.openapi.yaml")
OPEN: Final = {"microsoft.graph.extension", "microsoft.graph.openTypeExtension", "microsoft.graph.resourceData"}
"""What may have members of any name."""
READ_ONLY: Final = {
    "microsoft.graph.contact": {"id", "changeKey", "createdDateTime", "lastModifiedDateTime", "photo", "@odata.etag"},
    "microsoft.graph.contactFolder": {"id", "childFolders", "contacts"},
    "microsoft.graph.subscription": {"id", "applicationId", "creatorId"},
    "microsoft.graph.profilePhoto": {"id", "height", "width"},
}
"""Members that a request may not have (msgraph-sdk-dotnet#206: ``id`` and the like sent back are refused with 400)."""
REQUIRED: Final = {
    "microsoft.graph.contact": {"id", "@odata.etag"},
    "microsoft.graph.contactFolder": {"id"},
    "microsoft.graph.extension": {"id"},
    "microsoft.graph.openTypeExtension": {"id", "extensionName"},
    "microsoft.graph.singleValueLegacyExtendedProperty": {"id", "value"},
    "microsoft.graph.multiValueLegacyExtendedProperty": {"id", "value"},
    "microsoft.graph.profilePhoto": {"id", "height", "width", "@odata.mediaContentType"},
    "microsoft.graph.user": {"id"},
    "microsoft.graph.subscription": {
        "id", "resource", "changeType", "notificationUrl", "expirationDateTime", "applicationId", "creatorId",
    },
}  # fmt: skip
"""What an answer always has, whatever was selected."""
WRITTEN: Final = {
    "microsoft.graph.openTypeExtension": {"extensionName"},
    "microsoft.graph.singleValueLegacyExtendedProperty": {"id", "value"},
    "microsoft.graph.multiValueLegacyExtendedProperty": {"id", "value"},
}
"""What a request always has."""
ANNOTATIONS: Final = (
    r"^@odata\.(type|id|etag|editLink|readLink|mediaContentType|mediaEtag|mediaReadLink|mediaEditLink|navigationLink)$",
    r"^[A-Za-z]+@odata\.(context|type|navigationLink|associationLink)$",
)
"""Names of annotations in an object, of the object and of one of its members; the collections' own are described."""

_PREFERENCES = re.compile(r'IdType="(ImmutableId|RestId)"|odata\.maxpagesize=[1-9]\d*|return=(minimal|representation)')
_DELTA = re.compile(r"/(microsoft\.graph\.)?delta(\(\))?$")
_KEY = re.compile(r"/([A-Za-z]+)\('([^'/]*)'\)")


class Broken(AssertionError):
    """A request or an answer is not as described; the text says how."""


@dataclass(frozen=True)
class Operation:
    """One method of one path.

    Attributes:
        id: operationId of the description, ``me.contacts.delta``.
        verb: of HTTP.
        template: its path in the description.
        query: names of its query parameters -> their schemas.
        headers: names of the headers that it knows, in lower case.
        body: media type -> name of the schema, "" for bytes; empty when it takes no body.
        required: whether there has to be a body.
        answers: status -> (media type -> name of the schema).
    """

    id: str
    verb: str
    template: str
    query: dict[str, Json]
    headers: frozenset[str]
    body: dict[str, str]
    required: bool
    answers: dict[str, dict[str, str]]

    @property
    def is_delta(self) -> bool:
        return self.template.endswith("/delta()")


@cache
def document() -> Json:
    loaded: Json = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return loaded


@cache
def operations() -> tuple[tuple[re.Pattern[str], dict[str, Operation]], ...]:
    """Patterns of paths, those without names in them first, and the operations of each by their verbs."""
    found: dict[str, dict[str, Operation]] = {}
    for template, item in document()["paths"].items():
        shared = item.get("parameters", [])
        verbs = {
            verb.upper(): _operation(verb.upper(), template, entry, shared)
            for verb, entry in item.items()
            if verb in ("get", "post", "put", "patch", "delete")
        }
        found[template] = verbs
    for base, other in document()["x-also"].items():
        for template in [known for known in found if known == base or known.startswith(f"{base}/")]:
            found.setdefault(template.replace(base, other, 1), found[template])
    ordered = sorted(found, key=lambda template: (template.count("{"), -len(template)))
    return tuple((_pattern(template), found[template]) for template in ordered)


def operation(verb: str, path: str) -> Operation:
    """The operation of a path below the version, as it was sent (``/me/contacts/AAMk%3D``).

    Raises:
        Broken: nothing is described there, or not this method.
    """
    plain = _KEY.sub(r"/\1/\2", _DELTA.sub("/delta()", path))
    for pattern, verbs in operations():
        if pattern.fullmatch(plain):
            if verb not in verbs:
                raise Broken(f"{path} has no {verb}")
            return verbs[verb]
    raise Broken(f"There is no path {path}")


def check(schema: str, value: Any, what: str, *, writable: bool = False) -> None:
    """Judge a value by the schema of this name. Raises Broken.

    Args:
        schema: ``microsoft.graph.contact``.
        value: decoded JSON.
        what: of what the error speaks.
        writable: of a request: without what is read-only, and nothing is required.
    """
    error = jsonschema.exceptions.best_match(validator(schema, writable=writable).iter_errors(value))
    if error is not None:
        raise Broken(f"{what}: {error.json_path}: {error.message}")


def preferences(header: str, what: str) -> None:
    """Graph ignores a preference that it does not know, so a misspelt one is never told. Raises Broken."""
    for one in header.split(","):
        if _PREFERENCES.fullmatch(one.strip()) is None:
            raise Broken(f"{what}: unknown preference {one.strip()}")


@cache
def validator(schema: str, *, writable: bool = False) -> jsonschema.Draft202012Validator:
    """What judges a value of this schema; see `check`."""
    whole = {"$ref": f"#/$defs/{schema}", "$defs": _definitions(writable=writable)}
    return jsonschema.Draft202012Validator(whole)


def of_parameter(schema: Json, text: str) -> bool:
    """Whether a query parameter's text is a value of its schema."""
    if schema["type"] == "integer":
        return text.isascii() and text.isdecimal() and int(text) >= schema.get("minimum", 0)
    if schema["type"] == "boolean":
        return text in ("true", "false")
    if schema["type"] == "array":
        parts = text.split(",")
        return bool(text) and not (schema.get("uniqueItems") and len(set(parts)) < len(parts))
    return True


def _operation(verb: str, template: str, entry: Json, shared: list[Json]) -> Operation:
    parameters = [_resolved(one) for one in [*shared, *entry.get("parameters", [])]]
    given = entry.get("requestBody", {})
    return Operation(
        id=entry["operationId"],
        verb=verb,
        template=template,
        query={one["name"]: one["schema"] for one in parameters if one["in"] == "query"},
        headers=frozenset(one["name"].lower() for one in parameters if one["in"] == "header"),
        body=_media(given),
        required=given.get("required", False),
        answers={status: _media(_resolved(answer)) for status, answer in entry["responses"].items()},
    )


def _media(described: Json) -> dict[str, str]:
    """Media type -> name of the schema; "" for bytes."""
    content = described.get("content", {})
    return {media: one["schema"].get("$ref", "").rpartition("/")[2] for media, one in content.items()}


def _resolved(node: Json) -> Json:
    while "$ref" in node:
        _, _, *parts = node["$ref"].split("/")
        node = document()["components"]
        for part in parts:
            node = node[part]
    return node


def _pattern(template: str) -> re.Pattern[str]:
    """Of a path; the fixed parts are taken in any case, as Graph takes them (``contactfolders`` in its own examples)."""
    parts = re.split(r"(\{[^}]+\})", template)
    return re.compile("".join("[^/?#]+" if part.startswith("{") else f"(?i:{re.escape(part)})" for part in parts))


@cache
def _definitions(*, writable: bool) -> Json:
    return {name: _schema(name, node, writable=writable) for name, node in document()["components"]["schemas"].items()}


def _schema(name: str, node: Json, *, writable: bool) -> Json:
    strict = _strict(node, writable=writable, open_=name in OPEN)
    if "properties" not in strict:
        return strict
    if writable:
        for member in READ_ONLY.get(name, ()):
            strict["properties"].pop(member, None)
        strict["required"] = sorted(WRITTEN.get(name) or strict.get("required", []))
        if name in READ_ONLY:
            strict["patternProperties"] = {r"^@odata\.type$": {"type": "string"}}
    else:
        strict["required"] = sorted({*strict.get("required", ()), *REQUIRED.get(name, ())})
        if "value" in strict["properties"]:
            strict["required"].append("value")
    return strict


def _strict(node: Json, *, writable: bool, open_: bool = False) -> Json:
    if "$ref" in node:
        return {"$ref": f"#/$defs/{node['$ref'].rpartition('/')[2]}"}
    if "anyOf" in node:
        return {"anyOf": [_strict(one, writable=writable) for one in node["anyOf"]]}
    if "allOf" in node:
        return _merged(node, writable=writable, open_=open_)
    if "type" not in node:
        return {}
    strict: Json = {
        name: node[name] for name in ("enum", "pattern", "minItems", "maxItems", "uniqueItems") if name in node
    }
    strict["type"] = [node["type"], "null"] if node.get("nullable") else node["type"]
    if node["type"] == "object":
        strict |= _members(node, writable=writable, open_=open_)
    elif node["type"] == "array":
        strict["items"] = _strict(node["items"], writable=writable)
    elif node.get("format") == "int32":
        strict |= {"minimum": -(2**31), "maximum": 2**31 - 1}
    return strict


def _members(node: Json, *, writable: bool, open_: bool) -> Json:
    inner = node.get("additionalProperties")
    found: Json = {
        "properties": {name: _strict(one, writable=writable) for name, one in node.get("properties", {}).items()},
        "additionalProperties": open_ or (isinstance(inner, dict) and _strict(inner, writable=writable)),
        "patternProperties": {pattern: {"type": "string"} for pattern in ANNOTATIONS},
    }
    if not writable:
        found["properties"].setdefault("@odata.context", {"type": "string"})
    return found | ({"required": node["required"]} if "required" in node else {})


def _merged(node: Json, *, writable: bool, open_: bool) -> Json:
    """``allOf`` as one object, so that what no part describes can be refused; or a reference that may also be null."""
    if node.get("nullable"):
        return {"anyOf": [_strict(node["allOf"][0], writable=writable), {"type": "null"}]}
    merged: Json = {"type": "object", "properties": {}, "required": []}
    for part in node["allOf"]:
        whole = _resolved(part)
        one = _strict(whole, writable=writable, open_=open_)
        merged["properties"] |= one["properties"]
        merged["required"] += one.get("required", [])
        merged |= {name: one[name] for name in ("additionalProperties", "patternProperties")}
    return merged
