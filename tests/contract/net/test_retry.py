"""What is sent again, and what never is. The servers are scripted below HTTP, so every byte that arrives is counted."""

import asyncio

import pytest

from polydex.core.errors import ProviderTimeout, ProviderUnavailable
from polydex.net.client import Net
from polydex.net.message import Call
from tests.contract.net.servers import LOOPBACK, RawServer, Script, scripted

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BODY = b"BEGIN:VCARD"


def closing_after_the_first() -> Script:
    """Answers the first request of a connection; drops the connection when the second has arrived, without a byte."""

    async def script(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        if number == 0:
            writer.write(OK)
            return True
        return False

    return script


def answering(*answers: bytes) -> Script:
    """Gives the answers in turn, over all connections; the last one for ever. An empty one drops the connection."""
    left = list(answers)

    async def script(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        answer = left.pop(0) if len(left) > 1 else left[0]
        writer.write(answer)
        await writer.drain()
        return answer.startswith(b"HTTP/1.1 2")

    return script


def busy(status: int, retry_after: str | None = None) -> bytes:
    extra = f"Retry-After: {retry_after}\r\n" if retry_after else ""
    return f"HTTP/1.1 {status} Busy\r\n{extra}Content-Length: 0\r\nConnection: close\r\n\r\n".encode()


async def warmed(net: Net, server: RawServer) -> None:
    """A kept-alive connection is in the pool."""
    assert (await net.send(Call("GET", server.url("/warm")))).status == 200
    assert server.connections == 1


# aiohttp itself would send all of these again after a dropped connection, but for POST and PATCH.
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "GET", "PROPFIND", "OPTIONS", "HEAD", "TRACE"])
async def test_what_is_not_idempotent_arrives_exactly_once_on_a_dropped_connection(method: str) -> None:
    body = BODY if method in {"POST", "PUT", "PATCH"} else None
    async with scripted(closing_after_the_first()) as server, Net(allow_private=LOOPBACK) as net:
        await warmed(net, server)
        with pytest.raises(ProviderUnavailable) as caught:
            await net.send(Call(method, server.url("/x"), body=body))
        assert caught.value.sent
        assert [request.split(b" ")[:2] for request in server.requests] == [
            [b"GET", b"/warm"],
            [method.encode(), b"/x"],
        ]
        assert server.connections == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_nor_is_it_repeated_on_a_fresh_connection(method: str) -> None:
    async with scripted(answering(b"")) as server, Net(allow_private=LOOPBACK) as net:
        with pytest.raises(ProviderUnavailable) as caught:
            await net.send(Call(method, server.url(), body=BODY))
        assert caught.value.sent
        assert len(server.requests) == 1


@pytest.mark.parametrize("method", ["GET", "PROPFIND", "REPORT", "PUT", "DELETE"])
async def test_an_idempotent_call_survives_a_dropped_connection(method: str) -> None:
    async with scripted(closing_after_the_first()) as server, Net(allow_private=LOOPBACK) as net:
        await warmed(net, server)
        answer = await net.send(Call(method, server.url("/x"), body=BODY, idempotent=True))
        assert answer.body == b"ok"
        assert [request.split(b" ")[1] for request in server.requests] == [b"/warm", b"/x", b"/x"]
        assert all(request.endswith(BODY) for request in server.requests[1:])
        assert server.connections == 2


async def test_a_redirected_call_survives_a_dropped_connection_at_each_of_its_requests() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n"

    async def script(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        if number == 0:
            writer.write(moved if b" /x " in request else OK)
        return number == 0

    async with scripted(script) as server, Net(allow_private=LOOPBACK) as net:
        await warmed(net, server)
        answer = await net.send(Call("PROPFIND", server.url("/x"), body=BODY, idempotent=True, redirects=3))
        assert (answer.body, answer.repeated) == (b"ok", True)
        paths = [request.split(b" ")[1] for request in server.requests]
        assert paths == [b"/warm", b"/x", b"/x", b"/y", b"/y"]
        assert server.connections == 3


async def test_it_is_repeated_once_only() -> None:
    async with scripted(answering(b"")) as server, Net(allow_private=LOOPBACK) as net:
        with pytest.raises(ProviderUnavailable) as caught:
            await net.send(Call("PROPFIND", server.url(), body=BODY, idempotent=True))
        assert caught.value.sent
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "part",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nBEGIN",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nBEGIN\r\n",
        b"HTTP/1.1 200 OK\r\nContent-",
    ],
)
async def test_an_answer_that_breaks_off_is_never_taken_for_a_whole_one(part: bytes) -> None:
    async def script(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(part)
        return False

    async with scripted(script) as server, Net(allow_private=LOOPBACK) as net:
        with pytest.raises(ProviderUnavailable) as caught:
            await net.send(Call("GET", server.url()))
        assert caught.value.sent


async def test_an_idempotent_call_is_repeated_after_an_answer_that_broke_off() -> None:
    cut = b"HTTP/1.1 207 Multi-Status\r\nContent-Length: 10\r\n\r\nBEGIN"

    async def script(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(cut if len(server.requests) == 1 else OK)
        return len(server.requests) > 1

    async with scripted(script) as server, Net(allow_private=LOOPBACK) as net:
        answer = await net.send(Call("REPORT", server.url(), body=BODY, idempotent=True))
        assert answer.body == b"ok"
        assert len(server.requests) == 2


@pytest.mark.parametrize(("status", "unknown"), [(423, False), (502, True), (503, True), (504, True)])
async def test_a_passing_failure_is_tried_once_more(status: int, unknown: bool) -> None:
    async with scripted(answering(busy(status), OK)) as server, Net(allow_private=LOOPBACK) as net:
        answer = await net.send(Call("PROPFIND", server.url(), idempotent=True))
        assert answer.status == 200
        assert answer.repeated is unknown
        assert len(server.requests) == 2


async def test_the_second_failure_is_the_callers() -> None:
    async with scripted(answering(busy(503))) as server, Net(allow_private=LOOPBACK) as net:
        assert (await net.send(Call("PROPFIND", server.url(), idempotent=True))).status == 503
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("status", "retry_after", "idempotent", "requests"),
    [
        (503, "0", True, 2),
        (503, "3", True, 1),
        (503, "Fri, 31 Dec 2100 23:59:59 GMT", True, 1),
        (503, "Fri, 31 Dec 1999 23:59:59 GMT", True, 2),
        (503, None, False, 1),
        (502, None, False, 1),
        (423, None, False, 1),
        (500, None, True, 1),
        (429, "0", True, 1),
        (507, None, True, 1),
    ],
)
async def test_which_answers_are_passed_on(
    status: int, retry_after: str | None, idempotent: bool, requests: int
) -> None:
    async with scripted(answering(busy(status, retry_after))) as server, Net(allow_private=LOOPBACK) as net:
        answer = await net.send(Call("PUT", server.url(), body=BODY, idempotent=idempotent))
        assert answer.status == status
        assert len(server.requests) == requests


async def test_an_answer_is_passed_on_when_no_time_is_left_to_repeat() -> None:
    async with scripted(answering(busy(503, "2"))) as server, Net(allow_private=LOOPBACK) as net:
        answer = await net.send(Call("GET", server.url(), idempotent=True, deadline=1.5))
        assert answer.status == 503
        assert len(server.requests) == 1


async def test_a_connection_that_was_never_made_is_not_repeated_and_nothing_was_sent() -> None:
    async with scripted(answering(OK)) as server:
        url = server.url()
    async with Net(allow_private=LOOPBACK) as net:
        with pytest.raises(ProviderUnavailable) as caught:
            await net.send(Call("PUT", url, body=BODY, idempotent=True))
        assert not caught.value.sent


async def test_after_a_repetition_that_finds_nobody_the_first_sending_counts() -> None:
    """The connection drops, and the server is gone: the request may have arrived all the same."""

    async def script(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        gone.set()
        await stopped.wait()
        return False

    gone, stopped = asyncio.Event(), asyncio.Event()
    async with Net(allow_private=LOOPBACK) as net:
        async with scripted(script) as server:
            sending = asyncio.create_task(net.send(Call("PUT", server.url(), body=BODY, idempotent=True)))
            await gone.wait()
        stopped.set()
        with pytest.raises(ProviderUnavailable) as caught:
            await sending
        assert caught.value.sent


async def test_a_server_that_never_answers() -> None:
    async def script(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        await asyncio.Event().wait()
        return False

    async with scripted(script) as server, Net(allow_private=LOOPBACK) as net:
        with pytest.raises(ProviderTimeout) as caught:
            await net.send(Call("PUT", server.url(), body=BODY, deadline=0.3, idempotent=True))
        assert caught.value.sent
        assert len(server.requests) == 1
