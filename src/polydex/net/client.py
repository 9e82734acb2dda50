"""The outbound client: guarded, authenticated, bounded in time and size.

A request that is not idempotent is sent at most once: neither this client nor aiohttp repeats it, whatever happens to
the connection.
"""

from __future__ import annotations

import asyncio
import io
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import aiohttp
from aiohttp.client_middlewares import ClientHandlerType
from aiohttp.connector import Connection
from multidict import CIMultiDict
from yarl import URL

from polydex import __version__, metrics
from polydex.core.errors import (
    AddressForbidden,
    PolydexError,
    ProviderError,
    ProviderMalformed,
    ProviderTimeout,
    ProviderUnavailable,
)
from polydex.log import debugging, logger
from polydex.net.auth import Auth, Target, is_stale
from polydex.net.challenge import parse_challenges
from polydex.net.dns import Dns
from polydex.net.encoding import ACCEPTED, decoded, too_large
from polydex.net.failures import ConnectionDropped, failure, unreachable
from polydex.net.guard import Guard, GuardedResolver, ResolverLike, Rule, SystemResolver, parse_url
from polydex.net.message import Answer, Call
from polydex.net.redirects import credentials_follow, location, method_after
from polydex.net.retry import retry_after

__all__ = ["Answer", "Call", "Net"]

_log = logger(__name__)

# Apache closes an idle connection after five seconds: one that is not reused any more cannot fail under a write.
_KEEPALIVE_SECONDS: Final = 4.0
_CONNECT_SECONDS: Final = 10.0
_DNS_CACHE_SECONDS: Final = 10
_CONNECTIONS: Final = 256
# Of one header line: policies and locations of some servers are longer than the usual 8 KiB.
_HEADER_BYTES: Final = 32 * 1024
_CHALLENGE_ROUNDS: Final = 3
# Seconds before the one repetition; a server that asks for more than the second gets its answer passed on.
_RETRY_SECONDS: Final = 0.2
_LONGEST_RETRY_SECONDS: Final = 2.0
# Failures that pass, of something behind the server; and locks (RFC 4918, 11.3), which last as long as a write.
_LOCKED: Final = 423
_PASSING: Final = frozenset({_LOCKED, 502, 503, 504})
# Above, undoing a compression is worth a thread; below, the hop costs more.
_THREAD_BYTES: Final = 256 * 1024
# aiohttp writes larger bytes in one go and warns; a stream it writes in pieces.
_STREAM_BYTES: Final = 1024 * 1024


class Net:
    """The one outbound client of the process. Connections are made, and pooled, at first use.

    Args:
        allow_private: POLYDEX_ALLOW_PRIVATE_NETWORKS, see ``addresses.parse_networks``.
        ca_bundle: a PEM file with certificate authorities that are trusted besides the system's.
        resolver: turns host names into addresses; the system's by default. Its answers are guarded in any case.
        dns: for SRV and TXT records.
        user_agent: sent with every request.
        now: unix milliseconds, to read dates in Retry-After.

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
        self._guard = Guard(allow_private)
        self._authorities = None if ca_bundle is None else Path(ca_bundle).read_text("ascii")
        self._system = SystemResolver() if resolver is None else None
        self._resolver: ResolverLike = resolver or self._system or SystemResolver()
        self._dns = dns or Dns()
        self._user_agent = user_agent
        self._now = now
        self._tls: ssl.SSLContext | None = None
        self._sessions: dict[Rule, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection. The object can be used again; it then connects anew."""
        sessions, self._sessions = self._sessions, {}
        for session in sessions.values():
            await session.close()
        if self._system is not None:
            self._system.close()

    async def send(self, call: Call) -> Answer:
        """Send a call and read the whole answer. Statuses are the caller's business, a 401 once ``auth`` is through.

        Raises:
            AddressForbidden: the URL, or one that a redirect names, may not be called; nothing was sent to it.
            ProviderUnavailable: not connected (``sent`` is False) or the connection broke.
            ProviderTimeout: the deadline passed after the request may have been sent.
            ProviderMalformed: not HTTP, too many redirects, too large, or badly encoded.
        """
        started = time.perf_counter()
        journey = _Journey(self, call)
        status = ""
        try:
            async with asyncio.timeout(call.deadline):
                answer = await journey.run()
            status = str(answer.status)
            return answer
        except TimeoutError:
            error = journey.timed_out()
            status = error.code
            raise error from None
        except PolydexError as error:
            status = error.code
            raise
        finally:
            seconds = time.perf_counter() - started
            metrics.provider_request(call.label or call.purpose, status or "cancelled", seconds)
            if debugging():
                _log.debug("outbound", host=journey.host, method=call.method, status=status, seconds=round(seconds, 4))

    async def srv(self, name: str) -> list[tuple[str, int, int, int]]:
        """SRV records as (host, port, priority, weight), the ones to try first in front; [] when there are none."""
        return await self._dns.srv(name)

    async def txt(self, name: str) -> list[str]:
        """TXT records, the strings of each joined; [] when there are none."""
        return await self._dns.txt(name)

    def session(self, rule: Rule) -> aiohttp.ClientSession:
        """The session whose connections go only where the rule allows."""
        session = self._sessions.get(rule)
        if session is None:
            session = self._sessions[rule] = self._open(rule)
        return session

    def check(self, url: URL, rule: Rule) -> None:
        """See ``Guard.check``."""
        self._guard.check(url, rule)

    def now(self) -> int:
        """Unix milliseconds."""
        return self._now()

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

    def _open(self, rule: Rule) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            resolver=self.resolver(rule),
            ttl_dns_cache=_DNS_CACHE_SECONDS,
            keepalive_timeout=_KEEPALIVE_SECONDS,
            limit=_CONNECTIONS,
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
            request_class=_Request,
        )


class _Request(aiohttp.ClientRequest):
    """A request that knows whether it has got a connection: from then on bytes may have left."""

    connected = False

    async def send(self, conn: Connection) -> aiohttp.ClientResponse:
        self.connected = True
        if self.headers.get("Connection", "").lower() == "close" and conn.protocol is not None:
            # Some servers (SOGo) close every connection after its first answer without saying so, not even when they
            # were asked to; aiohttp would send the next request on it.
            conn.protocol.force_close()
        return await super().send(conn)


class _Sending:
    """Watches over one sending of a request, as a middleware of aiohttp's."""

    __slots__ = ("_request",)

    def __init__(self) -> None:
        self._request: aiohttp.ClientRequest | None = None

    @property
    def connected(self) -> bool:
        return isinstance(self._request, _Request) and self._request.connected

    async def __call__(self, request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        self._request = request
        try:
            return await handler(request)
        except (aiohttp.ClientConnectorError, aiohttp.ClientSSLError, TimeoutError):
            raise
        except (OSError, aiohttp.ServerDisconnectedError) as error:
            # Hidden from aiohttp, which sends PUT, DELETE and their like again after these.
            raise ConnectionDropped from error


@dataclass(slots=True)
class _Step:
    """One request of a journey: as called at first, then as redirects make it."""

    method: str
    url: URL
    body: bytes | None
    auth: Auth | None


class _Journey:
    """A call under way, through redirects and challenges, each of whose requests is repeated at most once."""

    def __init__(self, net: Net, call: Call) -> None:
        self._net = net
        self._call = call
        self._sending = _Sending()
        self._repeated = False
        self._expires = 0.0
        self.host = ""

    async def run(self) -> Answer:
        call = self._call
        self._expires = asyncio.get_running_loop().time() + call.deadline
        origin = parse_url(call.url)
        step = _Step(call.method, origin, call.body, call.auth)
        for hop in range(call.redirects + 1):
            self.host = step.url.raw_host or ""
            answer = await self._authorised(step)
            target = location(answer.status, answer.headers.get("Location"), step.url) if call.redirects else None
            if target is None:
                return replace(answer, repeated=self._repeated)
            if hop < call.redirects:
                step = _next(step, answer.status, target, origin, call)
        raise ProviderMalformed("The provider redirects without end", detail=f"{self.host}: {call.redirects} redirects")

    def timed_out(self) -> ProviderError:
        """The error for a deadline that has passed."""
        detail = f"{self.host}: {self._call.deadline:g} s"
        if self._sending.connected or self._repeated:
            return ProviderTimeout(detail=detail)
        return unreachable(detail)

    async def _authorised(self, step: _Step) -> Answer:
        """Send a step and answer the challenges."""
        call = self._call
        if step.auth is None:
            inside = call.confidential and step.url.scheme != "https"
            return await self._repeatable(step, Rule(call.purpose, inside=inside), None)
        if step.url.scheme == "https":
            return await self._challenged(step, step.auth, Rule(call.purpose), confidential=True)
        try:
            # Over http a password goes only to addresses that the operator named; the session connects nowhere else.
            return await self._challenged(step, step.auth, Rule(call.purpose, inside=True), confidential=True)
        except AddressForbidden:
            return await self._challenged(step, step.auth, Rule(call.purpose), confidential=False)

    async def _challenged(self, step: _Step, auth: Auth, rule: Rule, *, confidential: bool) -> Answer:
        target = Target(step.method, step.url, step.body or b"", confidential)
        self._net.check(step.url, rule)
        header = auth.prepare(target)
        answer = await self._repeatable(step, rule, header)
        for turn in range(_CHALLENGE_ROUNDS - 1):
            if answer.status != 401:
                break
            challenges = parse_challenges(answer.headers.getall("WWW-Authenticate", ()))
            if turn and not is_stale(challenges):
                break
            header = auth.answer(target, challenges, header)
            if header is None:
                break
            answer = await self._repeatable(step, rule, header)
        return answer

    async def _repeatable(self, step: _Step, rule: Rule, authorization: str | None) -> Answer:
        """Send a step; once more if the call allows it and the failure is one that passes."""
        if not self._call.idempotent:
            return await self._send(step, rule, authorization)
        try:
            answer = await self._send(step, rule, authorization)
        except ProviderUnavailable as error:
            if not error.sent:
                raise
            pause = 0.0
        else:
            if answer.status not in _PASSING:
                return answer
            wanted = retry_after(answer.headers, self._net.now())
            pause = _RETRY_SECONDS if wanted is None else wanted
            if pause > min(_LONGEST_RETRY_SECONDS, self._expires - asyncio.get_running_loop().time()):
                return answer
            if answer.status == _LOCKED:  # refused, and nothing was done
                await asyncio.sleep(pause)
                return await self._send(step, rule, authorization)
        self._repeated = True
        if pause:
            await asyncio.sleep(pause)
        return await self._send(step, rule, authorization)

    async def _send(self, step: _Step, rule: Rule, authorization: str | None) -> Answer:
        """One request, one answer."""
        self._net.check(step.url, rule)
        self._sending = _Sending()
        host = step.url.raw_host or ""
        try:
            async with self._net.session(rule).request(
                step.method,
                step.url,
                data=_payload(step.body),
                headers=self._headers(step, authorization),
                allow_redirects=False,
                middlewares=(self._sending,),
            ) as response:
                body = await _read(response, self._call.max_bytes)
                return Answer(response.status, response.headers, body, str(response.url))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
                raise  # the deadline's
            failed = failure(error, host)
            if self._repeated:
                failed.sent = True  # the first sending may have arrived
            raise failed from error

    def _headers(self, step: _Step, authorization: str | None) -> CIMultiDict[str]:
        headers = CIMultiDict(self._call.headers)
        if step.auth is not self._call.auth or authorization is not None:
            # Credentials stayed behind at a redirect, or are ours to set.
            headers.popall("Authorization", None)
        if step.auth is not self._call.auth:
            headers.popall("Cookie", None)
        if step.body is None:
            headers.popall("Content-Type", None)
        if authorization is not None:
            headers["Authorization"] = authorization
        return headers


def _next(step: _Step, status: int, target: URL, origin: URL, call: Call) -> _Step:
    if step.auth is not None and step.url.scheme == "https" and target.scheme == "http":
        # Without credentials the request is worthless, with them they would be public.
        raise AddressForbidden("The server redirects from https to http", detail=f"{step.url.raw_host}")
    method = method_after(status, step.method)
    # Once dropped, credentials stay dropped: a foreign host must not direct them back to a place of its choice.
    keep = step.auth is not None and credentials_follow(origin, target, call.trusted_hosts)
    return replace(
        step,
        method=method,
        url=target,
        body=step.body if method == step.method else None,
        auth=step.auth if keep else None,
    )


def _payload(body: bytes | None) -> bytes | io.BytesIO | None:
    return io.BytesIO(body) if body is not None and len(body) > _STREAM_BYTES else body


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The decompressed content, of which no more than the cap is ever held."""
    if response.method == "HEAD":
        return b""
    length = response.content_length
    if length is not None:
        if length > max_bytes:
            raise too_large()
        body = await response.read()
    else:
        body = await _read_capped(response.content, max_bytes)
    encoding = response.headers.get("Content-Encoding", "")
    if not encoding or not body:
        return body
    if len(body) > _THREAD_BYTES:
        return await asyncio.to_thread(decoded, body, encoding, max_bytes)
    return decoded(body, encoding, max_bytes)


async def _read_capped(content: aiohttp.StreamReader, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    left = max_bytes
    async for part in content.iter_any():
        left -= len(part)
        if left < 0:
            raise too_large()
        parts.append(part)
    return b"".join(parts)
