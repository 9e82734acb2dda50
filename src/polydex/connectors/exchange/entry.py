"""What Exchange says of an item, read in one pass: the properties of ``outlook``, and what only this way of access has."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import msgspec

from polydex.connectors.exchange.fields import (
    ADDRESSES,
    COMPLETE_NAME,
    EMAILS,
    EXTENDED_TEXTS,
    ORIGINALS,
    PARTS,
    PHONES,
    TEXTS,
)
from polydex.connectors.exchange.wire import SETS, T
from polydex.connectors.exchange.xml import Element
from polydex.connectors.outlook.item import EmailAddress, Item, PhysicalAddress
from polydex.core.errors import ProviderMalformed


class Mail(EmailAddress, frozen=True):
    """An entry of ``EmailAddresses``; ``address`` is the one that people know.

    Attributes:
        key: ``EmailAddress1``.
        stored: the address as it stands, a legacy DN perhaps.
        routing: ``SMTP``, ``EX`` for a legacy DN; None when it is not told.
    """

    key: str = ""
    stored: str = ""
    routing: str | None = None


class Picture(msgspec.Struct, frozen=True, gc=False):
    """The attachment that is the photo.

    Attributes:
        id: ``AttachmentId/@Id``.
        version: what changes when there is another one.
        media_type: as Exchange tells it.
    """

    id: str
    version: str
    media_type: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """An item.

    Attributes:
        key, rev: ``ItemId``; None when there is no ChangeKey.
        is_contact: whether it is a ``t:Contact``; of other items nothing but these is read.
        item: the properties that have names.
        extended: the other ones, by their ids in lower case.
        phones: numbers by their keys.
        picture: the photo, or None.
        created, modified: xs:dateTime.
        file_as_mapping: how Exchange makes ``FileAs``; None when it does not.
    """

    key: str
    rev: str | None
    is_contact: bool
    item: Item
    extended: dict[str, str]
    phones: dict[str, str]
    picture: Picture | None = None
    created: str | None = None
    modified: str | None = None
    file_as_mapping: str | None = None


class _Found:
    """What has been read so far."""

    __slots__ = ("emails", "extended", "key", "phones", "picture", "rev", "values")

    def __init__(self) -> None:
        self.key: str | None = None
        self.rev: str | None = None
        self.values: dict[str, Any] = {}
        self.extended: dict[str, str] = {}
        self.phones: dict[str, str] = {}
        self.emails: dict[str, Element] = {}
        self.picture: Picture | None = None


def entry(element: Element) -> Entry:
    """Read ``t:Contact``, or any other item of a folder. Raises ProviderMalformed: it has no id."""
    found = _Found()
    values = found.values
    is_contact = element.tag == _CONTACT
    kinds = _OF_CONTACTS if is_contact else _OF_ITEMS
    for child in element:
        kind = kinds.get(child.tag)
        if kind is None:
            continue
        if isinstance(kind, str):
            values[kind] = child.text
        else:
            kind(child, found)
    if not found.key:
        raise ProviderMalformed("Exchange: an item has no id")
    mapping = values.pop("FileAsMapping", None)
    return Entry(
        key=found.key,
        rev=found.rev or None,
        is_contact=is_contact,
        created=values.pop("DateTimeCreated", None),
        modified=values.pop("LastModifiedTime", None),
        file_as_mapping=None if mapping in ("None", "Empty") else mapping,
        item=_item(found),
        extended=found.extended,
        phones=found.phones,
        picture=found.picture,
    )


def _item(found: _Found) -> Item:
    values, extended = found.values, found.extended
    for name, low in _EXTENDED_TEXTS:
        if low in extended:
            values[name] = extended[low]
    for key, value in found.phones.items():
        place = _PLACES.get(key)
        if place is None:
            continue
        if place in _LISTS:
            values[place] = (*values.get(place, ()), value)
        elif " " in place:
            extended[place.lower()] = value
        else:
            values[place] = value
    if found.emails:
        values["email_addresses"] = tuple(
            [_mail(at, key, found.emails[key], extended) for at, key in enumerate(EMAILS) if key in found.emails]
        )
    return Item(**values)


def _mail(at: int, key: str, element: Element, extended: dict[str, str]) -> Mail:
    stored, routing = element.text or "", element.get("RoutingType")
    address = stored
    if routing == "EX":
        original = extended.get(_ORIGINALS[at], "").strip()
        name = (element.get("Name") or "").strip()
        address = next((known for known in (original, name) if "@" in known and " " not in known), stored)
    return Mail(address=address, name=element.get("Name"), key=key, stored=stored, routing=routing)


def _item_id(element: Element, found: _Found) -> None:
    found.key, found.rev = element.get("Id"), element.get("ChangeKey")


def _categories(element: Element, found: _Found) -> None:
    found.values["categories"] = tuple([child.text for child in element])


def _emails(element: Element, found: _Found) -> None:
    for child in element:
        if child.text:
            found.emails.setdefault(child.get("Key") or "", child)


def _phones(element: Element, found: _Found) -> None:
    given = {child.get("Key"): child.text for child in element}
    found.phones = {key: value for key in _PLACES if (value := given.get(key))}


def _addresses(element: Element, found: _Found) -> None:
    for child in element:
        name = _ADDRESSES.get(child.get("Key") or "")
        if name is not None:
            parts = {part: value.text for value in child if (part := _PARTS.get(value.tag)) is not None}
            found.values.setdefault(name, PhysicalAddress(**parts))


def _complete_name(element: Element, found: _Found) -> None:
    for child in element:
        name = _COMPLETE_NAME.get(child.tag)
        if name is not None:
            found.values.setdefault(name, child.text)


def _extended(element: Element, found: _Found) -> None:
    if len(element) != 2:
        return
    uri, value = element
    if value.text is None or value.tag != _VALUE:
        return
    id_ = _id(*uri.items())
    if id_ is not None:
        found.extended.setdefault(id_, value.text)


@lru_cache(maxsize=1024)
def _id(*attributes: tuple[str, str]) -> str | None:
    """The id of an extended property in lower case, as in ``mapi``; None when it has none.

    Args:
        attributes: of ``t:ExtendedFieldURI``, as they stand.
    """
    get = dict(attributes).get
    kind, tag, name, number = get("PropertyType"), get("PropertyTag"), get("PropertyName"), get("PropertyId")
    try:
        if tag is not None:
            return f"{kind} 0x{int(tag, 0):04x}".lower()
        within = SETS.get(get("DistinguishedPropertySetId") or "") or get("PropertySetId")
        if within is None or (number is None and name is None):
            return None
        named = f"Name {name}" if number is None else f"Id 0x{int(number):04x}"
    except ValueError:
        return None
    return f"{kind} {{{within}}} {named}".lower()


def _attachments(element: Element, found: _Found) -> None:
    for child in element:
        if child.tag != _FILE:
            continue
        parts = {part.tag: part for part in child}
        photo, known = parts.get(T + "IsContactPhoto"), parts.get(T + "AttachmentId")
        id_ = None if known is None else known.get("Id")
        if photo is None or photo.text not in ("true", "1") or not id_:
            continue
        version = [part.text or "" for name in _VERSION if (part := parts.get(name)) is not None]
        kind = parts.get(T + "ContentType")
        found.picture = Picture(id_, " ".join((id_, *version)), None if kind is None else kind.text)
        return


_CONTACT: Final = T + "Contact"
_VALUE: Final = T + "Value"
_FILE: Final = T + "FileAttachment"
_VERSION: Final = (T + "Size", T + "LastModifiedTime")
_COMPLETE_NAME: Final = {T + element: name for element, name in COMPLETE_NAME.items()}
_EXTENDED_TEXTS: Final = tuple((name, id_.lower()) for name, id_ in EXTENDED_TEXTS.items())
_ORIGINALS: Final = tuple(id_.lower() for id_ in ORIGINALS)
_PLACES: Final = {key: place for place, keys in PHONES.items() for key in keys}
_LISTS: Final = frozenset(place for place, keys in PHONES.items() if len(keys) > 1)
_ADDRESSES: Final = {key: name for name, key in ADDRESSES.items()}
_PARTS: Final = {T + element: part for part, element in PARTS.items()}
_OF_ITEMS: Final[dict[object, str | Callable[[Element, _Found], None]]] = {
    T + "ItemId": _item_id,
    T + "DateTimeCreated": "DateTimeCreated",
    T + "LastModifiedTime": "LastModifiedTime",
}
_OF_CONTACTS: Final[dict[object, str | Callable[[Element, _Found], None]]] = {
    **_OF_ITEMS,
    **{T + element: name for name, element in TEXTS.items()},
    T + "Body": "personal_notes",
    T + "FileAsMapping": "FileAsMapping",
    T + "Categories": _categories,
    T + "EmailAddresses": _emails,
    T + "PhoneNumbers": _phones,
    T + "PhysicalAddresses": _addresses,
    T + "CompleteName": _complete_name,
    T + "ExtendedProperty": _extended,
    T + "Attachments": _attachments,
}
"""Of each child that is read: where its text goes, or what reads it."""
