"""What arrives over a real connection and is not as it should be: bodies, heads, speed, protocols."""

import asyncio
import contextlib
import gzip
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from polydex.api.connection import Connection
from polydex.api.services import Options
from tests.compat.serve import LOGIN, Served, serving
from tests.compat.wire import Raw, ask, wire_to

LIMIT = 50_000
ADA = b'{"nickName":"Ada"}'


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, contacts=1, options=Options(max_body=LIMIT)) as server:
        assert (await ask(server, "POST", "/v1/contacts/sync")).json["ready"] is True
        yield server


@pytest.fixture
async def hasty(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, contacts=1, options=Options(max_seconds=0.3)) as server:
        yield server


def refused(answer: Raw, status: int, code: str) -> str:
    """The answer is this failure in our shape; its message."""
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json"
    body = answer.json
    assert set(body) == {"code", "message", "requestId"}
    assert body["code"] == code
    assert str(uuid.UUID(body["requestId"])) == answer.headers["x-request-id"]
    message: str = body["message"]
    return message


def contacts(served: Served) -> int:
    return len(served.house.village.world(LOGIN).contacts())


@pytest.mark.parametrize(
    "line",
    [
        "Accept: application/json",
        "Content-Type: application/json; charset=utf-8",
        "Content-Type: text/plain",
        "Content-Type: application/x-www-form-urlencoded",  # what curl says when nobody says anything
        "Content-Type: nonsense",
        "Content-Encoding: identity",
    ],
)
async def test_a_body_is_json_whatever_its_content_type_says(served: Served, line: str) -> None:
    assert (await ask(served, "POST", "/v1/contacts", ADA, line)).status == 201


async def test_a_byte_order_mark_is_no_part_of_the_body(served: Served) -> None:
    answer = await ask(served, "POST", "/v1/contacts", b"\xef\xbb\xbf" + ADA)
    assert answer.json["record"]["nickName"] == "Ada"


@pytest.mark.parametrize(
    ("body", "lines", "place"),
    [
        (gzip.compress(ADA, mtime=0), ["Content-Encoding: gzip"], "Header Content-Encoding"),
        (ADA, ["Content-Encoding: br"], "Header Content-Encoding"),
        (
            '{"nickName":"Zoë"}'.encode("latin-1"),
            ["Content-Type: application/json; charset=iso-8859-1"],
            "$: not UTF-8",
        ),
        (ADA.decode().encode("utf-16"), ["Content-Type: application/json; charset=utf-16"], "$: not UTF-8"),
        (b"", [], "$: not JSON"),
        (b" \n", [], "$: not JSON"),
        (b"nickName=Ada", ["Content-Type: application/x-www-form-urlencoded"], "$: not JSON"),
        (b'{"nickName":NaN}', [], "$: not JSON"),
        (b'{"x":[1e999,NaN]}', [], "$: not JSON"),
        (b'{"nickName":' + b"9" * 5000 + b"}", [], "$.nickName"),
        (b'{"nickName":"a","nickName":"b"}', [], "$.nickName: given twice"),
        (b'{"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}", [], "$: nested too deeply"),
        (b'{"nickName":"\xed\xa0\x80"}', [], "$: not UTF-8"),
        (b'{"nickName":"a"}{}', [], "$: not JSON"),
    ],
)
async def test_bodies_that_cannot_be_read(served: Served, body: bytes, lines: list[str], place: str) -> None:
    before = contacts(served)
    for method, path in (("POST", "/v1/contacts"), ("PATCH", "/v1/contacts/" + "a" * 26)):
        assert place in refused(await ask(served, method, path, body, *lines), 400, "badRequest")
    assert contacts(served) == before


async def test_a_lone_surrogate_is_dropped_like_every_character_that_cannot_be_stored(served: Served) -> None:
    answer = await ask(served, "POST", "/v1/contacts", b'{"nickName":"A\\ud800da\\u0000"}')
    assert answer.json["record"]["nickName"] == "Ada"


async def test_a_body_in_chunks(served: Served) -> None:
    async with wire_to(served) as wire:
        wire.head("POST", "/v1/contacts", "Transfer-Encoding: chunked")
        for piece in (ADA[:5], ADA[5:6], ADA[6:]):
            wire.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await wire.writer.drain()
        wire.write(b"0\r\n\r\n")
        assert (await wire.answer()).json["record"]["nickName"] == "Ada"
        assert (await wire.ask("GET", "/health")).status == 200


async def test_a_claim_over_the_limit_is_413_without_reading_the_body(served: Served) -> None:
    async with wire_to(served) as wire:
        wire.head("POST", "/v1/contacts", length=10**12)
        wire.write(b'{"nickName":"')
        assert str(LIMIT) in refused(await wire.answer(), 413, "payload.tooLarge")
        assert await wire.at_end()


async def test_a_body_over_the_limit_is_413_when_it_has_come(served: Served) -> None:
    body = b'{"notes":"' + b"x" * (2 * LIMIT) + b'"}'
    refused(await ask(served, "POST", "/v1/contacts", body), 413, "payload.tooLarge")
    async with wire_to(served) as wire:
        wire.head("POST", "/v1/contacts", "Transfer-Encoding: chunked")
        wire.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        refused(await wire.answer(), 413, "payload.tooLarge")


async def test_chunks_without_end_are_not_read_for_ever(served: Served) -> None:
    piece = b"x" * 10_000
    sent = 0
    async with wire_to(served) as wire:
        wire.head("POST", "/v1/contacts", "Transfer-Encoding: chunked")
        try:
            while True:
                wire.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                await wire.writer.drain()
                sent += len(piece)
        except ConnectionError:
            pass  # the server has closed the connection
    # What the kernels hold in between is a few megabytes.
    assert sent < 64 * 1024 * 1024
    assert contacts(served) == 1


async def test_who_waits_for_100_continue_learns_of_the_limit_first(served: Served) -> None:
    async with wire_to(served) as wire:
        wire.head("POST", "/v1/contacts", "Expect: 100-continue", length=2 * LIMIT)
        refused(await wire.answer(), 413, "payload.tooLarge")
    async with wire_to(served) as wire:
        wire.head("POST", "/v1/contacts", "Expect: 100-continue", length=len(ADA))
        assert await wire.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        wire.write(ADA)
        assert (await wire.answer()).status == 201


async def test_an_answer_without_a_body_comes_at_once(served: Served) -> None:
    """Before the next request: its head is not kept back to be sent with a body."""
    async with wire_to(served) as wire, asyncio.timeout(30):
        for method, status in (("HEAD", b"200"), ("OPTIONS", b"204"), ("HEAD", b"200")):
            wire.head(method, "/v1/contacts")
            assert (await wire.reader.readuntil(b"\r\n\r\n")).split()[1] == status
        assert (await wire.ask("GET", "/v1/contacts")).json["length"] == 1


async def test_a_body_that_does_not_come_is_given_up_and_blocks_nobody(hasty: Served) -> None:
    async with wire_to(hasty) as slow, wire_to(hasty) as quick:
        slow.head("POST", "/v1/contacts", length=len(ADA))
        slow.write(ADA[:-1])
        assert (await quick.ask("GET", "/health")).status == 200
        answer = await slow.answer()
        refused(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        assert await slow.at_end()
    assert contacts(hasty) == 1


class Brief(Connection):
    """One that waits for the next request for a moment only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.timeout_keep_alive = 1


@pytest.fixture
async def brief(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, contacts=1, options=Options(max_seconds=0.3), connection=Brief) as server:
        yield server


@pytest.mark.parametrize("target", ["/push/memory", "/v1/contacts", "/nowhere"])
async def test_a_body_that_comes_in_drops_is_given_up_and_keeps_no_connection(brief: Served, target: str) -> None:
    async with wire_to(brief) as slow:
        slow.head("POST", target, length=10_000)
        assert (await slow.answer()).status in (404, 503)

        async def drops() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    slow.write(b" ")
                    await slow.writer.drain()
                    await asyncio.sleep(0.05)

        dropping = asyncio.create_task(drops())
        async with asyncio.timeout(10):
            assert await slow.at_end()
        dropping.cancel()


async def test_a_body_that_comes_after_the_answer_leaves_no_connection_behind(brief: Served) -> None:
    async with wire_to(brief) as early:
        early.head("POST", "/nowhere", length=len(ADA))
        refused(await early.answer(), 404, "notFound")
        early.write(ADA)
        async with asyncio.timeout(10):
            assert await early.at_end()


async def test_a_request_after_a_body_that_came_late_is_answered(brief: Served) -> None:
    async with wire_to(brief) as early:
        early.head("POST", "/nowhere", length=len(ADA))
        refused(await early.answer(), 404, "notFound")
        early.write(ADA)
        assert (await early.ask("GET", "/health")).status == 200


class Hasty(Connection):
    head_seconds = 0.2


async def test_a_head_that_does_not_come_ends_the_connection(tmp_path: Path) -> None:
    async with serving(tmp_path, connection=Hasty) as served, wire_to(served) as silent, wire_to(served) as cut:
        cut.write(b"GET /health HTTP/1.1\r\nHost: polydex\r\nX-")
        assert (await ask(served, "GET", "/health")).status == 200
        assert await silent.at_end()
        assert await cut.at_end()


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /health HTTP/1.1\r\nHost: polydex\r\nno header\r\n\r\n",
        b"GET /h\xc3\xa9 HTTP/1.1\r\nHost: polydex\r\n\r\n",
        b"GET /v1/contacts?q=" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: polydex\r\n\r\n",
        b"POST /v1/contacts HTTP/1.1\r\nHost: polydex\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/contacts HTTP/1.1\r\nHost: p\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"CONNECT polydex:443 HTTP/1.1\r\nHost: polydex\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ],
    ids=["header", "path", "long", "length", "smuggling", "proxy", "tls", "http2"],
)
async def test_what_is_no_request_is_refused_in_our_shape(served: Served, raw: bytes) -> None:
    async with wire_to(served) as wire:
        wire.write(raw)
        refused(await wire.answer(), 400, "badRequest")
        assert await wire.at_end()


async def test_a_head_without_end_is_not_kept(served: Served) -> None:
    async with wire_to(served) as wire:
        wire.write(b"GET /health HTTP/1.1\r\nHost: polydex\r\n")
        try:
            for number in range(10_000):
                wire.write(b"X-%d: %b\r\n" % (number, b"x" * 1000))
                await wire.writer.drain()
        except ConnectionError:
            pass
        else:
            pytest.fail("ten megabytes of headers were taken")


@pytest.mark.parametrize("length", [8_000, 40_000])
async def test_long_addresses_are_read(served: Served, length: int) -> None:
    for target in (f"/v1/contacts?q={'a' * length}", f"/v1/contacts?q={'+'.join(['ab'] * (length // 3))}"):
        answer = await ask(served, "GET", target)
        assert (answer.status, answer.json["records"]) == (200, [])
    assert (await ask(served, "GET", "/v1/contacts?unknown=" + "a" * length)).json["length"] == 1
    refused(await ask(served, "GET", f"/v1/contacts/{'a' * length}"), 404, "notFound")
    refused(await ask(served, "GET", f"/{'a' * length}"), 404, "notFound")
    refused(await ask(served, "GET", f"/v1/contacts/sync/updated?deltaToken={'a' * length}"), 400, "token.notValid")


OFFER = (
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
)


async def test_a_client_that_offers_http_2_is_answered_in_http_1(served: Served) -> None:
    """Java's own client makes this offer with every first request to http://, bodies included."""
    created = await ask(served, "POST", "/v1/contacts", ADA, *OFFER)
    assert (created.status, created.json["record"]["nickName"]) == (201, "Ada")
    async with wire_to(served) as wire:
        wire.head("PATCH", f"/v1/contacts/{created.json['id']}", *OFFER, length=18)
        await wire.writer.drain()
        wire.write(b'{"nickName":"Bob"}')
        assert (await wire.answer()).json["record"]["nickName"] == "Bob"
        assert (await wire.ask("GET", "/v1/contacts?q=bob", b"", *OFFER)).json["length"] == 1
        assert (await wire.ask("GET", "/health")).status == 200
    async with wire_to(served) as wire:
        wire.head("POST", "/v1/contacts", *OFFER, "Transfer-Encoding: chunked")
        wire.write(b"%x\r\n%b\r\n0\r\n\r\n" % (len(ADA), ADA))
        assert (await wire.answer()).status == 201


async def test_requests_sent_at_once_are_answered_in_their_order(served: Served) -> None:
    async with wire_to(served) as wire:
        for path in ("/health", "/ready", "/nothing", "/health"):
            wire.send("GET", path)
        assert [(await wire.answer()).status for _ in range(4)] == [200, 200, 404, 200]


async def test_a_hundred_slow_writers_do_not_stop_the_others(served: Served) -> None:
    wires = [await asyncio.open_connection("127.0.0.1", int(served.url.rsplit(":", 1)[1])) for _ in range(100)]
    for _, writer in wires:
        writer.write(
            f"POST /v1/contacts HTTP/1.1\r\nHost: p\r\nAuthorization: Bearer {served.token}\r\nContent-Length: 9\r\n\r\n".encode()
        )
    assert json.loads((await ask(served, "POST", "/v1/contacts", ADA)).body)["record"]["nickName"] == "Ada"
    for _, writer in wires:
        writer.close()
