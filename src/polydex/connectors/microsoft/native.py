"""Native properties: what Graph keeps of a contact beside the public contact.

By their names in Graph (``profession``, ``imAddresses``), or by the id of a MAPI property (``String 0x3A46``). A text
is itself; what is none is JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from polydex.connectors.microsoft import wire
from polydex.connectors.outlook import mapi
from polydex.connectors.outlook.item import Item
from polydex.core.contact import text
from polydex.core.errors import BadRequest, FieldUnsupported, ProviderMalformed

Json = dict[str, Any]

MODELLED: Final = frozenset(Item.__struct_encode_fields__)
"""The properties that a contact's members are in."""
_TEXTS: Final = ("initials", "profession")
_LISTS: Final = ("children", "imAddresses")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}")
_TAG = re.compile(r"String 0x(3A[0-9A-F]{2})", re.IGNORECASE)
"""Of the properties of people. Named ones are not written: a mailbox has a quota of names, and never forgets one."""
_HIDDEN: Final = frozenset({mapi.OVERFLOW.lower(), mapi.MARK.lower()})
_LISTED = msgspec.json.Decoder(list[str])


def native(raw: bytes, names: tuple[str, ...]) -> dict[str, str]:
    """The named properties of a stored document, absent ones left out.

    Of the MAPI properties those can be read that documents carry (``wire.EXTENDED``). Raises ProviderMalformed.
    """
    contact = decode(raw)
    extended = wire.decoded(raw).contact.extended()
    found = {}
    for name in names:
        low = name.lower()
        value = (None if low in _HIDDEN else extended.get(low)) if " " in name else _plain(contact, name)
        if value:
            found[name] = value
    return found


def _plain(contact: Json, name: str) -> str | None:
    if not _NAME.fullmatch(name) or name.endswith("ExtendedProperties"):
        return None
    value = contact.get(name)
    if value is None or value in ([], {}):
        return None
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def edit(contact: Json, properties: Mapping[str, str | None]) -> tuple[Json, dict[str, str | None]]:
    """What changes: properties by name, and extended ones by id; None removes one.

    Args:
        contact: as Graph has it, ``{}`` for a new one.
        properties: values by name.

    Raises:
        BadRequest: a name that no property can have, or a value that is not as it should be.
        FieldUnsupported: one that may not be written so.
    """
    plain: Json = {}
    extended: dict[str, str | None] = {}
    for name, value in properties.items():
        clean = text(value, multiline=True)
        if name in _TEXTS:
            if text(contact.get(name), multiline=True) != clean:
                plain[name] = clean
        elif name in _LISTS:
            items = _items(name, clean)
            if items != (contact.get(name) or []):
                plain[name] = items
        elif match := _TAG.fullmatch(name):
            if int(match[1], 16) in mapi.MODELLED_TAGS:
                raise FieldUnsupported(f"$.nativeProperties.{name}: this property is a member of the contact")
            extended[f"String 0x{match[1].upper()}"] = clean
        elif name in MODELLED:
            raise FieldUnsupported(f"$.nativeProperties.{name}: this property is a member of the contact")
        elif _NAME.fullmatch(name) or name.lower() in map(str.lower, wire.EXTENDED):
            raise FieldUnsupported(f"$.nativeProperties.{name}: this property cannot be written as a native property")
        else:
            raise BadRequest(
                "$.nativeProperties: a name is neither a property of a contact in Graph nor an id like String 0x3A46"
            )
    return plain, extended


def _items(name: str, value: str | None) -> list[str]:
    try:
        return [] if value is None else _LISTED.decode(value)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise BadRequest(f"$.nativeProperties.{name}: not a JSON list of texts") from None


def decode(raw: bytes) -> Json:
    """The contact's JSON out of a document. Raises ProviderMalformed."""
    try:
        return msgspec.json.decode(wire.document(raw).contact, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise ProviderMalformed("Microsoft Graph: a contact cannot be understood") from None
