"""From an item, as Exchange gives it, to the public contact."""

from __future__ import annotations

import hashlib
import re
from typing import Final

import msgspec

from polydex.connectors.base import Record
from polydex.connectors.exchange.entry import Entry, Picture, entry
from polydex.connectors.exchange.xml import Element, parse
from polydex.connectors.outlook import bag, mapi
from polydex.connectors.outlook.contact import contact_of
from polydex.connectors.phones import with_canonical_forms
from polydex.connectors.times import read_time
from polydex.core.contact import Contact, Photo, text
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey, Rev


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What an item says.

    Attributes:
        key: ``ItemId/@Id``.
        rev: ``@ChangeKey``; None when there is none.
        contact: in normal form, without canonical forms of its numbers; None for an item that is no contact, as a
            distribution list.
        mark: the idempotency mark, or None.
        created_ms, modified_ms: unix milliseconds, or None.
    """

    key: RemoteKey
    contact: Contact | None
    rev: Rev | None = None
    mark: str | None = None
    created_ms: int | None = None
    modified_ms: int | None = None


def read(raw: bytes) -> Reading:
    """Read a document (``wire.document``) as leniently as possible. Raises ProviderMalformed: there is no item in it."""
    return reading(entry(parse(raw)))


def reading(found: Entry) -> Reading:
    """The same of an item that is read already."""
    kept = bag.decode(found.extended.get(_OVERFLOW))
    return Reading(
        key=RemoteKey(found.key),
        contact=contact_of(found.item, found.extended, kept, photo(found.picture)) if found.is_contact else None,
        rev=Rev(found.rev) if found.rev else None,
        mark=text(found.extended.get(_MARK)),
        created_ms=read_time(found.created),
        modified_ms=read_time(found.modified),
    )


def record(
    raw: bytes,
    region: str | None,
    key: RemoteKey | None = None,
    losses: tuple[Loss, ...] = (),
    *,
    item: Element | None = None,
) -> Record:
    """The record of a document. Pure.

    Args:
        raw: the document.
        region: two letters (ISO 3166), for phone numbers.
        key: the id by which it is known, where that is another one than it says.
        losses: of a write.
        item: the document's element, where it has been parsed already.

    Raises:
        ProviderMalformed: as ``read``.
    """
    found = reading(entry(parse(raw) if item is None else item))
    return Record(
        key=key or found.key,
        rev=found.rev,
        raw=raw,
        contact=None if found.contact is None else with_canonical_forms(found.contact, region),
        mark=found.mark,
        created_ms=found.created_ms,
        modified_ms=found.modified_ms,
        losses=losses,
    )


def photo(picture: Picture | None) -> Photo | None:
    """The photo, known by what identifies its attachment: another one has another id, size or time."""
    if picture is None:
        return None
    kind = picture.media_type
    return Photo(
        hash=hashlib.sha256(picture.version.encode("utf-8", "surrogatepass")).hexdigest(),
        mime_type=kind if kind and _IMAGE.fullmatch(kind) else None,
    )


_IMAGE: Final = re.compile(r"image/[A-Za-z0-9][A-Za-z0-9.+-]{0,63}")  # as far as RFC 6838, 4.2 goes into a vCard
_OVERFLOW: Final = mapi.OVERFLOW.lower()
_MARK: Final = mapi.MARK.lower()
