"""The connections of the outbound client: each goes only where the rule of its call allows."""

from __future__ import annotations

import ssl
from copy import copy
from pathlib import Path
from typing import Final

import aiohttp
from yarl import URL

from polydex.net.encoding import ACCEPTED
from polydex.net.guard import Guard, GuardedResolver, ResolverLike, Rule, SystemResolver
from polydex.net.sending import Request

# Apache closes an idle connection after five seconds: one that is not reused any more cannot fail under a write.
_KEEPALIVE_SECONDS: Final = 4.0
_CONNECT_SECONDS: Final = 10.0
_DNS_CACHE_SECONDS: Final = 10
_CONNECTIONS: Final = 256
# Of one header line: policies and locations of some servers are longer than the usual 8 KiB.
_HEADER_BYTES: Final = 32 * 1024


class Sessions:
    """One session of aiohttp's for every rule, opened at first use. See ``Net`` for the arguments and what is raised."""

    def __init__(
        self, allow_private: str, ca_bundle: str | None, resolver: ResolverLike | None, user_agent: str
    ) -> None:
        self._guard = Guard(allow_private)
        self._authorities = None if ca_bundle is None else Path(ca_bundle).read_text("ascii")
        self._system = SystemResolver() if resolver is None else None
        self._resolver: ResolverLike = resolver or self._system or SystemResolver()
        self._user_agent = user_agent
        self._tls: ssl.SSLContext | None = None
        self._sessions: dict[Rule, aiohttp.ClientSession] = {}
        self._connections = _CONNECTIONS

    def apart(self) -> Sessions:
        """Others of the same kind, which share no connection with these, and have one at a time."""
        self.tls()
        others = copy(self)
        others._system, others._sessions, others._connections = None, {}, 1  # noqa: SLF001 - they are of this class
        return others

    def of(self, rule: Rule) -> aiohttp.ClientSession:
        """The session whose connections go only where the rule allows."""
        session = self._sessions.get(rule)
        if session is None:
            session = self._sessions[rule] = self._open(rule)
        return session

    def check(self, url: URL, rule: Rule) -> None:
        """See ``Guard.check``."""
        self._guard.check(url, rule)

    def resolver(self, rule: Rule) -> GuardedResolver:
        """Turns names into the addresses that the rule admits."""
        return GuardedResolver(self._guard, self._resolver, rule)

    def tls(self) -> ssl.SSLContext | None:
        """What TLS connections are checked with; None for the system's authorities alone.

        Raises:
            ValueError: ``ca_bundle`` holds no certificate.
        """
        if self._authorities is not None and self._tls is None:
            context = ssl.create_default_context()
            try:
                context.load_verify_locations(cadata=self._authorities)
            except ssl.SSLError as error:
                raise ValueError("the file of certificate authorities holds no certificate") from error
            self._tls = context
        return self._tls

    async def close(self) -> None:
        """Close every connection. The object can be used again; it then connects anew."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()
        if self._system is not None:
            self._system.close()

    def _open(self, rule: Rule) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=self.resolver(rule),
            ttl_dns_cache=_DNS_CACHE_SECONDS,
            keepalive_timeout=_KEEPALIVE_SECONDS,
            limit=self._connections,
            # True: aiohttp's own context, which trusts the system's authorities.
            ssl=self.tls() or True,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": ACCEPTED},
            skip_auto_headers=("Content-Type",),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
            auto_decompress=False,
            trust_env=False,
            max_line_size=_HEADER_BYTES,
            max_field_size=_HEADER_BYTES,
            request_class=Request,
        )
