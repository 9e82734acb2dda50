"""What the connectors of one account share in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from polydex.connectors.google.budget import READS_PER_MINUTE, WRITES_PER_MINUTE, Budget

_IDLE = 1000
"""So many accounts are remembered before those that have been quiet for a minute are forgotten."""
_GROUPS = 1000
_LAG_MS = 3_600_000
"""A list that does not show a group so long after it was created does not lag: the group has been deleted."""


class Shared:
    """Of one account.

    Attributes:
        budget: what it may ask for.
        writing: held for a change ("mutate requests for the same user should be sent sequentially", discovery document).
    """

    def __init__(self, budget: Budget, now: Callable[[], int]) -> None:
        self.budget = budget
        self.writing = asyncio.Lock()
        self._now = now
        self._groups: dict[str, int] = {}

    def created(self, group: str) -> None:
        """Note a group that has just been created."""
        self._groups[group] = self._now()
        if len(self._groups) > _GROUPS:
            del self._groups[next(iter(self._groups))]

    @property
    def groups(self) -> tuple[str, ...]:
        """Resource names of groups that were created lately: lists may not show them yet."""
        if self._groups:
            oldest = self._now() - _LAG_MS
            self._groups = {name: at for name, at in self._groups.items() if at > oldest}
        return tuple(self._groups)

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
            found = Shared(Budget(self._reads, self._writes, now), now)
            if len(self._known) >= _IDLE:
                self._known = {name: shared for name, shared in self._known.items() if not shared.is_idle}
            if account:
                self._known[account] = found
        return found
