"""Requests byte by byte over a real connection, for what no client library would send."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.compat.serve import Served


@dataclass(frozen=True)
class Raw:
    """An answer as it came over the wire; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection to a server."""

    def __init__(self, served: Served, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.served, self.reader, self.writer = served, reader, writer

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    def head(self, method: str, target: str, *lines: str, length: int | None = None) -> None:
        """Send the head of a request with the account's token."""
        sent = [f"{method} {target} HTTP/1.1", "Host: polydex", f"Authorization: Bearer {self.served.token}", *lines]
        if length is not None:
            sent.append(f"Content-Length: {length}")
        self.write("\r\n".join([*sent, "", ""]).encode("latin-1"))

    def send(self, method: str, target: str, body: bytes = b"", *lines: str) -> None:
        """Send a whole request."""
        self.head(method, target, *lines, length=len(body))
        self.write(body)

    async def answer(self) -> Raw:
        """The next answer on this connection."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Raw(int(first.split()[1]), headers, body)

    async def ask(self, method: str, target: str, body: bytes = b"", *lines: str) -> Raw:
        self.send(method, target, body, *lines)
        return await self.answer()

    async def at_end(self) -> bool:
        """Whether the server closes the connection without another byte."""
        try:
            return await self.reader.read(1) == b""
        except ConnectionError:
            return True


@contextlib.asynccontextmanager
async def wire_to(served: Served) -> AsyncIterator[Wire]:
    """A connection; at the end of the block it is closed, whatever is still under way."""
    parts = urlsplit(served.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield Wire(served, reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def ask(served: Served, method: str, target: str, body: bytes = b"", *lines: str) -> Raw:
    """One request on a connection of its own."""
    async with wire_to(served) as wire:
        return await wire.ask(method, target, body, *lines)
