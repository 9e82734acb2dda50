"""Native properties: what Exchange keeps of a contact beside the public contact.

By the FieldURI of a field (``contacts:Profession``), by the tag and type of a MAPI property (``0x3A46/String``), or by
the set, name and type of a named one (``{guid}/name/String``). A text is itself; what is none is JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from lxml import etree

from polydex.connectors.exchange.entry import entry
from polydex.connectors.exchange.fields import CONTACT, EXTENDED, IM_ADDRESSES, ITEM, TEXTS
from polydex.connectors.exchange.paths import Path, Value
from polydex.connectors.exchange.text import legal
from polydex.connectors.exchange.wire import T
from polydex.connectors.exchange.xml import Element, parse
from polydex.connectors.outlook import mapi
from polydex.core.contact import text
from polydex.core.errors import BadRequest, FieldUnsupported

TEXT_FIELDS: Final = ("contacts:Initials", "contacts:Mileage", "contacts:Profession")
LIST_FIELDS: Final = ("contacts:Children", "contacts:Companies")
IMS: Final = "contacts:ImAddresses"

_URIS: Final = frozenset({*(f"item:{name}" for name in ITEM), *(f"contacts:{name}" for name in CONTACT)}) - {
    "item:ExtendedProperty"
}
MODELLED: Final = frozenset(
    {
        *(f"contacts:{name}" for name in TEXTS.values()),
        "contacts:EmailAddresses",
        "contacts:PhoneNumbers",
        "contacts:PhysicalAddresses",
        "item:Body",
        "item:Categories",
    }
)
"""The fields that a contact's members are in."""
_TAG: Final = re.compile(r"0x([0-9A-Fa-f]{4})/([A-Z][A-Za-z]{0,31})")
_NAMED: Final = re.compile(
    r"\{([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\}/([^/\x00-\x1f]{1,127})/([A-Z][A-Za-z]{0,31})"
)
_NUMBER: Final = re.compile(r"0x[0-9A-Fa-f]{4}")
_HIDDEN: Final = frozenset({mapi.OVERFLOW.lower(), mapi.MARK.lower()})
_READ: Final = frozenset(map(str.lower, EXTENDED))
_LISTED: Final = msgspec.json.Decoder(list[str])


def native(raw: bytes, names: tuple[str, ...]) -> dict[str, str]:
    """The named properties of a stored document, absent ones left out.

    Of the MAPI properties those can be read that documents carry (``fields.EXTENDED``, and numbers). Raises
    ProviderMalformed.
    """
    item = parse(raw)
    extended = entry(item).extended
    found = {}
    for name in names:
        id_ = _id(name)
        if id_ is not None:
            value = None if id_.lower() in _HIDDEN else extended.get(id_.lower())
        else:
            value = _shown(item, name)
        if value:
            found[name] = value
    return found


def _id(name: str) -> str | None:
    """The id of the extended property with this name, as in ``mapi``."""
    if match := _TAG.fullmatch(name):
        return f"{match[2]} 0x{match[1].upper()}"
    if match := _NAMED.fullmatch(name):
        numbered = _NUMBER.fullmatch(match[2])
        return f"{match[3]} {{{match[1]}}} {'Id' if numbered else 'Name'} {match[2]}"
    return None


def _shown(item: Element, name: str) -> str | None:
    if name not in _URIS:
        return None
    found = item.find(T + name.partition(":")[2])
    if found is None:
        return None
    value = list(_ims(item).values()) if name == IMS else _plain(found)
    if value in ("", [], {}, None):
        return None
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _plain(element: Element) -> Any:
    """What is in an element: a text, a list of texts, or members by their names; of a dictionary by their keys."""
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    if not len(element):
        return (element.text or "") if not attributes or element.text else attributes
    if all(child.tag == T + "String" for child in element):
        return [child.text or "" for child in element]
    members = {child.get("Key") or etree.QName(child).localname: _plain(child) for child in element}
    return {name: value for name, value in attributes.items() if name != "Key"} | members


def _ims(item: Element | None) -> dict[str, str]:
    entries = () if item is None else item.find(T + "ImAddresses")
    found = {child.get("Key"): child.text for child in entries if child.text} if entries is not None else {}
    return {key: value for key in IM_ADDRESSES if (value := found.get(key))}


def edit(item: Element | None, properties: Mapping[str, str | None]) -> dict[Path, Value | None]:
    """What becomes of properties: None clears one. Only what changes.

    Args:
        item: the stored contact, None for a new one.
        properties: values by name.

    Raises:
        BadRequest: a name that no property can have, or a value that is not as it should be.
        FieldUnsupported: one that may not be written so.
    """
    done: dict[Path, Value | None] = {}
    for name, value in properties.items():
        clean = text(None if value is None else legal(value), multiline=True)
        if name in TEXT_FIELDS:
            if text(_stored(item, name), multiline=True) != clean:
                done[Path(name)] = clean
        elif name in LIST_FIELDS:
            items = _items(name, clean)
            if items != _listed(item, name):
                done[Path(name)] = items or None
        elif name == IMS:
            done |= _written_ims(item, _items(name, clean))
        elif (id_ := _id(name)) is not None:
            done[Path(_writable(name, id_))] = clean
        elif name in MODELLED:
            raise FieldUnsupported(f"$.nativeProperties.{name}: this property is a member of the contact")
        elif name in _URIS:
            raise FieldUnsupported(f"$.nativeProperties.{name}: this property cannot be written as a native property")
        else:
            raise BadRequest(
                "$.nativeProperties: a name is neither a field of a contact in Exchange, as contacts:Profession, nor a"
                " property like 0x3A46/String"
            )
    return done


def _writable(name: str, id_: str) -> str:
    """The id of a property that may be written: of people, and text.

    Named ones are not: a mailbox has a quota of names, and never forgets one.
    """
    match = _TAG.fullmatch(name)
    tag = int(match[1], 16) if match else None
    if id_.lower() in _READ or tag in mapi.MODELLED_TAGS:
        raise FieldUnsupported(f"$.nativeProperties.{name}: this property is a member of the contact")
    if match is None or tag is None or tag >> 8 != 0x3A or match[2] != "String":
        raise FieldUnsupported(
            "$.nativeProperties: of MAPI properties only texts of people can be written, 0x3A00/String to 0x3AFF/String"
        )
    return id_


def _written_ims(item: Element | None, wanted: list[str]) -> dict[Path, Value | None]:
    if len(wanted) > len(IM_ADDRESSES):
        raise BadRequest(f"$.nativeProperties.{IMS}: Exchange has places for {len(IM_ADDRESSES)}")
    stored = _ims(item)
    if wanted == list(stored.values()):
        return {}
    places = dict(zip(IM_ADDRESSES, wanted, strict=False))
    return {
        Path("contacts:ImAddress", key): places.get(key) for key in IM_ADDRESSES if places.get(key) != stored.get(key)
    }


def _stored(item: Element | None, name: str) -> str | None:
    return None if item is None else item.findtext(T + name.partition(":")[2])


def _listed(item: Element | None, name: str) -> list[str]:
    found = None if item is None else item.find(T + name.partition(":")[2])
    return [] if found is None else [child.text or "" for child in found]


def _items(name: str, value: str | None) -> list[str]:
    try:
        found = [] if value is None else _LISTED.decode(value)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise BadRequest(f"$.nativeProperties.{name}: not a JSON list of texts") from None
    return [clean for one in found if (clean := text(legal(one)))]
