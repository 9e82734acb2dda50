"""The Contact: one immutable value in normal form, with every field of the public interface.

Normal form: null, ``[]``, ``""`` and absent are one thing (``None`` or ``()``); strings are trimmed, in Unicode NFC and
free of control characters (newline is kept in ``notes`` and ``street``). Use :func:`normal` on anything that comes from
outside. The JSON names are the camel-case ones of the Aurinko contract.

What is *content* (compared, in the ETag, writable) and what is derived: ``PhoneNumber.canonical_form`` and
``Photo.content``/``Photo.id`` are derived or carried along; everything else here is content (JOURNAL.md, J16). Identity
and times (id, etag, createdTime, lastModifiedTime) are not part of the value at all.
"""

from __future__ import annotations

import hashlib
import unicodedata
from enum import Enum, StrEnum
from typing import Any, TypeVar

import msgspec


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """Base of all parts of a contact: frozen, camel-case in JSON, defaults left out.

    ``gc=False`` here and on the other values that come by the thousand: they hold no reference cycle, so the garbage
    collector, which took a tenth of a first synchronisation, need not look at them.
    """


class PhoneType(StrEnum):
    """Every value of ``phoneNumbers[].type``."""

    WORK = "work"
    HOME = "home"
    OTHER = "other"
    MOBILE = "mobile"
    WORK_MOBILE = "workMobile"
    MAIN = "main"
    COMPANY_MAIN = "companyMain"
    ASSISTANT = "assistant"
    WORK_FAX = "workFax"
    HOME_FAX = "homeFax"
    OTHER_FAX = "otherFax"
    CALLBACK = "callback"
    PAGER = "pager"
    WORK_PAGER = "workPager"
    RADIO = "radio"
    TELEX = "telex"
    TTY = "tty"


class AddressType(StrEnum):
    """Every value of ``addresses[].type``."""

    WORK = "work"
    HOME = "home"
    OTHER = "other"


class UrlType(StrEnum):
    """Every value of ``urls[].type``."""

    WORK = "work"
    HOME = "home"
    OTHER = "other"
    BLOG = "blog"
    PROFILE = "profile"
    HOME_PAGE = "homePage"
    FTP = "ftp"
    RESERVATIONS = "reservations"


class RelationType(StrEnum):
    """Every value of ``relations[].type``."""

    MANAGER = "manager"
    ASSISTANT = "assistant"
    SPOUSE = "spouse"


class Name(Part, frozen=True):
    """The parts of a person's name."""

    display_name: str | None = None
    prefix: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    family_name: str | None = None
    suffix: str | None = None
    yomi_given_name: str | None = None
    yomi_family_name: str | None = None


class Company(Part, frozen=True):
    """The organisation, and the person's place in it."""

    name: str | None = None
    office_location: str | None = None
    department: str | None = None
    job_title: str | None = None
    yomi_company_name: str | None = None


class Relation(Part, frozen=True):
    """A related person, by name."""

    name: str | None = None
    type: RelationType | None = None


class Email(Part, frozen=True):
    """An e-mail address; ``type`` is free text."""

    address: str | None = None
    name: str | None = None
    type: str | None = None


class Phone(Part, frozen=True):
    """A phone number as the user wrote it. ``canonical_form`` is E.164, derived, and not content."""

    number: str | None = None
    type: PhoneType | None = None
    canonical_form: str | None = None


class Address(Part, frozen=True):
    """A postal address."""

    street: str | None = None
    street_line2: str | None = None
    po_box: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    type: AddressType | None = None


class Url(Part, frozen=True):
    """A web address."""

    href: str | None = None
    type: UrlType | None = None


class Photo(Part, frozen=True):
    """A photo: content is what ``hash`` says.

    Attributes:
        hash: lower-case hex SHA-256 of the bytes, or of the address for a photo that is only referred to.
        mime_type: for example ``image/jpeg``.
        content: the bytes, carried by a write and by a read that asked for them; never in the mirror.
    """

    hash: str
    mime_type: str | None = None
    name: str | None = None
    content: bytes | None = None

    @classmethod
    def of(cls, content: bytes, mime_type: str | None = None, name: str | None = None) -> Photo:
        """The photo with these bytes."""
        return cls(hash=hashlib.sha256(content).hexdigest(), mime_type=mime_type, name=name, content=content)


class Contact(Part, frozen=True):
    """A contact as every provider's data is seen through the public interface."""

    name: Name | None = None
    nick_name: str | None = None
    file_as: str | None = None
    company: Company | None = None
    relations: tuple[Relation, ...] = ()
    birthday: str | None = None
    keywords: tuple[str, ...] = ()
    notes: str | None = None
    email_addresses: tuple[Email, ...] = ()
    phone_numbers: tuple[Phone, ...] = ()
    addresses: tuple[Address, ...] = ()
    urls: tuple[Url, ...] = ()
    photo: Photo | None = None


_MULTILINE = frozenset({"notes", "street"})
_SPACES = str.maketrans({"\n": " ", "\t": " ", "\u2028": " ", "\u2029": " "})
_P = TypeVar("_P", bound=Part)


def text(value: str | None, *, multiline: bool = False) -> str | None:
    """A string in normal form: NFC, trimmed, no control characters (newline and tab stay in multi-line text).

    Lone surrogates, which no encoding can carry, are dropped with the control characters.
    """
    if not value:
        return None
    if value.isascii() and value.isprintable():  # the common case, many times a card
        return value.strip() or None
    if value.isprintable():  # no control character, no surrogate, no white space but the plain one
        return unicodedata.normalize("NFC", value).strip() or None
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    if not multiline:
        value = value.translate(_SPACES)
    kept = "".join(c for c in value if (multiline and c in "\n\t") or unicodedata.category(c) not in ("Cc", "Cs"))
    return unicodedata.normalize("NFC", kept).strip() or None


def _normal_part(part: _P | None) -> _P | None:
    """The part with every string in normal form; None when nothing but a type remains."""
    if part is None:
        return None
    changes: dict[str, Any] = {}
    filled = False
    for field in part.__struct_fields__:
        value = getattr(part, field)
        if value is None:
            continue
        if isinstance(value, str) and not isinstance(value, Enum):
            clean = text(value, multiline=field in _MULTILINE)
            if clean != value:
                changes[field] = clean
            value = clean
        filled = filled or (value is not None and field not in ("type", "canonical_form"))
    if not filled:
        return None
    return msgspec.structs.replace(part, **changes) if changes else part


def _normal_list(parts: tuple[_P, ...]) -> tuple[_P, ...]:
    return tuple(clean for part in parts if (clean := _normal_part(part)) is not None)


def normal(contact: Contact) -> Contact:
    """A contact in normal form. Idempotent: applying it twice gives the same.

    A list entry, a name or a company without any content (a bare type) is absent. Keywords keep their order; one that
    occurs twice is kept once.
    """
    return Contact(
        name=_normal_part(contact.name),
        nick_name=text(contact.nick_name),
        file_as=text(contact.file_as),
        company=_normal_part(contact.company),
        relations=_normal_list(contact.relations),
        birthday=text(contact.birthday),
        keywords=tuple(dict.fromkeys(clean for word in contact.keywords if (clean := text(word)))),
        notes=text(contact.notes, multiline=True),
        email_addresses=_normal_list(contact.email_addresses),
        phone_numbers=_normal_list(contact.phone_numbers),
        addresses=_normal_list(contact.addresses),
        urls=_normal_list(contact.urls),
        photo=contact.photo,
    )


def without_photo_content(contact: Contact) -> Contact:
    """The contact as the mirror keeps it: the photo by its hash only."""
    photo = contact.photo
    if photo is None or photo.content is None:
        return contact
    return msgspec.structs.replace(contact, photo=msgspec.structs.replace(photo, content=None))


def content(contact: Contact) -> Contact:
    """The contact reduced to what clients can write: no ``canonical_form``, the photo by its hash alone (J16).

    Two contacts have a real difference exactly when their contents differ. A photo's name and media type are left
    out: no provider keeps the name and all of them sniff the type, so they follow from the bytes.
    """
    phones, photo = contact.phone_numbers, contact.photo
    if photo is None and not phones:
        return contact
    return msgspec.structs.replace(
        contact,
        phone_numbers=tuple(Phone(number=phone.number, type=phone.type) for phone in phones),
        photo=None if photo is None else Photo(hash=photo.hash),
    )


def is_empty(contact: Contact) -> bool:
    """Whether nothing is set at all."""
    return contact == _EMPTY


_EMPTY = Contact()
EMPTY = _EMPTY
"""The contact without any content."""
