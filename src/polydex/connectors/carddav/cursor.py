"""The position of a pull: what the server said about the state of the address book when it was last walked."""

from __future__ import annotations

import msgspec

from polydex.core.errors import CursorExpired
from polydex.core.ids import Cursor

SETTLE_MS = 2_000
"""A clock that counts whole seconds has moved on for certain after so many milliseconds."""


class Position(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a cursor holds.

    Attributes:
        token: the sync token (RFC 6578), opaque.
        ctag: the collection's tag (CalendarServer extension), opaque.
        at: the server's clock, unix milliseconds, when it first showed this token and this ctag.
        settled: the book was listed in full while both stood still, and later than ``at`` by more than their coarsest
            resolution. Until then an unchanged token proves nothing: some servers make it of the time in seconds, and
            give the same one before and after a change.
        members: how many cards the book had, roughly.
    """

    token: str | None = None
    ctag: str | None = None
    at: int | None = None
    settled: bool = False
    members: int = 0

    def encode(self) -> Cursor:
        return Cursor(msgspec.json.encode(self).decode())

    @classmethod
    def decode(cls, cursor: Cursor) -> Position:
        """Raises CursorExpired for anything that ``encode`` did not make."""
        try:
            return msgspec.json.decode(cursor, type=cls)
        except msgspec.MsgspecError:
            raise CursorExpired("The stored cursor cannot be read") from None
