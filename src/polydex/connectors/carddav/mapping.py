"""A stored card as a Record: the vCard mapping of the core, and what the core may not know (phone numbers)."""

from __future__ import annotations

from polydex.connectors import phones
from polydex.connectors.base import Record
from polydex.core import vcard
from polydex.core.contact import without_photo_content
from polydex.core.ids import RemoteKey, Rev


def record(raw: bytes, key: RemoteKey, rev: Rev | None, region: str | None) -> Record:
    """The record of a card. Pure.

    Args:
        raw: the card.
        key: its path.
        rev: its revision.
        region: two letters, see ``connectors.phones``.

    Raises:
        ProviderMalformed: the card cannot be read.
    """
    reading = vcard.read(raw)
    contact = reading.contact
    if contact is not None:
        # The bytes of a photo stay in the document; a pull of thousands need not hold them twice.
        contact = phones.with_canonical_forms(without_photo_content(contact), region)
    return Record(
        key=key,
        rev=rev,
        raw=raw,
        contact=contact,
        uid=reading.uid,
        mark=reading.mark,
        created_ms=reading.created_ms,
        modified_ms=reading.modified_ms,
    )
