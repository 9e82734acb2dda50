"""Logins that belong to a connection, against a server that lets nobody else in."""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from polydex.core.errors import (
    AddressForbidden,
    ProviderError,
    ProviderMalformed,
    ProviderUnauthorized,
    ProviderUnavailable,
)
from polydex.net.bound import BoundAuth, Method
from polydex.net.client import Net
from polydex.net.message import Call
from tests.contract.net.servers import BODY, CHAIN, LOOPBACK, Names, Server, certify, scripted, serving
from tests.servers.windows import LOGIN, PASSWORD, Doorkeeper, accounts

ENVELOPE = b"<Envelope/>"
Then = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@pytest.fixture(autouse=True)
def _accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts(tmp_path, monkeypatch)


def binding(folder: Path) -> bytes:
    """As RFC 5929 has it, for a certificate that is signed with SHA-256."""
    certificate = ssl.PEM_cert_to_DER_cert((folder / CHAIN).read_text("ascii").partition("-----BEGIN PRIVATE")[0])
    return b"tls-server-end-point:" + hashlib.sha256(certificate).digest()


async def echo(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(body=b"did " + request[BODY][:20])


@asynccontextmanager
async def guarded(keeper: Doorkeeper, then: Then = echo, tls: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return keeper.ask(request) or await then(request)

    async with serving(handle, tls=tls) as server:
        yield server


def post(url: str, body: bytes = ENVELOPE, *, idempotent: bool = False, deadline: float = 25) -> Call:
    return Call("POST", url, headers={"Content-Type": "text/xml"}, body=body, idempotent=idempotent, deadline=deadline)


def told(server: Server) -> list[tuple[str, bytes]]:
    """What each request said for itself, and what it carried."""
    return [(seen.headers.get("Authorization", "").partition(" ")[0], seen.body) for seen in server.seen]


@pytest.mark.parametrize(("method", "name"), [("ntlm", "NTLM"), ("negotiate", "Negotiate")])
async def test_a_connection_is_proven_once_and_bound_to_its_certificate(
    tmp_path: Path, method: Method, name: str
) -> None:
    authority = certify(tmp_path, "mail.example.com")
    keeper = Doorkeeper(binding=binding(tmp_path))
    async with (
        guarded(keeper, tls=authority.server) as server,
        Net(allow_private=LOOPBACK, ca_bundle=str(authority.bundle), resolver=Names.of(mail="127.0.0.1")) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, method)) as line,
    ):
        for _ in range(3):
            answer = await line.send(post(server.url(host="mail.example.com", scheme="https")))
            assert (answer.status, answer.body) == (200, b"did " + ENVELOPE)
        assert told(server) == [(name, b""), (name, ENVELOPE), ("", ENVELOPE), ("", ENVELOPE)]
        assert len({seen.peer for seen in server.seen}) == 1
        assert (keeper.let_in, keeper.refused) == (3, 0)


@pytest.mark.parametrize("method", ["ntlm", "negotiate", None])
async def test_where_somebody_else_holds_the_certificate_the_proof_is_refused_once(
    tmp_path: Path, method: Method | None
) -> None:
    """As Extended Protection does behind a proxy that ends TLS: what the client is bound to is not what the server has."""
    authority = certify(tmp_path, "127.0.0.1")
    keeper = Doorkeeper(binding=b"tls-server-end-point:" + bytes(32), schemes=("Negotiate", "NTLM", "Basic"))
    async with (
        guarded(keeper, tls=authority.server) as server,
        Net(allow_private=LOOPBACK, ca_bundle=str(authority.bundle)) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, method)) as line,
    ):
        assert (await line.send(post(server.url(scheme="https")))).status == 401
        assert (keeper.let_in, keeper.refused) == (0, 1)


@pytest.mark.parametrize(
    ("schemes", "names", "method"),
    [
        (("Negotiate", "NTLM", "Basic"), ["", "NTLM", "NTLM", ""], "ntlm"),
        (("Negotiate", "Basic"), ["", "Negotiate", "Negotiate", ""], "negotiate"),
        (("Basic",), ["", "Basic", "Basic"], "basic"),
    ],
)
async def test_the_best_of_what_the_server_offers_is_found_and_remembered(
    schemes: tuple[str, ...], names: list[str], method: Method
) -> None:
    keeper = Doorkeeper(schemes)
    auth = BoundAuth(LOGIN, PASSWORD)
    async with guarded(keeper) as server, Net(allow_private=LOOPBACK) as net:
        async with net.line(auth) as line:
            for _ in range(2):
                assert (await line.send(post(server.url()))).body == b"did " + ENVELOPE
        assert [name for name, _ in told(server)] == names
        assert told(server)[0] == ("", b"")
        assert auth.method == method
        server.seen.clear()
        async with net.line(auth) as line:
            assert (await line.send(post(server.url()))).status == 200
        assert told(server)[0][0] == names[1]


async def test_after_a_refusal_the_next_line_asks_again() -> None:
    """Basic was all that was offered when it was found; the operator has taken it away since."""
    auth = BoundAuth(LOGIN, PASSWORD)
    keeper = Doorkeeper(("Basic",))
    async with guarded(keeper) as server, Net(allow_private=LOOPBACK) as net:
        for schemes, status in ((("Basic",), 200), (("NTLM",), 401), (("NTLM",), 200)):
            keeper.schemes = schemes
            async with net.line(auth) as line:
                assert (await line.send(post(server.url()))).status == status
        assert auth.method == "ntlm"


async def test_a_server_that_has_turned_to_something_else_is_followed() -> None:
    auth = BoundAuth(LOGIN, PASSWORD)
    keeper = Doorkeeper(("NTLM",))
    async with guarded(keeper) as server, Net(allow_private=LOOPBACK) as net:
        for schemes in (("NTLM",), ("Basic",)):
            keeper.schemes = schemes
            async with net.line(auth) as line:
                assert (await line.send(post(server.url()))).status == 200
        assert (auth.method, keeper.refused) == ("basic", 0)


@pytest.mark.parametrize(
    ("method", "schemes", "message"),
    [
        (None, ("Bearer",), "a way to log in with a password; it offers bearer"),
        ("ntlm", ("Negotiate", "Basic"), "ntlm; it offers basic, negotiate"),
        ("negotiate", (), "negotiate; it offers nothing"),
        ("ntlm", ("x" * 4000,), "ntlm; it offers x{20}$"),
        ("ntlm", tuple(f"scheme-{number}" for number in range(20)), "ntlm; it offers (scheme-[0-7](, |$)){8}$"),
    ],
)
async def test_what_the_server_does_not_offer_is_said(
    method: Method | None, schemes: tuple[str, ...], message: str
) -> None:
    keeper = Doorkeeper(schemes)
    async with (
        guarded(keeper) as server,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, method)) as line,
    ):
        with pytest.raises(ProviderUnauthorized, match=message) as refused:
            await line.send(post(server.url()))
        assert refused.value.sent is False
        assert [body for _, body in told(server)] == [b""]


@pytest.mark.parametrize("method", ["ntlm", "negotiate", "basic", None])
async def test_a_refused_password_is_given_once(method: Method | None) -> None:
    keeper = Doorkeeper(("Negotiate", "NTLM", "Basic"))
    async with (
        guarded(keeper) as server,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth(LOGIN, "wrong", method)) as line,
    ):
        assert (await line.send(post(server.url(), idempotent=True))).status == 401
        with pytest.raises(ProviderUnauthorized) as again:
            await line.send(post(server.url()))
        assert again.value.sent is False
        assert (keeper.let_in, keeper.refused) == (0, 1)


async def test_a_name_of_the_directory_is_a_login_too() -> None:
    keeper = Doorkeeper()
    async with (
        guarded(keeper) as server,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth("ann@corp.example.com", PASSWORD, "ntlm")) as line,
    ):
        assert (await line.send(Call("GET", server.url()))).status == 200


async def test_a_connection_that_the_server_has_closed_is_made_and_proven_again() -> None:
    async def closes(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(headers={"Connection": "close"})

    keeper = Doorkeeper()
    async with (
        guarded(keeper, closes) as server,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line,
    ):
        for _ in range(2):
            assert (await line.send(post(server.url()))).status == 200
        assert told(server) == [("NTLM", b""), ("NTLM", ENVELOPE)] * 2
        assert len({seen.peer for seen in server.seen}) == 2


async def test_a_server_that_forgets_is_told_again() -> None:
    keeper = Doorkeeper()
    async with (
        guarded(keeper) as server,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line,
    ):
        await line.send(post(server.url()))
        keeper.forget()
        assert (await line.send(post(server.url()))).status == 200
        assert told(server)[2:] == [("", ENVELOPE), ("NTLM", b""), ("NTLM", ENVELOPE)]


async def test_a_server_that_wants_it_for_every_request_is_told_at_once_from_then_on() -> None:
    keeper = Doorkeeper(persists=False)
    async with (
        guarded(keeper) as server,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line,
    ):
        for _ in range(3):
            assert (await line.send(post(server.url()))).status == 200
        handshake = [("NTLM", b""), ("NTLM", ENVELOPE)]
        assert told(server) == [*handshake, ("", ENVELOPE), *handshake, *handshake]


async def test_a_server_that_does_not_ask_gets_the_request_as_it_is_and_once() -> None:
    """It has ignored the first token, and would have carried out what had come with it."""
    async with (
        serving(echo) as server,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line,
    ):
        assert (await line.send(post(server.url()))).body == b"did " + ENVELOPE
        assert (await line.send(post(server.url()))).body == b"did " + ENVELOPE
        assert told(server) == [("NTLM", b""), ("", ENVELOPE), ("", ENVELOPE)]


async def test_a_connection_that_never_lasts_as_long_as_the_handshake_is_named() -> None:
    async def cut(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM " + CHALLENGE + b"\r\nContent-Length: 0\r\n")
        writer.write(b"Connection: close\r\n\r\n")
        return False

    async with (
        scripted(cut) as raw,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line,
    ):
        with pytest.raises(ProviderMalformed, match="middle of the handshake") as failed:
            await line.send(post(raw.url()))
        assert failed.value.sent is False
        assert all(request.endswith(b"\r\n\r\n") for request in raw.requests)


@pytest.mark.parametrize("token", [b"TlRMTVNTUAA=", b"nonsense", b"!!", b"TlRMTVNTUAACAAAA"])
async def test_a_challenge_that_is_none(token: bytes) -> None:
    async def odd(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate " + token + b"\r\nContent-Length: 0\r\n\r\n")
        return True

    async with (
        scripted(odd) as raw,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, "negotiate")) as line,
    ):
        if token == b"!!":  # no token at all
            assert (await line.send(post(raw.url()))).status == 401
        else:
            with pytest.raises(ProviderMalformed, match="for Negotiate is not understood") as failed:
                await line.send(post(raw.url()))
            assert failed.value.sent is False


async def test_before_the_proof_a_lost_connection_has_sent_nothing_and_after_it_maybe() -> None:
    keeper = Doorkeeper()

    async def lost(request: web.BaseRequest) -> web.StreamResponse:
        if request[BODY].startswith(ENVELOPE) is silent_at_first:
            return web.Response()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async def from_the_start(request: web.BaseRequest) -> web.StreamResponse:
        return await lost(request)

    silent_at_first = True
    async with serving(from_the_start) as server, Net(allow_private=LOOPBACK) as net:
        async with net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line:
            with pytest.raises(ProviderUnavailable) as early:
                await line.send(post(server.url()))
        assert early.value.sent is False
        assert len(server.seen) == 1
    silent_at_first = False
    async with guarded(keeper, lost) as server, Net(allow_private=LOOPBACK) as net:
        async with net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line:
            with pytest.raises(ProviderUnavailable) as late:
                await line.send(post(server.url()))
        assert late.value.sent is True
        assert keeper.let_in == 1


async def test_an_idempotent_request_is_repeated_with_a_new_handshake() -> None:
    keeper = Doorkeeper()

    async def lost_once(request: web.BaseRequest) -> web.StreamResponse:
        if keeper.let_in == 1:
            assert request.transport is not None
            request.transport.abort()
        return web.Response()

    async with (
        guarded(keeper, lost_once) as server,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line,
    ):
        answer = await line.send(post(server.url(), idempotent=True))
        assert (answer.status, answer.repeated) == (200, True)
        assert told(server) == [("NTLM", b""), ("NTLM", ENVELOPE)] * 2


async def test_a_repetition_that_fails_in_its_handshake_leaves_the_first_sending_open() -> None:
    """The first one came over a connection that was proven; nothing was heard of it."""

    async def never_again(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        if raw.connections == 1 and number == 1:
            return False
        writer.write(b"HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM " + CHALLENGE + b"\r\nContent-Length: 0\r\n\r\n")
        return raw.connections == 1

    async with (
        scripted(never_again) as raw,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line,
    ):
        with pytest.raises(ProviderError) as failed:
            await line.send(post(raw.url(), idempotent=True))
        assert isinstance(failed.value, ProviderMalformed)
        assert failed.value.sent is True
        assert [request.endswith(ENVELOPE) for request in raw.requests].count(True) == 1


async def test_a_deadline_that_passes_before_the_proof_has_sent_nothing() -> None:
    async def silence(request: bytes, number: int, writer: asyncio.StreamWriter) -> bool:
        await asyncio.Event().wait()
        return False

    async with (
        scripted(silence) as raw,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line,
    ):
        with pytest.raises(ProviderUnavailable) as failed:
            await line.send(post(raw.url(), deadline=0.2))
        assert failed.value.sent is False


async def test_many_at_once_go_one_after_the_other_and_large_ones_whole() -> None:
    keeper = Doorkeeper()
    large = bytes(3 * 1024 * 1024)
    async with (
        guarded(keeper) as server,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line,
    ):
        answers = await asyncio.gather(*(line.send(post(server.url(), large)) for _ in range(4)))
        assert {answer.status for answer in answers} == {200}
        assert [len(body) for _, body in told(server)] == [0, *[len(large)] * 4]
        assert len({seen.peer for seen in server.seen}) == 1


async def test_nobody_else_sends_over_the_connection_of_a_line() -> None:
    keeper = Doorkeeper()
    async with (
        guarded(keeper) as server,
        Net(allow_private=LOOPBACK) as net,
        net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line,
        net.line(BoundAuth(LOGIN, "wrong", "ntlm")) as stranger,
    ):
        assert (await line.send(post(server.url()))).status == 200
        assert (await net.send(post(server.url()))).status == 401
        assert (await stranger.send(post(server.url()))).status == 401
        assert (await line.send(post(server.url()))).status == 200


async def test_over_http_only_inside_of_allowed_networks() -> None:
    names = Names({"mail.example.com": [["8.8.8.8"]]})
    for method in ("ntlm", "negotiate", "basic", None):
        async with (
            Net(allow_private=LOOPBACK, resolver=names) as net,
            net.line(BoundAuth(LOGIN, PASSWORD, method)) as line,
        ):
            with pytest.raises(AddressForbidden, match="https"):
                await line.send(post("http://mail.example.com:9/"))


async def test_the_login_follows_a_redirect_only_where_it_belongs() -> None:
    keeper = Doorkeeper()
    names = Names.of(a="127.0.0.1", b="127.0.0.1")
    names.answers["elsewhere.example.org"] = [["127.0.0.1"]]

    async with guarded(keeper) as server, Net(allow_private=LOOPBACK, resolver=names) as net:
        for host, status in (("b.example.com", 200), ("elsewhere.example.org", 401)):
            location = server.url("/moved", host)

            async def move(request: web.BaseRequest, location: str = location) -> web.StreamResponse:
                return web.Response(status=307, headers={"Location": location})

            async with serving(move) as first, net.line(BoundAuth(LOGIN, PASSWORD, "ntlm")) as line:
                assert (await line.send(post(first.url(host="a.example.com")))).status == status
        assert told(server) == [("NTLM", b""), ("NTLM", ENVELOPE), ("", ENVELOPE)]


def test_secrets_do_not_show() -> None:
    assert "hunter2" not in repr(BoundAuth("ann", "hunter2"))


# A challenge as a server of 2019 sends it: flags, eight bytes, and what it is called.
CHALLENGE = (
    b"TlRMTVNTUAACAAAADAAMADgAAAA1gonigPIZKn4PtMMAAAAAAAAAADQANABEAAAACgBjRQAAAA9DAE8AUgBQAAAAAgAIAEMATwBSAFAA"
    b"AQAIAE0AQQBJAEwABwAIAAAAAAAAAAAAAAAAAA=="
)
