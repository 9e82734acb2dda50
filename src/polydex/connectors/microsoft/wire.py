"""Graph's JSON as far as it is read: unknown members ignored, null like absent.

Source of the names: the CSDL of Graph v1.0.
"""

from __future__ import annotations

from typing import Final, Self, TypeVar

import msgspec

from polydex.connectors.outlook import mapi
from polydex.connectors.outlook.item import Item
from polydex.core.errors import ProviderMalformed

T = TypeVar("T")

EXTENDED: Final = (
    mapi.OVERFLOW,
    mapi.MARK,
    mapi.HAS_PICTURE,
    mapi.OTHER_PHONE,
    mapi.MAIN_PHONE,
    mapi.COMPANY_MAIN_PHONE,
    mapi.ASSISTANT_PHONE,
    mapi.WORK_FAX,
    mapi.HOME_FAX,
    mapi.OTHER_FAX,
    mapi.CALLBACK_PHONE,
    mapi.PAGER,
    mapi.RADIO_PHONE,
    mapi.TELEX,
    mapi.TTY_PHONE,
    mapi.CAR_PHONE,
    mapi.ISDN,
    mapi.WORK_PO_BOX,
    mapi.HOME_PO_BOX,
    mapi.OTHER_PO_BOX,
    mapi.PERSONAL_HOME_PAGE,
    mapi.FTP_SITE,
)
"""Every extended property that is read. OData services allow a filter 100 nodes unless told otherwise; these make 87."""
EXPAND: Final = "singleValueExtendedProperties($filter=" + " or ".join(f"id eq '{id_}'" for id_ in EXTENDED) + ")"
"""The value of ``$expand`` of every read of a contact, not yet encoded for a URL."""


class Wire(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """Base of the structs beside the contact. ``gc=False``: there are no cycles, and they come by the thousand."""


class Extended(Wire, frozen=True):
    """A single-value extended property. Graph answers its id in another case than it was asked for in."""

    id: str | None = None
    value: str | None = None


class Contact(Item, frozen=True):
    """What of a contact the mapping reads."""

    id: str | None = None
    etag: str | None = msgspec.field(name="@odata.etag", default=None)
    created_date_time: str | None = None
    last_modified_date_time: str | None = None
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
    return found.extended().get(mapi.HAS_PICTURE.lower(), "").lower() == "true"


def mark_filter(mark: str) -> str:
    """The value of ``$filter`` that finds the contact with this mark, not yet encoded for a URL."""
    value = mark.replace("'", "''")  # OData 4.01 URL conventions, 5.1.1.6.1
    return f"singleValueExtendedProperties/Any(ep: ep/id eq '{mapi.MARK}' and ep/value eq '{value}')"


def _of(decoder: msgspec.json.Decoder[T], raw: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        # msgspec names types and places, never values.
        place = str(error) if isinstance(error, msgspec.MsgspecError) else type(error).__name__
        raise ProviderMalformed("Microsoft Graph: a contact cannot be understood", detail=place) from None
