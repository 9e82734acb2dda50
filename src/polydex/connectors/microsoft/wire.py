"""Graph's JSON as far as it is read, and the names of all properties: unknown members ignored, null like absent.

Source of the names: the CSDL of Graph v1.0; of the MAPI properties behind it Microsoft's "canonical property" pages
(MicrosoftDocs/office-developer-client-docs, docs/outlook/mapi).
"""

from __future__ import annotations

from typing import Final, Self, TypeVar

import msgspec

from polydex.core.errors import ProviderMalformed

T = TypeVar("T")

GUID: Final = "aa59d48a-551f-427a-9156-8aa86e3dbbc7"
"""Ours, for ever: names of properties under it are found again by it, and a mailbox never forgets a name."""
OVERFLOW: Final = f"String {{{GUID}}} Name PolydexOverflow"
"""The bag: what of a contact Graph has no place for."""
MARK: Final = f"String {{{GUID}}} Name PolydexMark"
"""The idempotency mark."""

ADDRESS_SET: Final = "00062004-0000-0000-c000-000000000046"
"""PSETID_Address."""
HAS_PICTURE: Final = f"Boolean {{{ADDRESS_SET}}} Id 0x8015"
"""PidLidHasPicture."""

OTHER_PHONE: Final = "String 0x3A1F"
MAIN_PHONE: Final = "String 0x3A1A"
COMPANY_MAIN_PHONE: Final = "String 0x3A57"
ASSISTANT_PHONE: Final = "String 0x3A2E"
WORK_FAX: Final = "String 0x3A24"
HOME_FAX: Final = "String 0x3A25"
OTHER_FAX: Final = "String 0x3A23"
CALLBACK_PHONE: Final = "String 0x3A02"
PAGER: Final = "String 0x3A21"
RADIO_PHONE: Final = "String 0x3A1D"
TELEX: Final = "String 0x3A2C"
TTY_PHONE: Final = "String 0x3A4B"
CAR_PHONE: Final = "String 0x3A1E"
ISDN: Final = "String 0x3A2D"
WORK_PO_BOX: Final = f"String {{{ADDRESS_SET}}} Id 0x804A"
HOME_PO_BOX: Final = "String 0x3A5E"
OTHER_PO_BOX: Final = "String 0x3A64"
PERSONAL_HOME_PAGE: Final = "String 0x3A50"
FTP_SITE: Final = "String 0x3A4C"

EXTENDED: Final = (
    OVERFLOW,
    MARK,
    HAS_PICTURE,
    OTHER_PHONE,
    MAIN_PHONE,
    COMPANY_MAIN_PHONE,
    ASSISTANT_PHONE,
    WORK_FAX,
    HOME_FAX,
    OTHER_FAX,
    CALLBACK_PHONE,
    PAGER,
    RADIO_PHONE,
    TELEX,
    TTY_PHONE,
    CAR_PHONE,
    ISDN,
    WORK_PO_BOX,
    HOME_PO_BOX,
    OTHER_PO_BOX,
    PERSONAL_HOME_PAGE,
    FTP_SITE,
)
"""Every extended property that is read. OData services allow a filter 100 nodes unless told otherwise; these make 87."""
EXPAND: Final = "singleValueExtendedProperties($filter=" + " or ".join(f"id eq '{id_}'" for id_ in EXTENDED) + ")"
"""The value of ``$expand`` of every read of a contact, not yet encoded for a URL."""


class Wire(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of all structs. ``gc=False``: there are no cycles, and they come by the thousand."""


class EmailAddress(Wire, frozen=True):
    address: str | None = None
    name: str | None = None


class PhysicalAddress(Wire, frozen=True):
    street: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country_or_region: str | None = None


class Extended(Wire, frozen=True):
    """A single-value extended property. Graph answers its id in another case than it was asked for in."""

    id: str | None = None
    value: str | None = None


class Contact(Wire, frozen=True):
    """What of a contact the mapping reads."""

    id: str | None = None
    etag: str | None = msgspec.field(name="@odata.etag", default=None)
    created_date_time: str | None = None
    last_modified_date_time: str | None = None
    display_name: str | None = None
    title: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    surname: str | None = None
    generation: str | None = None
    yomi_given_name: str | None = None
    yomi_surname: str | None = None
    nick_name: str | None = None
    file_as: str | None = None
    company_name: str | None = None
    department: str | None = None
    office_location: str | None = None
    job_title: str | None = None
    yomi_company_name: str | None = None
    manager: str | None = None
    assistant_name: str | None = None
    spouse_name: str | None = None
    birthday: str | None = None
    personal_notes: str | None = None
    categories: tuple[str | None, ...] | None = None
    email_addresses: tuple[EmailAddress | None, ...] | None = None
    business_phones: tuple[str | None, ...] | None = None
    home_phones: tuple[str | None, ...] | None = None
    mobile_phone: str | None = None
    business_address: PhysicalAddress | None = None
    home_address: PhysicalAddress | None = None
    other_address: PhysicalAddress | None = None
    business_home_page: str | None = None
    single_value_extended_properties: tuple[Extended | None, ...] | None = None

    def extended(self) -> dict[str, str]:
        """The values of the extended properties by lower-case id; of one that comes twice the first."""
        found: dict[str, str] = {}
        for entry in self.single_value_extended_properties or ():
            if entry is not None and entry.id and entry.value is not None:
                found.setdefault(entry.id.lower(), entry.value)
        return found


class Photo(Wire, frozen=True):
    """What Graph says of a photo (``GET .../photo``)."""

    id: str | None = None
    width: int | None = None
    height: int | None = None
    media_etag: str | None = msgspec.field(name="@odata.mediaEtag", default=None)
    media_content_type: str | None = msgspec.field(name="@odata.mediaContentType", default=None)


class Document(Wire, frozen=True, omit_defaults=True):
    """What is stored of a contact (``Record.raw``): Graph's answers as they came.

    Attributes:
        contact: the answer to a read with ``EXPAND``.
        photo: the answer to a read of its photo's metadata, for a contact that has one; else empty.
    """

    contact: msgspec.Raw
    photo: msgspec.Raw = msgspec.Raw()

    @classmethod
    def of(cls, contact: bytes | msgspec.Raw, photo: bytes | msgspec.Raw | None = None) -> Self:
        """The document of these answers."""
        return cls(msgspec.Raw(contact), msgspec.Raw(photo)) if photo else cls(msgspec.Raw(contact))

    def encode(self) -> bytes:
        """The JSON, the answers in it byte for byte."""
        return msgspec.json.encode(self)


class Decoded(Wire, frozen=True):
    """A document, decoded in one pass."""

    contact: Contact
    photo: Photo | None = None


_document = msgspec.json.Decoder(Document)
_decoded = msgspec.json.Decoder(Decoded)
_contact = msgspec.json.Decoder(Contact)


def document(raw: bytes) -> Document:
    """The parts of a document. Raises ProviderMalformed."""
    return _of(_document, raw)


def decoded(raw: bytes) -> Decoded:
    """The same with its parts decoded. Raises ProviderMalformed."""
    return _of(_decoded, raw)


def contact(raw: bytes | msgspec.Raw) -> Contact:
    """A contact as Graph answers it. Raises ProviderMalformed."""
    return _of(_contact, raw)


def has_picture(found: Contact) -> bool:
    """Whether the mailbox says that a contact has a photo."""
    return found.extended().get(HAS_PICTURE.lower(), "").lower() == "true"


def mark_filter(mark: str) -> str:
    """The value of ``$filter`` that finds the contact with this mark, not yet encoded for a URL."""
    value = mark.replace("'", "''")  # OData 4.01 URL conventions, 5.1.1.6.1
    return f"singleValueExtendedProperties/Any(ep: ep/id eq '{MARK}' and ep/value eq '{value}')"


def _of(decoder: msgspec.json.Decoder[T], raw: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # msgspec names types and places, never values.
        place = str(error) if isinstance(error, msgspec.MsgspecError) else type(error).__name__
        raise ProviderMalformed("Microsoft Graph: a contact cannot be understood", detail=place) from None
