"""The way to a Google account, and to the token endpoint, step by step. Reads only."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

from polydex.connectors.google.api import SOURCES, Api
from polydex.connectors.google.identity import identify
from polydex.connectors.granting import api_reached, half_set, lifetime, reached
from polydex.connectors.provider import Probe
from polydex.connectors.tokens import Grant, Looking
from polydex.core.errors import PolydexError, ProviderForbidden, TokenDead
from polydex.net.client import Net
from polydex.net.oauth import Client

CONTACTS = "https://www.googleapis.com/auth/contacts"
CONTACTS_READ = "https://www.googleapis.com/auth/contacts.readonly"
_ID = re.compile(r"[0-9]+-[A-Za-z0-9_]+\.apps\.googleusercontent\.com")
# developers.google.com/identity/protocols/oauth2#expiration; refresh_token_expires_in is also said to come where a user has
# granted access for a time only. Whether every refresh repeats it is not confirmed: what came first is kept.
_TESTING = "the OAuth client is in testing mode, or access was granted for a time only"
_MADE_UP = "1//polydex-doctor-asks-whether-the-client-is-known"


async def of_account(api: Api) -> AsyncIterator[Probe]:
    """See ``connectors.provider.Provider.probe``."""
    async for step in reached(api.net, api.api_url):
        yield step
        if step.error is not None:
            return
    if not isinstance(api.tokens, Looking):
        return
    try:
        grant = await api.tokens.look()
    except PolydexError as error:
        yield Probe("token", error=error)
        return
    if not grant.access_token:
        return
    yield lifetime(grant, api.now(), "Google", _TESTING)
    scopes = _scopes(grant)
    if scopes is not None:
        yield scopes
        if scopes.error is not None:
            return
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
        yield half_set(client)
        return
    if _ID.fullmatch(client.id):
        yield Probe("client", "The OAuth client is set.")
    else:
        said = f"{client.id_setting} does not look like 1234-abc.apps.googleusercontent.com."
        yield Probe("client", warning=said)
    try:
        client.issued(await net.send(client.refresh(_MADE_UP)), net.now())
    except TokenDead:  # what we made up is refused, and the client is not
        yield Probe("token", "Google knows the OAuth client.")
    except PolydexError as error:
        yield Probe("token", error=error)
        return
    yield await api_reached(net, api_url, "The People API")


def _scopes(grant: Grant) -> Probe | None:
    if grant.scopes is None:
        return None
    if CONTACTS in grant.scopes:
        return Probe("scopes", "Access to the contacts was granted.")
    if CONTACTS_READ in grant.scopes:
        return Probe("scopes", warning=f"Only reading was granted: nothing can be changed without {CONTACTS}.")
    refused = ProviderForbidden(f"Access to the contacts was not granted (the scope {CONTACTS})")
    return Probe("scopes", error=refused)
