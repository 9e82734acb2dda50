"""What takes Graph's notifications in the tests: it shakes hands, and tells by GET what it was told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

from tests.microsoft.judge import notification

PATH = "/receiver"


@dataclass
class Receiver:
    """An ASGI application, before another one if there is one: ``/receiver`` and what is below is its own.

    Attributes:
        app: the other one.
        posts: the notifications of every request, judged by Microsoft's description.
        queries: of these requests.
        hands: paths of the handshakes.
        status: of the answers to notifications.
        seconds: that an answer takes.
        hand: the answer to a handshake; None is the right one.
    """

    app: Any = None
    posts: list[list[dict[str, Any]]] = field(default_factory=list)
    queries: list[str] = field(default_factory=list)
    hands: list[str] = field(default_factory=list)
    status: int = 202
    seconds: float = 0.0
    hand: Response | None = None

    @property
    def told(self) -> list[dict[str, Any]]:
        """Every notification, in order."""
        return [one for post in self.posts for one in post]

    @property
    def changes(self) -> list[str]:
        return [one["changeType"] for one in self.told if "changeType" in one]

    @property
    def events(self) -> list[str]:
        return [one["lifecycleEvent"] for one in self.told if "lifecycleEvent" in one]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        await (await self._answer(request))(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(self.changes)
        token = request.query_params.get("validationToken")
        if token is not None:
            assert await request.body() == b""
            assert request.headers["content-type"] == "text/plain; charset=utf-8"
            self.hands.append(request.url.path)
            await asyncio.sleep(self.seconds)
            return self.hand or PlainTextResponse(token)
        body = await request.json()
        notification(body)
        self.posts.append(body["value"])
        self.queries.append(request.url.query)
        await asyncio.sleep(self.seconds)
        return Response(status_code=self.status)
