"""Credentials against a server that checks them with code of its own."""

import asyncio
import hashlib
import re
import secrets
from base64 import b64encode
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from polydex.core.errors import AddressForbidden
from polydex.net.auth import BasicAuth, BearerAuth, DigestAuth, PasswordAuth
from polydex.net.client import Net
from polydex.net.message import Call
from tests.contract.net.servers import BODY, LOOPBACK, Names, serving

LOGIN, PASSWORD = "jürgen", "pässword"


@dataclass
class DigestServer:
    """Checks digests, counts refused ones, wants every nonce count once."""

    algorithm: str = "SHA-256"
    qop: str = "auth"
    also_basic: bool = False
    stale: bool = False
    nonce: str = field(default_factory=lambda: secrets.token_hex(8))
    counts: set[tuple[str, str]] = field(default_factory=set)
    refused: int = 0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        header = request.headers.get("Authorization", "")
        body = request[BODY]
        if header.startswith("Digest ") and self.accepts(header, request.method, request.raw_path, body):
            return web.Response(text="in")
        self.refused += header.startswith("Digest ")
        challenge = f'Digest realm="cards", nonce="{self.nonce}", algorithm={self.algorithm}, opaque="o"'
        if self.qop:
            challenge += f', qop="{self.qop}"'
        if self.stale:
            challenge += ", stale=true"
        response = web.Response(status=401)
        if self.also_basic:
            response.headers.add("WWW-Authenticate", 'Basic realm="cards"')
        response.headers.add("WWW-Authenticate", challenge)
        return response

    def accepts(self, header: str, method: str, path: str, body: bytes) -> bool:
        given = {
            name: quoted or plain for name, quoted, plain in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,"]+))', header[7:])
        }

        def h(text: str) -> str:
            name = self.algorithm.removesuffix("-sess").replace("-", "").lower()
            return hashlib.new(name, text.encode()).hexdigest()

        ha1 = h(f"{LOGIN}:cards:{PASSWORD}")
        if self.algorithm.endswith("-sess"):
            ha1 = h(f"{ha1}:{self.nonce}:{given['cnonce']}")
        ha2 = h(f"{method}:{path}")
        if given.get("qop") == "auth-int":
            inner = hashlib.new(self.algorithm.replace("-", "").lower(), body).hexdigest()
            ha2 = h(f"{method}:{path}:{inner}")
        if self.qop:
            expected = h(f"{ha1}:{self.nonce}:{given['nc']}:{given['cnonce']}:{given['qop']}:{ha2}")
            fresh = (given["nonce"], given["nc"]) not in self.counts
            self.counts.add((given["nonce"], given["nc"]))
        else:
            expected, fresh = h(f"{ha1}:{self.nonce}:{ha2}"), True
        return fresh and given["uri"] == path and given["nonce"] == self.nonce and given["response"] == expected


@pytest.mark.parametrize(
    ("algorithm", "qop"),
    [
        ("MD5", ""),
        ("MD5", "auth"),
        ("SHA-256", ""),
        ("SHA-256", "auth"),
        ("SHA-256", "auth-int,auth"),
        ("MD5-sess", "auth"),
        ("SHA-256-sess", "auth-int, auth"),
    ],
)
async def test_digest(algorithm: str, qop: str) -> None:
    digest = DigestServer(algorithm, qop)
    auth = DigestAuth(LOGIN, PASSWORD)
    async with serving(digest) as server, Net(allow_private=LOOPBACK) as net:
        for path in ("/a%40b/?x=1", "/b", "/c"):
            answer = await net.send(Call("PUT", server.url(path), body=b"card", auth=auth))
            assert answer.body == b"in"
        # One challenge for all three: the nonce is used again.
        assert len(server.seen) == 4
        assert digest.refused == 0


async def test_digest_over_the_body() -> None:
    async with serving(DigestServer(qop="auth-int")) as server, Net(allow_private=LOOPBACK) as net:
        answer = await net.send(Call("PUT", server.url("/x"), body=b"card", auth=DigestAuth(LOGIN, PASSWORD)))
        assert answer.body == b"in"


async def test_a_stale_nonce_is_replaced() -> None:
    digest = DigestServer(stale=True)
    auth = DigestAuth(LOGIN, PASSWORD)
    async with serving(digest) as server, Net(allow_private=LOOPBACK) as net:
        assert (await net.send(Call("GET", server.url(), auth=auth))).status == 200
        digest.nonce = "fresh"
        assert (await net.send(Call("GET", server.url(), auth=auth))).status == 200
        assert digest.refused == 1
        assert len(server.seen) == 4


async def test_a_nonce_that_expired_without_a_word_is_replaced_too() -> None:
    digest = DigestServer(stale=False)
    auth = PasswordAuth(LOGIN, PASSWORD)
    async with serving(digest) as server, Net(allow_private=LOOPBACK) as net:
        assert (await net.send(Call("GET", server.url(), auth=auth))).status == 200
        digest.nonce = "fresh"
        assert (await net.send(Call("GET", server.url(), auth=auth))).status == 200


@pytest.mark.parametrize("also_basic", [True, False])
async def test_a_password_finds_out_what_the_server_wants(also_basic: bool) -> None:
    digest = DigestServer(also_basic=also_basic)
    auth = PasswordAuth(LOGIN, PASSWORD)
    async with serving(digest) as server, Net(allow_private=LOOPBACK) as net:
        for _ in range(3):
            assert (await net.send(Call("GET", server.url(), auth=auth))).status == 200
        kinds = [seen.headers["Authorization"].split()[0] for seen in server.seen]
        assert kinds == ["Basic", "Digest", "Digest", "Digest"]


async def test_a_wrong_password_is_given_once_and_the_401_is_the_callers() -> None:
    digest = DigestServer()
    async with serving(digest) as server, Net(allow_private=LOOPBACK) as net:
        answer = await net.send(Call("GET", server.url(), auth=DigestAuth(LOGIN, "wrong")))
        assert answer.status == 401
        assert digest.refused == 1
        assert len(server.seen) == 2


async def test_a_server_that_calls_everything_stale_does_not_turn_into_a_loop() -> None:
    digest = DigestServer(stale=True)
    async with serving(digest) as server, Net(allow_private=LOOPBACK) as net:
        answer = await net.send(Call("GET", server.url(), auth=DigestAuth(LOGIN, "wrong")))
        assert answer.status == 401
        assert len(server.seen) == 3


async def test_basic_and_bearer_are_sent_at_once_and_once() -> None:
    async def refuse(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})

    async with serving(refuse) as server, Net(allow_private=LOOPBACK) as net:
        for auth in (BasicAuth("u", "p"), BearerAuth("abc"), PasswordAuth("u", "p")):
            assert (await net.send(Call("GET", server.url(), auth=auth))).status == 401
        sent = [seen.headers["Authorization"] for seen in server.seen]
        basic = "Basic " + b64encode(b"u:p").decode()
        assert sent == [basic, "Bearer abc", basic]


async def test_the_callers_own_authorization_header_gives_way() -> None:
    async def echo(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text=",".join(request.headers.getall("Authorization", [])))

    async with serving(echo) as server, Net(allow_private=LOOPBACK) as net:
        call = Call("GET", server.url(), headers={"authorization": "Other"}, auth=BearerAuth("abc"))
        assert (await net.send(call)).body == b"Bearer abc"


@pytest.mark.parametrize("auth", [BasicAuth("u", "p"), BearerAuth("abc")])
async def test_over_http_credentials_go_only_to_allowed_networks(auth: BasicAuth | BearerAuth) -> None:
    names = Names({"dav.example.com": [["8.8.8.8"]]})
    async with Net(allow_private=LOOPBACK, resolver=names) as net:
        for host in ("dav.example.com", "8.8.8.8"):
            with pytest.raises(AddressForbidden, match="https"):
                await net.send(Call("GET", f"http://{host}:9/", auth=auth))


async def test_a_name_that_leaves_the_allowed_network_gets_no_password() -> None:
    """The first look-up is inside, the second one outside: the password goes to neither but the checked address."""
    names = Names({"dav.example.com": [["127.0.0.1"], ["8.8.8.8"]]})

    async def ok(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="in")

    async with serving(ok) as server, Net(allow_private=LOOPBACK, resolver=names) as net:
        call = Call("GET", server.url(host="dav.example.com"), auth=BasicAuth("u", "p"))
        assert (await net.send(call)).body == b"in"
        await net.close()
        with pytest.raises(AddressForbidden):
            await net.send(call)
        assert len(server.seen) == 1


async def test_many_calls_at_once_share_a_nonce() -> None:
    digest = DigestServer()
    auth = DigestAuth(LOGIN, PASSWORD)
    async with serving(digest) as server, Net(allow_private=LOOPBACK) as net:
        await net.send(Call("GET", server.url(), auth=auth))
        answers = await asyncio.gather(
            *(net.send(Call("GET", server.url(f"/{number}"), auth=auth)) for number in range(20))
        )
        assert {answer.status for answer in answers} == {200}
        assert digest.refused == 0
