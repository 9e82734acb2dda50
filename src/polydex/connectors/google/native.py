"""Native properties: what Google keeps of a person beside the public contact.

``userDefined.<key>`` and ``clientData.<key>`` are texts and can be written; the name of a person's field (``events``,
``genders``) is its entries as JSON, to be read only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from polydex.connectors.google.clientdata import OURS, put
from polydex.connectors.google.fields import READ, Item, own
from polydex.core.contact import text
from polydex.core.errors import BadRequest, FieldUnsupported, ProviderMalformed

_WRITABLE = re.compile(r"(userDefined|clientData)\.(.{1,128})", re.ASCII)
_FIELDS = frozenset(READ) - {"metadata"}


def native(raw: bytes, names: tuple[str, ...]) -> dict[str, str]:
    """The named properties of a stored person; several values of one key are joined by a newline, absent ones left out.

    Raises ProviderMalformed when ``raw`` is no person.
    """
    person = decode(raw)
    result = {}
    for name in names:
        value = _read(person, name)
        if value is not None:
            result[name] = value
    return result


def _read(person: dict[str, Any], name: str) -> str | None:
    if name in _FIELDS:
        items = [item for item in own(person, name) if not _ours(name, item.get("key"))]
        return msgspec.json.encode(items).decode() if items else None
    match = _WRITABLE.fullmatch(name)
    if match is None or _ours(*match.groups()):
        return None
    return _joined(own(person, match[1]), match[2])


def edit(person: dict[str, Any], properties: Mapping[str, str | None]) -> dict[str, list[Item]]:
    """The fields that change, with their new entries; None removes a property.

    Raises:
        BadRequest: a name that no property can have.
        FieldUnsupported: one that may not be written so.
    """
    changed: dict[str, list[Item]] = {}
    for name, value in properties.items():
        match = _WRITABLE.fullmatch(name)
        if match is None or not name.isprintable():
            if name in READ:
                raise FieldUnsupported(f"$.nativeProperties.{name}: this property can only be read")
            raise BadRequest("$.nativeProperties: a name is neither userDefined.<key> nor clientData.<key>")
        field, key = match.groups()
        if _ours(field, key):
            raise FieldUnsupported(f"$.nativeProperties.{name}: this property cannot be written as a native property")
        items = changed[field] if field in changed else own(person, field)
        clean = text(value, multiline=True)
        if text(_joined(items, key), multiline=True) != clean:
            changed[field] = put(items, key, clean)
    return changed


def decode(raw: bytes) -> dict[str, Any]:
    """A person's JSON. Raises ProviderMalformed."""
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ProviderMalformed("Google Contacts: a person cannot be understood") from None


def _joined(items: list[Item], key: str) -> str | None:
    values = [item.get("value") or "" for item in items if item.get("key") == key]
    return "\n".join(values) if any(values) else None


def _ours(field: str, key: str | None) -> bool:
    return field == "clientData" and (key or "").startswith(OURS)
