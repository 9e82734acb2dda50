"""The position of a pull: Google's sync token, or the page token of a walk in progress."""

from __future__ import annotations

import msgspec

from polydex.core.errors import CursorExpired
from polydex.core.ids import Cursor

DIES_AFTER_MS = 7 * 86_400_000
"""Sync tokens expire 7 days after the full synchronisation (people.connections.list); whether those that later answers
bring live longer is not said."""


class Position(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a cursor holds.

    Attributes:
        mask: the version of ``personFields`` that the tokens were given for: all parameters have to be the same again.
        full: when the full walk began that the sync token goes back to, unix milliseconds.
        sync: the sync token; None in a full walk.
        page: the page token of a walk in progress.
    """

    mask: int
    full: int
    sync: str | None = None
    page: str | None = None

    def encode(self) -> Cursor:
        return Cursor(msgspec.json.encode(self).decode())

    @classmethod
    def decode(cls, cursor: Cursor, mask: int, now: int, *, resume: bool) -> Position:
        """Raises CursorExpired for a cursor of another mask, of another shape, or too old to be asked with.

        Args:
            cursor: as ``encode`` gave it.
            mask: the version in use.
            now: unix milliseconds.
            resume: a page token is expected in it.
        """
        try:
            position = msgspec.json.decode(cursor, type=cls)
        except msgspec.MsgspecError:
            raise expired("The stored cursor cannot be read", resume=resume) from None
        if position.mask != mask:
            raise expired("The stored cursor was given for other fields", resume=resume)
        if resume == (position.page is None) or (position.page is None and position.sync is None):
            raise expired("The stored cursor is of another kind", resume=resume)
        if position.sync is not None and position.full + DIES_AFTER_MS <= now:
            raise expired("The sync token is older than seven days", resume=resume)
        return position


def expired(message: str, *, resume: bool) -> CursorExpired:
    """The error. ``resume``: it is the walk in progress that cannot go on."""
    error = CursorExpired(message)
    error.resume = resume
    return error
