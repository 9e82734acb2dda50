"""The connector contract against real servers: Radicale, Xandikos, Cyrus and sabre/dav."""

import asyncio
import io
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit
from uuid import uuid4

import msgspec
import pytest
from PIL import Image

from polydex.connectors.base import Connector
from polydex.connectors.carddav import hrefs
from polydex.connectors.carddav.cursor import Position
from polydex.connectors.carddav.provider import CARDDAV
from polydex.connectors.provider import Credentials
from polydex.core import vcard
from polydex.core.contact import Contact, Email, Photo, Relation, RelationType, Url, UrlType
from polydex.core.errors import ProviderUnauthorized
from polydex.core.ids import Cursor, RemoteKey
from polydex.core.patch import Patch
from polydex.net.client import Net
from polydex.testing.contract import ALICE, ConnectorContract, Mirror, World
from tests.servers.dav import DavServer, Response
from tests.servers.sabre import DIGEST

ALIEN = "X-ALIEN;X-P=1:kept as it is"


@dataclass
class DavWorld:
    """One fresh address book, and a plain HTTP client beside the connector."""

    server: DavServer
    book: str
    connector: Connector

    async def put(self, contact: Contact, key: RemoteKey | None = None) -> RemoteKey:
        uid = str(uuid4())
        key = key or RemoteKey(f"{urlsplit(self.book).path}{uid}.vcf")
        before = await self._request("GET", key)
        if before.status == 200:
            found = vcard.read(before.body).uid
            assert found
            uid = found
        await self._write(key, vcard.create(contact, uid=uid, mark=None).raw)
        return key

    async def remove(self, key: RemoteKey) -> None:
        assert (await self._request("DELETE", key)).status in (200, 204)

    async def move(self, key: RemoteKey) -> RemoteKey:
        raw = await self._read(key)
        await self.remove(key)
        moved = RemoteKey(f"{urlsplit(self.book).path}moved-{uuid4()}.vcf")
        await self._write(moved, raw)
        return moved

    async def add_alien_data(self, key: RemoteKey) -> None:
        raw = await self._read(key)
        await self._write(key, raw.replace(b"END:VCARD", f"{ALIEN}\r\nEND:VCARD".encode()))

    async def alien_data(self, key: RemoteKey) -> object:
        return re.findall(r"(?m)^X-ALIEN.*$", (await self._read(key)).decode().replace("\r", ""))

    async def keys(self) -> set[RemoteKey]:
        listed = await asyncio.to_thread(self.server.list_book, self.book)
        return {hrefs.key_of(url, url) for url in listed}

    async def expired(self, cursor: Cursor) -> Cursor:
        position = Position.decode(cursor)
        return msgspec.structs.replace(position, token="http://unknown.example/sync/0", settled=False).encode()

    async def settle(self) -> None:
        """These servers have no lag."""

    async def _read(self, key: RemoteKey) -> bytes:
        response = await self._request("GET", key)
        assert response.status == 200
        return response.body

    async def _write(self, key: RemoteKey, raw: bytes) -> None:
        headers = {"Content-Type": "text/vcard; charset=utf-8"}
        response = await asyncio.to_thread(self.server.request, "PUT", urljoin(self.book, key), raw, headers)
        assert response.status in (200, 201, 204), response

    async def _request(self, method: str, key: RemoteKey) -> Response:
        return await asyncio.to_thread(self.server.request, method, urljoin(self.book, key))


class TestCardDav(ConnectorContract):
    @pytest.fixture
    async def world(self, dav_server: DavServer) -> AsyncIterator[World]:
        book = dav_server.create_book()
        credentials = Credentials(dav_server.user, dav_server.password, dav_server.url)
        async with Net(allow_private="127.0.0.0/8") as net:
            connector = CARDDAV.connect(net, credentials, urlsplit(book).path, {"region": "CH"})
            yield DavWorld(dav_server, book, connector)


async def test_digest_authentication(sabre: DavServer) -> None:
    """As Baikal asks for it by default."""
    account = sabre.new_account()
    book = sabre.create_book(account)
    path = f"/{DIGEST}{urlsplit(book).path.lstrip('/')}"
    async with Net(allow_private="127.0.0.0/8") as net:
        credentials = Credentials(account.user, account.password, f"{sabre.url}{DIGEST}")
        identity, sources = await CARDDAV.discover(net, credentials)
        assert path in {source.key for source in sources}
        connector = CARDDAV.connect(net, credentials, path, {})
        created = await connector.create(ALICE, "mark")
        updated = await connector.update(created, Patch(notes="changed"))
        assert (await Mirror(connector).pull()).changed == {created.key: updated}
        await connector.delete(updated.key, updated.rev)
        assert sabre.list_book(book, account) == {}
        wrong = Credentials(account.user, "wrong", credentials.server_url)
        with pytest.raises(ProviderUnauthorized):
            await CARDDAV.discover(net, wrong)
    assert identity.subject.endswith(f"/principals/{account.user}/")


async def test_discovery_finds_every_book_with_the_default_first(dav_server: DavServer) -> None:
    account = dav_server.new_account()
    books = {dav_server.create_book(account), dav_server.create_book(account)}
    credentials = CARDDAV.prepare("CardDAV", Credentials(account.user, account.password, dav_server.url))
    async with Net(allow_private="127.0.0.0/8") as net:
        identity, sources = await CARDDAV.discover(net, credentials)
        assert {urlsplit(book).path for book in books} <= {source.key for source in sources}
        assert [source.default for source in sources] == [True] + [False] * (len(sources) - 1)
        assert not any(source.read_only for source in sources)
        connector = CARDDAV.connect(net, credentials, sources[0].key, {})
        assert await connector.identify() == identity


def jpeg(side: int) -> bytes:
    output = io.BytesIO()
    Image.new("RGB", (side, side)).save(output, "JPEG")
    return output.getvalue()


async def test_what_a_server_does_not_keep_is_told(dav_server: DavServer) -> None:
    """Radicale's parser cuts a value at a bare comma, as it stands in every inline photo of version 4.0."""
    book = dav_server.create_book()
    credentials = Credentials(dav_server.user, dav_server.password, dav_server.url)
    async with Net(allow_private="127.0.0.0/8") as net:
        world = DavWorld(dav_server, book, CARDDAV.connect(net, credentials, urlsplit(book).path, {}))
        key = RemoteKey(f"{urlsplit(book).path}four.vcf")
        draft = Contact(notes="old", urls=(Url(href="https://example.com/a,b;c", type=UrlType.OTHER),))
        await world._write(key, vcard.create(draft, uid="four", mark=None, version="4.0").raw)
        base = await world.connector.fetch(key)
        assert base.contact is not None
        assert base.contact.urls == draft.urls
        photo = Photo.of(jpeg(4), "image/jpeg")
        updated = await world.connector.update(base, Patch(notes="new, with; all\\", photo=photo))
        assert updated.contact is not None
        assert (updated.contact.notes, updated.contact.urls) == ("new, with; all\\", draft.urls)
        kept = updated.contact.photo is not None
        assert [loss.path for loss in updated.losses] == ([] if kept else ["$.photo"])
        again = await world.connector.update(updated, Patch(photo=photo))
        assert [loss.path for loss in again.losses] == ([] if kept else ["$.photo"])


async def test_losses_are_foreseen(dav_server: DavServer) -> None:
    book = dav_server.create_book()
    credentials = Credentials(dav_server.user, dav_server.password, dav_server.url)
    draft = Contact(
        birthday="circa 1990",
        relations=(Relation(name="Max"), Relation(name="Mia", type=RelationType.SPOUSE)),
        email_addresses=(Email(address="a@example.com", name="Ann", type="_$!<Home>!$_"),),
        photo=Photo.of(jpeg(1500), "image/jpeg", "ann.jpg"),
    )
    async with Net(allow_private="127.0.0.0/8") as net:
        connector = CARDDAV.connect(net, credentials, urlsplit(book).path, {})
        foreseen = connector.losses(draft)
        assert (await connector.create(draft, "mark")).losses == foreseen
        assert [loss.path for loss in foreseen] == [
            *("$.photo.content", "$.birthday", "$.relations[0]"),
            *("$.emailAddresses[0].name", "$.emailAddresses[0].type", "$.photo.name"),
        ]
