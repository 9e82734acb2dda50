"""A DAV server that answers PROPFIND from a table, under any host name, and resolvers that lead to it."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

from aiohttp import web

from polydex.net.client import Net
from polydex.net.dns import Dns
from tests.servers.process import LOOPBACK

NAMESPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"'


@dataclass
class Resource:
    """What PROPFIND says: XML of the properties, and the paths of the members."""

    props: str = ""
    members: tuple[str, ...] = ()


@dataclass
class Scripted:
    """``resources``: by path. ``statuses``: what else is answered under a path. ``seen``: (method, host, path)."""

    port: int
    resources: dict[str, Resource] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    authorised: set[str] = field(default_factory=set)

    def url(self, host: str = "dav.example.com", path: str = "/") -> str:
        return f"http://{host}:{self.port}{path}"

    async def handle(self, request: web.Request) -> web.Response:
        host, path = request.host.partition(":")[0], request.path
        self.seen.append((request.method, host, path))
        if "Authorization" in request.headers:
            self.authorised.add(host)
        if path in self.redirects:
            return web.Response(status=302, headers={"Location": self.redirects[path]})
        if path in self.statuses:
            return web.Response(status=self.statuses[path], text="<html></html>", content_type="text/html")
        if request.method != "PROPFIND" or path not in self.resources:
            return web.Response(status=404)
        paths = [path]
        if request.headers["Depth"] == "1":
            paths += self.resources[path].members
        wanted = [item.tag for item in ET.fromstring(await request.read())[0]]
        entries = "".join(
            f"<D:response><D:href>{where}</D:href><D:propstat><D:prop>{self._props(where, wanted)}</D:prop>"
            "<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>"
            for where in paths
        )
        text = f"<D:multistatus {NAMESPACES}>{entries}</D:multistatus>"
        return web.Response(status=207, text=text, content_type="application/xml")

    def _props(self, path: str, wanted: Sequence[str]) -> str:
        """Those that were asked for: a property that the client forgot to name is not served."""
        root = ET.fromstring(f"<D:prop {NAMESPACES}>{self.resources[path].props}</D:prop>")
        return "".join(ET.tostring(item, encoding="unicode") for item in root if item.tag in wanted)


class Everywhere:
    """A resolver for which every name is here."""

    async def addresses(self, host: str) -> Sequence[str]:
        return [LOOPBACK]


class Records(Dns):
    """Made-up SRV and TXT records."""

    def __init__(self, srv: dict[str, list[tuple[str, int, int, int]]], txt: dict[str, list[str]]) -> None:
        super().__init__()
        self.services, self.texts = srv, txt

    async def srv(self, name: str) -> list[tuple[str, int, int, int]]:
        return self.services.get(name, [])

    async def txt(self, name: str) -> list[str]:
        return self.texts.get(name, [])


@contextlib.asynccontextmanager
async def scripted() -> AsyncIterator[Scripted]:
    server = Scripted(0)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def net(dns: Dns | None = None) -> AsyncIterator[Net]:
    async with Net(allow_private="127.0.0.0/8", resolver=Everywhere(), dns=dns or Records({}, {})) as client:
        yield client
