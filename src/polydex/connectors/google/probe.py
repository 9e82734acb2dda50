"""The way to a Google account, and to the token endpoint, step by step. Reads only."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from polydex.connectors.google.api import SOURCES, Api
from polydex.connectors.google.identity import identify
from polydex.connectors.provider import Probe
from polydex.connectors.tokens import Grant, Held
from polydex.core.errors import PolydexError, ProviderForbidden, ProviderUnauthorized, TokenDead, TokenRefreshFailed
from polydex.net.client import Net
from polydex.net.oauth import Client, Issued
from polydex.net.reach import reach

CONTACTS = "https://www.googleapis.com/auth/contacts"
CONTACTS_READ = "https://www.googleapis.com/auth/contacts.readonly"
_ID = re.compile(r"[0-9]+-[A-Za-z0-9_]+\.apps\.googleusercontent\.com")
_DAY_MS = 86_400_000
_MADE_UP = "1//polydex-doctor-asks-whether-the-client-is-known"


async def of_account(api: Api, client: Client) -> AsyncIterator[Probe]:
    """See ``connectors.provider.Provider.probe``. A refresh here is stored nowhere: Google's refresh tokens do not rotate."""
    async for step in _reached(api.net, api.api_url):
        yield step
        if step.error is not None:
            return
    held = api.tokens
    if not isinstance(held, Held) or not (held.grant.access_token or held.grant.refresh_token):
        return
    try:
        grant = await _refreshed(api.net, client, held.grant)
    except PolydexError as error:
        yield Probe("token", error=error)
        return
    yield _token(grant, api.now())
    scopes = _scopes(grant)
    if scopes is not None:
        yield scopes
        if scopes.error is not None:
            return
    api = replace(api, tokens=Held(grant))
    try:
        await identify(api)
    except PolydexError as error:
        yield Probe("login", error=error)
        return
    yield Probe("login", "The access token is accepted.")
    try:
        await api.get("contactGroups", [("pageSize", "1")], step="Google groups")
    except PolydexError as error:
        yield Probe("book", error=error)
        return
    yield Probe("book", "The contacts are there.")
    try:
        await first_contact(api)
    except PolydexError as error:
        yield Probe("poll", error=error)
        return
    yield Probe("poll", "Google lists the contacts.")


async def first_contact(api: Api) -> None:
    """Ask for one contact, to see whether contacts may be read. Raises ProviderError."""
    query = [("personFields", "metadata"), ("pageSize", "1"), ("sources", SOURCES)]
    await api.get("people/me/connections", query, step="Google list")


async def of_client(net: Net, client: Client, api_url: str) -> AsyncIterator[Probe]:
    """See ``connectors.provider.OAuth.examine``."""
    if not client.id and not client.secret:
        return
    if not client.id or not client.secret:
        missing = client.secret_setting if client.id else client.id_setting
        yield Probe("client", error=TokenRefreshFailed(f"The OAuth client is half set: {missing} is missing"))
        return
    if _ID.fullmatch(client.id):
        yield Probe("client", "The OAuth client is set.")
    else:
        said = f"{client.id_setting} does not look like 1234-abc.apps.googleusercontent.com."
        yield Probe("client", warning=said)
    try:
        await _issued(net, client, _MADE_UP)
    except TokenDead:  # what we made up is refused, and the client is not
        yield Probe("token", "Google knows the OAuth client.")
    except PolydexError as error:
        yield Probe("token", error=error)
        return
    async for step in _reached(net, api_url):
        if step.error is not None:
            yield Probe("api", error=step.error)
            return
    yield Probe("api", f"The People API can be reached at {urlsplit(api_url).netloc}.")


async def _reached(net: Net, url: str) -> AsyncIterator[Probe]:
    try:
        async for reached in reach(net, url):
            yield Probe(reached.step, reached.found, reached.error)
    except PolydexError as error:
        yield Probe("dns", error=error)


async def _issued(net: Net, client: Client, refresh_token: str) -> Issued:
    now = net.now()
    return client.issued(await net.send(client.refresh(refresh_token)), now)


async def _refreshed(net: Net, client: Client, grant: Grant) -> Grant:
    if grant.refresh_token is None:
        if grant.expires_at is not None and grant.expires_at <= net.now():
            raise ProviderUnauthorized("The access token has ended, and there is no refresh token")
        return grant
    issued = await _issued(net, client, grant.refresh_token)
    newer = Grant(
        issued.access_token, issued.refresh_token, issued.expires_at, issued.refresh_expires_at, issued.scopes
    )
    return grant.followed_by(newer)


def _token(grant: Grant, now: int) -> Probe:
    if grant.refresh_token is None:
        ends = "" if grant.expires_at is None else f" on {_day(grant.expires_at)}"
        return Probe("token", warning=f"There is no refresh token: the access ends with the access token{ends}.")
    if grant.refresh_expires_at is not None:
        # developers.google.com/identity/protocols/oauth2#expiration; refresh_token_expires_in is also said to come where a
        # user has granted access for a time only. Whether every refresh repeats it is not confirmed: what came first is kept.
        days = max(0, grant.refresh_expires_at - now) // _DAY_MS
        said = (
            f"The refresh token ends on {_day(grant.refresh_expires_at)}, in {days} day{'' if days == 1 else 's'}: "
            "the OAuth client is in testing mode, or access was granted for a time only."
        )
        return Probe("token", warning=said)
    return Probe("token", "Google gives new access tokens; nothing says that this will end.")


def _scopes(grant: Grant) -> Probe | None:
    if grant.scopes is None:
        return None
    if CONTACTS in grant.scopes:
        return Probe("scopes", "Access to the contacts was granted.")
    if CONTACTS_READ in grant.scopes:
        return Probe("scopes", warning=f"Only reading was granted: nothing can be changed without {CONTACTS}.")
    refused = ProviderForbidden(f"Access to the contacts was not granted (the scope {CONTACTS})")
    return Probe("scopes", error=refused)


def _day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment / 1000, UTC):%Y-%m-%d}"
