"""One call of the outbound client, from its first request to the answer that is handed on."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from polydex import metrics
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
from polydex.net.body import payload, read
from polydex.net.bound import Proof
from polydex.net.challenge import parse_challenges
from polydex.net.failures import failure, unreachable
from polydex.net.guard import Rule, parse_url
from polydex.net.message import Answer, Call
from polydex.net.redirects import credentials_follow, location, method_after
from polydex.net.retry import retry_after
from polydex.net.sending import Sending
from polydex.net.sessions import Sessions

_log = logger(__name__)

_CHALLENGE_ROUNDS: Final = 3
# Asking, two tokens of NTLM and one more where SPNEGO changes its mind; or the connection is lost once.
_HANDSHAKE_ROUNDS: Final = 6
# Seconds before the one repetition; a server that asks for more than the second gets its answer passed on.
_RETRY_SECONDS: Final = 0.2
_LONGEST_RETRY_SECONDS: Final = 2.0
# Failures that pass, of something behind the server; and locks (RFC 4918, 11.3), which last as long as a write.
_LOCKED: Final = 423
_PASSING: Final = frozenset({_LOCKED, 502, 503, 504})


@dataclass(slots=True)
class _Step:
    """One request of a journey: as called at first, then as redirects make it."""

    method: str
    url: URL
    body: bytes | None
    auth: Auth | Proof | None


class Journey:
    """A call under way, through redirects and challenges, each of whose requests is repeated at most once.

    Args:
        sessions: its connections.
        call: what is sent.
        now: unix milliseconds.
        proof: of the line that it goes over; it takes the place of the call's ``auth``.
    """

    def __init__(self, sessions: Sessions, call: Call, now: Callable[[], int], proof: Proof | None = None) -> None:
        self._sessions, self._call, self._now = sessions, call, now
        self._auth: Auth | Proof | None = proof or call.auth
        self._sending = Sending()
        self._repeated = False
        self._expires = 0.0
        self.host = ""

    async def run(self) -> Answer:
        """The answer at its end; what is raised is as in ``Net.send``."""
        started = time.perf_counter()
        call = self._call
        status = ""
        try:
            async with asyncio.timeout(call.deadline):
                answer = await self._travel()
            status = str(answer.status)
            return answer
        except TimeoutError:
            error = self._timed_out()
            status = error.code
            raise error from None
        except PolydexError as error:
            status = error.code
            if self._repeated and isinstance(error, ProviderError):
                error.sent = True  # the first sending may have arrived
            raise
        finally:
            seconds = time.perf_counter() - started
            metrics.provider_request(call.label or call.purpose, status or "cancelled", seconds)
            if debugging():
                _log.debug("outbound", host=self.host, method=call.method, status=status, seconds=round(seconds, 4))

    async def _travel(self) -> Answer:
        call = self._call
        self._expires = asyncio.get_running_loop().time() + call.deadline
        origin = parse_url(call.url)
        step = _Step(call.method, origin, call.body, self._auth)
        for hop in range(call.redirects + 1):
            self.host = step.url.raw_host or ""
            answer = await self._authorised(step)
            target = location(answer.status, answer.headers.get("Location"), step.url) if call.redirects else None
            if target is None:
                return replace(answer, repeated=self._repeated)
            if hop < call.redirects:
                step = _next(step, answer.status, target, origin, call)
        raise ProviderMalformed("The provider redirects without end", detail=f"{self.host}: {call.redirects} redirects")

    def _timed_out(self) -> ProviderError:
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

    async def _challenged(self, step: _Step, auth: Auth | Proof, rule: Rule, *, confidential: bool) -> Answer:
        target = Target(step.method, step.url, step.body or b"", confidential)
        self._sessions.check(step.url, rule)
        if isinstance(auth, Proof):
            return await self._proven(step, auth, target, rule)
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

    async def _proven(self, step: _Step, proof: Proof, target: Target, rule: Rule) -> Answer:
        """Send a step over a line, and as often as the handshake wants it."""
        proof.begin(target)
        answer = await self._repeatable(step, rule, proof)
        for _ in range(_HANDSHAKE_ROUNDS - 1):
            if not await proof.received(answer):
                break
            answer = await self._repeatable(step, rule, proof)
        return answer

    async def _repeatable(self, step: _Step, rule: Rule, authorization: str | Proof | None) -> Answer:
        """Send a step; once more if the call allows it and the failure is one that passes."""
        if not self._call.idempotent:
            return await self._send(step, rule, authorization)
        try:
            answer = await self._send(step, rule, authorization)
        except ProviderUnavailable as error:
            if not (error.sent or self._sending.bare):
                raise
            pause = 0.0
        else:
            if answer.status not in _PASSING or self._sending.bare:
                return answer
            wanted = retry_after(answer.headers, self._now())
            pause = _RETRY_SECONDS if wanted is None else wanted
            if pause > min(_LONGEST_RETRY_SECONDS, self._expires - asyncio.get_running_loop().time()):
                return answer
            if answer.status == _LOCKED:  # refused, and nothing was done
                await asyncio.sleep(pause)
                return await self._send(step, rule, authorization)
        self._repeated = self._repeated or self._sending.connected
        if pause:
            await asyncio.sleep(pause)
        return await self._send(step, rule, authorization)

    async def _send(self, step: _Step, rule: Rule, authorization: str | Proof | None) -> Answer:
        """One request, one answer."""
        self._sessions.check(step.url, rule)
        signer, authorization = (authorization, None) if isinstance(authorization, Proof) else (None, authorization)
        self._sending = Sending(signer)
        host = step.url.raw_host or ""
        try:
            async with contextlib.AsyncExitStack() as stack:
                request = self._sessions.of(rule).request(
                    step.method,
                    step.url,
                    data=payload(step.body),
                    headers=self._headers(step, authorization),
                    allow_redirects=False,
                    middlewares=(self._sending,),
                )
                response = await stack.enter_async_context(request)
                body = await self._content(response, stack)
                return Answer(response.status, response.headers, body, str(response.url))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ClientError):
                raise  # the deadline's
            failed = failure(error, host)
            if self._sending.bare:
                failed.sent = False
            raise failed from error

    async def _content(self, response: aiohttp.ClientResponse, stack: contextlib.AsyncExitStack) -> bytes:
        """What an answer holds. ``stack``: with its end the answer is let go of."""
        del stack
        return await read(response, self._call.max_bytes)

    def _headers(self, step: _Step, authorization: str | None) -> CIMultiDict[str]:
        headers = CIMultiDict(self._call.headers)
        if step.auth is not self._auth or authorization is not None:
            # Credentials stayed behind at a redirect, or are ours to set.
            headers.popall("Authorization", None)
        if step.auth is not self._auth:
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
