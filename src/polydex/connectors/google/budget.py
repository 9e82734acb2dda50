"""How much is asked of Google for one account: as many requests a minute as its quotas allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from polydex.core.errors import ProviderThrottled

Kind = Literal["read", "write"]
READS_PER_MINUTE = 90.0
"""``CriticalReadsPerMinutePerProjectPerUser`` as it is seen in refusals (googleapis issue reports; not documented)."""
WRITES_PER_MINUTE = 90.0
"""The quota of writes is not documented; that of reads is taken for it."""


class Bucket:
    """A token bucket that holds the requests of one minute.

    Args:
        per_minute: how many flow in.
        now: unix milliseconds.
    """

    def __init__(self, per_minute: float, now: int) -> None:
        self._size = self._left = max(1.0, per_minute)
        self._per_ms = self._size / 60_000
        self._at = now

    def wait(self, count: int, now: int) -> float:
        """Seconds until so many requests may be sent; 0 when they may be sent now."""
        self._fill(now)
        missing = min(float(count), self._size) - self._left
        return max(0.0, missing / self._per_ms / 1000)

    def take(self, now: int) -> None:
        """Count a request."""
        self._fill(now)
        self._left -= 1

    def empty(self, seconds: float, now: int) -> None:
        """Nothing may be sent for so long: Google has refused, whatever we had counted."""
        self._fill(now)
        self._left = min(self._left, 1.0 - seconds * 1000 * self._per_ms)

    def is_full(self, now: int) -> bool:
        self._fill(now)
        return self._left >= self._size

    def _fill(self, now: int) -> None:
        # A clock that was set back gives nothing, and takes nothing.
        self._left = min(self._size, self._left + max(0, now - self._at) * self._per_ms)
        self._at = now


class Budget:
    """What one account may ask for. Nobody waits here: whoever comes too early is told when to come again."""

    def __init__(self, reads: float, writes: float, now: Callable[[], int]) -> None:
        self._now = now
        self._buckets: dict[Kind, Bucket] = {"read": Bucket(reads, now()), "write": Bucket(writes, now())}

    def demand(self, *, reads: int = 0, writes: int = 0) -> None:
        """Raise ProviderThrottled unless so many requests may be sent now. Takes nothing."""
        for kind, count in (("read", reads), ("write", writes)):
            bucket = self._buckets["read" if kind == "read" else "write"]
            pause = bucket.wait(count, self._now()) if count else 0.0
            if pause > 0:
                error = ProviderThrottled("The quota that Google grants for this account is used up", retry_after=pause)
                error.sent = False
                raise error

    def take(self, kind: Kind) -> None:
        """Count one request. Raises ProviderThrottled."""
        self.demand(reads=kind == "read", writes=kind == "write")
        self._buckets[kind].take(self._now())

    def refused(self, kind: Kind, seconds: float) -> None:
        """Google says that the quota is used up, perhaps by others: everybody holds back."""
        self._buckets[kind].empty(seconds, self._now())

    @property
    def is_full(self) -> bool:
        """Nobody has asked for anything lately."""
        return all(bucket.is_full(self._now()) for bucket in self._buckets.values())
