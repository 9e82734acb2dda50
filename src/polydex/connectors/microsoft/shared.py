"""What the connectors of one account share in this process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from polydex.core.errors import ProviderThrottled

AT_ONCE = 4
"""Requests that a mailbox takes at once from one application (MailboxConcurrency, concepts/throttling-limits.md)."""
FLOOR_SECONDS = 5.0
"""After a refusal that says nothing, or a second: no Retry-After is promised (msgraph-sdk-javascript#297)."""
CEILING_SECONDS = 300.0
_IDLE = 1000
"""So many accounts are remembered before those that are at rest are forgotten."""


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


class Pause:
    """Holds an account back after Microsoft has asked for fewer requests. Nobody waits here: who comes too early is told
    when to come again.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._until = 0
        self._seconds = 0.0

    def check(self) -> None:
        """Raise ProviderThrottled while nothing may be sent."""
        left = self.left
        if left > 0:
            error = ProviderThrottled("Microsoft has asked for fewer requests for this account", retry_after=left)
            error.sent = False
            raise error

    def refused(self, wanted: float | None) -> float:
        """Microsoft asks for fewer requests; for how many seconds everybody holds back now.

        Args:
            wanted: seconds, as the answer says; what our own waiting would be, longer after each refusal in a row, is the least.
        """
        now = self._now()
        if now >= self._until:  # else it is of a request that was on its way already
            self._seconds = min(max(self._seconds * 2, FLOOR_SECONDS), CEILING_SECONDS)
        self._until = max(self._until, now + int(max(wanted or 0.0, self._seconds) * 1000))
        return self.left

    def granted(self) -> None:
        """A request was carried out."""
        if self._now() >= self._until:
            self._seconds = 0.0

    @property
    def left(self) -> float:
        """Seconds until something may be sent."""
        return max(0.0, (self._until - self._now()) / 1000)


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


class Accounts:
    """All accounts of this process. One for all connectors of an installation."""

    def __init__(self) -> None:
        self._known: dict[str, Shared] = {}

    def of(self, account: str, now: Callable[[], int]) -> Shared:
        """What is shared for an account.

        Args:
            account: what tells accounts apart; "" has nothing in common with anybody.
            now: gives unix milliseconds.
        """
        found = self._known.get(account)
        if found is None:
            found = Shared(now)
            if len(self._known) >= _IDLE:
                self._known = {name: shared for name, shared in self._known.items() if not shared.is_idle}
            if account:
                self._known[account] = found
        return found
