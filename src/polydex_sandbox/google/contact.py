"""A contact at one moment, its photo, and the profile that it may be linked to."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Fields = Mapping[str, Sequence[Mapping[str, Any]]]
"""Field of a person -> entries, as a client may write them: nothing output only, ``sourcePrimary`` alone of metadata."""


@dataclass(frozen=True)
class Photo:
    """A picture of a contact or profile.

    Attributes:
        key: its name in URLs.
        data: the file.
        media_type: ``image/jpeg`` or ``image/png``.
    """

    key: str
    data: bytes
    media_type: str


@dataclass(frozen=True)
class Profile:
    """A Google account as others see it.

    Attributes:
        id: the account's, 21 digits.
        fields: what is public.
        photo: of the profile, or None.
        revision: counts changes.
    """

    id: str
    fields: Fields
    photo: Photo | None = None
    revision: int = 1


@dataclass(frozen=True)
class Contact:
    """One version of a contact.

    Attributes:
        id: of the CONTACT source, hexadecimal; it never changes.
        name: resource name (``people/c123``, ``otherContacts/c123``).
        seq: number of the change that made this version.
        at: Unix milliseconds of that change.
        revision: counts what changes the etag.
        fields: without memberships.
        groups: ids of contact groups, without ``all``.
        photo: the user's, or None.
        profile: the linked one, or None.
        former: resource names that it had before.
        deleted: in the trash, or not even there.
    """

    id: str
    name: str
    seq: int
    at: int
    revision: int
    fields: Fields
    groups: tuple[str, ...] = ()
    photo: Photo | None = None
    profile: Profile | None = None
    former: tuple[str, ...] = field(default=())
    deleted: bool = False

    def changed(self, seq: int, at: int, *, same_etag: bool = False, **changes: Any) -> Contact:
        """The next version."""
        return replace(self, seq=seq, at=at, revision=self.revision + (not same_etag), **changes)

    @property
    def source_etag(self) -> str:
        """Of the CONTACT source: ``#`` and base64, as Google's."""
        return "#" + _digest(self.id, self.revision)

    @property
    def etag(self) -> str:
        """Of the person: it changes also with the linked profile."""
        return "%" + _digest(self.id, self.revision, self.profile and (self.profile.id, self.profile.revision))


def profile_etag(profile: Profile) -> str:
    return "#" + _digest(profile.id, profile.revision)


def _digest(*parts: Any) -> str:
    return base64.b64encode(b"\x12" + hashlib.sha256(repr(parts).encode()).digest()[:13]).decode()
