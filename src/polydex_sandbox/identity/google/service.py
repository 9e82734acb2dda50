"""The authorization server: its parts, and its place in the sandbox."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute

from polydex_sandbox.accounts import Account
from polydex_sandbox.control import Provider
from polydex_sandbox.identity.clients import Clients
from polydex_sandbox.identity.forms import base_of
from polydex_sandbox.identity.google.clients import Client
from polydex_sandbox.identity.google.grants import Grants, RefreshToken
from polydex_sandbox.identity.google.quirks import Faults
from polydex_sandbox.identity.google.scopes import parse, signing_in, union
from polydex_sandbox.identity.google.service_accounts import ServiceAccounts
from polydex_sandbox.identity.keys import Key
from polydex_sandbox.members import BadInput, text_of
from polydex_sandbox.sandbox import Sandbox


class Identity:
    """The authorization server of all accounts.

    Args:
        sandbox: whose accounts, clock and tokens it uses.
        others: the other providers, which have to know of the accounts that it makes.
    """

    default_scopes: frozenset[str] = frozenset()

    def __init__(self, sandbox: Sandbox, others: Iterable[Provider] = ()) -> None:
        self.sandbox = sandbox
        self.others = tuple(others)
        self.clients = Clients[Client](sandbox.client)
        self.grants = Grants(sandbox.clock.now, sandbox.random, sandbox.tokens)
        self.services = ServiceAccounts(sandbox.random)
        self.faults = Faults(sandbox.quirks)
        self.key = Key()
        self.issuer: str | None = None

    def issuer_of(self, request: Request) -> str:
        """``iss``: the address that was asked, unless the control API has set another."""
        return self.issuer or base_of(request)

    def users(self) -> Iterator[Account]:
        """Who can sign in: every account but those of services."""
        return filter(self.is_user, self.sandbox.accounts)

    def is_user(self, account: Account) -> bool:
        """Whether somebody can sign in with it."""
        return self.services.get(account.email) is None

    # --- a provider of the sandbox ---------------------------------------------------------------------------------

    def routes(self) -> list[BaseRoute]:
        from polydex_sandbox.identity.google import authorize, info, token

        return [*authorize.routes(self), *token.routes(self), *info.routes(self)]

    def control_routes(self) -> list[BaseRoute]:
        from polydex_sandbox.identity.google import control

        return control.routes(self)

    def opened(self, account: Account, given: dict[str, Any]) -> dict[str, Any]:
        """Takes ``refreshToken``, to register that one; it allows the same as the access token."""
        value = text_of(given, "refreshToken") if "refreshToken" in given else None
        given.pop("refreshToken", None)
        scopes = tuple(sorted(scope for grant in self.sandbox.tokens.of(account.id) for scope in grant.scopes))
        return {"refreshToken": self.register(account, self.default_client, scopes, value).value}

    def closed(self, account: Account) -> None:
        for client in self.clients:
            self.grants.withdraw(account.id, client.id)
        self.services.remove(account.email)

    @property
    def default_client(self) -> Client:
        client = self.clients.get(self.sandbox.client.id)
        if client is None:
            raise RuntimeError("The default client is always there")
        return client

    def register(
        self, account: Account, client: Client, scopes: tuple[str, ...], value: str | None = None
    ) -> RefreshToken:
        """A refresh token without any page; a user who comes to the pages is asked all the same.

        Raises BadInput when the token is somebody else's.
        """
        owner = None if value is None else self.grants.refresh_owner(value)
        if owner != account.id and any(each.id == owner for each in self.sandbox.accounts):
            raise BadInput("Another account has this refresh token")
        scopes = signing_in(union(*parse(" ".join(scopes))))
        return self.grants.refreshable(account.id, client, scopes, value=value)
