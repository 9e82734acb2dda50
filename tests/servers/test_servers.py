"""Each real server answers, keeps a card and gives it back; each fault of the proxy does what it says."""

import asyncio
import contextlib
import http.client
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.servers.dav import DavServer
from tests.servers.postgres import Postgres
from tests.servers.process import LOOPBACK, ServerUnavailableError, running, workspace
from tests.servers.proxy import BlackHole, DropAnswer, Held, Latency, Proxy, Reset, Slow, proxy_to

CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{uid}\r\nN:Doe;Jane;;;\r\nFN:Jane Doe\r\nEND:VCARD\r\n"
VCARD = {"Content-Type": "text/vcard; charset=utf-8", "If-None-Match": "*"}


class TestCardDav:
    def test_a_card_makes_the_round_trip(self, dav_server: DavServer) -> None:
        book = dav_server.create_book()
        assert dav_server.list_book(book) == {}
        put = dav_server.request("PUT", f"{book}jane.vcf", CARD.format(uid="jane-1"), VCARD)
        assert put.status == http.client.CREATED
        assert list(dav_server.list_book(book)) == [f"{book}jane.vcf"]
        got = dav_server.request("GET", f"{book}jane.vcf")
        assert got.status == http.client.OK
        assert sorted(got.body.decode().split()) == sorted(CARD.format(uid="jane-1").split())
        assert got.headers["etag"] == dav_server.list_book(book)[f"{book}jane.vcf"]

    def test_every_book_is_a_new_one(self, dav_server: DavServer) -> None:
        first, second = dav_server.create_book(), dav_server.create_book()
        assert first != second
        dav_server.request("PUT", f"{first}jane.vcf", CARD.format(uid="jane-2"), VCARD)
        assert len(dav_server.list_book(first)) == 1
        assert dav_server.list_book(second) == {}

    @pytest.mark.parametrize("name", ["radicale", "cyrus", "sabre"])
    def test_a_wrong_password_is_refused(self, name: str, request: pytest.FixtureRequest) -> None:
        server: DavServer = request.getfixturevalue(name)
        stranger = server.account._replace(password="wrong")
        assert server.request("PROPFIND", server.home, account=stranger).status == http.client.UNAUTHORIZED

    @pytest.mark.parametrize("name", ["radicale", "cyrus", "sabre"])
    def test_accounts_are_apart(self, name: str, request: pytest.FixtureRequest) -> None:
        server: DavServer = request.getfixturevalue(name)
        other = server.new_account()
        book = server.create_book(other)
        assert server.list_book(book, other) == {}
        refused = server.request("PUT", f"{book}jane.vcf", CARD.format(uid="jane-3"), VCARD)
        # Cyrus redirects to where the book would be seen if its owner had shared it.
        assert refused.status in {http.client.FORBIDDEN, http.client.MOVED_PERMANENTLY}
        assert server.list_book(book, other) == {}


class TestPostgres:
    def test_every_database_is_new_and_dropped_with_its_connections(self, postgres: Postgres) -> None:
        with postgres.database() as first, postgres.database() as second:
            assert first != second
            left_open = psycopg.connect(first, autocommit=True)
            left_open.execute("CREATE TABLE contact (id text PRIMARY KEY)")
            with psycopg.connect(second) as connection:
                assert connection.execute("SELECT to_regclass('contact')").fetchone() == (None,)
        with pytest.raises(psycopg.OperationalError), left_open:
            left_open.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(first)

    def test_the_fixture_gives_an_empty_database(self, postgres_url: str) -> None:
        with psycopg.connect(postgres_url) as connection:
            tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
            assert tables == (0,)


class TestProcess:
    def test_a_program_that_ends_is_reported_with_its_last_words(self) -> None:
        with workspace("process") as directory, contextlib.ExitStack() as stack:
            server = running(["/bin/sh", "-c", "echo no such thing; exit 3"], log=directory / "log", answers=_never)
            with pytest.raises(ServerUnavailableError, match="ended with 3:\nno such thing"):
                stack.enter_context(server)

    def test_nothing_is_left_behind(self) -> None:
        with workspace("process") as directory:
            child = directory / "child"
            argv = ["/bin/sh", "-c", 'sleep 1000 & echo $! > "$0.new"; mv "$0.new" "$0"; wait', str(child)]
            with running(argv, log=directory / "log", answers=child.exists) as pid:
                started = (pid, int(child.read_text(encoding="ascii")))
                assert all(alive(process) for process in started)
        assert not directory.exists()
        # The system takes a moment to end a process that is not our child.
        until = time.monotonic() + 30
        while any(alive(process) for process in started):
            assert time.monotonic() < until
            time.sleep(0.01)


def alive(pid: int) -> bool:
    """Whether this process runs; one that has ended and waits for its parent to notice (Z) does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _never() -> bool:
    return False


class Origin:
    """A server that counts the requests it has read in full, and answers each with 1000 bytes."""

    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n".ljust(1000, b".")

    def __init__(self) -> None:
        self.acted: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                self.acted.append(await reader.readexactly(100))
                writer.write(self.ANSWER)
                await writer.drain()
        writer.close()


def question(method: str = "GET") -> bytes:
    return f"{method} / HTTP/1.1\r\n\r\n".encode().ljust(100, b" ")


@pytest.fixture
async def origin() -> AsyncIterator[Origin]:
    origin = Origin()
    server = await asyncio.start_server(origin.serve, LOOPBACK, 0)
    origin.port = server.sockets[0].getsockname()[1]
    yield origin
    server.close()


@pytest.fixture
async def proxy(origin: Origin) -> AsyncIterator[Proxy]:
    async with proxy_to(f"http://{LOOPBACK}:{origin.port}/") as proxy:
        yield proxy


class Client:
    """A raw connection through the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self, data: bytes) -> bytes:
        self.writer.write(data)
        await self.writer.drain()
        return await self.reader.readexactly(1000)


@contextlib.asynccontextmanager
async def connect(proxy: Proxy) -> AsyncIterator[Client]:
    reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def silence(client: Client) -> bool:
    """Whether nothing comes, not even the end of the connection, while others are served."""
    waiting = asyncio.create_task(client.reader.read(1))
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    waiting.cancel()
    return not done


class TestProxy:
    async def test_passes_everything_until_told_otherwise(self, origin: Origin, proxy: Proxy) -> None:
        async with connect(proxy) as client:
            assert await client.ask(question()) == Origin.ANSWER
            assert await client.ask(question("PUT")) == Origin.ANSWER
        assert origin.acted == [question(), question("PUT")]
        assert (proxy.connections, proxy.played) == (1, 0)

    async def test_latency(self, proxy: Proxy) -> None:
        proxy.play(Latency(0.1))
        async with connect(proxy) as client:
            start = asyncio.get_running_loop().time()
            assert await client.ask(question()) == Origin.ANSWER
            # A lower bound holds on the busiest machine.
            assert asyncio.get_running_loop().time() - start >= 0.19

    async def test_slow(self, proxy: Proxy) -> None:
        proxy.play(Slow(bytes_per_second=10_000))
        async with connect(proxy) as client:
            start = asyncio.get_running_loop().time()
            assert await client.ask(question()) == Origin.ANSWER
            assert asyncio.get_running_loop().time() - start >= 0.1

    @pytest.mark.parametrize("after", [0, 1, 999])
    async def test_reset_within_the_answer(self, origin: Origin, proxy: Proxy, after: int) -> None:
        proxy.play(Reset(after))
        async with connect(proxy) as client:
            client.writer.write(question())
            assert await client.reader.readexactly(after) == Origin.ANSWER[:after]
            with pytest.raises(ConnectionResetError):
                await client.reader.readexactly(1)
        assert origin.acted == [question()]

    async def test_reset_within_the_request(self, origin: Origin, proxy: Proxy) -> None:
        proxy.play(Reset(99, of="request"))
        async with connect(proxy) as client:
            with pytest.raises(ConnectionResetError):
                await client.ask(question())
        assert origin.acted == []

    async def test_answer_dropped_after_the_server_acted(self, origin: Origin, proxy: Proxy) -> None:
        proxy.play(DropAnswer())
        async with connect(proxy) as client:
            with pytest.raises(asyncio.IncompleteReadError) as nothing:
                await client.ask(question("PUT"))
        assert nothing.value.partial == b""
        assert origin.acted == [question("PUT")]

    async def test_answer_that_never_comes(self, origin: Origin, proxy: Proxy) -> None:
        proxy.play(DropAnswer(close=False), times=1)
        async with connect(proxy) as client, connect(proxy) as other:
            client.writer.write(question())
            assert await silence(client)
            assert await other.ask(question()) == Origin.ANSWER
        assert origin.acted == [question(), question()]

    async def test_answer_that_is_held_back(self, origin: Origin, proxy: Proxy) -> None:
        proxy.play(Held(), times=1)
        async with connect(proxy) as client, connect(proxy) as other:
            client.writer.write(question())
            assert await silence(client)
            assert origin.acted == [question()]
            assert await other.ask(question("PUT")) == Origin.ANSWER
            proxy.release()
            assert await client.reader.readexactly(len(Origin.ANSWER)) == Origin.ANSWER

    async def test_black_hole(self, origin: Origin, proxy: Proxy) -> None:
        proxy.play(BlackHole())
        async with connect(proxy) as client:
            client.writer.write(question())
            assert await silence(client)
        assert origin.acted == []

    async def test_a_fault_hits_only_the_requests_that_it_is_for(self, origin: Origin, proxy: Proxy) -> None:
        proxy.play(DropAnswer(), times=1, request=b"PUT ")
        async with connect(proxy) as client:
            assert await client.ask(question()) == Origin.ANSWER
            with pytest.raises(asyncio.IncompleteReadError):
                await client.ask(question("PUT"))
        async with connect(proxy) as client:
            assert await client.ask(question("PUT")) == Origin.ANSWER
        assert (proxy.connections, proxy.played) == (2, 1)
        assert origin.acted == [question(), question("PUT"), question("PUT")]

    async def test_heals_while_running(self, origin: Origin, proxy: Proxy) -> None:
        proxy.play(BlackHole())
        async with connect(proxy) as lost, connect(proxy) as client:
            lost.writer.write(question("PUT"))
            assert await silence(lost)
            proxy.heal()
            assert await client.ask(question()) == Origin.ANSWER
        assert origin.acted == [question()]

    async def test_in_front_of_a_real_server(self, radicale: DavServer) -> None:
        book = radicale.create_book()
        card = f"{book}jane.vcf"
        async with proxy_to(radicale.url) as proxy:
            proxy.play(DropAnswer(), times=1, request=b"PUT ")
            assert urlsplit(proxy.url(card)).path == urlsplit(card).path
            with pytest.raises((OSError, http.client.HTTPException)):
                await asyncio.to_thread(radicale.request, "PUT", proxy.url(card), CARD.format(uid="jane-4"), VCARD)
            assert (await asyncio.to_thread(radicale.request, "GET", proxy.url(card))).status == http.client.OK
        assert list(radicale.list_book(book)) == [card]
