"""Basic, NTLM, Negotiate and bearer tokens, over real connections."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import spnego
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from spnego.channel_bindings import GssChannelBindings
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from polydex_sandbox.clock import Clock
from polydex_sandbox.exchange.auth import EWS_SCOPE, METHODS, Gate, Login
from polydex_sandbox.exchange.auth.binding import bound_to, expected
from polydex_sandbox.exchange.auth.handshake import Handshake, Refused
from polydex_sandbox.sandbox import Sandbox
from tests.contract.net.servers import CHAIN, certify
from tests.providers.serving import serving

HOST = "127.0.0.1"
ALL = frozenset(METHODS)


class House:
    """A sandbox with two accounts, and an application that tells whom its gate let in."""

    def __init__(self, certificate: bytes | None = None) -> None:
        self.sandbox = Sandbox(Clock(1_767_225_600_000, frozen=True))
        self.logins = [self.login("ada", "pässword"), self.login("bob", "secret")]
        self.gate = Gate(lambda: self.logins, self.sandbox.tokens, self.sandbox.clock.now, certificate)
        self.app = Starlette(routes=[Route("/", self.answer)])

    def login(self, user: str, password: str) -> Login:
        account = self.sandbox.accounts.create(f"{user}@example.com", user.title(), self.sandbox.clock.now())
        return Login(account, frozenset({f"example\\{user}", f"{user}@example.com", user}), password)

    async def answer(self, request: Request) -> Response:
        found = self.gate.authenticate(request)
        if isinstance(found, Response):
            return found
        return self.gate.answered(request, PlainTextResponse(found.email))

    def change(self, **changes: object) -> None:
        """Of the first login."""
        self.logins[0] = replace(self.logins[0], **changes)  # type: ignore[arg-type]  # what a test gives


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
async def client(house: House) -> AsyncIterator[httpx.AsyncClient]:
    """A client with one connection, which it keeps."""
    async with serving(house.app) as url, connected(url) as client:
        yield client


def connected(url: str, trusting: ssl.SSLContext | bool = True) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, limits=httpx.Limits(max_connections=1), verify=trusting)


def offers(answer: httpx.Response) -> list[str]:
    return answer.headers.get_list("www-authenticate")


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{password}'.encode()).decode()}"}


async def asked(client: httpx.AsyncClient, scheme: str, token: bytes | None, path: str = "/") -> httpx.Response:
    return await client.get(path, headers={"Authorization": f"{scheme} {base64.b64encode(token or b'').decode()}"})


def told(answer: httpx.Response, scheme: str) -> bytes:
    """The token of an answer that goes on with a handshake."""
    (offer,) = offers(answer)
    name, _, token = offer.partition(" ")
    assert name == scheme
    return base64.b64decode(token)


async def shaken(
    client: httpx.AsyncClient,
    name: str,
    password: str,
    scheme: str = "NTLM",
    binding: bytes | None = None,
    path: str = "/",
) -> httpx.Response:
    """What comes of a whole handshake."""
    bindings = None if binding is None else GssChannelBindings(application_data=binding)
    context = spnego.client(
        name, password, hostname=HOST, service="HTTP", protocol=scheme.lower(), channel_bindings=bindings
    )
    answer = await asked(client, scheme, context.step(), path)
    assert answer.status_code == 401
    answer = await asked(client, scheme, context.step(told(answer, scheme)), path)
    if answer.status_code != 401 and scheme == "Negotiate":
        context.step(told(answer, scheme))
        assert context.complete
    return answer


async def test_what_is_offered(house: House, client: httpx.AsyncClient) -> None:
    answer = await client.get("/")
    assert answer.status_code == 401
    assert offers(answer) == ["Negotiate", "NTLM", f'Basic realm="{HOST}"']
    house.change(methods=ALL)
    assert [one.partition(" ")[0] for one in offers(await client.get("/"))] == ["Negotiate", "NTLM", "Basic", "Bearer"]
    house.logins = []
    assert offers(await client.get("/")) == []


@pytest.mark.parametrize("name", ["EXAMPLE\\Ada", "ada", "Ada@Example.com"])
async def test_basic(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get("/", headers=basic(name, "pässword"))).text == "ada@example.com"
    assert (await client.get("/", headers=basic(name, "secret"))).status_code == 401
    # It proves a request, not the connection.
    assert (await client.get("/")).status_code == 401


@pytest.mark.parametrize(
    "header", ["Basic", "Basic ?", "Basic YWRh", "Digest x", "NTLM", "NTLM ?", "Negotiate AAAA", "x"]
)
async def test_headers_that_prove_nothing(client: httpx.AsyncClient, header: str) -> None:
    answer = await client.get("/", headers={"Authorization": header})
    assert answer.status_code == 401
    assert len(offers(answer)) == 3


async def test_a_method_that_an_account_may_not_use(house: House, client: httpx.AsyncClient) -> None:
    house.change(methods=frozenset({"basic"}))
    assert (await client.get("/", headers=basic("ada", "pässword"))).status_code == 200
    assert (await shaken(client, "EXAMPLE\\ada", "pässword")).status_code == 401
    assert (await shaken(client, "EXAMPLE\\bob", "secret")).text == "bob@example.com"
    house.logins = house.logins[:1]
    answer = await asked(client, "NTLM", b"NTLMSSP\x00\x01\x00\x00\x00")
    assert offers(answer) == [f'Basic realm="{HOST}"']


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
@pytest.mark.parametrize("name", ["EXAMPLE\\ada", "ada@example.com", "example\\ADA"])
async def test_a_handshake_proves_the_connection(
    house: House, client: httpx.AsyncClient, scheme: str, name: str
) -> None:
    answer = await shaken(client, name, "pässword", scheme)
    assert (answer.status_code, answer.text) == (200, "ada@example.com")
    assert (await client.get("/")).text == "ada@example.com"
    # Another connection has to prove it anew.
    async with connected(str(client.base_url)) as other:
        assert (await other.get("/")).status_code == 401
        assert (await shaken(other, "EXAMPLE\\bob", "secret", scheme)).text == "bob@example.com"
    assert (await client.get("/")).text == "ada@example.com"
    house.change(password="another")
    assert (await client.get("/")).status_code == 401


async def test_a_wrong_password(client: httpx.AsyncClient) -> None:
    for scheme in ("NTLM", "Negotiate"):
        answer = await shaken(client, "EXAMPLE\\ada", "wrong", scheme)
        assert answer.status_code == 401
        assert len(offers(answer)) == 3
        assert (await shaken(client, "EXAMPLE\\nobody", "wrong", scheme)).status_code == 401
        assert (await shaken(client, "OTHER\\ada", "pässword", scheme)).status_code == 401


async def test_a_second_user_on_the_same_connection(client: httpx.AsyncClient) -> None:
    assert (await shaken(client, "EXAMPLE\\ada", "pässword")).text == "ada@example.com"
    assert (await client.get("/", headers=basic("bob", "secret"))).text == "bob@example.com"
    assert (await client.get("/")).text == "ada@example.com"
    assert (await shaken(client, "EXAMPLE\\bob", "secret")).text == "bob@example.com"
    assert (await client.get("/")).text == "bob@example.com"
    assert (await shaken(client, "EXAMPLE\\ada", "wrong")).status_code == 401
    assert (await client.get("/")).status_code == 401


async def test_a_broken_handshake(client: httpx.AsyncClient) -> None:
    context = spnego.client("EXAMPLE\\ada", "pässword", hostname=HOST, service="HTTP", protocol="ntlm")
    first = await asked(client, "NTLM", context.step())
    proof = context.step(told(first, "NTLM"))
    # A request without a proof in between ends it.
    assert (await client.get("/")).status_code == 401
    late = await asked(client, "NTLM", proof)
    assert late.status_code == 401
    assert len(offers(late)) == 3
    # And so does another method.
    context = spnego.client("EXAMPLE\\ada", "pässword", hostname=HOST, service="HTTP", protocol="ntlm")
    first = await asked(client, "NTLM", context.step())
    assert (await asked(client, "Negotiate", context.step(told(first, "NTLM")))).status_code == 401
    # A proof cut short, and one that answers another challenge.
    for spoilt in (proof[:40] if proof else b"", proof):
        context = spnego.client("EXAMPLE\\ada", "pässword", hostname=HOST, service="HTTP", protocol="ntlm")
        await asked(client, "NTLM", context.step())
        assert (await asked(client, "NTLM", spoilt)).status_code == 401


async def test_a_connection_that_was_closed_in_between(house: House) -> None:
    async with serving(house.app) as url:
        context = spnego.client("EXAMPLE\\ada", "pässword", hostname=HOST, service="HTTP", protocol="ntlm")
        async with connected(url) as client:
            first = await asked(client, "NTLM", context.step())
        async with connected(url) as client:
            answer = await asked(client, "NTLM", context.step(told(first, "NTLM")))
            assert answer.status_code == 401
            assert len(offers(answer)) == 3


async def test_bearer_tokens(house: House, client: httpx.AsyncClient) -> None:
    house.change(methods=ALL)
    ada, bob = (login.account for login in house.logins)
    scope = f"https://mail.example.com/{EWS_SCOPE}"
    good = house.sandbox.issue(ada, [scope]).token
    other = house.sandbox.issue(ada, ["https://graph.microsoft.com/Contacts.Read"]).token
    not_allowed = house.sandbox.issue(bob, [scope]).token
    answers = [
        (await client.get("/", headers={"Authorization": f"Bearer {token}"})).status_code
        for token in (good, other, not_allowed, "unknown")
    ]
    assert answers == [200, 401, 401, 401]
    house.sandbox.tokens.expire(good, house.sandbox.clock.now())
    assert (await client.get("/", headers={"Authorization": f"Bearer {good}"})).status_code == 401


@contextlib.asynccontextmanager
async def over_tls(folder: Path) -> AsyncIterator[tuple[House, httpx.AsyncClient, bytes]]:
    """A house behind TLS, a client of it, and the binding of its certificate."""
    authority = certify(folder, HOST)
    der = ssl.PEM_cert_to_DER_cert((folder / CHAIN).read_text().partition("-----BEGIN PRIVATE")[0])
    house = House(der)
    trusting = ssl.create_default_context(cafile=str(authority.bundle))
    async with serving(house.app, folder / CHAIN) as url, connected(url, trusting) as client:
        yield house, client, b"tls-server-end-point:" + hashlib.sha256(der).digest()


@pytest.mark.parametrize("scheme", ["NTLM", "Negotiate"])
async def test_extended_protection(tmp_path: Path, scheme: str) -> None:
    async with over_tls(tmp_path) as (house, client, binding):
        let_in = {}
        for setting in ("none", "allow", "require"):
            house.change(binding=setting)
            let_in[setting] = [
                (await shaken(client, "EXAMPLE\\ada", "pässword", scheme, given)).status_code == 200
                for given in (binding, None, b"tls-server-end-point:another")
            ]
        assert let_in == {"none": [True] * 3, "allow": [True, True, False], "require": [True, False, False]}


async def test_extended_protection_without_tls(house: House, client: httpx.AsyncClient) -> None:
    house.change(binding="require")
    assert (await shaken(client, "EXAMPLE\\ada", "pässword")).status_code == 401
    house.change(binding="allow")
    assert (await shaken(client, "EXAMPLE\\ada", "pässword")).status_code == 200


def test_bindings() -> None:
    assert bound_to(b"") is None
    assert bound_to(b"NTLMSSP\x00\x03\x00\x00\x00") is None
    assert bound_to(b"NTLMSSP\x00\x03\x00\x00\x00" + bytes(80)) is None


def test_a_certificate_without_a_hash_of_its_own() -> None:
    """Ed25519: RFC 5929 leaves its binding undefined."""
    key = Ed25519PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.com")])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1)).sign(key, None)
    assert expected(made.public_bytes(Encoding.DER)) is None


def test_the_file_of_logins_is_there_only_while_it_is_needed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NTLM_USER_FILE", "/of/somebody/else")
    handshake = Handshake("ntlm", house.logins)
    assert os.environ["NTLM_USER_FILE"] == "/of/somebody/else"
    with pytest.raises(Refused):
        handshake.step(b"x")
    assert os.environ["NTLM_USER_FILE"] == "/of/somebody/else"
    assert not handshake.complete
    assert handshake.login() is None
