"""Autodiscover: from an e-mail address and a password to the server of the mailbox (POX, MS-OXDSCLI).

What an https server of the address's own domain says is believed, and so are those that it names. A redirect that came over
http, and a record of DNS, may be anybody's: the password follows them only within the domain.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from lxml import etree
from yarl import URL

from polydex.connectors.deadline import Deadline
from polydex.connectors.exchange.channel import Channel
from polydex.connectors.exchange.logins import login_of
from polydex.connectors.exchange.server import LEADS_ONLINE, ews_url, is_address, is_online
from polydex.connectors.exchange.xml import Element, parse
from polydex.connectors.provider import Credentials
from polydex.core.errors import (
    AddressForbidden,
    BadRequest,
    ProviderError,
    ProviderMalformed,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from polydex.net.challenge import parse_challenges
from polydex.net.client import Net
from polydex.net.guard import checked, parse_url, reference
from polydex.net.message import Answer, Call
from polydex.net.redirects import credentials_follow, location

SECONDS: Final = 20.0
"""For the whole search; connecting an account has 25."""
_ONE_SECONDS: Final = 6.0
_HOPS: Final = 10  # as Outlook follows (MS-OXDSCLI 3.1.5.4)
_ADDRESSES: Final = 3
_MAX_BYTES: Final = 1024 * 1024
_PATH: Final = "/autodiscover/autodiscover.xml"
_REQUEST: Final = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
_RESPONSE: Final = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
# Types of <Protocol> in the order in which their EwsUrl is taken: from outside, over HTTP, inside.
_PROTOCOLS: Final = ("EXPR", "EXHTTP", "EXCH")


@dataclass(frozen=True, slots=True)
class Place:
    """An address to ask.

    Attributes:
        url: of it.
        plain: over http, for a redirect alone: nothing is said there.
        vouched: it belongs to the domain, or who does has named it: the password may go there.
        web: most likely the web site of the domain, whose refusal says nothing about the mailbox.
    """

    url: URL
    plain: bool = False
    vouched: bool = True
    web: bool = False


class Search:
    """One search for the server of a mailbox.

    Args:
        net: the outbound client.
        credentials: login and password; the mailbox, or the login, is the address that is looked for.
        first: a service of the installation that is asked before those of the domain; "" for none.
        ports: of https and http.
    """

    def __init__(self, net: Net, credentials: Credentials, first: str = "", ports: tuple[int, int] = (443, 80)) -> None:
        self._net, self._credentials, self._first = net, credentials, first
        self._https, self._http = ports
        self._deadline = Deadline(SECONDS)
        self._asked: set[tuple[URL, str]] = set()
        self._hops = 0
        self._forbidden: AddressForbidden | None = None
        self._strange = ""

    async def server(self) -> str:
        """The address of the mailbox's Exchange Web Services.

        Raises:
            BadRequest: none was found, it is in Exchange Online, or what was found is not to be trusted with a password.
            ProviderUnauthorized: a server of Exchange has refused the password.
            AddressForbidden: none was found where this installation may connect to.
        """
        address = self._credentials.mailbox or self._credentials.login
        found = ""
        try:
            async with asyncio.timeout(SECONDS):
                for _ in range(_ADDRESSES):
                    found = await self._of_address(address)
                    if "@" not in found:
                        break
                    address = found
        except TimeoutError:
            pass
        if found and "@" not in found:
            return ews_url(found)
        if self._forbidden is not None:
            raise self._forbidden
        raise BadRequest(
            f"serverUrl is missing: autodiscover finds no Exchange server for {_domain(address)}"
            f"{self._strange or f' at {len({url for url, _ in self._asked})} addresses'}"
        )

    async def _of_address(self, address: str) -> str:
        """The server of an address, another address, or "" for nothing."""
        if is_online(_domain(address)):
            raise BadRequest(f"serverUrl: {LEADS_ONLINE}")
        async for place in self._places(address):
            try:
                found = await self._ask(place, address)
            except ProviderUnauthorized:
                raise
            except AddressForbidden as error:
                self._forbidden = error
            except ProviderError:
                continue
            else:
                if found:
                    return found
        return ""

    async def _places(self, address: str) -> AsyncIterator[Place]:
        """Where clients look, in their order (MS-OXDISCO 3.1.5)."""
        domain = _domain(address)
        if self._first:
            yield Place(parse_url(self._first))
        yield Place(_url("https", domain, self._https), web=True)
        yield Place(_url("https", f"autodiscover.{domain}", self._https))
        yield Place(_url("http", f"autodiscover.{domain}", self._http), plain=True)
        for host, port, _, _ in await self._net.srv(f"_autodiscover._tcp.{domain}"):
            yield _within(_url("https", host, port), domain)

    async def _ask(self, place: Place, address: str) -> str:
        """What a place leads to: a server, another address, or "" when it knows nothing. Raises ProviderError, BadRequest."""
        while True:
            url = place.url
            if is_online(url.raw_host or ""):
                raise BadRequest(f"serverUrl: {LEADS_ONLINE}")
            if not place.vouched:
                raise BadRequest(
                    f"serverUrl is missing: autodiscover of {_domain(address)} leads to {url.raw_host}, without a proof "
                    "that this is right; give that server as serverUrl if it is yours"
                )
            if (url, address) in self._asked or self._hops >= _HOPS:
                return ""
            self._asked.add((url, address))
            self._hops += 1
            answer = await (self._look(url) if place.plain else self._post(url, address, web=place.web))
            target = location(answer.status, answer.headers.get("Location"), url)
            if target is None:
                if place.plain or answer.status != 200:
                    return ""
                found = _read(answer.body, url.scheme)
                if found.unknown:
                    self._strange = f": {url.raw_host} does not know the address"
                if found.target is None:
                    return found.address or found.server
                target = found.target
            if target.scheme != "https":
                return ""
            place = _within(target, _domain(address)) if place.plain else Place(target)

    async def _look(self, url: URL) -> Answer:
        return await self._net.send(self._call("GET", url))

    async def _post(self, url: URL, address: str, *, web: bool) -> Answer:
        # Of each place alone: what one takes says nothing about another, nor does what one refuses; and none gets a
        # password that it does not ask for.
        channel = Channel(self._net, login_of(self._credentials, asks=True))
        async with channel.opened() as sender:
            try:
                answer = await sender.send(self._call("POST", url, _request(address)))
            except ProviderUnauthorized as error:  # it does not take what we have, and was told nothing
                raise ProviderUnavailable(error.message, sent=False) from None
        if answer.status == 401:
            # A web site that has a login of its own may be in front of the real one; a Windows server counts what it refuses.
            if web and not _is_windows(answer):
                raise ProviderUnavailable(detail=f"{url.raw_host}: 401, not of Exchange")
            raise ProviderUnauthorized("Autodiscover: the server refused the credentials", detail=f"{url.raw_host}")
        return answer

    def _call(self, method: str, url: URL, body: bytes | None = None) -> Call:
        headers = {"Accept": "text/xml"}
        if body is not None:
            headers["Content-Type"] = "text/xml; charset=utf-8"
        return Call(
            method,
            str(url),
            headers=headers,
            body=body,
            deadline=min(_ONE_SECONDS, self._deadline.left),
            max_bytes=_MAX_BYTES,
            redirects=0,
            label="exchange",
        )


@dataclass(frozen=True, slots=True)
class _Found:
    """What an answer says: a server, another address, another place to ask; or that the address is unknown."""

    server: str = ""
    address: str = ""
    target: URL | None = None
    unknown: bool = False


def _read(body: bytes, scheme: str) -> _Found:
    """``scheme``: of the place; one that is asked over http, in a network of the installation, may name such a server.

    Raises ProviderMalformed, AddressForbidden.
    """
    root = parse(body)
    if etree.QName(root).localname != "Autodiscover":
        raise ProviderMalformed("The server does not answer as autodiscover does")
    if root.find("{*}Response/{*}Error") is not None:
        return _Found(unknown=True)
    account = root.find(f"{{{_RESPONSE}}}Response/{{*}}Account")
    if account is None:
        return _Found()
    action = _text(account, "Action").lower()
    if action == "redirectaddr":
        other = _text(account, "RedirectAddr")
        return _Found(address=other if is_address(other) else "")
    if action == "redirecturl":
        return _Found(target=checked(reference(_text(account, "RedirectUrl"))))
    urls = {_text(each, "Type"): _text(each, "EwsUrl") for each in account.iterfind("{*}Protocol")}
    usable = ("https://", f"{scheme}://")
    return _Found(server=next((urls[kind] for kind in _PROTOCOLS if urls.get(kind, "").startswith(usable)), ""))


def _text(element: Element, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()


def _request(address: str) -> bytes:
    return (
        f'<?xml version="1.0" encoding="utf-8"?><Autodiscover xmlns="{_REQUEST}"><Request>'
        f"<EMailAddress>{escape(address)}</EMailAddress>"
        f"<AcceptableResponseSchema>{_RESPONSE}</AcceptableResponseSchema></Request></Autodiscover>"
    ).encode()


def _is_windows(answer: Answer) -> bool:
    offered = parse_challenges(answer.headers.getall("WWW-Authenticate", ()))
    return any(each.scheme in ("ntlm", "negotiate") for each in offered) or "X-FEServer" in answer.headers


def _within(url: URL, domain: str) -> Place:
    """A place that nobody vouches for but the domain, if it is in it."""
    return Place(url, vouched=credentials_follow(URL.build(scheme="https", host=domain), url, ()))


def _url(scheme: str, host: str, port: int) -> URL:
    """Raises AddressForbidden."""
    return parse_url(f"{scheme}://{host}:{port}{_PATH}")


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()
