"""Servers on loopback, and name servers that answer as a test wants."""

from __future__ import annotations

import asyncio
import datetime as dt
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# What the tests allow to the client: all of loopback.
LOOPBACK = "127.0.0.0/8, ::1/128"

# The file with the server's certificate and key.
CHAIN = "server.pem"

# Where a handler finds the content of a request.
BODY = web.RequestKey("body", bytes)

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass
class Names:
    """A resolver: every name has a list of answers, given out one after the other, the last one for ever."""

    answers: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def addresses(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host not in self.answers:
            raise OSError("no such host")
        answers = self.answers[host]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    @classmethod
    def of(cls, **hosts: str) -> Names:
        """``Names.of(dav="127.0.0.1")`` knows dav.example.com."""
        return cls({f"{host}.example.com": [[address]] for host, address in hosts.items()})


@dataclass(frozen=True)
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    host: str
    peer: int  # port of the client: tells connections apart


@dataclass
class Server:
    port: int
    seen: list[Seen]

    def url(self, path: str = "/", host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


@asynccontextmanager
async def serving(
    handler: Handler, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    """A real HTTP server that notes what arrives before the handler answers it."""
    seen: list[Seen] = []

    async def note(request: web.BaseRequest) -> web.StreamResponse:
        # Not request.read(), which stops at a megabyte; handlers find the content under BODY.
        body = request[BODY] = await request.content.read()
        peer = request.transport.get_extra_info("peername")[1] if request.transport else 0
        seen.append(
            Seen(request.method, request.raw_path, dict(request.headers), body, request.headers.get("Host", ""), peer)
        )
        return await handler(request)

    runner = web.ServerRunner(web.Server(note), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, 0, ssl_context=tls).start()
        yield Server(runner.addresses[0][1], seen)
    finally:
        await runner.cleanup()


async def ok(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="ok")


Script = Callable[[bytes, int, asyncio.StreamWriter], Awaitable[bool]]


@dataclass
class RawServer:
    """A server below HTTP: a script gets every request as bytes and says whether to read on."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@asynccontextmanager
async def scripted(script: Script) -> AsyncIterator[RawServer]:
    """``script(request, number, writer)``: request bytes, number within the connection (from 0), where to answer."""
    raw = RawServer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raw.connections += 1
        number = 0
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line), 0
                )
                request = head + await reader.readexactly(length)
                raw.requests.append(request)
                if not await script(request, number, writer):
                    break
                number += 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    raw.port = server.sockets[0].getsockname()[1]
    try:
        yield raw
    finally:
        server.close()


@dataclass(frozen=True)
class Authority:
    """A certificate authority of a test and what it certified."""

    bundle: Path
    server: ssl.SSLContext


def certify(folder: Path, *hosts: str) -> Authority:
    """A fresh authority with one certificate for the given names and addresses."""
    now = dt.datetime.now(dt.UTC)
    root_key, leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])

    def builder(subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, root: bool) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(root_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=root, path_length=None), critical=True)
        )

    root = builder(root_name, root_key, root=True).sign(root_key, hashes.SHA256())
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test server")])
    leaf = (
        builder(subject, leaf_key, root=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    bundle, chain = folder / "authority.pem", folder / CHAIN
    bundle.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    chain.write_bytes(
        leaf.public_bytes(serialization.Encoding.PEM)
        + leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return Authority(bundle, context)
