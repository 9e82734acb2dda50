"""From a record to the columns of the mirror. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from polydex.connectors.base import Record
from polydex.core.body import parse_body, render
from polydex.core.contact import Contact, Photo, without_photo_content
from polydex.core.etag import etag_of
from polydex.core.ids import ContactId
from polydex.core.search import email_key, phone_key, words
from polydex.store.contacts import Content
from polydex.store.rows import Stored


class Ready(msgspec.Struct, frozen=True, gc=False):
    """What can be worked out of a record before the transaction, so that its lock is held for a shorter time.

    Attributes:
        etag: of what the record says; None when it is not a contact.
        words: as in ``Content``.
        keys: as in ``Content``.
    """

    etag: str | None = None
    words: Sequence[str] = ()
    keys: frozenset[tuple[str, str]] = frozenset()


_NO_CONTACT = Ready()


def ready(record: Record) -> Ready:
    """See Ready. Pure."""
    contact = record.contact
    return _NO_CONTACT if contact is None else Ready(etag_of(contact), words(contact), look_ups(contact))


def contact_of(stored: Stored) -> Contact:
    """The contact of a live, visible row."""
    photo = None if stored.photo_hash is None else Photo(hash=stored.photo_hash, mime_type=stored.photo_mime)
    return parse_body(stored.body or b"{}", photo)


def record_of(stored: Stored) -> Record:
    """The record that a live row holds, as the base of a write."""
    return Record(
        key=stored.key,
        rev=stored.rev,
        raw=stored.raw or b"",
        contact=contact_of(stored) if stored.etag is not None else None,
        uid=stored.uid,
        mark=stored.mark,
        created_ms=stored.created_ms,
        modified_ms=stored.modified_ms,
    )


def hidden(record: Record, mapping_version: int) -> Content:
    """The columns of a record that is not a contact."""
    return Content(rev=record.rev, raw=record.raw, mapping_version=mapping_version, uid=record.uid, mark=record.mark)


def refreshed(record: Record, mapping_version: int, etag: str) -> Content:
    """The columns of a record whose content is the one that is stored: the served bytes stay as they are."""
    contact = record.contact
    photo = contact.photo if contact else None
    return Content(
        rev=record.rev,
        raw=record.raw,
        mapping_version=mapping_version,
        uid=record.uid,
        mark=record.mark,
        etag=etag,
        photo_hash=photo.hash if photo else None,
        photo_mime=photo.mime_type if photo else None,
    )


def visible(
    record: Record, made: Ready, mapping_version: int, *, public_id: ContactId, created_ms: int, modified_ms: int
) -> Content:
    """The columns of a contact."""
    contact, etag = record.contact, made.etag
    if contact is None or etag is None:
        msg = "a visible record has a contact"
        raise ValueError(msg)
    contact = without_photo_content(contact)
    photo = contact.photo
    return Content(
        rev=record.rev,
        raw=record.raw,
        mapping_version=mapping_version,
        uid=record.uid,
        mark=record.mark,
        etag=etag,
        body=render(contact, id=public_id, etag=etag, created_ms=created_ms, modified_ms=modified_ms),
        photo_hash=photo.hash if photo else None,
        photo_mime=photo.mime_type if photo else None,
        created_ms=created_ms,
        modified_ms=modified_ms,
        words=made.words,
        keys=made.keys,
    )


def look_ups(contact: Contact) -> frozenset[tuple[str, str]]:
    """(kind, value) pairs for exact look-ups: ``e`` e-mail addresses, ``p`` the last digits of phone numbers."""
    keys = {("e", email_key(email.address)) for email in contact.email_addresses if email.address}
    for phone in contact.phone_numbers:
        key = phone_key(phone.number) if phone.number else None
        if key is not None:
            keys.add(("p", key))
    return frozenset(keys)


def old_look_ups(body: bytes | None) -> tuple[list[str], frozenset[tuple[str, str]]]:
    """The words and keys that a stored body was indexed under."""
    if body is None:
        return [], frozenset()
    contact = parse_body(body, None)
    return words(contact), look_ups(contact)
