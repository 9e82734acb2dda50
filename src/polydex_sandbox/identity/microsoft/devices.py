"""Device codes: a device shows a code, its user types it elsewhere (RFC 8628).

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from polydex_sandbox.accounts import Account
from polydex_sandbox.identity.keys import encode
from polydex_sandbox.identity.microsoft.asked import Asked, Way
from polydex_sandbox.identity.microsoft.clients import Client
from polydex_sandbox.identity.microsoft.errors import StsError, bad_grant
from polydex_sandbox.identity.microsoft.scopes import Scopes
from polydex_sandbox.identity.microsoft.tenants import Tenant

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
LIFETIME = 900
"""Seconds that a user has."""
INTERVAL = 5
"""Seconds that a device waits between two questions; that it does so is not enforced."""
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"


@dataclass
class Device:
    """A device that waits.

    Attributes:
        code: its secret.
        user_code: what its user types.
        issued: Unix milliseconds.
        account: who has confirmed; None until then.
        declined: the user has said no.
        used: its tokens were given out.
    """

    code: str
    user_code: str
    asked: Asked
    issued: int
    account: Account | None = None
    declined: bool = False
    used: bool = False


@dataclass
class Devices:
    """All of them, in memory."""

    now: Callable[[], int]
    random: Random
    _by_code: dict[str, Device] = field(default_factory=dict)

    def begin(self, client: Client, tenant: Tenant, scopes: Scopes) -> Device:
        code = f"{'M' if tenant.name == 'consumers' else 'B'}AQ{encode(self.random.randbytes(120))}"
        user_code = "".join(self.random.choice(_LETTERS) for _ in range(9))
        way = Way("", "query", None)
        # The user is asked who they are in any case, so that no link alone confirms a device.
        asked = Asked(client, tenant, way, scopes, "select_account", "", "", None, None, client_info=False, device=code)
        made = Device(code, user_code, asked, self.now())
        self._by_code[code] = made
        return made

    def asked(self, user_code: str) -> Asked | None:
        """What a device that waits asks for; None when there is no such one."""
        wanted = user_code.strip().upper()
        return next(
            (each.asked for each in self._by_code.values() if each.user_code == wanted and self._waits(each)), None
        )

    def confirm(self, code: str, account: Account) -> None:
        self._by_code[code].account = account

    def decline(self, code: str) -> None:
        self._by_code[code].declined = True

    def of(self, code: str, client: Client) -> Device:
        """The device, confirmed. Raises StsError: it is not, or not yet."""
        found = self._by_code.get(code)
        if found is None or found.asked.client.id != client.id:
            raise bad_grant(
                70000, "The provided value for the input parameter 'device_code' is not valid.", "bad_token"
            )
        if found.used:
            raise bad_grant(54005, "The device code was already redeemed.")
        if found.declined:
            raise StsError("authorization_declined", 70021, "The user declined to grant the device access.")
        if self.now() >= found.issued + LIFETIME * 1000:
            raise StsError(
                "expired_token", 70020, "The provided value for the input parameter 'device_code' has expired."
            )
        if found.account is None:
            raise StsError(
                "authorization_pending",
                70016,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
            )
        return found

    def _waits(self, device: Device) -> bool:
        answered = device.account is not None or device.declined
        return not answered and self.now() < device.issued + LIFETIME * 1000
