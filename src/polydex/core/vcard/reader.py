"""From a stored card to the public contact."""

from __future__ import annotations

import msgspec

from polydex.core.contact import Contact, Name
from polydex.core.vcard import addresses, dates, emails, names, notes, organization, phones, photo, relations, urls
from polydex.core.vcard.card import Card
from polydex.core.vcard.native import MARK


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What a card says.

    Attributes:
        contact: in normal form, the photo with its bytes; None for a group card, which is no contact.
        uid: the UID, or None.
        mark: the idempotency mark, or None.
        created_ms, modified_ms: CREATED (RFC 9554) and REV as unix milliseconds, or None.
        version: "2.1", "3.0" or "4.0".
        photo_uri: the address of a photo that is only referred to.
    """

    contact: Contact | None
    uid: str | None
    mark: str | None
    created_ms: int | None
    modified_ms: int | None
    version: str
    photo_uri: str | None


def read(raw: bytes) -> Reading:
    """Read a vCard 2.1, 3.0 or 4.0 as leniently as possible.

    Raises ProviderMalformed when there is no card in the document.
    """
    card = Card.parse(raw)
    contact, photo_uri = (None, None) if is_group(card) else contact_of(card)
    return Reading(
        contact=contact,
        uid=_plain(card, "UID"),
        mark=_plain(card, MARK),
        created_ms=dates.read_time(card, "CREATED"),
        modified_ms=dates.read_time(card, "REV"),
        version=card.version,
        photo_uri=photo_uri,
    )


def is_group(card: Card) -> bool:
    """Whether the card is a list of other cards, in the convention of version 4.0 or of Apple."""
    for name in ("KIND", "X-ADDRESSBOOKSERVER-KIND"):
        lines = card.all(name)
        if lines and lines[0].value.strip().lower() == "group":
            return True
    return False


def contact_of(card: Card) -> tuple[Contact, str | None]:
    """The contact, and the address of a photo that is only referred to."""
    picture, photo_uri = photo.read(card)
    contact = Contact(
        name=names.read(card),
        nick_name=names.read_nick_name(card),
        file_as=names.read_file_as(card),
        company=organization.read(card),
        relations=relations.read(card),
        birthday=dates.read_birthday(card),
        keywords=notes.read_keywords(card),
        notes=notes.read_notes(card),
        email_addresses=emails.read(card),
        phone_numbers=phones.read(card),
        addresses=addresses.read(card),
        urls=urls.read(card),
        photo=picture,
    )
    if contact.name is None or contact.name.display_name is None:
        # FN is missing (version 2.1 allows it): shown, and written with the next change, as what the rest suggests.
        display = names.invented(contact)
        if display is not None:
            name = msgspec.structs.replace(contact.name or Name(), display_name=display)
            contact = msgspec.structs.replace(contact, name=name)
    return contact, photo_uri


def _plain(card: Card, name: str) -> str | None:
    line = card.first(name)
    return (card.text(line).strip() or None) if line is not None else None
