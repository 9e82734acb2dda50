"""Export: every contact once, while writes go on."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from polydex.core import csv, vcard
from polydex.core.contact import Contact, Email, Name, Photo, Url, UrlType, content
from polydex.core.errors import ProviderMalformed, ProviderUnavailable
from polydex.engine.export import PAGE, Exported, Exporter, whole
from polydex.testing.contract.samples import PNG
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named
from tests.soak import SOAK

ADA = Contact(
    name=Name(display_name="Ada Lovelace", given_name="Ada"),
    nick_name="ada",
    email_addresses=(Email(address="ada@example.com", type="home"),),
    urls=(Url(href="https://example.com/", type=UrlType.OTHER),),
    photo=Photo.of(PNG, "image/png"),
)


async def exported(home: Home, kind: str = "vcard") -> tuple[bytes, Exported, list[tuple[int, int]]]:
    exporter = Exporter(home.ctx, home.reader)
    parts: list[bytes] = []
    told: list[tuple[int, int]] = []
    write = exporter.vcards if kind == "vcard" else exporter.csv
    done = await write(home.account, parts.append, lambda at, total: told.append((at, total)))
    return b"".join(parts), done, told


async def test_vcards_are_made_with_photo_and_id(home: Home) -> None:
    home.world.put(ADA, "one")
    data, done, told = await exported(home)
    assert (done.contacts, done.groups, done.missing, done.doubtful) == (1, 0, (), 0)
    assert told == [(1, 1)]
    reading = vcard.read(data)
    assert reading.contact is not None
    assert content(reading.contact) == content(ADA)
    assert reading.uid == await home.id_of("ada")


async def test_rows_have_everything_but_the_photo_and_say_so(home: Home) -> None:
    home.world.put(ADA, "one")
    home.world.put(named("bob", birthday="some day"), "two")
    data, done, _ = await exported(home, "csv")
    assert done.contacts == 2
    assert dict(done.losses) == {"$.photo: CSV has no photos": 1, "$.birthday: not a date: an import refuses it": 1}
    entries = csv.read(data, csv.Options()).entries
    assert [entry.identity for entry in entries] == [f"id:{await home.id_of(nick)}" for nick in ("ada", "bob")]
    assert entries[0].contact == Contact(
        name=ADA.name, nick_name="ada", email_addresses=ADA.email_addresses, urls=ADA.urls
    )


async def test_an_incomplete_mirror_is_not_exported(home: Home) -> None:
    home.world.put(ADA, "one")
    home.world.faults.extend([("list", Fault.REFUSED)] * 10)
    parts: list[bytes] = []
    with pytest.raises(ProviderUnavailable):
        await Exporter(home.ctx, home.reader).vcards(home.account, parts.append, lambda _at, _total: None)
    assert parts == []


async def test_what_could_never_be_read_is_named(home: Home) -> None:
    home.world.put(ADA, "good")
    home.world.put(named("bad"), "bad")
    home.world.unreadable.add("bad")
    home.world.refusal = ProviderMalformed
    data, done, _ = await exported(home)
    assert done.missing == ("bad",)
    assert done.contacts == 1
    assert data.count(b"BEGIN:VCARD") == 1


@pytest.mark.soak
async def test_every_contact_comes_once_while_writes_go_on(home: Home) -> None:
    before = [f"n{at:05}" for at in range(12_000 if SOAK else 3 * PAGE)]
    for nick in before:
        home.world.put(named(nick), nick)
    await home.pull()
    numbers = itertools.count()

    async def write() -> None:
        while True:
            at = next(numbers)
            nick = before[at % len(before)]
            if at % 7 == 0:  # the same address again: another contact, under another id
                home.world.remove(nick)
                await home.pull()
            home.world.put(named(nick, notes=str(at)), nick)
            home.world.put(named(f"new{at}"), f"new{at}")
            await home.pull()

    writing = asyncio.create_task(write())
    try:
        data, done, _ = await exported(home)
    finally:
        writing.cancel()
        await asyncio.wait([writing])
    nicks = [entry.contact.nick_name for entry in vcard.entries(data) if entry.contact]
    assert len(nicks) == len(set(nicks)) == done.contacts
    gone = {before[at % len(before)] for at in range(0, next(numbers), 7)}
    assert set(before) - gone <= set(nicks)


async def test_what_is_not_a_contact(make_home: Furnish) -> None:
    home = await make_home()
    home.world.put(ADA, "one")
    home.world.put(named("group"), "group", kind="group")
    data, done, _ = await exported(home)
    assert (done.contacts, done.groups, data.count(b"BEGIN:VCARD")) == (1, 0, 1)


def test_a_card_that_does_not_end_is_ended() -> None:
    good = b"BEGIN:VCARD\r\nFN:A\r\nEND:VCARD\r\n"
    assert whole(good) == good
    assert whole(good.rstrip()) == good
    assert whole(b"BEGIN:VCARD\nFN:A") == b"BEGIN:VCARD\nFN:A\r\nEND:VCARD\r\n"
