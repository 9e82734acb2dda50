"""A server that answers as it is told, in order, and notes what it was asked."""

import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from polydex.connectors.microsoft.api import Api
from polydex.connectors.microsoft.shared import Shared
from polydex.net.client import Net
from polydex.testing.clock import FakeClock
from tests.servers.process import LOOPBACK


@dataclass(frozen=True)
class Asked:
    """A request. ``path``: as it came, with its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def parts(self) -> list[dict[str, Any]]:
        """Of a batch."""
        found: list[dict[str, Any]] = json.loads(self.body)["requests"]
        return found


@dataclass(frozen=True)
class Reply:
    """An answer. ``body``: bytes as they are, anything else as JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Asked], Awaitable[Reply] | Reply]


@dataclass
class Scripted:
    """``replies``: what is answered next; when there is nothing left the last once more. ``handler``: answers in their place."""

    port: int = 0
    replies: list[Reply] = field(default_factory=list)
    handler: Handler | None = None
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    async def handle(self, request: web.Request) -> web.Response:
        asked = Asked(request.method, request.raw_path, dict(request.headers), await request.read())
        self.asked.append(asked)
        if self.handler is not None:
            found = self.handler(asked)
            reply = found if isinstance(found, Reply) else await found
        else:
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        return web.Response(status=reply.status, body=body, headers=dict(reply.headers))


def refusal(status: int, code: str, **headers: str) -> Reply:
    """An error as Graph writes it."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply({"error": {"code": code, "message": "", "innerError": {}}}, status, named)


def batch(*parts: Reply, **more: Any) -> Reply:
    """The answer to a batch, in the order of its requests."""
    responses = [
        {"id": str(number), "status": part.status, "headers": dict(part.headers), "body": part.body}
        for number, part in enumerate(parts)
    ]
    return Reply({"responses": responses, **more})


@dataclass
class FixedTokens:
    """The tokens of an account, one after the other."""

    tokens: list[str] = field(default_factory=lambda: ["first", "second"])
    refused: list[str] = field(default_factory=list)

    async def current(self) -> str:
        return self.tokens[0]

    async def renewed(self, refused: str) -> str:
        self.refused.append(refused)
        del self.tokens[0]
        return self.tokens[0]


@contextlib.asynccontextmanager
async def scripted(*replies: Reply) -> AsyncIterator[Scripted]:
    server = Scripted(replies=list(replies))
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def api_of(server: Scripted, *, mailbox: str = "", clock: FakeClock | None = None) -> AsyncIterator[Api]:
    """Of the server. ``clock``: what the client takes for the time."""
    clock = clock or FakeClock()
    async with Net(allow_private="127.0.0.0/8", now=clock) as net:
        yield Api(net, FixedTokens(), Shared(clock), server.url, mailbox)
