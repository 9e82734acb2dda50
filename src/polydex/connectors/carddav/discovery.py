"""Finding the address books of a login (RFC 6764, RFC 6352 section 7, RFC 5397).

Where to begin: the given URL; SRV and TXT records of its host; ``/.well-known/carddav``; the root. From there:
current-user-principal, its addressbook-home-set, the collections in it that are address books.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

from yarl import URL

from polydex.connectors.base import Identity, SourceInfo
from polydex.connectors.carddav import hrefs, wire
from polydex.connectors.carddav.dav import Dav
from polydex.connectors.carddav.errors import failure, refused
from polydex.connectors.carddav.wire import CARDDAV, DAV, Response
from polydex.core.errors import (
    ProviderError,
    ProviderForbidden,
    ProviderRejected,
    ProviderUnauthorized,
    ProviderUnavailable,
    RecordNotFound,
)
from polydex.net.message import Answer
from polydex.net.redirects import credentials_follow

SECONDS = 15.0
"""For one question: somebody is waiting, and there are several places to ask."""
FOLDERS = 20
"""Collections of a home without a book that are looked into."""
WELL_KNOWN = "/.well-known/carddav"
PRINCIPAL = DAV + "current-user-principal"
HOME_SET = CARDDAV + "addressbook-home-set"
ADDRESSBOOK = CARDDAV + "addressbook"
DISPLAYNAME = DAV + "displayname"
PRIVILEGES = DAV + "current-user-privilege-set"

_START = (PRINCIPAL, DAV + "principal-URL", HOME_SET, wire.RESOURCETYPE, DISPLAYNAME)
_PRINCIPAL = (HOME_SET, DISPLAYNAME)
_BOOK = (wire.RESOURCETYPE, DISPLAYNAME, PRIVILEGES)

_WRITE_PRIVILEGES = frozenset(DAV + name for name in ("all", "write", "write-content", "bind"))
# Nextcloud lists all users of the instance, and recently used addresses, as read-only books
# (apps/dav/lib/CardDAV: SystemAddressbook, apps/contactsinteraction); they are no address books of this user.
_SYSTEM_BOOKS = ("z-server-generated--", "z-app-generated--")
# Last path segments of the book that servers make for a new user; CardDAV itself knows no default.
_DEFAULT_NAMES = ("default", "contacts", "card", "addressbook", "personal", "main")


@dataclass(frozen=True, slots=True)
class Start:
    """Where a search began to make sense.

    Attributes:
        url: of the resource that answered.
        response: what it said about itself.
    """

    url: str
    response: Response

    @property
    def is_book(self) -> bool:
        """Whether it is an address book itself."""
        return ADDRESSBOOK in self.response.children(wire.RESOURCETYPE)


@dataclass(frozen=True, slots=True)
class Principal:
    """The user at the server. ``url``: None when the server does not tell."""

    url: str | None
    name: str | None
    homes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Discovery:
    """Args:
    dav: the calls.
    server_url: as given, with scheme.
    login: of the account.
    """

    dav: Dav
    server_url: str
    login: str

    async def identify(self) -> Identity:
        """Who the credentials belong to. Raises ProviderError naming the step that failed."""
        return self._identity(await self._principal(await self._start()))

    async def books(self) -> tuple[Identity, tuple[SourceInfo, ...]]:
        """The identity and all address books, the default one first. Raises ProviderError naming the step."""
        start = await self._start()
        principal = await self._principal(start)
        found: dict[str, Response] = {}
        closed: ProviderError | None = None
        if start.is_book:
            found[start.url] = start.response
        for home in principal.homes:
            if home in found:
                continue
            try:
                found |= {url: response for url, response in (await self._members(home)).items() if url not in found}
            except (ProviderForbidden, ProviderRejected, RecordNotFound) as error:
                closed = closed or error  # one of several, or the given book stands on its own
        if not found:
            where = ", ".join(urlsplit(home).path for home in principal.homes)
            raise closed or ProviderRejected(f"CardDAV discovery: no address book in the home ({where})")
        given = start.url if start.url in found else None
        return self._identity(principal), self._sources(found, given)

    # --- where to begin -------------------------------------------------------------------------------------------

    async def _start(self) -> Start:
        first: ProviderError | None = None
        fallback: Start | None = None
        unreachable: set[tuple[str, str, int | None]] = set()
        locked: set[tuple[str, str, int | None]] = set()
        async for url in self._candidates():
            origin = hrefs.origin(url)
            if origin in unreachable or (origin in locked and not url.endswith(WELL_KNOWN)):
                continue
            try:
                start = await self._probe(url)
            except ProviderError as error:
                if not (refused(error) or isinstance(error, ProviderUnauthorized | ProviderUnavailable)):
                    raise
                if isinstance(error, ProviderUnauthorized):
                    locked.add(origin)  # servers lock accounts after a few wrong passwords
                if isinstance(error, ProviderUnavailable) and not error.sent:
                    unreachable.add(origin)
                # What the server said about the credentials tells more than a 404 somewhere else.
                if first is None or (
                    isinstance(error, ProviderUnauthorized) and not isinstance(first, ProviderUnauthorized)
                ):
                    first = error
                continue
            if _useful(start.response):
                return start
            fallback = fallback or start
        if fallback is not None:
            return fallback  # it speaks WebDAV and tells no principal: it may itself be the home
        raise first or ProviderRejected("CardDAV discovery: there is no CardDAV service")

    async def _candidates(self) -> AsyncIterator[str]:
        given = hrefs.absolute(self.server_url, "")
        yield given
        if not urlsplit(given).path.endswith("/"):
            yield hrefs.collection(given)
        async for url in self._from_dns(given):
            yield url
        for path in (WELL_KNOWN, "/"):
            url = urljoin(given, path)
            if url != given:
                yield url

    async def _from_dns(self, given: str) -> AsyncIterator[str]:
        """RFC 6764 section 6: only the records for TLS, and only hosts that the credentials may go to."""
        host = hrefs.origin(given)[1]
        if not host or _is_address(host) or "." not in host:
            return
        service = f"_carddavs._tcp.{host}"
        for target, port, _, _ in await self.dav.net.srv(service):
            origin = f"https://{target}" if port == 443 else f"https://{target}:{port}"
            if not self._may_go(given, origin):
                # DNS is not signed: whoever forges it would be sent the password.
                raise ProviderRejected(
                    f"CardDAV discovery: SRV of {host} names a host of another domain ({target});"
                    f" give https://{target}/ as serverUrl if that is right"
                )
            paths = [text[5:] for text in await self.dav.net.txt(service) if text.lower().startswith("path=")]
            for path in (*paths, WELL_KNOWN):
                yield urljoin(origin, path)

    async def _probe(self, url: str) -> Start:
        step = f"CardDAV discovery at {_place(url)}"
        try:
            found, answer = await self._ask(url, _START, 0, step)
        except ProviderError as error:
            # Some servers redirect a GET of the well-known address only (RFC 6764 section 5 speaks of any method).
            target = await self._redirect_of_get(url) if refused(error) and url.endswith(WELL_KNOWN) else None
            if target is None:
                raise
            found, answer = await self._ask(target, _START, 0, step)
        response = found.of(hrefs.key_of(answer.url, answer.url)) or next(iter(found.responses), None)
        if response is None:
            raise ProviderRejected(f"{step}: the answer is empty")
        return Start(hrefs.collection(hrefs.absolute(answer.url, "")), response)

    async def _ask(
        self, url: str, properties: tuple[str, ...], depth: int, step: str
    ) -> tuple[wire.Multistatus, Answer]:
        try:
            return await self.dav.propfind(url, properties, depth=depth, step=step, seconds=SECONDS)
        except ProviderError as error:
            if not error.message.startswith(step):  # of the connection, which knows of no steps
                error.message = f"{step}: {error.message}"
                error.args = (error.message,)
            raise

    async def _redirect_of_get(self, url: str) -> str | None:
        answer = await self.dav.send("GET", url, seconds=SECONDS)
        if answer.status == 401:
            raise failure(answer, "CardDAV discovery")
        return None if answer.url == url else answer.url

    # --- principal and home ---------------------------------------------------------------------------------------

    async def _principal(self, start: Start) -> Principal:
        urls = start.response.hrefs(PRINCIPAL, start.url) or start.response.hrefs(DAV + "principal-URL", start.url)
        if not urls:
            # Some servers (Synology) tell no principal: then the given address is the home, or the book itself.
            own = start.response.hrefs(HOME_SET, start.url) or (start.url,)
            return Principal(None, None, self._allowed(own, start.url))
        url = self._allowed(urls, start.url)[0]
        homes, base, response = start.response.hrefs(HOME_SET, start.url), start.url, None
        try:
            found, answer = await self._ask(url, _PRINCIPAL, 0, f"CardDAV discovery: the principal ({url})")
        except (ProviderForbidden, ProviderRejected, RecordNotFound):
            if not start.is_book:  # which does without, as one that somebody shares
                raise
        else:
            base = answer.url
            response = found.of(hrefs.key_of(base, base)) or next(iter(found.responses), None)
            homes = (response.hrefs(HOME_SET, base) if response is not None else ()) or homes
        if not homes and not start.is_book:
            raise ProviderRejected(f"CardDAV discovery: no address book home (principal {urlsplit(url).path})")
        name = response.text(DISPLAYNAME) if response is not None else None
        return Principal(url, name, self._allowed(homes, base))

    async def _members(self, home: str, *, deeper: bool = True) -> dict[str, Response]:
        """The address books of a home by their URLs; of the collections in it when it has none itself."""
        url = hrefs.collection(home)
        found, answer = await self._ask(url, _BOOK, 1, f"CardDAV discovery: the address book home ({url})")
        books: dict[str, Response] = {}
        folders: list[str] = []
        for response in found.responses:
            place = hrefs.collection(self._allowed((response.href,), home)[0])
            kinds = response.children(wire.RESOURCETYPE)
            if response.status is not None or _segment(response.href).startswith(_SYSTEM_BOOKS):
                continue
            if ADDRESSBOOK in kinds:
                books.setdefault(place, response)
            elif kinds == {DAV + "collection"} and not hrefs.same_collection(
                response.key, hrefs.key_of(answer.url, answer.url)
            ):
                folders.append(place)
        if books or not deeper:
            return books
        for place in folders[:FOLDERS]:
            with contextlib.suppress(ProviderForbidden, ProviderRejected, RecordNotFound):
                books |= await self._members(place, deeper=False)
        return books

    def _may_go(self, here: str, there: str) -> bool:
        return credentials_follow(URL(here), URL(there), self.dav.trusted)

    def _allowed(self, urls: tuple[str, ...], base: str) -> tuple[str, ...]:
        """The same URLs where the credentials may go.

        A host that they may not go to is usually a server behind a proxy that does not know its own name: the path is
        asked for where we are. Nothing leaves the place that the user named.
        """
        return tuple(url if self._may_go(base, url) else urljoin(base, urlsplit(url).path) for url in urls)

    # --- results --------------------------------------------------------------------------------------------------

    def _identity(self, principal: Principal) -> Identity:
        """The subject is the principal's URL without its scheme; on the service's own host where users are moved about."""
        url = principal.url or principal.homes[0]
        netloc = urlsplit(hrefs.absolute(self.server_url if self.dav.trusted else url, "")).netloc
        path = urlsplit(hrefs.collection(url)).path
        return Identity(
            subject=f"{netloc}{path}",
            email=self.login if "@" in self.login else None,
            name=principal.name,
        )

    def _sources(self, found: dict[str, Response], given: str | None) -> tuple[SourceInfo, ...]:
        writable = [url for url, response in found.items() if not _read_only(response)]
        by_name = {_segment(url).lower(): url for url in reversed(writable)}
        names = (by_name[name] for name in _DEFAULT_NAMES if name in by_name)
        default = given or next(names, None) or next(iter(writable or found))
        ordered = sorted(found, key=lambda url: url != default)  # stable: the others as the server lists them
        return tuple(
            SourceInfo(
                key=hrefs.source_key(url, self.server_url),
                name=found[url].text(DISPLAYNAME) or _segment(url),
                default=url == default,
                read_only=_read_only(found[url]),
            )
            for url in ordered
        )


def _useful(response: Response) -> bool:
    """Whether a resource leads on: it names the user's principal or home, or is an address book."""
    principal = response.props.get(PRINCIPAL)
    return (
        (principal is not None and principal.find(f".//{DAV}href") is not None)
        or HOME_SET in response.props
        or ADDRESSBOOK in response.children(wire.RESOURCETYPE)
    )


def _read_only(response: Response) -> bool:
    """A server that does not tell the privileges is believed to allow writing; a write then shows."""
    privileges = response.children(PRIVILEGES)
    return bool(privileges) and not privileges & _WRITE_PRIVILEGES


def _place(url: str) -> str:
    """Host and path: what may follow them can be a secret."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


def _segment(url: str) -> str:
    return urlsplit(url).path.rstrip("/").rpartition("/")[2]


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
