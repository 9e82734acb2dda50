"""Photos by address."""

import base64
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from polydex.connectors.base import Connector
from polydex.connectors.carddav.provider import CARDDAV
from polydex.connectors.provider import Credentials
from polydex.core.errors import ProviderUnavailable
from polydex.core.ids import RemoteKey
from polydex.net.client import Net
from polydex.testing.contract import PNG
from tests.servers.process import LOOPBACK
from tests.unit.carddav.scripted import Everywhere


class Pictures:
    def __init__(self) -> None:
        self.port = 0
        self.status = 200
        self.content = PNG
        self.authorised: list[bool] = []

    async def handle(self, request: web.Request) -> web.Response:
        self.authorised.append("Authorization" in request.headers)
        return web.Response(status=self.status, body=self.content)

    def card(self, host: str = "dav.example.com", scheme: str = "http") -> bytes:
        return self.lines(f"PHOTO;VALUE=uri:{scheme}://{host}:{self.port}/photo")

    def lines(self, photo: str) -> bytes:
        return f"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\nFN:F\r\nN:F;;;;\r\n{photo}\r\nEND:VCARD\r\n".encode()


@pytest.fixture
async def pictures() -> AsyncIterator[Pictures]:
    served = Pictures()
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", served.handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    served.port = runner.addresses[0][1]
    yield served
    await runner.cleanup()


@pytest.fixture
async def connector(pictures: Pictures) -> AsyncIterator[Connector]:
    async with Net(allow_private="127.0.0.0/8", resolver=Everywhere()) as net:
        credentials = Credentials("alice", "secret", f"http://dav.example.com:{pictures.port}/")
        yield CARDDAV.connect(net, credentials, "/book/", {})


async def photo_content(connector: Connector, raw: bytes) -> bytes | None:
    record = connector.remap(raw, RemoteKey("/book/u.vcf"), None)
    assert record.contact is not None
    photo = await connector.photo(record)
    if photo is not None:
        assert record.contact.photo is not None
        assert photo.hash == record.contact.photo.hash
        assert photo.mime_type == "image/png"
    return photo.content if photo else None


async def test_an_inline_photo_needs_no_request(connector: Connector, pictures: Pictures) -> None:
    raw = pictures.lines(f"PHOTO;ENCODING=b;TYPE=PNG:{base64.b64encode(PNG).decode()}")
    assert await photo_content(connector, raw) == PNG
    assert pictures.authorised == []


async def test_a_record_carries_the_hash_and_not_the_bytes(connector: Connector, pictures: Pictures) -> None:
    raw = pictures.lines(f"PHOTO;ENCODING=b;TYPE=PNG:{base64.b64encode(PNG).decode()}")
    contact = connector.remap(raw, RemoteKey("/book/u.vcf"), None).contact
    assert contact is not None
    assert contact.photo is not None
    assert contact.photo.content is None


@pytest.mark.parametrize(
    ("host", "authorised"), [("dav.example.com", True), ("photos.example.com", True), ("photos.example.org", False)]
)
async def test_credentials_go_only_where_they_belong(
    connector: Connector, pictures: Pictures, host: str, authorised: bool
) -> None:
    assert await photo_content(connector, pictures.card(host)) == PNG
    assert pictures.authorised == [authorised]


@pytest.mark.parametrize("status", [403, 404, 410])
async def test_a_photo_that_cannot_be_had_is_none(connector: Connector, pictures: Pictures, status: int) -> None:
    pictures.status = status
    assert await photo_content(connector, pictures.card()) is None


async def test_what_is_no_picture_is_none(connector: Connector, pictures: Pictures) -> None:
    pictures.content = b"<html>log in</html>"
    assert await photo_content(connector, pictures.card()) is None


async def test_a_host_that_fails_is_to_be_asked_later(connector: Connector, pictures: Pictures) -> None:
    pictures.status = 500
    with pytest.raises(ProviderUnavailable):
        await photo_content(connector, pictures.card())


async def test_other_schemes_and_forbidden_networks_are_none(pictures: Pictures) -> None:
    async with Net(allow_private="127.0.0.0/8=provider", resolver=Everywhere()) as net:
        credentials = Credentials("alice", "secret", f"http://dav.example.com:{pictures.port}/")
        connector = CARDDAV.connect(net, credentials, "/book/", {})
        assert await photo_content(connector, pictures.card("photos.example.org")) is None
        assert await photo_content(connector, pictures.card(scheme="ftp")) is None
        assert await photo_content(connector, pictures.lines("PHOTO;VALUE=uri:file:///etc/passwd")) is None
    assert pictures.authorised == []
