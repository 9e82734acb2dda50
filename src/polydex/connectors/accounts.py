"""What the connectors of one account share in this process, for all accounts of a kind of provider."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

_IDLE = 1000
"""So many accounts are remembered before those that are at rest are forgotten."""


class Idling(Protocol):
    """What is shared for one account."""

    @property
    def is_idle(self) -> bool:
        """Nothing is going on, and nothing is worth to be remembered."""
        ...


S = TypeVar("S", bound=Idling)


class Accounts(Generic[S]):
    """All accounts of this process. One for all connectors of an installation.

    Args:
        make: what is shared for an account, of a clock in unix milliseconds.
    """

    def __init__(self, make: Callable[[Callable[[], int]], S]) -> None:
        self._make = make
        self._known: dict[str, S] = {}

    def of(self, account: str, now: Callable[[], int]) -> S:
        """What is shared for an account.

        Args:
            account: what tells accounts apart; "" has nothing in common with anybody.
            now: gives unix milliseconds.
        """
        found = self._known.get(account)
        if found is None:
            found = self._make(now)
            if len(self._known) >= _IDLE:
                self._known = {name: shared for name, shared in self._known.items() if not shared.is_idle}
            if account:
                self._known[account] = found
        return found
