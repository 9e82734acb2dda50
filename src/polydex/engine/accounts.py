"""Accounts and applications: who may call, which logins are connected, what state they are in."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from polydex.connectors.provider import OAuth
from polydex.connectors.tokens import Grant
from polydex.core.errors import (
    BadRequest,
    Forbidden,
    Internal,
    NotFound,
    PolydexError,
    ProviderTimeout,
    ProviderUnauthorized,
    TokenDead,
    Unauthorized,
)
from polydex.core.ids import AccountId
from polydex.engine import connecting, grants, status, watches
from polydex.engine.connecting import READ, WRITE, AccountSpec
from polydex.engine.context import Context
from polydex.engine.keys import format_token, hash_token, parse_token
from polydex.engine.status import AccountStatus, SourceState
from polydex.engine.watches import Departing
from polydex.log import logger
from polydex.store import accounts, apps, contacts, sources, tokens
from polydex.store.accounts import Account
from polydex.store.apps import App
from polydex.store.db import Tx

__all__ = ["Account", "AccountSpec", "AccountStatus", "Accounts", "App", "Principal", "SourceState"]

_TOKEN_KIND = "acc"  # noqa: S105 - the kind, not a token
_REVOKE_SECONDS = 5.0

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class NewApp:
    """A new application with its secrets, which are shown this once."""

    id: int
    client_id: str
    client_secret: str = field(repr=False)
    signing_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Principal:
    """An account that is acted for, and what may be done. Who may write may read."""

    account: Account
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Saved:
    """A connected account and its new access token, which is shown this once."""

    account_id: AccountId
    access_token: str = field(repr=False)
    created: bool


@dataclass(frozen=True, slots=True)
class AccountList:
    """A page of accounts, and how many there are in all."""

    accounts: Sequence[Account]
    total: int


class Accounts:
    """Accounts and applications of one installation."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx

    # Applications

    async def create_app(self, name: str) -> NewApp:
        """A new application. Raises BadRequest for a name without anything in it."""
        name = name.strip()
        if not name:
            raise BadRequest("The application needs a name")
        client_id = self._ctx.random_bytes(16).hex()
        secret, signing = self._ctx.keys.new_secret(), self._ctx.keys.new_secret()
        sealed = self._ctx.keys.encrypt(signing.encode("ascii"), app_secret_context(client_id))
        app = await self._ctx.db.write(apps.create, name, client_id, hash_token(secret), sealed, self._ctx.clock())
        return NewApp(app.id, client_id, secret, signing)

    async def list_apps(self) -> list[App]:
        """Every application, the oldest first."""
        return await self._ctx.db.read(apps.all_apps)

    async def authenticate_app(self, client_id: str, client_secret: str) -> App:
        """The application with these credentials. Raises Unauthorized."""
        app = await self._ctx.db.look(apps.authenticate, client_id, hash_token(client_secret))
        if app is None:
            raise Unauthorized
        return app

    # Who acts for an account

    async def authenticate(self, token: str) -> Principal:
        """The account of an access token. Raises Unauthorized."""
        parsed = parse_token(token)
        if parsed is None or parsed[0] != _TOKEN_KIND:
            raise Unauthorized
        principal = await self._ctx.db.look(_principal, parsed[1], hash_token(parsed[2]))
        if principal is None:
            raise Unauthorized
        return principal

    async def act_for(self, app: App, account_id: int) -> Principal:
        """An application acts on one of its accounts. Raises Forbidden for another application's, NotFound."""
        account = await self.get(account_id, app=app.id)
        return Principal(account, _implied(account.scopes))

    # Connecting

    async def check(self, app_id: int, spec: AccountSpec) -> None:
        """Try credentials without storing anything. Raises BadRequest, Unsupported, ProviderError."""
        del app_id
        connecting.granted(spec.scopes)
        await connecting.discover(self._ctx, spec)

    async def upsert(self, app_id: int, spec: AccountSpec) -> Saved:
        """Connect an account, or renew the credentials of the one that the same login has (J9).

        The provider is asked who it is before anything is stored. Each call adds an access token; older ones stay.
        Raises BadRequest, Unsupported, ScopesInvalid, ProviderError.
        """
        scopes = connecting.granted(spec.scopes)
        found = await connecting.discover(self._ctx, spec)
        secret = self._ctx.keys.new_secret()
        account, token, created = await self._ctx.db.write(
            connecting.save, self._ctx, app_id, spec, scopes, found, hash_token(secret)
        )
        return Saved(account, format_token(_TOKEN_KIND, token, secret), created)

    # Looking

    async def get(self, account_id: int, *, app: int | None = None) -> Account:
        """An account. Raises NotFound, and Forbidden when it belongs to another application than ``app``."""
        account = await self._ctx.db.read(accounts.get, AccountId(account_id))
        if account is None:
            raise NotFound("There is no such account")
        if app is not None and account.app != app:
            raise Forbidden("The account belongs to another application")
        return account

    async def list(
        self,
        app: int | None,
        *,
        limit: int,
        offset: int = 0,
        service_type: str | None = None,
        auth_org_id: str | None = None,
    ) -> AccountList:
        """Accounts of an application (None: of all), in the order in which they were connected."""
        found, total = await self._ctx.db.read(
            accounts.page, app, limit=limit, offset=offset, service_type=service_type, auth_org_id=auth_org_id
        )
        return AccountList(found, total)

    def grant(self, account: Account) -> Grant | None:
        """The stored tokens of an OAuth account, with their ends; None for others. Raises Internal."""
        return _grant(self._ctx, account)

    def is_daemon(self, account: Account) -> bool:
        """Whether the application itself has access, without a user who granted it."""
        try:
            grant = _grant(self._ctx, account)
        except Internal:  # a damaged secret, of which others tell
            return False
        return grant is not None and grant.application is not None

    async def status(self, account_id: int) -> AccountStatus:
        """How the account's synchronisation fares."""
        return await self._ctx.db.read(status.read, AccountId(account_id), self._ctx.clock())

    async def ping(self, account: Account) -> Account:
        """Ask the provider whether it accepts the credentials; the account with what was learnt. Raises ProviderError.

        A refusal is an answer here, not an error: it shows as ``token_status`` invalid.
        """
        source = await self._ctx.db.read(sources.default, account.id)
        if source is None:
            raise Internal(detail="the account has no default source")
        learnt: tuple[str, str | None] = ("active", None)
        try:
            async with asyncio.timeout(self._ctx.settings.write_deadline):
                await self._ctx.connector(account, source).identify()
        except TimeoutError:
            raise ProviderTimeout from None
        except ProviderUnauthorized as error:
            learnt = ("invalid", error.message)
        except TokenDead:  # noted where it was learnt
            return await self.get(account.id)
        if learnt != (account.token_status, account.token_error):
            await self._ctx.db.write(
                accounts.set_status, account.id, *learnt, self._ctx.clock(), credentials=account.credentials
            )
        return await self.get(account.id)

    # Ending

    async def delete(self, account_id: int) -> None:
        """Delete an account: its secrets and tokens are gone at once, its mirror is erased in the background.

        What was asked for under it is not applied any more. No contact changes at the provider. Raises NotFound.
        """
        leaving = await self._ctx.db.write(_delete, self._ctx, AccountId(account_id))
        if leaving is None:
            raise NotFound("There is no such account")
        await watches.farewell(leaving)

    async def delete_token(self, account_id: int) -> None:
        """End every access token of an account and forget its credentials: no call is made any more, pulls stop.

        What was stored stays until the account is connected again, or deleted. What an OAuth provider has granted is
        ended there as well, if it can be told: here it has ended whatever it answers.
        """
        leaving, granted = await self._ctx.db.write(_leave, self._ctx, AccountId(account_id))
        await watches.farewell(leaving)  # first: with what was granted ends the right to
        if granted is None:
            return
        provider, token = granted
        try:
            async with asyncio.timeout(_REVOKE_SECONDS):
                await provider.revoke(self._ctx.net, token)
        except (PolydexError, TimeoutError) as error:
            log.warning("tokens.not_revoked", account=account_id, error=type(error).__name__)

    async def approve(self, account_id: int, *, refuse: bool = False) -> int:
        """Decide about a mass deletion that was held back (J13); the number of contacts it is about.

        Approved, each contact is fetched once more and deleted here when the provider really has it no longer; refused,
        nothing is deleted.
        """
        await self.get(account_id)
        return await self._ctx.db.write(_decide, AccountId(account_id), refuse, self._ctx.clock())


def app_secret_context(client_id: str) -> bytes:
    """What an application's signing secret is bound to."""
    return b"app:" + client_id.encode("utf-8")


def _implied(scopes: frozenset[str]) -> frozenset[str]:
    return scopes | {READ} if WRITE in scopes else scopes


def _principal(tx: Tx, token_id: int, secret_hash: bytes) -> Principal | None:
    return tx.recall(_by_token, (token_id, secret_hash))


def _by_token(tx: Tx, presented: tuple[int, bytes]) -> Principal | None:
    token = tokens.authenticate(tx, *presented)
    account = accounts.get(tx, token.account) if token else None
    if token is None or account is None:
        return None
    return Principal(account, _implied(token.scopes) & _implied(account.scopes))


def _delete(tx: Tx, ctx: Context, account_id: AccountId) -> list[Departing] | None:
    """Delete an account; what is left to say to its provider. None: there is none."""
    leaving = watches.departing(tx, ctx, account_id)
    return leaving if accounts.delete(tx, account_id, ctx.clock()) else None


def _leave(tx: Tx, ctx: Context, account_id: AccountId) -> tuple[list[Departing], tuple[OAuth, str] | None]:
    """End the access; what is to be ended at the provider as well: channels, and what was granted."""
    leaving = watches.departing(tx, ctx, account_id)  # while there are credentials
    return leaving, _end(tx, ctx, account_id, ctx.clock())


def _end(tx: Tx, ctx: Context, account_id: AccountId, now: int) -> tuple[OAuth, str] | None:
    """End the access; what is to be ended at the provider as well."""
    accounts.lock(tx, account_id)
    account = accounts.get(tx, account_id)
    tokens.revoke_all(tx, account_id, now)
    accounts.set_secret(tx, account_id, None, now)
    accounts.set_status(tx, account_id, "dead", "The access was revoked", now)
    sources.stop(tx, account_id)
    # One grant is shared by all tokens that a user's log-ins have brought to one OAuth client: others live on it.
    if account is None or accounts.others(tx, account):
        return None
    try:
        grant = _grant(ctx, account)
    except Internal:  # without the right key there is nothing to tell the provider
        return None
    provider = _oauth(ctx, account)
    if (
        provider is None or grant is None or grant.application is not None
    ):  # what the application was granted is not ours
        return None
    return provider, grant.refresh_token or grant.access_token


def _oauth(ctx: Context, account: Account) -> OAuth | None:
    provider: object = ctx.providers.get(account.provider)
    return provider if isinstance(provider, OAuth) else None


def _grant(ctx: Context, account: Account) -> Grant | None:
    if account.secret is None or _oauth(ctx, account) is None:
        return None
    return grants.opened(ctx.keys, account.id, account.secret).grant


def _decide(tx: Tx, account: AccountId, refuse: bool, now: int) -> int:
    number = 0
    for source in sources.of_account(tx, account):
        if refuse:
            number += contacts.clear_pending(tx, source.id)
        else:
            number += contacts.approve(tx, source.id, now)
            sources.make_due(tx, source.id, now)
        sources.resume(tx, source.id)
    return number
