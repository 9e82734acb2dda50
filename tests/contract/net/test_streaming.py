"""Answers without an end: heard as they come, over a connection of their own, guarded as all others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from polydex.core.errors import AddressForbidden, ProviderMalformed, ProviderTimeout, ProviderUnavailable
from polydex.net.auth import BasicAuth
from polydex.net.bound import BoundAuth
from polydex.net.client import Net
from polydex.net.message import Call
from polydex.net.streaming import Stream
from tests.contract.net.servers import LOOPBACK, Server, serving
from tests.servers.windows import LOGIN, PASSWORD, Doorkeeper, accounts

LONG = 60.0


@dataclass
class Speaker:
    """Says what it is told to, and goes on until it is told to end. ``None``: it breaks off."""

    headers: dict[str, str] = field(default_factory=dict)
    keeper: Doorkeeper | None = None
    words: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        out = self.keeper.ask(request) if self.keeper else None
        if out is not None or request.raw_path == "/short":
            return out or web.Response(text="short")
        if request.raw_path == "/refused":
            return web.Response(status=500, text="no")
        response = web.StreamResponse(headers=self.headers)
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            with contextlib.suppress(TimeoutError):  # aiohttp does not tell that the other end has hung up
                word = await asyncio.wait_for(self.words.get(), 0.05)
                if word is None:
                    request.transport.abort()
                elif not word:
                    return response
                else:
                    await response.write(word)
        self.gone.set()
        return response

    def say(self, *words: bytes | None) -> None:
        for word in words:
            self.words.put_nowait(word)


@contextlib.asynccontextmanager
async def spoken(speaker: Speaker) -> AsyncIterator[tuple[Server, Net]]:
    async with serving(speaker.handle) as server, Net(allow_private=LOOPBACK) as net:
        yield server, net


def call(server: Server, path: str = "/", **more: object) -> Call:
    return Call("POST", server.url(path), body=b"<Envelope/>", redirects=0, **more)  # type: ignore[arg-type]  # a test's


async def rest(stream: Stream) -> bytes:
    found = b""
    while piece := await stream.read():
        found += piece
    return found


async def test_it_is_heard_while_it_comes() -> None:
    speaker = Speaker()
    async with spoken(speaker) as (server, net), net.stream(call(server), LONG) as stream:
        assert stream.answer.status == 200
        speaker.say(b"one")
        assert await stream.read() == b"one"
        speaker.say(b"two")
        assert await stream.read() == b"two"
        speaker.say(b"three", b"")
        assert await rest(stream) == b"three"
        assert server.seen[0].headers["Accept-Encoding"] == "identity"


async def test_it_has_a_connection_of_its_own() -> None:
    speaker = Speaker()
    async with spoken(speaker) as (server, net):
        await net.send(call(server, "/short"))
        async with net.stream(call(server), LONG):
            assert (await net.send(call(server, "/short"))).body == b"short"
        first, streamed, last = server.seen
        assert first.peer == last.peer != streamed.peer


async def test_more_of_them_than_there_are_shared_connections() -> None:
    speaker = Speaker()
    async with spoken(speaker) as (server, net), contextlib.AsyncExitStack() as stack:
        for _ in range(300):
            await stack.enter_async_context(net.stream(call(server), LONG))
        assert (await net.send(call(server, "/short"))).body == b"short"


async def test_who_hears_no_more_hangs_up() -> None:
    speaker = Speaker()
    async with spoken(speaker) as (server, net):
        async with net.stream(call(server), LONG) as stream:
            speaker.say(b"one")
            await stream.read()
        async with asyncio.timeout(LONG):
            await speaker.gone.wait()


async def test_a_refusal_is_read_whole() -> None:
    async with spoken(Speaker()) as (server, net), net.stream(call(server, "/refused"), LONG) as stream:
        assert (stream.answer.status, stream.answer.body) == (500, b"no")
        assert await stream.read() == b""


async def test_one_that_breaks_off() -> None:
    speaker = Speaker()
    async with spoken(speaker) as (server, net), net.stream(call(server), LONG) as stream:
        speaker.say(b"one", None)
        with pytest.raises(ProviderUnavailable):
            await rest(stream)


async def test_one_that_falls_silent() -> None:
    async with spoken(Speaker()) as (server, net), net.stream(call(server), 0.05) as stream:
        with pytest.raises(ProviderTimeout):
            await stream.read()


async def test_one_that_never_begins() -> None:
    never = asyncio.Event()

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        await never.wait()
        return web.Response()

    async with serving(silent) as server, Net(allow_private=LOOPBACK) as net:
        with pytest.raises(ProviderTimeout):
            async with net.stream(call(server, deadline=0.2), LONG):
                pass
        never.set()


async def test_one_that_is_compressed_all_the_same() -> None:
    async with spoken(Speaker({"Content-Encoding": "gzip"})) as (server, net):
        with pytest.raises(ProviderMalformed):
            async with net.stream(call(server), LONG):
                pass


async def test_an_address_that_is_not_allowed() -> None:
    async with spoken(Speaker()) as (server, _), Net() as net:
        with pytest.raises(AddressForbidden):
            async with net.stream(call(server), LONG):
                pass
        assert server.seen == []


async def test_a_password_goes_with_it() -> None:
    keeper = Doorkeeper(("Basic",))
    speaker = Speaker(keeper=keeper)
    async with spoken(speaker) as (server, net):
        async with net.stream(call(server, auth=BasicAuth(LOGIN, PASSWORD)), LONG) as stream:
            speaker.say(b"one")
            assert await stream.read() == b"one"
        async with net.stream(call(server, auth=BasicAuth(LOGIN, "wrong")), LONG) as stream:
            assert stream.answer.status == 401


async def test_a_line_is_logged_in_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts(tmp_path, monkeypatch)
    speaker = Speaker(keeper=Doorkeeper())
    async with spoken(speaker) as (server, net), net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line:
        for _ in range(2):
            async with line.stream(call(server), LONG) as stream:
                speaker.say(b"one", b"")
                assert await rest(stream) == b"one"
        bodies = [(seen.headers.get("Authorization", "")[:4], seen.body) for seen in server.seen]
        assert bodies == [("NTLM", b""), ("NTLM", b"<Envelope/>"), ("", b"<Envelope/>")]
        assert len({seen.peer for seen in server.seen}) == 1
        async with line.stream(call(server), LONG) as stream:
            speaker.say(b"one")
            await stream.read()
        assert (await line.send(call(server, "/short"))).body == b"short"  # over another connection, with another proof
        assert len({seen.peer for seen in server.seen}) == 2
