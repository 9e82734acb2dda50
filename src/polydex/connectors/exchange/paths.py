"""How one property of a contact is named in a request, and how its value is written into ``t:Contact``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, TypeAlias

import msgspec
from lxml import etree

from polydex.connectors.exchange.fields import CONTACT, ITEM, PARTS
from polydex.connectors.exchange.wire import NSMAP, SETS, T
from polydex.connectors.exchange.xml import Element

_ID: Final = re.compile(r"(\w+) (?:(0x[0-9A-Fa-f]{1,4})|\{([0-9A-Fa-f-]{36})\} (?:Id (0x[0-9A-Fa-f]{1,4})|Name (.+)))")
_WORDS: Final = {guid: word for word, guid in SETS.items()}
_ORDER: Final = {name: at for at, name in enumerate((*ITEM, *CONTACT))}
_ENTRIES: Final = {
    "contacts:EmailAddress": "EmailAddresses",
    "contacts:PhysicalAddress": "PhysicalAddresses",
    "contacts:PhoneNumber": "PhoneNumbers",
    "contacts:ImAddress": "ImAddresses",
}
"""URI of a dictionary's entries -> the field that is the dictionary."""
_PARTS: Final = {name: at for at, name in enumerate(PARTS.values())}


class Path(msgspec.Struct, frozen=True):
    """One property.

    Attributes:
        uri: a FieldURI, as ``contacts:GivenName``; or the id of an extended property, as in ``mapi``.
        index: the FieldIndex, for an entry of a dictionary.
    """

    uri: str
    index: str = ""

    @property
    def is_extended(self) -> bool:
        """Whether it is addressed as a MAPI property."""
        return " " in self.uri

    @property
    def place(self) -> tuple[int, str, int]:
        """Where it stands in ``t:Contact``, for sorting."""
        if self.is_extended:
            return _ORDER["ExtendedProperty"], self.uri, 0
        base, part = _split(self.uri)
        name = _ENTRIES.get(base) or base.partition(":")[2]
        return _ORDER[name], self.index, _PARTS.get(part, 0)


class Entry(msgspec.Struct, frozen=True):
    """An entry of ``EmailAddresses``: ``address`` may be a legacy DN, of which ``routing`` tells."""

    address: str
    name: str | None = None
    routing: str | None = None


Value: TypeAlias = str | Sequence[str] | Entry
"""Of a property: a text, a list of texts, or an e-mail address."""


def element(path: Path) -> Element:
    """The element that names a property."""
    if path.is_extended:
        return etree.Element(T + "ExtendedFieldURI", extended(path.uri), NSMAP)
    if path.index:
        return etree.Element(T + "IndexedFieldURI", {"FieldURI": path.uri, "FieldIndex": path.index}, NSMAP)
    return etree.Element(T + "FieldURI", {"FieldURI": path.uri}, NSMAP)


@lru_cache(maxsize=256)
def extended(id_: str) -> dict[str, str]:
    """The attributes of ``t:ExtendedFieldURI`` that name an extended property."""
    match = _ID.fullmatch(id_)
    if match is None:
        raise ValueError("not the id of an extended property")
    kind, tag, guid, number, name = match.groups()
    if tag:
        return {"PropertyTag": tag, "PropertyType": kind}
    word = _WORDS.get(guid.lower())
    within = {"DistinguishedPropertySetId": word} if word else {"PropertySetId": guid}
    named = {"PropertyId": str(int(number, 16))} if number else {"PropertyName": name}
    return {**within, **named, "PropertyType": kind}


def whole(values: Mapping[Path, Value]) -> Element:
    """A ``t:Contact`` with these values, in the order of the schema."""
    contact = etree.Element(T + "Contact", nsmap=NSMAP)
    for path in sorted(values, key=lambda path: path.place):
        _put(contact, path, values[path])
    return contact


def update(path: Path, value: Value | None) -> Element:
    """The ``t:SetItemField`` of one value, or the ``t:DeleteItemField`` that clears it: an empty text would not."""
    made = etree.Element(T + ("DeleteItemField" if value is None else "SetItemField"), nsmap=NSMAP)
    made.append(element(path))
    if value is not None:
        made.append(whole({path: value}))
    return made


def _put(contact: Element, path: Path, value: Value) -> None:
    if isinstance(value, Entry):
        entry = etree.SubElement(_within(contact, "EmailAddresses"), T + "Entry", Key=path.index)
        entry.text = value.address
        if value.name is not None:
            entry.set("Name", value.name)
        if value.routing is not None:
            entry.set("RoutingType", value.routing)
    elif not isinstance(value, str):
        within = etree.SubElement(contact, T + path.uri.partition(":")[2])
        for text in value:
            etree.SubElement(within, T + "String").text = text
    elif path.is_extended:
        within = etree.SubElement(contact, T + "ExtendedProperty")
        within.append(element(path))
        etree.SubElement(within, T + "Value").text = value
    elif path.index:
        base, part = _split(path.uri)
        entry = _entry(_within(contact, _ENTRIES[base]), path.index)
        (etree.SubElement(entry, T + part) if part else entry).text = value
    else:
        made = etree.SubElement(contact, T + path.uri.partition(":")[2])
        made.text = value
        if path.uri == "item:Body":
            made.set("BodyType", "Text")


def _within(contact: Element, name: str) -> Element:
    """The dictionary of that name, the last field so far or a new one."""
    last = contact[-1] if len(contact) else None
    return last if last is not None and last.tag == T + name else etree.SubElement(contact, T + name)


def _entry(within: Element, key: str) -> Element:
    last = within[-1] if len(within) else None
    return last if last is not None and last.get("Key") == key else etree.SubElement(within, T + "Entry", Key=key)


def _split(uri: str) -> tuple[str, str]:
    """The URI of a dictionary's entries, and the part of an entry."""
    base, _, part = uri.partition(":")[2].partition(":")
    return f"contacts:{base}" if part else uri, part
