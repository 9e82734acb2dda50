"""The position of a pull: a link of Graph's, to what has changed since, or to the next page of a walk in progress."""

from __future__ import annotations

import msgspec

from polydex.core.errors import CursorExpired
from polydex.core.ids import Cursor


class Position(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a cursor holds. Links are opaque, and stored whole (concepts/delta-query-overview.md).

    Attributes:
        delta: the ``@odata.deltaLink`` of the last complete walk.
        page: the ``@odata.nextLink`` of a walk in progress.
        full: that walk lists everything.
    """

    delta: str | None = None
    page: str | None = None
    full: bool = False

    def encode(self) -> Cursor:
        return Cursor(msgspec.json.encode(self).decode())

    @classmethod
    def decode(cls, cursor: Cursor, *, resume: bool) -> Position:
        """Raises CursorExpired for a cursor of another shape.

        Args:
            cursor: as ``encode`` gave it.
            resume: a page is expected in it.
        """
        try:
            position = msgspec.json.decode(cursor, type=cls)
        except msgspec.MsgspecError:
            raise expired("The stored cursor cannot be read", resume=resume) from None
        if (position.page if resume else position.delta) is None:
            raise expired("The stored cursor is of another kind", resume=resume)
        return position


class Trail:
    """The links that a walk has followed, as far as it takes to see that they go in a circle, of whatever length: one of
    them is remembered, and gives its place to another after twice as many as the time before (R. P. Brent, 1980).
    """

    def __init__(self) -> None:
        self._link, self._passed, self._until = "", 0, 1

    def returns(self, link: str) -> bool:
        """Whether this one was followed before, as far as is remembered; it is followed now."""
        if link == self._link:
            return True
        self._passed += 1
        if self._passed == self._until:
            self._link, self._passed, self._until = link, 0, 2 * self._until
        return False


def expired(message: str, *, resume: bool) -> CursorExpired:
    """The error. ``resume``: it is the walk in progress that cannot go on."""
    error = CursorExpired(message)
    error.resume = resume
    return error
