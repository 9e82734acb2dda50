"""From a contact, as Graph stores it, to the public contact."""

from __future__ import annotations

from typing import Final

import msgspec

from polydex.connectors.base import Record
from polydex.connectors.microsoft import photo, wire
from polydex.connectors.outlook import bag, mapi
from polydex.connectors.outlook.contact import contact_of
from polydex.connectors.phones import with_canonical_forms
from polydex.connectors.times import read_time
from polydex.core.contact import Contact, text
from polydex.core.errors import ProviderMalformed
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey, Rev


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What a document says.

    Attributes:
        key: the immutable id.
        rev: ``@odata.etag``; None when there is none.
        contact: in normal form, without canonical forms of its numbers.
        mark: the idempotency mark, or None.
        created_ms, modified_ms: unix milliseconds, or None.
    """

    key: RemoteKey
    contact: Contact
    rev: Rev | None = None
    mark: str | None = None
    created_ms: int | None = None
    modified_ms: int | None = None


def read(raw: bytes) -> Reading:
    """Read a document (``wire.Document``) as leniently as possible.

    Raises:
        ProviderMalformed: there is no contact in it, or one without an id.
    """
    found = wire.decoded(raw)
    contact = found.contact
    if not contact.id:
        raise ProviderMalformed("Microsoft Graph: a contact has no id")
    extended = contact.extended()
    return Reading(
        key=RemoteKey(contact.id),
        contact=contact_of(contact, extended, bag.decode(extended.get(_OVERFLOW)), photo.read(found.photo)),
        rev=Rev(contact.etag) if contact.etag else None,
        mark=text(extended.get(_MARK)),
        created_ms=read_time(contact.created_date_time),
        modified_ms=read_time(contact.last_modified_date_time),
    )


_OVERFLOW: Final = mapi.OVERFLOW.lower()
_MARK: Final = mapi.MARK.lower()


def record(raw: bytes, region: str | None, key: RemoteKey | None = None, losses: tuple[Loss, ...] = ()) -> Record:
    """The record of a document. Pure.

    Args:
        raw: the document.
        region: two letters (ISO 3166), for phone numbers.
        key: the id by which it is known, where that is another one than it says.
        losses: of a write.

    Raises:
        ProviderMalformed: as ``read``.
    """
    found = read(raw)
    return Record(
        key=key or found.key,
        rev=found.rev,
        raw=raw,
        contact=with_canonical_forms(found.contact, region),
        mark=found.mark,
        created_ms=found.created_ms,
        modified_ms=found.modified_ms,
        losses=losses,
    )
