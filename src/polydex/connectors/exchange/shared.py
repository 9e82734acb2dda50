"""What the connectors of one account share in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from polydex.connectors import accounts
from polydex.connectors.exchange.logins import Login, login_of
from polydex.connectors.pause import Pause
from polydex.connectors.provider import Credentials
from polydex.core.errors import ProviderUnauthorized

LOCKOUT_SECONDS: Final = 120.0
"""After a refused login. Microsoft's advice for Active Directory is to lock a user out after ten wrong passwords within ten
minutes (learn.microsoft.com, account-lockout-threshold); others try the same password too."""


class Shared:
    """Of one account.

    Attributes:
        pause: after refusals.
        lockout: after refused logins.
        default_folder: its id in the mailbox of this account, "" as long as nobody has asked (``identity.home``).
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self.pause = Pause(now)
        self.lockout = Lockout(now)
        self.default_folder = ""
        self._credentials: Credentials | None = None
        self._login: Login | None = None

    def login(self, credentials: Credentials) -> Login:
        """The login, one object as long as the credentials are the same: it remembers what its server takes, and the lockout
        knows it by that.

        ``credentials``: as they are now. Raises BadRequest.
        """
        if self._login is None or self._credentials != credentials:
            self._credentials, self._login = credentials, login_of(credentials)
        return self._login

    @property
    def is_idle(self) -> bool:
        """Nothing is worth to be remembered."""
        return self.pause.left == 0 and self.lockout.left == 0


class Lockout:
    """Keeps a login that was refused from being tried by every call: the directory would lock the user out, everywhere."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._login: object | None = None
        self._until = 0

    def check(self, login: object) -> None:
        """Raises ProviderUnauthorized while this very login is not to be tried; nothing was sent."""
        if self._login is login and self.left > 0:
            error = ProviderUnauthorized("Exchange has just refused the login", retry_after=self.left)
            error.sent = False
            raise error

    def refused(self, login: object) -> None:
        """The server does not take it. Another one, as after a change of the password, is tried at once."""
        self._login, self._until = login, self._now() + round(LOCKOUT_SECONDS * 1000)

    @property
    def left(self) -> float:
        """Seconds until the login may be tried."""
        return max(0.0, (self._until - self._now()) / 1000)


class Accounts(accounts.Accounts[Shared]):
    """All accounts of this process. One for all connectors of an installation."""

    def __init__(self) -> None:
        super().__init__(Shared)
