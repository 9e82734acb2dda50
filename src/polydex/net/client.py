"""The outbound client: guarded, authenticated, bounded in time and size.

A request that is not idempotent is sent at most once: neither this client nor aiohttp repeats it, whatever happens to
the connection.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

from polydex import __version__
from polydex.net.bound import BoundAuth
from polydex.net.dns import Dns
from polydex.net.guard import ResolverLike
from polydex.net.journey import Journey
from polydex.net.line import Line
from polydex.net.message import Answer, Call
from polydex.net.sessions import Sessions
from polydex.net.streaming import Stream, streamed


class Net:
    """The one outbound client of the process. Connections are made, and pooled, at first use.

    Args:
        allow_private: POLYDEX_ALLOW_PRIVATE_NETWORKS, see ``addresses.parse_networks``.
        ca_bundle: a PEM file with certificate authorities that are trusted besides the system's.
        resolver: turns host names into addresses; the system's by default. Its answers are guarded in any case.
        dns: for SRV and TXT records.
        user_agent: sent with every request.
        now: unix milliseconds, to read dates in Retry-After.

    Attributes:
        sessions: its connections, for who looks at the way to a server step by step (``reach.py``).

    Raises:
        ValueError: ``allow_private`` cannot be read.
        OSError: ``ca_bundle`` cannot be read.
    """

    def __init__(
        self,
        *,
        allow_private: str = "",
        ca_bundle: str | None = None,
        resolver: ResolverLike | None = None,
        dns: Dns | None = None,
        user_agent: str = f"Polydex/{__version__}",
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self.sessions = Sessions(allow_private, ca_bundle, resolver, user_agent)
        self._dns = dns or Dns()
        self._now = now

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection. The object can be used again; it then connects anew."""
        await self.sessions.close()

    async def send(self, call: Call) -> Answer:
        """Send a call and read the whole answer. Statuses are the caller's business, a 401 once ``auth`` is through.

        Raises:
            AddressForbidden: the URL, or one that a redirect names, may not be called; nothing was sent to it.
            ProviderUnavailable: not connected (``sent`` is False) or the connection broke.
            ProviderTimeout: the deadline passed after the request may have been sent.
            ProviderMalformed: not HTTP, too many redirects, too large, or badly encoded.
        """
        return await Journey(self.sessions, call, self._now).run()

    @contextlib.asynccontextmanager
    async def stream(self, call: Call, idle: float) -> AsyncIterator[Stream]:
        """Send a call over a connection of its own, and hand out the answer as it comes. Errors as of ``send``.

        Args:
            call: ``deadline`` counts until the answer begins. It is asked for without compression.
            idle: seconds without a single byte, after which the answer is given up.
        """
        sessions = self.sessions.apart()
        try:
            async with streamed(sessions, call, self._now, idle) as stream:
                yield stream
        finally:
            await sessions.close()

    def line(self, auth: BoundAuth) -> Line:
        """A connection of its own for a login that belongs to it; closed at the end of an ``async with``."""
        return Line(self.sessions.apart(), auth, self._now)

    async def srv(self, name: str) -> list[tuple[str, int, int, int]]:
        """SRV records as (host, port, priority, weight), the ones to try first in front; [] when there are none."""
        return await self._dns.srv(name)

    async def txt(self, name: str) -> list[str]:
        """TXT records, the strings of each joined; [] when there are none."""
        return await self._dns.txt(name)

    def now(self) -> int:
        """Unix milliseconds."""
        return self._now()
