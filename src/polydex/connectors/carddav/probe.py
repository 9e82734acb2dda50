"""The way to a CardDAV address book, step by step. Reads only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from polydex.connectors.base import SourceInfo
from polydex.connectors.carddav import hrefs
from polydex.connectors.carddav.book import Book
from polydex.connectors.carddav.dav import Dav
from polydex.connectors.carddav.discovery import SECONDS, Discovery
from polydex.connectors.carddav.errors import date_ms, failure
from polydex.connectors.provider import Credentials, Probe
from polydex.core.errors import PolydexError, ProviderUnauthorized, RecordNotFound
from polydex.net.message import Call
from polydex.net.reach import reach

CERTIFICATE_DAYS = 14
"""Certificates that are renewed by themselves are renewed earlier than that."""


async def probe(dav: Dav, credentials: Credentials, source_key: str | None) -> AsyncIterator[Probe]:
    """See ``connectors.provider.Provider.probe``."""
    url = hrefs.absolute(credentials.server_url, source_key or "")
    if source_key is None:
        url = await _named_by_dns(dav, url)
    try:
        async for reached in reach(dav.net, url):
            warning = "" if reached.expires is None else _expiry(reached.expires, dav.net.now())
            yield Probe(reached.step, reached.found, reached.error, warning)
            if reached.error is not None:
                return
        yield await _http(dav, url)
    except PolydexError as error:
        yield Probe("http", error=error)
        return
    if not credentials.password:
        return
    try:
        _, books = await Discovery(dav, credentials.server_url, credentials.login).books()
    except ProviderUnauthorized as error:
        yield Probe("login", error=error)
        return
    except PolydexError as error:
        yield Probe("discovery", error=error)
        return
    yield Probe("login", "The credentials are accepted.")
    yield Probe("discovery", f"The server lists {len(books)} address book{'' if len(books) == 1 else 's'}.")
    async for step in _book(dav, credentials, books, source_key):
        yield step


async def _named_by_dns(dav: Dav, url: str) -> str:
    """A domain of which only the records name the server (RFC 6764); discovery asks that one, too."""
    host = hrefs.origin(url)[1]
    for target, port, _, _ in await dav.net.srv(f"_carddavs._tcp.{host}") if "." in host else ():
        return f"https://{target}:{port}/"
    return url


async def _http(dav: Dav, url: str) -> Probe:
    """Whether a web server answers at all; without credentials, so that any refusal is good enough."""
    answer = await dav.net.send(
        Call("OPTIONS", url, deadline=SECONDS, idempotent=True, redirects=0, trusted_hosts=dav.trusted, label="carddav")
    )
    if answer.status >= 500:
        raise failure(answer, "CardDAV server")
    return Probe("http", f"The server answers ({answer.status}).", clock=date_ms(answer))


async def _book(
    dav: Dav, credentials: Credentials, books: tuple[SourceInfo, ...], source_key: str | None
) -> AsyncIterator[Probe]:
    wanted = books[0].key if source_key is None else source_key
    if wanted not in {book.key for book in books}:
        missing = RecordNotFound("The server does not list the address book any more")
        yield Probe("book", error=missing)
        return
    book = Book(dav, hrefs.collection(hrefs.absolute(credentials.server_url, wanted)))
    try:
        state = await book.state()
    except PolydexError as error:
        yield Probe("book", error=error)
        return
    yield Probe("book", "The address book is there.", clock=state.clock)
    try:
        if state.syncs and state.token is not None:
            await book.changes(state.token)
            found = "The server tells what has changed (sync-collection)."
        else:
            listed, _ = await book.listing()
            found = f"The server lists the address book ({len(listed)} entries); it has no change feed."
    except PolydexError as error:
        yield Probe("poll", error=error)
        return
    yield Probe("poll", found)


def _expiry(expires: int, now: int) -> str:
    days = (expires - now / 1000) / 86_400
    if days >= CERTIFICATE_DAYS:
        return ""
    return f"The server's certificate ends on {datetime.fromtimestamp(expires, UTC):%Y-%m-%d}, in {int(days)} days."
