"""From a contact, as Graph stores it, to the public contact."""

from __future__ import annotations

from typing import Final

import msgspec

from polydex.connectors.base import Record
from polydex.connectors.microsoft import addresses, bag, dates, emails, phones, photo, relations, urls, wire
from polydex.connectors.microsoft.bag import Bag
from polydex.connectors.microsoft.values import in_places, shown
from polydex.connectors.phones import with_canonical_forms
from polydex.connectors.times import read_time
from polydex.core.contact import Company, Contact, Name, text
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
        contact=contact_of(found, extended, bag.decode(extended.get(_OVERFLOW))),
        rev=Rev(contact.etag) if contact.etag else None,
        mark=text(extended.get(_MARK)),
        created_ms=read_time(contact.created_date_time),
        modified_ms=read_time(contact.last_modified_date_time),
    )


_OVERFLOW: Final = wire.OVERFLOW.lower()
_MARK: Final = wire.MARK.lower()


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


def contact_of(found: wire.Decoded, extended: dict[str, str], kept: Bag) -> Contact:
    """The contact, in normal form.

    Args:
        found: the document.
        extended: its extended properties by lower-case id.
        kept: its bag.
    """
    entry = found.contact
    display = text(entry.display_name)
    name = Name(
        display_name=display,
        prefix=text(entry.title),
        given_name=text(entry.given_name),
        middle_name=text(entry.middle_name),
        family_name=text(entry.surname),
        suffix=text(entry.generation),
        yomi_given_name=text(entry.yomi_given_name),
        yomi_family_name=text(entry.yomi_surname),
    )
    company = Company(
        name=text(entry.company_name),
        office_location=text(entry.office_location),
        department=text(entry.department),
        job_title=text(entry.job_title),
        yomi_company_name=text(entry.yomi_company_name),
    )
    markers = kept.markers
    return Contact(
        name=None if name == _NAMELESS else name,
        nick_name=text(entry.nick_name),
        file_as=text(entry.file_as),
        company=None if company == _NO_COMPANY else company,
        relations=shown(in_places(relations.native(entry)), kept.relations, relations.same),
        birthday=dates.read_birthday(entry.birthday, markers.birthday),
        keywords=tuple(dict.fromkeys([word for value in entry.categories or () if (word := text(value))])),
        notes=text(entry.personal_notes, multiline=True),
        email_addresses=shown(emails.native(entry, display, kept), kept.emails, emails.same),
        phone_numbers=shown(in_places(phones.native(entry, extended)), kept.phones, phones.same),
        addresses=shown(
            in_places(addresses.native(entry, extended, markers.second_lines)), kept.addresses, addresses.same
        ),
        urls=shown(in_places(urls.native(entry, extended, markers.home_page)), kept.urls, urls.same),
        photo=photo.read(found.photo),
    )


_NAMELESS: Final = Name()
_NO_COMPANY: Final = Company()
