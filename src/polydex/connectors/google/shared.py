"""What the connectors of one account share in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from polydex.connectors import accounts
from polydex.connectors.google.budget import READS_PER_MINUTE, WRITES_PER_MINUTE, Budget

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


class Accounts(accounts.Accounts[Shared]):
    """All accounts of this process. One for all connectors of an installation.

    Args:
        reads_per_minute, writes_per_minute: requests per account.
    """

    def __init__(
        self, reads_per_minute: float = READS_PER_MINUTE, writes_per_minute: float = WRITES_PER_MINUTE
    ) -> None:
        super().__init__(lambda now: Shared(Budget(reads_per_minute, writes_per_minute, now), now))
