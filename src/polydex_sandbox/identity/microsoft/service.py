"""Microsoft's identity platform: its parts, and its place in the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from starlette.routing import BaseRoute

from polydex_sandbox.accounts import Account
from polydex_sandbox.identity.clients import Clients
from polydex_sandbox.identity.keys import Key
from polydex_sandbox.identity.microsoft import errors
from polydex_sandbox.identity.microsoft.administration import Administration
from polydex_sandbox.identity.microsoft.claims import Signer
from polydex_sandbox.identity.microsoft.clients import DEFAULT, Client
from polydex_sandbox.identity.microsoft.devices import Devices
from polydex_sandbox.identity.microsoft.grants import Grants, RefreshToken
from polydex_sandbox.identity.microsoft.quirks import Faults
from polydex_sandbox.identity.microsoft.scopes import SIGN_IN, Scopes
from polydex_sandbox.identity.microsoft.tenants import Tenant, tenant_of
from polydex_sandbox.members import BadInput, text_of
from polydex_sandbox.sandbox import Sandbox


class MicrosoftIdentity:
    """The authorization server of all accounts at Microsoft.

    Args:
        sandbox: whose accounts, clock and tokens it uses.
        is_user: whether somebody can sign in with an account; Google's service accounts cannot.
    """

    default_scopes: frozenset[str] = frozenset()

    def __init__(self, sandbox: Sandbox, is_user: Callable[[Account], bool]) -> None:
        self.sandbox = sandbox
        self.is_user = is_user
        self.clients = Clients[Client](DEFAULT)
        self.administration = Administration()
        self.grants = Grants(sandbox.clock.now, sandbox.random)
        self.devices = Devices(sandbox.clock.now, sandbox.random)
        self.faults = Faults(sandbox.quirks)
        self.key = Key()
        self.signer = Signer(self.key, sandbox.random)

    def users(self) -> Iterator[Account]:
        """Who can sign in, somewhere."""
        return filter(self.is_user, self.sandbox.accounts)

    def tenant(self, name: str) -> Tenant:
        """What stands in a path. Raises StsError."""
        return tenant_of(name, self.users())

    def foreign(self, account: Account, tenant: Tenant, client: Client) -> errors.StsError:
        """An account that is not in the directory."""
        provider = "live.com" if account.personal else f"https://sts.windows.net/{account.tenant}/"
        return errors.foreign(account.email, tenant.name, client.id, client.name, provider)

    # --- consent ---------------------------------------------------------------------------------------------------

    def granted(self, account: Account, client: Client) -> tuple[str, ...]:
        """What this client may do for this user, by short names."""
        assumed = self.grants.assumed(account.id, client.id)
        return tuple(dict.fromkeys([*self._consented(account, client), *assumed]))

    def covers(self, account: Account, client: Client, names: Iterable[str]) -> bool:
        """Whether there is nothing to ask: all of these have been allowed already."""
        return set(names) <= set(self._consented(account, client))

    def _consented(self, account: Account, client: Client) -> list[str]:
        """By themselves, or by an administrator for everybody."""
        names = list(self.grants.consent(account.id, client.id))
        installed = self.administration.installed(account.tenant, client.id)
        return [*names, *installed.scopes, *SIGN_IN] if installed is not None and installed.scopes else names

    def allow(self, account: Account, client: Client, names: Iterable[str]) -> None:
        """The user allows these; with that the application is in the user's directory."""
        self.grants.allow(account.id, client.id, names)
        if not account.personal:
            self.administration.install(account.tenant, client.id)

    # --- a provider of the sandbox ---------------------------------------------------------------------------------

    def routes(self) -> list[BaseRoute]:
        from polydex_sandbox.identity.microsoft import adminconsent, authorize, info, token

        return [*authorize.routes(self), *adminconsent.routes(self), *token.routes(self), *info.routes(self)]

    def control_routes(self) -> list[BaseRoute]:
        from polydex_sandbox.identity.microsoft import control

        return control.routes(self)

    def opened(self, account: Account, given: dict[str, Any]) -> dict[str, Any]:
        """Takes ``microsoftRefreshToken``, to register that one, with consent to what the default client stands for."""
        value = text_of(given, "microsoftRefreshToken") if "microsoftRefreshToken" in given else None
        given.pop("microsoftRefreshToken", None)
        made = self.register(account, self.default_client, self.default_client.permissions, value)
        return {"microsoftRefreshToken": made.value}

    def closed(self, account: Account) -> None:
        self.grants.forget(account.id)

    @property
    def default_client(self) -> Client:
        client = self.clients.get(DEFAULT.id)
        if client is None:
            raise RuntimeError("The default client is always there")
        return client

    def register(
        self, account: Account, client: Client, names: Iterable[str], value: str | None = None
    ) -> RefreshToken:
        """A refresh token without any page; a user who comes to the pages is asked all the same.

        Raises BadInput when the token is somebody else's.
        """
        taken = None if value is None else self.grants.refresh_token(value)
        if taken is not None and taken.account.id != account.id:
            raise BadInput("Another account has this refresh token")
        scopes = Scopes(tuple(dict.fromkeys([*SIGN_IN, *names])), whole=True)
        self.grants.assume(account.id, client.id, scopes.names)
        return self.grants.refreshable(account, client, scopes, value=value)
