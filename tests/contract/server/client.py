"""A client inside the process: it speaks ASGI, so that a test decides about every byte and every chunk."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.types import ASGIApp, Message


@dataclass(frozen=True)
class Answer:
    """What came back. Header names in lower case; several of one name joined."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> Any:
        return self.json["code"]


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


class Client:
    """Sends requests to an application.

    Args:
        headers: sent with every request.
    """

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] | None = None) -> None:
        self.app = app
        self.headers = dict(headers or {})

    def having(self, headers: Mapping[str, str]) -> Client:
        """The same with other standing headers."""
        return Client(self.app, headers)

    async def get(self, target: str, **headers: str) -> Answer:
        return await self.send("GET", target, headers=_names(headers))

    async def post(self, target: str, body: object = None, **headers: str) -> Answer:
        return await self.send("POST", target, body, headers=_names(headers))

    async def patch(self, target: str, body: object, **headers: str) -> Answer:
        return await self.send("PATCH", target, body, headers=_names(headers))

    async def delete(self, target: str, **headers: str) -> Answer:
        return await self.send("DELETE", target, headers=_names(headers))

    async def send(
        self,
        method: str,
        target: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        chunks: Iterable[bytes] | None = None,
        length: int | None = None,
        hang_up: asyncio.Event | None = None,
    ) -> Answer:
        """Send one request.

        Args:
            target: path and query as on the wire.
            body: bytes as they are; anything else as JSON; None for no body.
            chunks: the body in pieces, without a Content-Length.
            length: a Content-Length of its own, true or not.
            hang_up: set by the test when the caller closes the connection.
        """
        content = (body or b"") if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        path, _, query = target.partition("?")
        sent = {**self.headers, **(headers or {})}
        pieces = [content] if chunks is None else list(chunks)
        if chunks is None and (content or length is not None):
            sent.setdefault("Content-Length", str(len(content) if length is None else length))
        messages: list[Message] = [
            {"type": "http.request", "body": piece, "more_body": number < len(pieces) - 1}
            for number, piece in enumerate(pieces)
        ]
        done = hang_up or asyncio.Event()

        async def receive() -> Message:
            if messages:
                return messages.pop(0)
            await done.wait()
            return {"type": "http.disconnect"}

        answered: list[Message] = []

        async def give(message: Message) -> None:
            answered.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode("ascii"),
            "query_string": query.encode("ascii"),
            "root_path": "",
            "headers": [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in sent.items()],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
        }
        await self.app(scope, receive, give)
        start = answered[0]
        got: dict[str, str] = {}
        for name, value in start["headers"]:
            text = name.decode()
            assert text == text.lower()
            got[text] = f"{got[text]}, {value.decode()}" if text in got else value.decode()
        return Answer(start["status"], got, b"".join(message.get("body", b"") for message in answered[1:]))


def _names(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
