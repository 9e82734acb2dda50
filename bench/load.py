"""A load generator: GET requests over connections that are kept, each with one request at a time, as ``wrk`` sends them."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from statistics import median, quantiles
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import uvloop

from bench.processes import cpu_of

WARM_UP = 0.5
SECONDS = 2.0


class Load(NamedTuple):
    """What a server did.

    Attributes:
        rate: answers a second.
        cpu: of the server, in microseconds for an answer.
        p50, p99: milliseconds until an answer was complete.
        size: bytes of an answer's body, the median.
    """

    rate: float
    cpu: float
    p50: float
    p99: float
    size: int


def load(
    url: str, targets: Sequence[str], pid: int, connections: int, headers: Mapping[str, str] | None = None
) -> Load:
    """Ask for the targets in turn for ``SECONDS``, after a warm-up. Raises RuntimeError at an answer other than 200."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_load(url, targets, pid, connections, headers or {}))


async def _load(url: str, targets: Sequence[str], pid: int, connections: int, headers: Mapping[str, str]) -> Load:
    where = urlsplit(url)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    requests = itertools.cycle(
        [f"GET {target} HTTP/1.1\r\nHost: {where.netloc}\r\n{lines}\r\n".encode() for target in targets]
    )
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: _Client(requests), where.hostname, where.port))[1]
        for _ in range(connections)
    ]
    await _run(clients, WARM_UP)
    for client in clients:
        client.seconds.clear()
    cpu, began = cpu_of(pid), time.perf_counter()
    await _run(clients, SECONDS)
    wall, cpu = time.perf_counter() - began, cpu_of(pid) - cpu
    seconds = [each for client in clients for each in client.seconds]
    cuts = quantiles(seconds, n=100)
    size = int(median(client.size for client in clients))
    for client in clients:
        client.close()
    return Load(len(seconds) / wall, cpu / len(seconds) * 1e6, cuts[49] * 1000, cuts[98] * 1000, size)


async def _run(clients: Sequence[_Client], seconds: float) -> None:
    deadline = time.perf_counter() + seconds
    await asyncio.gather(*(client.run(deadline) for client in clients))


class _Client(asyncio.Protocol):
    """One connection: the next request leaves when the answer of the last one is complete."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self.seconds: list[float] = []
        self.size = 0
        self._requests = requests
        self._answer = bytearray()
        self._whole = 0
        self._transport: asyncio.Transport | None = None
        self._done: asyncio.Future[None] | None = None
        self._deadline = self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    async def run(self, deadline: float) -> None:
        """Send and receive until the deadline."""
        self._deadline, self._done = deadline, asyncio.get_running_loop().create_future()
        self._send()
        await self._done

    def close(self) -> None:
        """End the connection."""
        assert self._transport is not None
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        if not self._whole:
            end = self._answer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = bytes(self._answer[:end]).lower()
            if not head.startswith(b"http/1.1 200"):
                self._end(RuntimeError(head.decode()))
                return
            self.size = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            self._whole = end + 4 + self.size
        if len(self._answer) < self._whole:
            return
        now = time.perf_counter()
        self.seconds.append(now - self._sent)
        self._answer.clear()
        self._whole = 0
        if now < self._deadline:
            self._send()
        else:
            self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or RuntimeError("the server closed the connection"))

    def _send(self) -> None:
        assert self._transport is not None
        self._sent = time.perf_counter()
        self._transport.write(next(self._requests))

    def _end(self, error: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            if error is None:
                self._done.set_result(None)
            else:
                self._done.set_exception(error)
