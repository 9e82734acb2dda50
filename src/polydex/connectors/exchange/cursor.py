"""The position of a pull: the state of a synchronisation, as Exchange gave it."""

from __future__ import annotations

import msgspec

from polydex.core.errors import CursorExpired
from polydex.core.ids import Cursor


class Position(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a cursor holds.

    Attributes:
        state: ``SyncState``, opaque: base64, longer the more contacts there are.
        walking: of a walk in progress, not of a complete one.
        full: that walk lists everything.
    """

    state: str
    walking: bool = False
    full: bool = False

    def encode(self) -> Cursor:
        return Cursor(msgspec.json.encode(self).decode())

    @classmethod
    def decode(cls, cursor: Cursor, *, resume: bool) -> Position:
        """Raises CursorExpired for a cursor of another shape. ``resume``: one of a walk in progress is expected."""
        try:
            position = msgspec.json.decode(cursor, type=cls)
        except msgspec.MsgspecError:
            raise expired("The stored cursor cannot be read", resume=resume) from None
        if position.walking != resume:
            raise expired("The stored cursor is of another kind", resume=resume)
        return position


def expired(message: str, *, resume: bool) -> CursorExpired:
    """The error. ``resume``: it is the walk in progress that cannot go on."""
    error = CursorExpired(message)
    error.resume = resume
    return error
