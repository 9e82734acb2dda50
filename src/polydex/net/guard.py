"""The outbound guard: which URLs may be called, and to which addresses the connection is made.

A name is resolved by the connector through ``GuardedResolver``, and the connection goes to the very addresses that
were checked there: there is no second lookup that could answer otherwise (DNS rebinding). Literal addresses never
reach a resolver; ``Guard.check`` judges them.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final, Protocol

from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from polydex.core.errors import AddressForbidden
from polydex.net.addresses import Address, Purpose, is_allowed, is_public, parse_networks

# RFC 3986, 2: what a URL may consist of as it stands. Anything else (a blank, an umlaut) is percent-encoded first.
_EXACT: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
# Names as DNS and people have them; an underscore is not of the RFC but of many home networks.
_NAME: Final = re.compile(r"(?=.{1,254}\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?")
# The last label decides whether the C library reads a host as an IPv4 address: 2130706433, 0x7f.1, 0177.0.0.1, 127.1.
_NUMERIC: Final = re.compile(r"(.*\.)?([0-9]+|0x[0-9a-f]*)\.?")
_FAMILIES: Final = {4: socket.AF_INET, 6: socket.AF_INET6}
_NUMERIC_FLAGS: Final = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class ResolverLike(Protocol):
    """Turns a host name into addresses."""

    async def addresses(self, host: str) -> Sequence[str]:
        """IPv4 and IPv6 addresses in textual form. Raises OSError when the name cannot be resolved."""
        ...


class SystemResolver:
    """The C library's resolver, in threads of its own: a slow name server must not hold up anybody else's threads."""

    def __init__(self, threads: int = 8) -> None:
        self._threads = threads
        self._pool: ThreadPoolExecutor | None = None

    async def addresses(self, host: str) -> Sequence[str]:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="polydex-resolve")
        return await asyncio.get_running_loop().run_in_executor(self._pool, _lookup, host)

    def close(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _lookup(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # a label that is empty or too long
        raise OSError(f"not a host name: {error}") from None
    return [str(sockaddr[0]) for *_, sockaddr in found]


@dataclass(frozen=True, slots=True)
class Rule:
    """What a connection is for. Connections are pooled per rule, so one never serves a call of another rule.

    Attributes:
        purpose: compared with the purposes of the allowed networks.
        inside: only addresses of the operator's networks; credentials travel over plain http only there.
    """

    purpose: Purpose = "provider"
    inside: bool = False


class Guard:
    """Args:
    allow_private: networks as in ``addresses.parse_networks``.
    """

    def __init__(self, allow_private: str = "") -> None:
        self._networks = parse_networks(allow_private)

    def admits(self, address: Address, rule: Rule) -> bool:
        """Whether a connection to this address may be made."""
        if is_allowed(address, rule.purpose, self._networks):
            return True
        return not rule.inside and is_public(address)

    def check(self, url: URL, rule: Rule) -> None:
        """Judge a host that is a literal address; a name is judged when it is resolved.

        Raises:
            AddressForbidden: see the class.
        """
        address = literal(url.raw_host or "")
        if address is not None and not self.admits(address, rule):
            raise AddressForbidden(detail=f"{address} for {_for(rule)}")


@lru_cache(2048)
def literal(host: str) -> Address | None:
    """The address that a host of a parsed URL is, or None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def parse_url(text: str) -> URL:
    """An absolute http or https URL, its path and query kept as they are when RFC 3986 allows every character.

    Raises:
        AddressForbidden: not http(s), no host, user name or password in it, control characters, or a numeric host in
            another spelling than the usual one.
    """
    return checked(reference(text))


def reference(text: str) -> URL:
    """A URL that may be relative, not yet judged.

    Raises:
        AddressForbidden: control characters, or nothing that a URL can be.
    """
    if _CONTROL.search(text):
        raise AddressForbidden("The URL contains control characters")
    try:
        return URL(text, encoded=_EXACT.fullmatch(text) is not None)
    except ValueError:
        raise AddressForbidden("The URL is not valid") from None


def checked(url: URL) -> URL:
    """The same URL in the form in which it is sent, without fragment.

    Raises:
        AddressForbidden: see ``parse_url``.
    """
    if url.scheme not in ("http", "https"):
        raise AddressForbidden("Only http and https URLs can be called")
    if "@" in url.raw_authority:
        raise AddressForbidden("A URL must not contain a user name or a password")
    try:
        host, port = (url.raw_host or "").lower(), url.port
    except ValueError:
        raise AddressForbidden("The URL is not valid") from None
    if port == 0:
        raise AddressForbidden("The URL has no valid port")
    # In brackets, RFC 3986 has room for addresses of versions to come; they would pass for a name here.
    if fault := _host_fault(f"[{host}]" if "[" in url.raw_authority else host):
        raise AddressForbidden(fault)
    if host != url.raw_host:
        url = url.with_host(host)
    return url.with_fragment(None) if url.raw_fragment else url


@lru_cache(2048)
def _host_fault(host: str) -> str:
    """What is wrong with a host (an IPv6 address in brackets), or an empty string."""
    if not host:
        return "The URL has no host"
    if "%" in host and ":" in host:
        return "An address with a zone cannot be called"
    if host.startswith("["):
        return "" if literal(host[1:-1]) is not None else "The URL has no valid address"
    if _NUMERIC.fullmatch(host):
        # The C library takes octal, hexadecimal and short forms; only the usual one is what it looks like to everybody.
        return "" if literal(host) is not None else "An IPv4 address must be written as four decimal numbers"
    return "" if _NAME.fullmatch(host) else "The URL has no valid host name"


class GuardedResolver(AbstractResolver):
    """The connector's resolver for one rule: gives only addresses that the guard admits."""

    def __init__(self, guard: Guard, source: ResolverLike, rule: Rule) -> None:
        self._guard = guard
        self._source = source
        self._rule = rule

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """The admitted addresses of a name.

        Raises:
            OSError: the name cannot be resolved.
            AddressForbidden: it has addresses, but none that may be reached.
        """
        found = [ip_address(text) for text in await self._source.addresses(host)]
        if not found:
            raise OSError("the name has no address")
        admitted = dict.fromkeys(address for address in found if self._guard.admits(address, self._rule))
        if not admitted:
            raise AddressForbidden(detail=f"{host} has no address that is permitted for {_for(self._rule)}")
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=_FAMILIES[address.version],
                proto=0,
                flags=_NUMERIC_FLAGS,
            )
            for address in admitted
            if family in (socket.AF_UNSPEC, _FAMILIES[address.version])
        ]

    async def close(self) -> None:
        """Nothing of its own to close; the source belongs to Net."""


def _for(rule: Rule) -> str:
    return f"{rule.purpose}, credentials over http" if rule.inside else rule.purpose
