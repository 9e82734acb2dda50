"""A whole installation on real servers: contacts of all kinds, writes of ours, and edits by another client."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from polydex.connectors.carddav.provider import CARDDAV
from polydex.core.errors import PreconditionFailed
from polydex.net.client import Net
from polydex.store.accounts import Details
from polydex.store.sqlite import open_sqlite
from polydex.testing.clock import FakeClock
from polydex.testing.contract import PNG
from tests.contract.engine.home import SCOPES, Consumer, Installation, install
from tests.servers.dav import DavServer
from tests.soundness import demand_sound

ODD = "o d @é;x(1)+&.vcf"
PHOTO = base64.b64encode(PNG).decode()
CARDS = {
    "three.vcf": ("3.0", "u-three", "Three", "TEL;TYPE=WORK,FAX:+41 44 668 18 00", "X-ALIEN:kept"),
    "four.vcf": ("4.0", "urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1", "Four", "BDAY:19800229", "X-ALIEN:kept"),
    "group.vcf": ("3.0", "u-group", "Group", "X-ADDRESSBOOKSERVER-KIND:group"),
    "photo.vcf": ("3.0", "u-photo", "Photo", f"PHOTO;ENCODING=b;TYPE=PNG:{PHOTO}"),
    ODD: ("3.0", "u-odd", "Odd"),
}


def card(version: str, uid: str, name: str, *lines: str) -> bytes:
    text = ["BEGIN:VCARD", f"VERSION:{version}", f"UID:{uid}", f"FN:{name}", f"N:{name};;;;", *lines, "END:VCARD", ""]
    return "\r\n".join(text).encode()


def put(server: DavServer, book: str, name: str, raw: bytes) -> None:
    answer = server.request("PUT", book + quote(name), raw, {"Content-Type": "text/vcard; charset=utf-8"})
    assert answer.status in (200, 201, 204), answer


def remove(server: DavServer, book: str, name: str) -> None:
    assert server.request("DELETE", book + quote(name)).status in (200, 204)


def by_name(consumer: Consumer) -> dict[str, str]:
    """The ids of what a consumer sees."""
    return {record["name"]["displayName"]: key for key, record in consumer.copy.items()}


@pytest.fixture
def book(dav_server: DavServer) -> str:
    """An address book with one card of each kind."""
    url = dav_server.create_book()
    for name, what in CARDS.items():
        put(dav_server, url, name, card(*what))
    return url


@pytest.fixture
async def home(dav_server: DavServer, book: str, tmp_path: Path) -> AsyncIterator[Installation]:
    clock = FakeClock()
    database = open_sqlite(tmp_path / "polydex.db", clock=clock)
    details = Details("CardDAV", SCOPES, login=dav_server.user, server_url=dav_server.url)
    async with Net(allow_private="127.0.0.0/8") as net:
        made = await install(
            database,
            clock,
            CARDDAV,
            details,
            subject=dav_server.user,
            book=urlsplit(book).path,
            net=net,
            password=dav_server.password,
        )
        yield made
    await database.close()
    await demand_sound(tmp_path / "polydex.db", made.ctx.keys, made.ctx.providers)


async def test_our_writes_keep_what_is_alien_and_respect_what_is_newer(
    home: Installation, dav_server: DavServer, book: str
) -> None:
    consumer = await (await home.consumer()).follow()
    assert by_name(consumer).keys() == {"Three", "Four", "Photo", "Odd"}
    for record in list(consumer.copy.values()):
        written = await home.update(record["id"], record["etag"], notes="a;b,c\\d\nline")
        assert written.losses == ()
        with pytest.raises(PreconditionFailed):
            await home.update(record["id"], record["etag"], notes="from an old base")
    for name in ("three.vcf", "four.vcf"):
        raw = dav_server.request("GET", book + name).body
        assert b"X-ALIEN:kept" in raw
        assert b"a\\;b\\,c\\\\d\\nline" in raw
    made = await home.create(name={"displayName": "Made"}, photo={"content": PHOTO, "mimeType": "image/png"})
    put(dav_server, book, "three.vcf", card("3.0", "u-three", "Three Edited"))
    three = by_name(consumer)["Three"]
    for etag in (consumer.copy[three]["etag"], (await home.reader.get(home.account, three)).etag):
        with pytest.raises(PreconditionFailed):
            await home.writer.delete(home.account, three, etag)
    await home.writer.delete(home.account, made.id, made.etag)
    await home.pull()
    await consumer.follow()
    assert by_name(consumer).keys() == {"Three Edited", "Four", "Photo", "Odd"}
    assert {record.get("notes") for record in consumer.copy.values()} == {None, "a;b,c\\d\nline"}


async def test_edits_by_another_client_arrive_and_a_moved_card_keeps_its_id(
    home: Installation, dav_server: DavServer, book: str
) -> None:
    consumer = await (await home.consumer()).follow()
    before = by_name(consumer)
    put(dav_server, book, "three.vcf", card("3.0", "u-three", "Three Edited"))
    remove(dav_server, book, "photo.vcf")
    remove(dav_server, book, ODD)
    put(dav_server, book, "moved ü.vcf", card(*CARDS[ODD]))
    put(dav_server, book, "new.vcf", card("3.0", "u-new", "New"))
    await home.pull()
    await consumer.follow()
    after = by_name(consumer)
    assert after.keys() == {"Three Edited", "Four", "Odd", "New"}
    assert (after["Three Edited"], after["Odd"]) == (before["Three"], before["Odd"])
    assert consumer.gone == [before["Photo"]]
