"""Which connections an Exchange account's requests go over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from polydex.connectors.exchange.channel import Channel
from polydex.net.auth import BearerAuth
from polydex.net.bound import BoundAuth
from polydex.net.client import Net
from polydex.net.message import Call
from tests.contract.net.servers import LOOPBACK, Server, serving
from tests.servers.windows import LOGIN, PASSWORD, Doorkeeper, accounts


@pytest.fixture(autouse=True)
def _accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts(tmp_path, monkeypatch)


@asynccontextmanager
async def exchange(keeper: Doorkeeper) -> AsyncIterator[Server]:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return keeper.ask(request) or web.Response(text="<Envelope/>")

    async with serving(handle) as server:
        yield server


async def send(net: Net, auth: BoundAuth | BearerAuth, server: Server, times: int = 2) -> list[int]:
    async with Channel(net, auth).opened() as sender:
        call = Call("POST", server.url("/EWS/Exchange.asmx"), body=b"<Envelope/>", redirects=0)
        return [(await sender.send(call)).status for _ in range(times)]


def schemes(server: Server) -> list[str]:
    return [seen.headers.get("Authorization", "").partition(" ")[0] for seen in server.seen]


async def test_ntlm_has_a_connection_for_each_channel_that_is_opened() -> None:
    async with exchange(Doorkeeper()) as server, Net(allow_private=LOOPBACK) as net:
        auth = BoundAuth(LOGIN, PASSWORD, "ntlm")
        for _ in range(2):
            assert await send(net, auth, server) == [200, 200]
        assert schemes(server) == ["NTLM", "NTLM", ""] * 2
        assert len({seen.peer for seen in server.seen}) == 2


@pytest.mark.parametrize("method", ["basic", None])
async def test_basic_uses_the_connections_of_all(method: str | None) -> None:
    async with exchange(Doorkeeper(("Basic",))) as server, Net(allow_private=LOOPBACK) as net:
        auth = BoundAuth(LOGIN, PASSWORD, "basic" if method == "basic" else None)
        assert await send(net, auth, server, 1) == [200]
        server.seen.clear()
        for _ in range(2):
            assert await send(net, auth, server) == [200, 200]
        assert schemes(server) == ["Basic"] * 4
        assert len({seen.peer for seen in server.seen}) == 1


async def test_where_basic_was_found_and_is_refused_the_server_is_asked_again() -> None:
    keeper = Doorkeeper(("Basic",))
    async with exchange(keeper) as server, Net(allow_private=LOOPBACK) as net:
        auth = BoundAuth(LOGIN, PASSWORD)
        assert await send(net, auth, server) == [200, 200]
        keeper.schemes = ("NTLM",)
        assert await send(net, auth, server, 1) == [401]
        assert await send(net, auth, server) == [200, 200]


async def test_a_token_goes_with_every_request() -> None:
    async with exchange(Doorkeeper()) as server, Net(allow_private=LOOPBACK) as net:
        assert await send(net, BearerAuth("abc"), server) == [401, 401]
        assert [seen.headers["Authorization"] for seen in server.seen] == ["Bearer abc"] * 2
