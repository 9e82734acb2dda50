"""What happens to every request, as plain ASGI applications around the routes, outermost first. HTTP only."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from urllib.parse import quote

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from polydex import metrics
from polydex.api.dispatch import CallerGone, deliver
from polydex.api.errors import OutOfTime, failure, understood
from polydex.api.query import decode
from polydex.api.request import request_of
from polydex.core.errors import BadRequest, NotFound, PayloadTooLarge
from polydex.log import access, begin_request, logger

log = logger(__name__)

_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})
_NONE = ("",)
DRAIN = 8
"""How many times the limit is read and thrown away of a body that is too large, so that the caller can read the answer."""


class Requests:
    """Gives the request its id, answers every error in one shape, writes the access log, counts.

    The log line has the route's template and no query string: paths and queries may hold addresses and tokens.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        facts = request_of(scope)
        began = time.perf_counter()
        status = 0
        extra = [(b"x-request-id", facts.id.encode("ascii")), (b"x-content-type-options", b"nosniff")]

        async def sender(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *extra]
            await send(message)

        begin_request(facts.id)
        try:
            await self._answer(scope, receive, sender, lambda: status != 0)
        finally:
            seconds = time.perf_counter() - began
            # What callers make up is never a label.
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = facts.route or "none"
            metrics.http_request(route, method, status, seconds)
            access(facts.id, method, route, status or None, facts.account, seconds)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, started: Callable[[], bool]) -> None:
        try:
            _readable(scope)
            await self._app(scope, receive, send)
        except CallerGone:
            return
        except asyncio.CancelledError:
            # The server ends and waits no longer. A write that has begun is found out at the next start.
            if not started():
                await deliver(failure(OutOfTime("The server is stopping"), request_of(scope).id), scope, send)
            raise
        except Exception as caught:
            error = understood(caught)
            if error is not caught or error.status == 500:
                log.exception("http.fault", route=request_of(scope).route, detail=error.detail)
            elif error.detail:
                log.warning("http.failed", route=request_of(scope).route, code=error.code, detail=error.detail)
            if started():
                raise  # half an answer must not look whole: the server closes the connection
            await deliver(failure(error, request_of(scope).id), scope, send)


def _readable(scope: Scope) -> None:
    """Refuse a path with broken escapes: decoded by guess, it would name something else.

    So would an escaped slash, which the server decodes before the path is looked up (RFC 3986, section 2.2).
    """
    raw = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    if b"%2f" in raw.lower():
        raise NotFound("There is nothing at this path")
    if "\0" in decode(raw, "the path"):
        raise BadRequest("The path contains a NUL character")


class BodyLimit:
    """Refuses a body over the limit with 413, by what it claims and by what really comes."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fields = request_of(scope).fields
        claimed = fields.get("content-length", _NONE)[0]
        if claimed.isdigit() and int(claimed) > self._limit:
            # Who waits for "100 Continue" (RFC 9110, section 10.1.1) has sent nothing yet.
            if "expect" not in fields and int(claimed) <= DRAIN * self._limit:
                await _drain(receive, DRAIN * self._limit)
            raise self._error()
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self._limit:
                    if message.get("more_body", False):
                        await _drain(receive, DRAIN * self._limit - received)
                    raise self._error()
            return message

        await self._app(scope, counted, send)

    def _error(self) -> PayloadTooLarge:
        return PayloadTooLarge(f"The body may have {self._limit} bytes at most")


async def _drain(receive: Receive, allowance: int) -> None:
    """Read a body without keeping it, up to ``allowance`` bytes."""
    while allowance > 0:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return
        allowance -= len(message.get("body", b""))


class TimeLimit:
    """Ends a request that takes too long with 503. A write that has begun goes on (``polydex.api.inflight``)."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = asyncio.timeout(self._seconds)
        try:
            async with limit:
                await self._app(scope, receive, send)
        except TimeoutError:
            if not limit.expired():
                raise
            raise OutOfTime(f"The request took longer than {self._seconds:g} seconds") from None
