"""What the connectors of one account share in this process."""

from __future__ import annotations

from collections.abc import Callable

from polydex.connectors import accounts
from polydex.connectors.pause import Pause


class Shared:
    """Of one account.

    Attributes:
        pause: after refusals.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self.pause = Pause(now)

    @property
    def is_idle(self) -> bool:
        """Nothing is worth to be remembered."""
        return self.pause.left == 0


class Accounts(accounts.Accounts[Shared]):
    """All accounts of this process. One for all connectors of an installation."""

    def __init__(self) -> None:
        super().__init__(Shared)
