"""The connections over which the made-up provider tells of changes, for as long as somebody holds them open."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

from polydex.core.errors import ProviderError, ProviderThrottled, ProviderUnavailable


class Line:
    """One connection, as its other end sees it."""

    def __init__(self) -> None:
        self._news: asyncio.Queue[ProviderError | bool] = asyncio.Queue()

    async def told(self) -> bool:
        """Wait for what the provider says: that something has changed, or (False) that it ends the connection.

        Raises ProviderError: the connection has broken.
        """
        said = await self._news.get()
        if isinstance(said, ProviderError):
            raise said
        return said

    def say(self, said: ProviderError | bool) -> None:
        """See ``told``."""
        self._news.put_nowait(said)


class Lines:
    """Every connection that is open.

    Attributes:
        room: how many there may be; None: as many as one likes.
        silent: no change is told of.
        opened: how many there have been.
    """

    def __init__(self) -> None:
        self.open: list[Line] = []
        self.room: int | None = None
        self.silent = False
        self.opened = 0

    @contextlib.contextmanager
    def taken(self) -> Iterator[Line]:
        """One more connection. Raises ProviderThrottled: there is no room."""
        if self.room is not None and len(self.open) >= self.room:
            raise ProviderThrottled
        line = Line()
        self.opened += 1
        self.open.append(line)
        try:
            yield line
        finally:
            self.open.remove(line)

    def tell(self) -> None:
        """Tell everybody that something has changed."""
        for line in self.open if not self.silent else ():
            line.say(True)

    def end(self) -> None:
        """End every connection in good order."""
        for line in self.open:
            line.say(False)

    def cut(self) -> None:
        """Break every connection."""
        for line in self.open:
            line.say(ProviderUnavailable())
