"""Holding back after a provider has asked for fewer requests."""

from __future__ import annotations

from collections.abc import Callable

from polydex.core.errors import ProviderThrottled

FLOOR_SECONDS = 5.0
"""After a refusal that says nothing, or a second: no Retry-After is promised (msgraph-sdk-javascript#297)."""
CEILING_SECONDS = 300.0


class Pause:
    """Holds an account back after its provider has asked for fewer requests. Nobody waits here: who comes too early is told
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
            error = ProviderThrottled("The provider has asked for fewer requests for this account", retry_after=left)
            error.sent = False
            raise error

    def refused(self, wanted: float | None) -> float:
        """The provider asks for fewer requests; for how many seconds everybody holds back now.

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
