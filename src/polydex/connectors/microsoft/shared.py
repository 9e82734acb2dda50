"""What the connectors of one account share in this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from polydex.connectors import accounts
from polydex.connectors.pause import Pause

AT_ONCE = 4
"""Requests that a mailbox takes at once from one application (MailboxConcurrency, concepts/throttling-limits.md)."""


class Room:
    """Lets so many requests through at once, in the order in which they came."""

    def __init__(self, size: int = AT_ONCE) -> None:
        self._size = size
        self._free = asyncio.Semaphore(size)
        self._whole = asyncio.Lock()
        self._inside = 0

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Room for one request."""
        self._inside += 1
        try:
            async with self._free:
                yield
        finally:
            self._inside -= 1

    @contextlib.asynccontextmanager
    async def all(self) -> AsyncIterator[None]:
        """All there is: a ``$batch`` runs its requests four at a time (concepts/json-batching.md)."""
        async with self._whole:  # two that take them one by one would wait for each other
            taken = 0
            try:
                while taken < self._size:
                    await self._free.acquire()
                    taken += 1
                yield
            finally:
                for _ in range(taken):
                    self._free.release()

    @property
    def is_empty(self) -> bool:
        """Nobody is in here, and nobody waits."""
        return self._inside == 0 and not self._whole.locked()


class Shared:
    """Of one account.

    Attributes:
        room: for requests at once.
        pause: after refusals.
        parents: by source key, what the contacts of that folder name as their parent, where it is known.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self.room = Room()
        self.pause = Pause(now)
        self.parents: dict[str, str] = {}

    @property
    def is_idle(self) -> bool:
        """Nothing is going on, and nothing is worth to be remembered."""
        return self.room.is_empty and self.pause.left == 0


class Accounts(accounts.Accounts[Shared]):
    """All accounts of this process. One for all connectors of an installation."""

    def __init__(self) -> None:
        super().__init__(Shared)
