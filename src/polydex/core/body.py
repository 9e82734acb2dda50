"""The JSON of a contact as clients get it, and as the mirror stores it, ready to be joined into pages.

Member names are the contract's. Beside them stand two names of the public guide, because programs exist for both:
``company.companyName`` and ``urls[].value`` (API.md, Contacts). What is null, empty or absent is left out; the photo
is, too: ``hasPhoto`` tells that there is one, and a request that asks for it gets it added by :func:`with_members`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import msgspec

from polydex.core.contact import (
    Address,
    Company,
    Contact,
    Email,
    Name,
    Part,
    Phone,
    Photo,
    Relation,
    Url,
    UrlType,
    without_photo_content,
)


class CompanyBody(Part, frozen=True):
    """The company with both spellings of its name."""

    name: str | None = None
    company_name: str | None = None
    office_location: str | None = None
    department: str | None = None
    job_title: str | None = None
    yomi_company_name: str | None = None


class UrlBody(Part, frozen=True):
    """A web address with both spellings."""

    href: str | None = None
    value: str | None = None
    type: UrlType | None = None


class ContactBody(Part, frozen=True, kw_only=True):
    """The Contact of the contract, without the members that are only served when asked for."""

    id: str
    etag: str
    created_time: str
    last_modified_time: str
    name: Name | None = None
    nick_name: str | None = None
    file_as: str | None = None
    company: CompanyBody | None = None
    relations: tuple[Relation, ...] = ()
    birthday: str | None = None
    keywords: tuple[str, ...] = ()
    notes: str | None = None
    email_addresses: tuple[Email, ...] = ()
    phone_numbers: tuple[Phone, ...] = ()
    addresses: tuple[Address, ...] = ()
    urls: tuple[UrlBody, ...] = ()
    has_photo: bool


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(ContactBody)


def render(contact: Contact, *, id: str, etag: str, created_ms: int, modified_ms: int) -> bytes:  # noqa: A002 - as served
    """The JSON object that is served for a contact in normal form. The same arguments give the same bytes.

    Args:
        etag: unquoted; it stands in the body as it is, and in the ETag header in quotes.
        created_ms, modified_ms: unix milliseconds.
    """
    created = rfc3339(created_ms)
    modified = created if modified_ms == created_ms else rfc3339(modified_ms)
    return _encoder.encode(_contact_body(contact, id, etag, created, modified))


def read_body(body: bytes) -> ContactBody:
    """A rendered body, decoded. Raises msgspec.DecodeError for anything else."""
    return _decoder.decode(body)


def rendered_again(read: ContactBody, contact: Contact) -> bytes:
    """The body that ``read`` came from, made of its contact: equal bytes, if nothing has happened to them."""
    again = _contact_body(contact, read.id, read.etag, read.created_time, read.last_modified_time)
    return _encoder.encode(again)


def _contact_body(contact: Contact, public_id: str, etag: str, created: str, modified: str) -> ContactBody:
    company = contact.company
    return ContactBody(
        id=public_id,
        etag=etag,
        created_time=created,
        last_modified_time=modified,
        name=contact.name,
        nick_name=contact.nick_name,
        file_as=contact.file_as,
        company=None if company is None else _company_body(company),
        relations=contact.relations,
        birthday=contact.birthday,
        keywords=contact.keywords,
        notes=contact.notes,
        email_addresses=contact.email_addresses,
        phone_numbers=contact.phone_numbers,
        addresses=contact.addresses,
        urls=tuple([UrlBody(href=url.href, value=url.href, type=url.type) for url in contact.urls]),
        has_photo=contact.photo is not None,
    )


def parse_body(body: bytes, photo: Photo | None = None) -> Contact:
    """The contact of a rendered body: ``parse_body(render(c, ...), c.photo) == without_photo_content(c)``.

    Args:
        photo: the contact's photo, which is stored beside the body.
    """
    read = _decoder.decode(body)
    company = read.company
    contact = Contact(
        name=read.name,
        nick_name=read.nick_name,
        file_as=read.file_as,
        company=None if company is None else _company(company),
        relations=read.relations,
        birthday=read.birthday,
        keywords=read.keywords,
        notes=read.notes,
        email_addresses=read.email_addresses,
        phone_numbers=read.phone_numbers,
        addresses=read.addresses,
        urls=tuple(Url(href=url.href, type=url.type) for url in read.urls),
        photo=photo,
    )
    return without_photo_content(contact)


def _company_body(company: Company) -> CompanyBody:
    return CompanyBody(
        name=company.name,
        company_name=company.name,
        office_location=company.office_location,
        department=company.department,
        job_title=company.job_title,
        yomi_company_name=company.yomi_company_name,
    )


def _company(body: CompanyBody) -> Company:
    return Company(
        name=body.name,
        office_location=body.office_location,
        department=body.department,
        job_title=body.job_title,
        yomi_company_name=body.yomi_company_name,
    )


def with_members(body: bytes, extra: Mapping[str, Any]) -> bytes:
    """A rendered body with members added at its end, without decoding the rest.

    ``extra`` holds only members that :func:`render` leaves out (``photo``, ``nativeProperties`` ...).
    """
    if not extra:
        return body
    return body[:-1] + b"," + _encoder.encode(extra)[1:]


def photo_member(photo: Photo) -> dict[str, Any]:
    """The member ``photo`` as it is served: the id is the hash, the content base64, what is not known is left out."""
    members = {"id": photo.hash, "name": photo.name, "mimeType": photo.mime_type, "content": photo.content}
    return {name: value for name, value in members.items() if value is not None}


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_MS = -62_135_596_800_000  # 0001-01-01T00:00:00Z
_LAST_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z


@lru_cache(maxsize=1024)  # the contacts of one page mostly share the time that they came at
def rfc3339(ms: int) -> str:
    """Unix milliseconds as an RFC 3339 date-time in UTC, with milliseconds: ``2026-03-09T12:30:00.250Z``.

    What the format cannot say (years before 1 and after 9999) becomes the nearest that it can: an absurd time from a
    provider must not make its record unreadable.
    """
    at = _EPOCH + timedelta(milliseconds=min(max(ms, _FIRST_MS), _LAST_MS))
    return at.isoformat(timespec="milliseconds")[:23] + "Z"
