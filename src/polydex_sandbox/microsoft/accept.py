"""What a client wrote about a contact or a folder, made into changes; the rules of Graph's types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from polydex_sandbox.microsoft import compute, errors, mapi
from polydex_sandbox.microsoft.schema import (
    ADDRESS_PARTS,
    CONTACT,
    EMAIL_SLOTS,
    EMPTY,
    EXTENSION,
    FOLDER,
    NAME_PARTS,
    NAVIGATION,
    PROPERTIES,
    SLOTS,
    STORED,
)
from polydex_sandbox.properties import Property, time_of


@dataclass
class Changes:
    """What a body asks for.

    Attributes:
        fields: property -> what is kept; only those that the body has.
        extended: extended property -> value, None to remove it; without those that are a property of the contact.
        parent: id of the folder, or None.
        extensions: open extensions: name and content.
        slots: index -> e-mail address, of those that have a name of their own.
        sent: names of the properties in the body, and of those behind its extended properties.
    """

    fields: dict[str, Any] = field(default_factory=dict)
    extended: dict[Property, Any] = field(default_factory=dict)
    parent: str | None = None
    extensions: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    slots: dict[int, dict[str, str]] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)


def message(body: bytes, content_type: str) -> dict[str, Any]:
    """The JSON object of a request. Raises GraphError."""
    if not body.strip():
        raise errors.bad_request("Empty Payload. JSON content expected.")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise errors.unreadable()
    try:
        value = json.loads(body, parse_constant=_no_constant, object_pairs_hook=_members)
        # Half a surrogate pair can be escaped, but is no text; 1e999 is more than any number.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise errors.unreadable() from None
    if not isinstance(value, dict):
        raise errors.unreadable()
    return value


def _no_constant(text: str) -> None:
    raise ValueError(text)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Raises GraphError: a member is there twice. The sentence is that of Microsoft's OData library."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise errors.body_read(
                f"Multiple properties with the name '{name}' were detected in a resource or a complex value. "
                "In OData, duplicate property names are not allowed."
            )
        found[name] = value
    return found


def contact(given: Mapping[str, Any]) -> Changes:
    """What the body of a contact asks for. Raises GraphError."""
    changes = Changes()
    for name, value in given.items():
        if _annotation(name, value, CONTACT):
            continue
        kind = PROPERTIES.get(name)
        if name in NAVIGATION:
            _navigation(changes, name, value)
        elif kind is None:
            raise errors.unknown_property(name, CONTACT)
        elif kind == "read-only":
            raise errors.unreadable()
        elif name == "parentFolderId":
            changes.parent = _text(value)
        elif name in EMAIL_SLOTS:
            changes.slots[EMAIL_SLOTS.index(name)] = {} if value is None else _email(value)
        else:
            changes.fields[name] = _READ[kind](value)
            changes.sent.add(name)
            if name in SLOTS and len(changes.fields[name]) > SLOTS[name]:
                raise errors.too_many(name, len(changes.fields[name]), SLOTS[name])
    if "emailAddresses" in changes.sent:
        # What both together do is undefined; here the list goes first.
        changes.slots.clear()
    return changes


def applied(fields: Mapping[str, Any], changes: Changes) -> dict[str, Any]:
    """The fields after the changes, with the names that Exchange makes. {} before: a new contact."""
    found = {name: fields.get(name, EMPTY[PROPERTIES[name]]) for name in STORED} | changes.fields
    for index, value in changes.slots.items():
        mapi.put(found, ("emailAddresses", index), value)
    for known, value in list(changes.extended.items()):
        path = mapi.BOUND.get(known)
        if path is not None:
            del changes.extended[known]
            mapi.put(found, path, _bound(known, str(path[0]), value))
            changes.sent.add(str(path[0]))
    found["emailAddresses"] = compute.named(list(found["emailAddresses"]))
    renamed = any(found[part] != fields.get(part) for part in NAME_PARTS)
    for name, made in (("displayName", compute.display_name), ("fileAs", compute.file_as)):
        # "Later updates to other properties may cause an automatically generated value to overwrite the displayName":
        # https://learn.microsoft.com/graph/api/contact-update
        if (renamed or not fields) and name not in changes.sent:
            found[name] = made(found)
    return found


def _bound(known: Property, name: str, value: Any) -> Any:
    """The value of an extended property as the contact's own property has it."""
    if value is None:
        return EMPTY["texts"] if known.multiple else None
    return f"{value[:10]}{_NOON}" if name == "birthday" else value


def folder(given: Mapping[str, Any]) -> dict[str, str | None]:
    """`displayName` and `parentFolderId`, those that are there. Raises GraphError."""
    found = {}
    for name, value in given.items():
        if _annotation(name, value, FOLDER):
            continue
        if name == "id":
            raise errors.unreadable()
        if name not in ("displayName", "parentFolderId"):
            raise errors.unknown_property(name, FOLDER)
        found[name] = _text(value)
    return found


def extension(given: Any) -> tuple[str, dict[str, Any]]:
    """Name and content of an open extension. Raises GraphError."""
    if not isinstance(given, dict):
        raise errors.body_read(_UNEXPECTED.format(_node(given), "StartObject"))
    _annotation("@odata.type", given.get("@odata.type", EXTENSION), EXTENSION)
    name = given.get("extensionName")
    if not isinstance(name, str) or not name.strip():
        # Wording unconfirmed.
        raise errors.bad_request("The extensionName of an open extension is required.")
    return name, extension_content(given)


def extension_content(given: Mapping[str, Any]) -> dict[str, Any]:
    """What an open extension keeps of a body."""
    return {key: value for key, value in given.items() if "@" not in key and key not in ("id", "extensionName")}


def _annotation(name: str, value: Any, kind: str) -> bool:
    """Whether a member is one of OData's. Raises GraphError: the type is another."""
    if name == "@odata.type" and str(value).lstrip("#") != kind:
        raise errors.body_read(
            f"A resource with type '{str(value).lstrip('#')}' was found, but it is not assignable to the expected type "
            f"'{kind}'."
        )
    return "@" in name


def _navigation(changes: Changes, name: str, value: Any) -> None:
    if name == "photo":
        raise errors.unreadable()
    if not isinstance(value, list):
        raise errors.body_read(_UNEXPECTED.format(_node(value), "StartArray"))
    if name == "extensions":
        changes.extensions = [extension(one) for one in value]
        return
    multiple = name.startswith("multi")
    for one in value:
        if not isinstance(one, dict):
            raise errors.body_read(_UNEXPECTED.format(_node(one), "StartObject"))
        if unknown := [key for key in one if key not in ("id", "value") and "@" not in key]:
            kind = f"microsoft.graph.{'multi' if multiple else 'single'}ValueLegacyExtendedProperty"
            raise errors.unknown_property(unknown[0], kind)
        known = mapi.parse(one.get("id"), multiple=multiple)
        # Null removes: DavMail (https://github.com/mguessan/davmail) relies on it for texts, and writes 0 for numbers. That
        # it does not always is played by `graph-null-keeps-property`.
        content = one.get("value")
        changes.extended[known] = None if content is None else mapi.checked(known, _typed(content, multiple=multiple))


def _typed(value: Any, *, multiple: bool) -> Any:
    return _texts(value) if multiple else _text(value)


_NOON = "T11:59:00Z"
_UNEXPECTED = "An unexpected '{}' node was found when reading from the JSON reader. A '{}' node was expected."


def _node(value: Any) -> str:
    if isinstance(value, dict):
        return "StartObject"
    return "StartArray" if isinstance(value, list) else "PrimitiveValue"


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        raise errors.body_read(_UNEXPECTED.format(_node(value), "PrimitiveValue"))
    raise errors.body_read(
        "Cannot convert a primitive value to the expected type 'Edm.String'. See the inner exception for more details."
    )


def _texts(value: Any) -> list[str]:
    found = [_text(one) for one in _list(value)]
    if any(one is None for one in found):
        raise errors.body_read(
            "A null value was detected in the items of a collection property value; non-nullable instances of collection "
            "types do not support null values as items."
        )
    return [one for one in found if one]


def _list(value: Any) -> list[Any]:
    if value is not None and not isinstance(value, list):
        raise errors.body_read(_UNEXPECTED.format(_node(value), "StartArray"))
    return value or []


def _parts(value: Any, kind: str, names: tuple[str, ...]) -> dict[str, str]:
    if not isinstance(value, dict):
        raise errors.body_read(_UNEXPECTED.format(_node(value), "StartObject"))
    found = {}
    for name, part in value.items():
        if _annotation(name, part, kind):
            continue
        if name not in names:
            raise errors.unknown_property(name, kind)
        text = _text(part)
        if text:
            found[name] = text
    return found


def _email(value: Any) -> dict[str, str]:
    return _parts(value, "microsoft.graph.emailAddress", ("name", "address"))


def _emails(value: Any) -> list[dict[str, str]]:
    return [_email(one) for one in _list(value)]


def _address(value: Any) -> dict[str, str]:
    return {} if value is None else _parts(value, "microsoft.graph.physicalAddress", ADDRESS_PARTS)


def _birthday(value: Any) -> str | None:
    """Exchange keeps the day, at one minute before noon.

    What was written at midnight was read so: captured from Outlook.com, and
    https://gitlab.gnome.org/GNOME/evolution-ews writes it so itself.
    """
    text = _text(value)
    if text is None:
        return None
    found = time_of(text)
    if found is None:
        raise errors.body_read(f"Cannot convert the literal '{text}' to the expected type 'Edm.DateTimeOffset'.")
    return f"{found[:10]}{_NOON}"


_READ = {"text": _text, "texts": _texts, "time": _birthday, "emails": _emails, "address": _address}
