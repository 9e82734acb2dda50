"""The writable fields of a contact, by name; and what a provider cannot keep of one."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Field(StrEnum):
    """A top-level member of the public Contact that clients can write. The value is its JSON name."""

    NAME = "name"
    NICK_NAME = "nickName"
    FILE_AS = "fileAs"
    COMPANY = "company"
    RELATIONS = "relations"
    BIRTHDAY = "birthday"
    KEYWORDS = "keywords"
    NOTES = "notes"
    EMAIL_ADDRESSES = "emailAddresses"
    PHONE_NUMBERS = "phoneNumbers"
    ADDRESSES = "addresses"
    URLS = "urls"
    PHOTO = "photo"
    NATIVE_PROPERTIES = "nativeProperties"

    @property
    def attribute(self) -> str:
        """The Python attribute of Contact and Patch (``nickName`` -> ``nick_name``)."""
        return "".join("_" + c.lower() if c.isupper() else c for c in self.value)


FieldSet = frozenset[Field]
ALL_FIELDS: FieldSet = frozenset(Field)


class Loss(msgspec.Struct, frozen=True, rename="camel"):
    """One value that a provider does not keep as it was sent.

    Attributes:
        path: JSON path in the request, for example ``$.emailAddresses[0].name``.
        reason: why, in plain words, without contact data.
        kept: where the value is kept instead, or None when it is not kept.
    """

    path: str
    reason: str
    kept: str | None = None
