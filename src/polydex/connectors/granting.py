"""What the providers with OAuth have in common: grants out of answers, and steps of their probes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from polydex.connectors.provider import Probe
from polydex.connectors.tokens import Grant
from polydex.core.errors import PolydexError, TokenRefreshFailed
from polydex.net.client import Net
from polydex.net.oauth import Client, Issued
from polydex.net.reach import reach

_DAY_MS = 86_400_000


def granted(issued: Issued) -> Grant:
    """What a token endpoint gave, as a grant."""
    return Grant(issued.access_token, issued.refresh_token, issued.expires_at, issued.refresh_expires_at, issued.scopes)


async def reached(net: Net, url: str) -> AsyncIterator[Probe]:
    """The way to a server: ``dns``, ``tcp``, ``tls``."""
    try:
        async for step in reach(net, url):
            yield Probe(step.step, step.found, step.error)
    except PolydexError as error:
        yield Probe("dns", error=error)


async def api_reached(net: Net, url: str, name: str) -> Probe:
    """The same as one step, ``api``. ``name``: of the interface, with its article."""
    async for step in reached(net, url):
        if step.error is not None:
            return Probe("api", error=step.error)
    return Probe("api", f"{name} can be reached at {urlsplit(url).netloc}.")


def half_set(client: Client) -> Probe:
    """What is wrong with a client of which one setting alone is there."""
    missing = client.secret_setting if client.id else client.id_setting
    return Probe("client", error=TokenRefreshFailed(f"The OAuth client is half set: {missing} is missing"))


def lifetime(grant: Grant, now: int, service: str, why: str) -> Probe:
    """The step ``token`` of an account whose tokens are good.

    Args:
        grant: what was granted.
        now: unix milliseconds.
        service: its name.
        why: what it means that the refresh token has an end.
    """
    if not grant.renewable:
        ends = "" if grant.expires_at is None else f" on {_day(grant.expires_at)}"
        return Probe("token", warning=f"There is no refresh token: the access ends with the access token{ends}.")
    if grant.refresh_expires_at is not None:
        days = max(0, grant.refresh_expires_at - now) // _DAY_MS
        said = f"The refresh token ends on {_day(grant.refresh_expires_at)}, in {days} day{'' if days == 1 else 's'}"
        return Probe("token", warning=f"{said}: {why}.")
    return Probe("token", f"{service} gives new access tokens; nothing says that this will end.")


def _day(moment: int) -> str:
    return f"{datetime.fromtimestamp(moment / 1000, UTC):%Y-%m-%d}"
