"""The way to a mailbox, step by step. Reads only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Protocol

from polydex.connectors.exchange import folders, mends
from polydex.connectors.exchange.api import Api
from polydex.connectors.exchange.channel import Channel
from polydex.connectors.exchange.errors import failure
from polydex.connectors.exchange.identity import identify
from polydex.connectors.exchange.logins import BEARER, NAMES, Login, login_of
from polydex.connectors.exchange.operations import sync_folder_items
from polydex.connectors.exchange.soap import Failure
from polydex.connectors.granting import reached
from polydex.connectors.provider import Credentials, Probe
from polydex.core.errors import PolydexError, RecordNotFound
from polydex.net.bound import BoundAuth
from polydex.net.challenge import parse_challenges, schemes
from polydex.net.client import Net
from polydex.net.message import Answer, Call

SECONDS = 10.0
_STEP = "Exchange"


class Ways(Protocol):
    """What a probe needs of the provider."""

    async def locate(self, net: object, credentials: Credentials) -> Credentials: ...

    def api(self, net: Net, credentials: Credentials, channel: Channel) -> Api: ...


async def of_account(net: Net, ways: Ways, credentials: Credentials, source_key: str) -> AsyncIterator[Probe]:
    """See ``connectors.provider.Provider.probe``."""
    if not credentials.server_url:
        try:
            credentials = await ways.locate(net, credentials)
        except PolydexError as error:
            yield Probe("autodiscover", error=error, mend=mends.of_failure(error))
            return
        yield Probe("autodiscover", f"The server of the mailbox is {credentials.server_url}")
    async for step in reached(net, credentials.server_url):
        yield step
        if step.error is not None:
            return
    try:
        answer = await net.send(_look(credentials.server_url))
        step = _http(net, answer)
    except PolydexError as error:
        step = Probe("http", error=error)
    yield step
    if step.error is not None or not credentials.password:
        return
    async for step in _inside(net, ways, credentials, source_key):
        yield step


async def _inside(net: Net, ways: Ways, credentials: Credentials, source_key: str) -> AsyncIterator[Probe]:
    login = login_of(credentials)
    async with ways.api(net, credentials, Channel(net, login)).opened() as api:
        step = await _login(net, api, login, credentials)
        yield step
        if step.error is not None:
            return
        try:
            await identify(api)
        except PolydexError as error:
            yield Probe("mailbox", error=error, mend=mends.of_failure(error))
            return
        yield Probe("mailbox", "The mailbox opens" + (" by impersonation." if credentials.mailbox else "."))
        try:
            books = await folders.sources(api)
            if source_key not in {book.key for book in books}:
                raise RecordNotFound("Exchange does not list the contact folder any more")
        except PolydexError as error:
            yield Probe("book", error=error)
            return
        yield Probe("book", "The contact folder is there.")
        try:
            await api.one(sync_folder_items.payload(source_key, None, 1), step=f"{_STEP} list", idempotent=True)
        except PolydexError as error:
            yield Probe("poll", error=error)
            return
        yield Probe("poll", "Exchange tells what has changed.")


async def _login(net: Net, api: Api, login: Login, credentials: Credentials) -> Probe:
    bound = credentials.server_url.startswith("https://") and credentials.method not in ("basic", BEARER)
    try:
        assert api.sender is not None  # noqa: S101 - opened
        answer = await api.sender.send(_look(api.url))
    except PolydexError as error:
        return Probe("login", error=error, mend=mends.of_failure(error))
    if answer.status == 401:
        refused = failure(401, Failure(), f"{_STEP} login", headers=answer.headers, now=net.now())
        offered = {each.scheme for each in parse_challenges(answer.headers.getall("WWW-Authenticate", ()))}
        may_be_bound = bound and bool(offered & {"ntlm", "negotiate"})
        return Probe("login", error=refused, mend=mends.of_failure(refused, bound=may_be_bound))
    method = (login.method or "") if isinstance(login, BoundAuth) else BEARER
    return Probe("login", f"The login is accepted ({NAMES[method]})." if method else "The server asks for no login.")


def _look(url: str) -> Call:
    return Call("GET", url, deadline=SECONDS, idempotent=True, redirects=0, label="exchange")


def _http(net: Net, answer: Answer) -> Probe:
    """Whether Exchange answers at all; without a login, so that being asked for one is good enough."""
    if answer.status in (404, 503) or answer.status >= 500 or 300 <= answer.status < 400:
        error = failure(answer.status, Failure(), _STEP, headers=answer.headers, now=net.now())
        return Probe("http", error=error, mend=mends.PREAUTH if answer.status < 400 else "")
    offered = schemes(parse_challenges(answer.headers.getall("WWW-Authenticate", ())))
    names = ", ".join(NAMES.get(scheme, scheme) for scheme in offered) or "nothing"
    return Probe("http", f"The server answers ({answer.status}) and offers {names}.", clock=_clock(answer))


def _clock(answer: Answer) -> int | None:
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except ValueError:
        return None
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()) * 1000
