"""Connecting: the credentials of an account are tried at its provider, and stored with what that says of them (J9)."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field

from polydex.connectors.base import Identity, SourceInfo
from polydex.connectors.provider import Credentials, Locating, OAuth, Provider
from polydex.connectors.tokens import Grant, Held
from polydex.core.errors import (
    BadRequest,
    Internal,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
    ScopesInvalid,
    Unsupported,
)
from polydex.core.ids import AccountId
from polydex.engine import grants, successors, watches
from polydex.engine.context import Context
from polydex.engine.keys import secret_context
from polydex.store import accounts, sources, tokens
from polydex.store.accounts import DEAD, Details
from polydex.store.db import Tx

READ, WRITE = "Contacts.Read", "Contacts.ReadWrite"
_GRANTABLE = (READ, WRITE)
_SCOPE = re.compile(r"[A-Za-z]+\.[A-Za-z]+", re.ASCII)
_MAILBOX = "IMAP"
"""The service type of programs that name the mailbox's provider apart (serviceProvider Fastmail or iCloud)."""


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """An account that is to be connected, as the application describes it.

    Attributes:
        service_type, service_provider: kept, and answered, as they were sent.
        grant: the tokens of an OAuth service; the others have a login and a password.
        scopes: asked for; None when nothing was said, then everything there is.
        mailbox, method: see ``Credentials``.
        region: two letters (ISO 3166), for phone numbers without a country code.
    """

    service_type: str
    login: str | None = None
    password: str = field(default="", repr=False)
    mailbox: str | None = None
    method: str | None = None
    grant: Grant | None = field(default=None, repr=False)
    service_provider: str | None = None
    server_url: str | None = None
    email: str | None = None
    name: str | None = None
    client_org_id: str | None = None
    auth_org_id: str | None = None
    timezone: str | None = None
    region: str | None = None
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What the provider said about credentials that it accepts. ``provider``: its registry name."""

    provider: str
    credentials: Credentials
    identity: Identity
    books: tuple[SourceInfo, ...]


def granted(asked: tuple[str, ...] | None) -> frozenset[str] | None:
    """What is granted of what was asked for; scopes of other kinds are not, and are no error. None: nothing was said.

    Raises ScopesInvalid.
    """
    if not asked:
        return None
    if any(not _SCOPE.fullmatch(scope) for scope in asked):
        raise ScopesInvalid("$.authScopes: a scope is a name such as Contacts.Read")
    wanted = {scope.lower() for scope in asked}
    return frozenset(scope for scope in _GRANTABLE if scope.lower() in wanted)


async def discover(ctx: Context, spec: AccountSpec) -> Found:
    """Try credentials: what the provider says about them. Stores nothing. Raises BadRequest, Unsupported, ProviderError."""
    provider, service = _service(ctx, spec)
    try:
        async with asyncio.timeout(ctx.settings.write_deadline):
            given = await _given(ctx, provider, spec)
            credentials = provider.prepare(service, given)
            if isinstance(provider, Locating):
                credentials = await provider.locate(ctx.net, credentials)
            identity, books = await provider.discover(ctx.net, credentials)
    except TimeoutError:
        raise ProviderTimeout from None
    if not books:
        raise ProviderRejected("The provider has no address book for this login")
    return Found(provider.name, credentials, identity, books)


async def _given(ctx: Context, provider: Provider, spec: AccountSpec) -> Credentials:
    """The credentials to try.

    A refresh token is tried, too, however good the access token still is: each belongs to one OAuth client, and with
    another's the account would work for an hour, and then be dead.
    """
    if not isinstance(provider, OAuth):
        if not spec.login:
            raise BadRequest("$.loginString: missing")
        return Credentials(
            login=spec.login,
            password=spec.password,
            server_url=spec.server_url or "",
            mailbox=spec.mailbox or "",
            method=spec.method or "",
        )
    grant = spec.grant
    if grant is None:
        raise BadRequest(
            f"$.authString2: missing: {spec.service_type} takes an access token (authString1), a refresh token "
            "(authString2), or both"
        )
    if grant.renewable:
        grant = await ctx.refreshes.trials.tried(ctx, provider, grant)
    login = (spec.login or "") if grant.application is not None else ""
    return Credentials(login, tokens=Held(grant))


def _service(ctx: Context, spec: AccountSpec) -> tuple[Provider, str]:
    service = spec.service_type
    if service == _MAILBOX:
        if spec.service_provider not in ("Fastmail", "iCloud"):
            raise Unsupported("serviceType IMAP is served with the serviceProvider Fastmail or iCloud only")
        service = spec.service_provider
    for provider in ctx.providers.values():
        if service in provider.services:
            return provider, service
    # The value is repeated only when it is a word: it comes from outside.
    named = f" {service}" if service.isascii() and service.isalnum() and len(service) <= 40 else ""
    raise Unsupported(f"This serviceType{named} is not served by Polydex")


def save(
    tx: Tx,
    ctx: Context,
    app_id: int,
    spec: AccountSpec,
    scopes: frozenset[str] | None,
    found: Found,
    token_hash: bytes,
) -> tuple[AccountId, int, bool]:
    """Store an account that the provider has found good: its number, that of its new token, and whether it is new.

    Args:
        tx: the transaction.
        ctx: of the installation.
        app_id: whose it is.
        spec: as the application describes it.
        scopes: granted; None: those of before, or all.
        found: what ``discover`` gave.
        token_hash: SHA-256 of the new token's secret.
    """
    now = ctx.clock()
    credentials, identity, books = found.credentials, found.identity, found.books
    held = credentials.tokens.grant if isinstance(credentials.tokens, Held) else None
    newest = None if held is None else _newest(tx, ctx, spec.grant or held, held)
    known = accounts.find(tx, app_id, found.provider, identity.subject)  # after it, for who came first may have made it
    if held is not None and newest is None and (known is None or known.secret is None or known.token_status == DEAD):
        raise ProviderUnavailable("These tokens have just been connected by another request", retry_after=1.0)
    if scopes is None:
        scopes = known.scopes if known else frozenset(_GRANTABLE)
    details = Details(
        service_type=spec.service_type,
        scopes=scopes,
        service_provider=spec.service_provider,
        login=credentials.login or spec.login or identity.email,
        email=spec.email or identity.email,
        name=spec.name or identity.name,
        server_url=credentials.server_url or None,
        mailbox=credentials.mailbox,
        auth_method=credentials.method,
        client_org_id=spec.client_org_id,
        auth_org_id=spec.auth_org_id,
        timezone=spec.timezone,
        region=spec.region,
    )
    account = accounts.upsert(tx, app_id, found.provider, identity.subject, details, now)
    if newest is not None:
        accounts.set_secret(tx, account.id, grants.seal(ctx.keys, account.id, newest, now), now)
    elif held is None:
        sealed = ctx.keys.encrypt(credentials.password.encode("utf-8"), secret_context(account.id))
        accounts.set_secret(tx, account.id, sealed, now)
    # The default address book is chosen once (J8).
    default = sources.default(tx, account.id)
    if known is not None and default is None:
        raise Internal(detail="the account has lost its default source")  # an error, never a re-choice
    chosen = default.key if default else next((book.key for book in books if book.default), books[0].key)
    for book in books:
        is_default = default is None and book.key == chosen
        sources.add(tx, account.id, book.key, book.name, is_default=is_default, read_only=book.read_only)
    default = sources.default(tx, account.id)
    if default is None:
        raise Internal(detail="no default source after it was stored")
    sources.make_due(tx, default.id, now)
    watches.wanted(tx, ctx, account, default.id, now)
    return account.id, tokens.create(tx, account.id, token_hash, scopes, now).id, known is None


def _newest(tx: Tx, ctx: Context, given: Grant, held: Grant) -> Grant | None:
    """The tokens that an account gets, which was connected with ``given``, and tried with ``held``.

    What the given refresh token has become is one account's. Somebody else who has tried it since then may have got newer
    tokens for it. None: it is gone; the account that is known has it already, and has perhaps used it.
    """
    if held.renewed_like(given):
        return held
    kept = successors.take(tx, ctx.keys, given)
    return None if kept is None else kept.grant
