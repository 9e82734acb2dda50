"""The bag: what of a contact Google has no place for, as JSON in one entry of the person's client data."""

from __future__ import annotations

from typing import Final

import msgspec

from polydex.core.contact import Contact, Email, normal, text
from polydex.core.errors import BadRequest

VERSION: Final = 1
MAX_BYTES: Final = 16_000
"""Of the JSON. Google documents no limit; 128 KB for a whole contact is an old one."""
KEPT: Final = "in client data, where other clients do not show it"
"""``Loss.kept`` of what is in here."""


class DisplayName(msgspec.Struct, frozen=True, rename="camel", gc=False):
    """A display name that was set beside the parts of the name, or without any.

    It holds only as long as the parts are those: another client that changes the name changes what it is displayed as.

    Attributes:
        parts: prefix, given, middle, family name and suffix; none when it was set alone.
        value: the display name.
    """

    parts: tuple[str | None, ...]
    value: str


class Markers(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, gc=False):
    """Single values."""

    file_as: str | None = None
    display_name: DisplayName | None = None


class Bag(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, gc=False):
    """What is kept besides.

    Attributes:
        v: the version of this notation, always written; another one than ours is not understood, and not shown; one that
            is newer is not replaced either (``is_newer``).
        emails: without an address.
        keywords: that are no label.
        markers: single values.
    """

    v: int = 0
    emails: tuple[Email, ...] = ()
    keywords: tuple[str, ...] = ()
    markers: Markers = Markers()

    def encode(self) -> str | None:
        """The JSON, the same for the same bag; None for an empty one. Raises BadRequest when it is too large."""
        if self == EMPTY:
            return None
        members = msgspec.to_builtins(self)
        raw = msgspec.json.encode({"v": VERSION} | {name: value for name, value in members.items() if value})
        if len(raw) > MAX_BYTES:
            raise BadRequest(
                "$: what Google Contacts has no place for (fileAs, displayName, keywords, emailAddresses without an"
                f" address) is larger than {MAX_BYTES} bytes"
            )
        return raw.decode()


EMPTY: Final = Bag()
_decoder = msgspec.json.Decoder(Bag)


class _Version(msgspec.Struct, frozen=True):
    v: int = 0


_version_decoder = msgspec.json.Decoder(_Version)


def is_newer(value: str | None) -> bool:
    """Whether an entry's value was written by a version of Polydex that is newer than this one."""
    try:
        return value is not None and _version_decoder.decode(value).v > VERSION
    except (msgspec.MsgspecError, RecursionError):
        return False


def decode(value: str | None) -> Bag:
    """The bag of an entry's value; an empty one when it is not ours any more (somebody wrote something else there)."""
    if not value:
        return EMPTY
    try:
        found = _decoder.decode(value)
    except (msgspec.MsgspecError, RecursionError):
        return EMPTY
    if found.v != VERSION:
        return EMPTY
    clean = normal(Contact(email_addresses=found.emails, keywords=found.keywords))
    display = found.markers.display_name
    if display is not None and text(display.value) is None:
        display = None
    return Bag(
        emails=clean.email_addresses,
        keywords=clean.keywords,
        markers=Markers(file_as=text(found.markers.file_as), display_name=display),
    )
