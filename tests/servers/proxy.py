"""A TCP proxy on loopback that plays the faults of a network, switchable while it runs.

    async with proxy_to(server.url) as proxy:
        proxy.play(DropAnswer(), times=1, request=b"PUT ")
        ...  # talk to proxy.url(server.url)
        proxy.heal()

A fault is chosen when a request begins: with the first bytes that a client sends on a connection, or the first after
bytes of an answer. So it hits requests on kept-alive connections one by one, and any protocol of question and answer.
"""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from tests.servers.process import LOOPBACK

CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Latency:
    """Everything arrives, each piece in both directions later by so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Slow:
    """The answer trickles."""

    bytes_per_second: int


@dataclass(frozen=True, slots=True)
class Reset:
    """The client's connection is reset (RST) after so many bytes of the answer, or of the request, came through.

    With `of="request"` the server sees the beginning of a request and then the end of the connection.
    """

    after: int = 0
    of: Literal["answer", "request"] = "answer"


@dataclass(frozen=True, slots=True)
class DropAnswer:
    """The server gets the whole request and acts; its answer is swallowed.

    Then the client's connection is closed in an orderly way, or (`close=False`) left open in silence.
    """

    close: bool = True


@dataclass(frozen=True, slots=True)
class BlackHole:
    """The request is taken and goes nowhere; the connection stays open and silent."""


@dataclass(frozen=True, slots=True)
class Held:
    """The server gets the whole request and acts; its answer waits until `Proxy.release`."""


Fault = Latency | Slow | Reset | DropAnswer | BlackHole | Held


@dataclass(slots=True)
class _Link:
    """One client connection and the one that it is passed on to."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    fault: Fault | None = None
    request_is_next: bool = True
    request_bytes: int = 0
    answer_bytes: int = 0


class _EndOfLinkError(Exception):
    """A fault has ended the connection."""


@dataclass(slots=True)
class Proxy:
    """See `proxy_to`.

    Attributes:
        port: where it listens on loopback.
        connections: accepted so far.
        played: how many requests were hit by a fault so far.
    """

    target: tuple[str, int]
    port: int = 0
    connections: int = 0
    played: int = 0
    _fault: Fault | None = None
    _times: int | None = None
    _request: bytes = b""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def play(self, fault: Fault, *, times: int | None = None, request: bytes = b"") -> None:
        """From the next request on, play this fault (instead of the one before).

        Args:
            fault: what to play.
            times: for so many requests, then everything passes; None for all.
            request: only for requests that begin so, as b"PUT ", or whose first bytes have this element of XML in them, as
                b"<m:CreateItem".
        """
        self._fault, self._times, self._request = fault, times, request
        self._released.clear()

    def heal(self) -> None:
        """Let every following request pass; what a fault holds back now stays held back."""
        self._fault = None

    def release(self) -> None:
        """Let the answers go that were held back."""
        self._released.set()

    def url(self, url: str) -> str:
        """The same URL, through the proxy."""
        return urlunsplit(urlsplit(url)._replace(netloc=f"{LOOPBACK}:{self.port}"))

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End all connections."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, from_client: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        server: asyncio.StreamWriter | None = None
        try:
            from_server, server = await asyncio.open_connection(*self.target)
            link = _Link(client, server)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._requests(from_client, link))
                group.create_task(self._answers(from_server, link))
        except* (_EndOfLinkError, OSError):
            pass  # either end closed: so do we
        finally:
            both = [writer for writer in (client, server) if writer is not None]
            for writer in both:  # both before any waiting, which may be cancelled
                writer.close()
            for writer in both:
                with contextlib.suppress(OSError):
                    await writer.wait_closed()

    async def _requests(self, reader: asyncio.StreamReader, link: _Link) -> None:
        while data := await reader.read(CHUNK):
            if link.request_is_next:
                link.request_is_next = False
                link.request_bytes = link.answer_bytes = 0
                link.fault = self._choose(data)
            match link.fault:
                case BlackHole():
                    continue
                case Reset(after, "request"):
                    await _send(link.server, data[: max(0, after - link.request_bytes)])
                    link.request_bytes += len(data)
                    if link.request_bytes >= after:
                        raise _reset(link.client)
                    continue
                case Latency(seconds):
                    await asyncio.sleep(seconds)
                case _:
                    pass
            await _send(link.server, data)
        link.server.write_eof()

    async def _answers(self, reader: asyncio.StreamReader, link: _Link) -> None:
        while data := await reader.read(CHUNK):
            link.request_is_next = True
            match link.fault:
                case DropAnswer(close=True):
                    raise _EndOfLinkError
                case DropAnswer():
                    continue
                case Reset(after, "answer"):
                    await _send(link.client, data[: max(0, after - link.answer_bytes)])
                    link.answer_bytes += len(data)
                    if link.answer_bytes >= after:
                        raise _reset(link.client)
                    continue
                case Slow(rate):
                    for byte in data:
                        await _send(link.client, bytes((byte,)))
                        await asyncio.sleep(1 / rate)
                    continue
                case Latency(seconds):
                    await asyncio.sleep(seconds)
                case Held():
                    await self._released.wait()
                case _:
                    pass
            await _send(link.client, data)
        if not (isinstance(link.fault, BlackHole) or link.fault == DropAnswer(close=False)):
            raise _EndOfLinkError

    def _choose(self, data: bytes) -> Fault | None:
        wanted = self._request
        hit = wanted in data if wanted.startswith(b"<") else data.startswith(wanted)
        if self._fault is None or self._times == 0 or not hit:
            return None
        if self._times is not None:
            self._times -= 1
        self.played += 1
        return self._fault


@contextlib.asynccontextmanager
async def proxy_to(url: str) -> AsyncIterator[Proxy]:
    """A proxy to the server of this URL, passing everything until told otherwise."""
    parts = urlsplit(url)
    proxy = Proxy((parts.hostname or LOOPBACK, parts.port or 80))
    server = await asyncio.start_server(proxy.accept, LOOPBACK, 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()


async def _send(writer: asyncio.StreamWriter, data: bytes) -> None:
    if data:
        writer.write(data)
        await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> _EndOfLinkError:
    """Make the next close of this connection a reset: linger for no time (SO_LINGER) discards and sends RST."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return _EndOfLinkError()
