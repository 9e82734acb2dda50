"""The way to a mailbox, and to the token endpoint, step by step. Reads only."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace

from polydex.connectors.granting import api_reached, half_set, lifetime, reached
from polydex.connectors.microsoft import mends, scopes, sts
from polydex.connectors.microsoft.api import Api
from polydex.connectors.microsoft.identity import identify
from polydex.connectors.microsoft.tenants import ANY, tenant_of
from polydex.connectors.provider import Probe
from polydex.connectors.tokens import Grant, Looking
from polydex.core.errors import AddressForbidden, PolydexError, ProviderForbidden
from polydex.net.client import Net
from polydex.net.oauth import Client

_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MADE_UP = "polydex-doctor-asks-whether-the-client-is-known"
_ENDS = "it was granted to a single-page application, or for a time only"


async def of_account(api: Api, source_key: str) -> AsyncIterator[Probe]:
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
        yield Probe("token", error=error, mend=mends.of_failure(error))
        return
    if not grant.access_token:
        return
    yield _token(grant, api.now())
    granted = _scopes(grant)
    if granted is not None:
        yield granted
        if granted.error is not None:
            return
    try:
        await identify(api)
    except PolydexError as error:
        yield Probe("login", error=error, mend=mends.of_failure(error, grant))
        return
    yield Probe("login", "The access token is accepted.")
    try:
        await api.get(api.own("contactFolders", source_key, query=[("$select", "id")]), step="Microsoft folder")
    except PolydexError as error:
        yield Probe("book", error=error, mend=mends.of_failure(error, grant))
        return
    yield Probe("book", "The contact folder is there.")
    try:
        await first_contact(api, source_key)
    except PolydexError as error:
        yield Probe("poll", error=error, mend=mends.of_failure(error, grant))
        return
    yield Probe("poll", "Microsoft lists the contacts.")


async def first_contact(api: Api, source_key: str) -> None:
    """Ask for one contact, to see whether contacts may be read. Raises ProviderError."""
    path = api.own("contactFolders", source_key, "contacts", query=[("$select", "id"), ("$top", "1")])
    await api.get(path, step="Microsoft list")


async def of_client(net: Net, client: Client, api_url: str) -> AsyncIterator[Probe]:
    """See ``connectors.provider.OAuth.examine``."""
    if not client.id and not client.secret:
        return
    if not client.id or not client.secret:
        yield half_set(client)
        return
    if not _GUID.fullmatch(client.id):
        yield Probe("client", warning=f"{client.id_setting} does not look like the application (client) id, a GUID.")
    elif _GUID.fullmatch(client.secret):
        yield Probe("client", warning=f"{client.secret_setting} looks like the id of a secret, and not like its value.")
    else:
        yield Probe("client", "The id and the secret are set.")
    try:
        yield await _accepted(net, client, api_url)
    except PolydexError as error:
        yield Probe("token", error=error, mend=mends.of_failure(error))
        return
    step = await api_reached(net, api_url, "Microsoft Graph")
    unreachable = step.error is not None and not isinstance(step.error, AddressForbidden)
    yield replace(step, mend=mends.UNREACHABLE if unreachable else "")


async def _accepted(net: Net, client: Client, api_url: str) -> Probe:
    """Whether Microsoft knows the registration. Raises ProviderError."""
    if tenant_of(client.token_url) not in ANY:
        answer = await net.send(client.own(scopes.own(api_url)))
        if answer.status != 200:
            raise sts.failure(sts.refusal(answer), answer.headers, net.now(), application=True)
        return Probe("token", "Microsoft accepts the id and the secret.")
    # Where there is no tenant to ask in the name of the application, what is made up is refused, and the client is not. How
    # much of a client Microsoft looks at before the token is not documented.
    answer = await net.send(client.refresh(_MADE_UP, next(scopes.asked(None, api_url))))
    found = sts.refusal(answer)
    if found.error in ("invalid_grant", "interaction_required"):
        return Probe(
            "token", "Microsoft knows the application; whether the secret is right shows with the first account."
        )
    raise sts.failure(found, answer.headers, net.now(), application=True)


def _token(grant: Grant, now: int) -> Probe:
    if grant.application is not None:
        return Probe("token", "Microsoft gives access tokens to the application itself.")
    step = lifetime(grant, now, "Microsoft", _ENDS)
    return replace(step, mend=mends.OFFLINE if step.warning else "")


def _scopes(grant: Grant) -> Probe | None:
    """None for what does not tell: an application's permissions stand in its token, which is for Graph alone to read."""
    if grant.scopes is None or grant.application is not None:
        return None
    may_write = scopes.writes(grant.scopes)
    if may_write is None:
        refused = ProviderForbidden(f"Access to the contacts was not granted (the scope {scopes.WRITE})")
        return Probe("scopes", error=refused, mend=mends.UNGRANTED)
    if not may_write:
        said = f"Only reading was granted: nothing can be changed without {scopes.WRITE}."
        return Probe("scopes", warning=said, mend=mends.UNGRANTED)
    return Probe("scopes", "Access to the contacts was granted.")
