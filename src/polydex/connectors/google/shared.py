"""What the connectors of one account share in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from polydex.connectors.google.budget import READS_PER_MINUTE, WRITES_PER_MINUTE, Budget

_IDLE = 1000
"""So many accounts are remembered before those that have been quiet for a minute are forgotten."""
_GROUPS = 100


class Shared:
    """Of one account.

    Attributes:
        budget: what it may ask for.
        writing: held for a change ("mutate requests for the same user should be sent sequentially", discovery document).
        groups: resource names of groups that were created lately: lists may not show them yet.
    """

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self.writing = asyncio.Lock()
        self.groups: dict[str, None] = {}

    def created(self, group: str) -> None:
        """Note a group that has just been created."""
        self.groups[group] = None
        if len(self.groups) > _GROUPS:
            del self.groups[next(iter(self.groups))]

    @property
    def is_idle(self) -> bool:
        """Nothing is going on, and nothing is worth to be remembered."""
        return self.budget.is_full and not self.groups and not self.writing.locked()


class Accounts:
    """All accounts of this process. One for all connectors of an installation.

    Args:
        reads_per_minute, writes_per_minute: requests per account.
    """

    def __init__(
        self, reads_per_minute: float = READS_PER_MINUTE, writes_per_minute: float = WRITES_PER_MINUTE
    ) -> None:
        self._reads, self._writes = reads_per_minute, writes_per_minute
        self._known: dict[str, Shared] = {}

    def of(self, account: str, now: Callable[[], int]) -> Shared:
        """What is shared for an account.

        Args:
            account: what tells accounts apart; "" has nothing in common with anybody.
            now: gives unix milliseconds.
        """
        found = self._known.get(account)
        if found is None:
            found = Shared(Budget(self._reads, self._writes, now))
            if len(self._known) >= _IDLE:
                self._known = {name: shared for name, shared in self._known.items() if not shared.is_idle}
            if account:
                self._known[account] = found
        return found
