"""HTTP connections that an application can drop, as networks do; and the log of requests."""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from polydex_sandbox.sandbox import Sandbox

_DROP = "polydex_sandbox.drop"
_KEPT = "polydex_sandbox.kept"
LARGEST = 64 * 1024 * 1024
"""Bytes of a request's body that are read."""


class Dropped(Exception):
    """The connection was dropped on purpose; where there is none (in-process), this is what the caller sees."""


class Connection(HttpToolsProtocol):
    """Uvicorn's, which can also be dropped: no answer, the connection is reset. And it can be remembered what it was."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self.kept: dict[str, Any] = {}

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: dict[str, dict[Any, Any]] = {_DROP: {"abort": self.transport.abort}, _KEPT: self.kept}
        self.scope["extensions"] = extensions


def drop(scope: Scope) -> Dropped:
    """Drop the connection of this request; raise what it gives, to end the request."""
    extension = scope.get("extensions", {}).get(_DROP)
    if extension is not None:
        extension["abort"]()
    return Dropped("The sandbox dropped this connection")


def kept(scope: Scope) -> dict[str, Any]:
    """What is known of the connection of this request, until it is closed; in-process there is none, and nothing stays."""
    found: dict[str, Any] = scope.get("extensions", {}).get(_KEPT, {})
    return found


class Recorder:
    """The outermost application: reads a request whole, and notes it in the log when it has ended."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self.app, self.sandbox = app, sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = _plain(await _whole(receive), dict(scope["headers"]).get(b"content-encoding", b""))
        status: int | None = None
        given = False

        async def replay() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = self.sandbox.clock.now()
        try:
            await self.app(scope, replay, noting)
        except Dropped:
            if _DROP not in scope.get("extensions", {}):
                raise
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._note(scope, body, began, status)

    def _note(self, scope: Scope, body: bytes, began: int, status: int | None) -> None:
        path: str = scope["path"]
        if path == "/control" or path.startswith("/control/"):
            return
        state: dict[str, Any] = scope.get("state", {})
        headers = dict(scope["headers"])
        self.sandbox.log.add(
            time=began,
            method=scope["method"],
            path=path,
            query=scope["query_string"].decode("latin-1"),
            body=body,
            content_type=headers.get(b"content-type", b"").decode("latin-1"),
            account=state.get("account"),
            operation=state.get("operation"),
            status=status,
        )


def _plain(body: bytes, encoding: bytes) -> bytes:
    """Without gzip, which Google's clients for Java and .NET send; as it is when it cannot be undone."""
    if encoding.strip().lower() != b"gzip":
        return body
    try:
        return zlib.decompressobj(wbits=31).decompress(body, LARGEST)
    except zlib.error:
        return body


async def _whole(receive: Receive) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size <= LARGEST:
            parts.append(part)
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return b"".join(parts)
