"""Bounds in size and time, broken answers, TLS, and what a request carries."""

import asyncio
import gzip
from pathlib import Path

import pytest
from aiohttp import web

import polydex
from polydex import metrics
from polydex.core.errors import ProviderMalformed, ProviderTimeout, ProviderUnavailable
from polydex.net.client import Net
from polydex.net.message import Call
from tests.contract.net.servers import LOOPBACK, Handler, Names, certify, ok, scripted, serving


def giving(body: bytes, headers: dict[str, str] | None = None, *, chunked: bool = False) -> Handler:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if not chunked:
            return web.Response(body=body, headers=headers)
        response = web.StreamResponse(headers=headers)
        response.enable_chunked_encoding()
        await response.prepare(request)
        for at in range(0, len(body), 4096):
            await response.write(body[at : at + 4096])
        await response.write_eof()
        return response

    return handle


@pytest.mark.parametrize("chunked", [True, False])
async def test_an_answer_may_be_as_large_as_the_cap_and_no_larger(chunked: bool) -> None:
    async with serving(giving(bytes(50_000), chunked=chunked)) as server, Net(allow_private=LOOPBACK) as net:
        assert len((await net.send(Call("GET", server.url(), max_bytes=50_000))).body) == 50_000
        with pytest.raises(ProviderMalformed, match="too large"):
            await net.send(Call("GET", server.url(), max_bytes=49_999))


async def test_an_endless_answer_is_cut_off() -> None:
    async def endless(request: web.BaseRequest) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(bytes(65_536))

    async with serving(endless) as server, Net(allow_private=LOOPBACK) as net:
        with pytest.raises(ProviderMalformed, match="too large"):
            await net.send(Call("GET", server.url(), max_bytes=1_000_000))


@pytest.mark.parametrize("chunked", [True, False])
async def test_compression_is_undone(chunked: bool) -> None:
    handler = giving(gzip.compress(b"card" * 100_000), {"Content-Encoding": "gzip"}, chunked=chunked)
    async with serving(handler) as server, Net(allow_private=LOOPBACK) as net:
        assert (await net.send(Call("GET", server.url()))).body == b"card" * 100_000
        assert server.seen[0].headers["Accept-Encoding"] == "gzip, deflate"


async def test_a_large_compressed_answer_is_undone_as_well() -> None:
    body = bytes(range(256)) * 4096
    packed = gzip.compress(body, 0)
    handler = giving(packed, {"Content-Encoding": "gzip"})
    async with serving(handler) as server, Net(allow_private=LOOPBACK) as net:
        assert (await net.send(Call("GET", server.url()))).body == body


async def test_a_decompression_bomb_is_refused() -> None:
    bomb = gzip.compress(bytes(20_000_000))
    assert len(bomb) < 50_000
    handler = giving(bomb, {"Content-Encoding": "gzip"})
    async with serving(handler) as server, Net(allow_private=LOOPBACK) as net:
        with pytest.raises(ProviderMalformed, match="too large"):
            await net.send(Call("GET", server.url(), max_bytes=1_000_000))


@pytest.mark.parametrize("encoding", ["gzip", "br", "zstd"])
async def test_an_encoding_that_does_not_fit_is_malformed(encoding: str) -> None:
    handler = giving(b"plain text", {"Content-Encoding": encoding})
    async with serving(handler) as server, Net(allow_private=LOOPBACK) as net:
        with pytest.raises(ProviderMalformed):
            await net.send(Call("GET", server.url()))


async def test_head_and_empty_answers_have_no_content_to_decode() -> None:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response(headers={"Content-Length": "999999", "Content-Encoding": "gzip"})
        return web.Response(status=204, headers={"Content-Encoding": "gzip"})

    async with serving(handle) as server, Net(allow_private=LOOPBACK) as net:
        assert (await net.send(Call("HEAD", server.url(), max_bytes=10))).body == b""
        assert (await net.send(Call("DELETE", server.url(), max_bytes=10))).status == 204


@pytest.mark.parametrize(
    "garbage",
    [
        b"220 mail.example.com ESMTP\r\n\r\n",
        b"HTTP/1.1 abc Odd\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_not_http_is_malformed(garbage: bytes) -> None:
    async def script(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(garbage)
        await writer.drain()
        return True

    async with scripted(script) as server, Net(allow_private=LOOPBACK) as net:
        with pytest.raises(ProviderMalformed) as caught:
            await net.send(Call("GET", server.url()))
        assert caught.value.sent


async def test_the_deadline_covers_the_whole_call() -> None:
    """Each answer comes soon, the last one of the journey after the deadline."""

    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(0.15)
        return web.Response(status=302, headers={"Location": request.raw_path + "x"})

    async with serving(slow) as server, Net(allow_private=LOOPBACK) as net:
        with pytest.raises(ProviderTimeout):
            await net.send(Call("GET", server.url(), redirects=1000, deadline=0.5))


async def test_the_deadline_covers_a_trickling_answer() -> None:
    async def trickle(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.02)
        return False

    async with scripted(trickle) as server, Net(allow_private=LOOPBACK) as net:
        with pytest.raises(ProviderTimeout):
            await net.send(Call("GET", server.url(), deadline=0.3))


async def test_a_name_server_that_never_answers_means_nothing_was_sent() -> None:
    class Silent:
        async def addresses(self, host: str) -> list[str]:
            await asyncio.Event().wait()
            return []

    async with Net(resolver=Silent()) as net:
        with pytest.raises(ProviderUnavailable) as caught:
            await net.send(Call("PUT", "https://dav.example.com/", body=b"x", deadline=0.2))
        assert not caught.value.sent


async def test_a_cancelled_call_stays_cancelled() -> None:
    arrived = asyncio.Event()

    async def script(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        arrived.set()
        await asyncio.Event().wait()
        return False

    async with scripted(script) as server, Net(allow_private=LOOPBACK) as net:
        task = asyncio.create_task(net.send(Call("GET", server.url(), idempotent=True)))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(server.requests) == 1


async def test_tls_is_verified_against_the_bundle_and_the_name(tmp_path: Path) -> None:
    authority = certify(tmp_path, "dav.example.com")
    names = Names.of(dav="127.0.0.1", other="127.0.0.1")
    async with serving(ok, tls=authority.server) as server:
        url = server.url(host="dav.example.com", scheme="https")
        async with Net(allow_private=LOOPBACK, resolver=names, ca_bundle=str(authority.bundle)) as net:
            assert (await net.send(Call("GET", url))).body == b"ok"
            with pytest.raises(ProviderUnavailable, match="secure") as caught:
                await net.send(Call("PUT", server.url(host="other.example.com", scheme="https"), body=b"x"))
            assert not caught.value.sent
        async with Net(allow_private=LOOPBACK, resolver=names) as net:
            with pytest.raises(ProviderUnavailable, match="secure") as caught:
                await net.send(Call("PUT", url, body=b"x"))
            assert not caught.value.sent
        assert len(server.seen) == 1


async def test_plain_http_on_a_tls_port_and_the_reverse(tmp_path: Path) -> None:
    authority = certify(tmp_path, "127.0.0.1")
    async with serving(ok) as plain, Net(allow_private=LOOPBACK, ca_bundle=str(authority.bundle)) as net:
        with pytest.raises(ProviderUnavailable) as caught:
            await net.send(Call("PUT", plain.url(scheme="https"), body=b"x"))
        assert not caught.value.sent
        assert plain.seen == []


async def test_a_bundle_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing"):
        Net(ca_bundle=str(tmp_path / "missing.pem"))


async def test_what_a_request_carries() -> None:
    async with serving(ok) as server, Net(allow_private=LOOPBACK) as net:
        await net.send(Call("REPORT", server.url("/a%40b/~c/%2F?x=%2b"), headers={"Depth": "1"}, body=b"<x/>"))
        await net.send(Call("GET", server.url()))
        report, get = server.seen
        assert report.path == "/a%40b/~c/%2F?x=%2b"
        assert report.body == b"<x/>"
        assert report.headers["User-Agent"] == f"Polydex/{polydex.__version__}"
        assert report.headers["Depth"] == "1"
        assert "Content-Type" not in report.headers
        assert "Authorization" not in report.headers
        assert "Content-Length" not in get.headers


async def test_cookies_are_not_kept() -> None:
    handler = giving(b"", {"Set-Cookie": "session=1; Path=/"})
    async with serving(handler) as server, Net(allow_private=LOOPBACK) as net:
        await net.send(Call("GET", server.url()))
        await net.send(Call("GET", server.url()))
        assert "Cookie" not in server.seen[1].headers


async def test_connections_are_kept_and_a_large_body_arrives_whole() -> None:
    async with serving(ok) as server, Net(allow_private=LOOPBACK) as net:
        card = bytes(range(256)) * 12_000
        await net.send(Call("PUT", server.url(), body=card))
        await net.send(Call("GET", server.url()))
        assert server.seen[0].body == card
        assert len({seen.peer for seen in server.seen}) == 1


async def test_a_closed_client_connects_anew() -> None:
    async with Net(allow_private=LOOPBACK) as net, serving(ok) as server:
        await net.send(Call("GET", server.url(host="localhost")))
        await net.close()
        await net.send(Call("GET", server.url(host="localhost")))
        assert len({seen.peer for seen in server.seen}) == 2


async def test_calls_are_counted_by_label_and_status() -> None:
    async with serving(ok) as server, Net(allow_private=LOOPBACK) as net:
        await net.send(Call("GET", server.url(), label="counted"))
        with pytest.raises(ProviderUnavailable):
            await net.send(Call("GET", "http://127.0.0.1:1/", label="counted"))
    page = metrics.render().decode()
    assert 'polydex_provider_requests_total{provider="counted",status="200"} 1.0' in page
    assert 'polydex_provider_requests_total{provider="counted",status="provider.unavailable"} 1.0' in page


async def test_errors_name_no_path_and_no_secret() -> None:
    async with scripted(drop) as server, Net(allow_private=LOOPBACK) as net:
        for port in (server.port, 1):
            with pytest.raises(ProviderUnavailable) as caught:
                await net.send(Call("GET", f"http://127.0.0.1:{port}/hunter2?key=hunter2"))
            assert "hunter2" not in caught.value.message + caught.value.detail
            assert "127.0.0.1" in caught.value.detail


async def drop(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
    return False
