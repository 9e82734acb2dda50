"""What is taken for true of Exchange, and no document confirms: by the connector, or by the sandbox that plays it."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import pytest
from lxml import etree

from polydex.connectors.exchange.folders import DEFAULT
from polydex.connectors.exchange.operations import create_item
from polydex.connectors.exchange.wire import NSMAP, T
from polydex.connectors.exchange.xml import parse
from polydex.core.contact import Name, Photo
from polydex.core.patch import NamePatch, Patch
from tests.live.account import Made
from tests.live.exchange_account import LiveAccount, cleaned, ews
from tests.pictures import jpeg


@pytest.fixture
async def made() -> Made:
    return Made()


@pytest.fixture
async def live(made: Made) -> AsyncIterator[LiveAccount]:
    async with cleaned(made) as account:
        yield account


async def test_a_contact_without_names_to_show_gets_them_of_the_others(live: LiveAccount, made: Made) -> None:
    """The connector sends both, for this; other clients need not."""
    contact = etree.Element(T + "Contact", nsmap=NSMAP)
    etree.SubElement(contact, T + "GivenName").text = "Ada"
    etree.SubElement(contact, T + "Surname").text = live.family
    async with live.api() as api:
        item = create_item.parse(await api.one(create_item.payload(DEFAULT, [contact]), step="Exchange create"))
    made.keys.add(item.key)
    shown = await live.shown(item.key)
    assert (shown.display_name, shown.file_as) == (f"Ada {live.family}", f"{live.family}, Ada")


async def test_names_to_show_stay_when_a_name_changes(live: LiveAccount, made: Made) -> None:
    draft = live.contact("Al", file_as="The boss")
    record = made(await live.connector.create(draft, None))
    await live.change(record.key, given_name="Alan")
    shown = await live.shown(record.key)
    assert (shown.given_name, shown.display_name, shown.file_as) == ("Alan", f"Al {live.family}", "The boss")
    patch = Patch(name=NamePatch(given_name="Alfred"))
    changed = await live.connector.update(await live.connector.fetch(record.key), patch)
    assert changed.contact is not None
    assert isinstance(changed.contact.name, Name)
    assert (changed.contact.name.display_name, changed.contact.file_as) == (f"Al {live.family}", "The boss")


async def test_names_that_follow_by_a_mapping_follow_an_update(live: LiveAccount, made: Made) -> None:
    key = await live.add(display_name="Bob", given_name="Bob", file_as_mapping="LastCommaFirst")
    made.keys.add(key)
    assert (await live.shown(key)).file_as == f"{live.family}, Bob"
    await live.connector.update(await live.connector.fetch(key), Patch(name=NamePatch(given_name="Rob")))
    assert (await live.shown(key)).file_as == f"{live.family}, Rob"


async def test_a_birthday_is_the_moment_that_was_written(live: LiveAccount, made: Made) -> None:
    record = made(await live.connector.create(live.contact("Di", birthday="1990-01-02"), None))
    assert parse(record.raw).findtext(f".//{T}Birthday") == "1990-01-02T11:59:00Z"
    assert (await live.shown(record.key)).birthday == dt.date(1990, 1, 2)
    await live.change(record.key, birthday=(await live.shown(record.key)).birthday + dt.timedelta(days=1))
    again = await live.connector.fetch(record.key)
    assert again.contact is not None
    assert again.contact.birthday == "1990-01-03"
    early = await live.connector.update(again, Patch(birthday="--02-29"))
    assert early.contact is not None
    assert early.contact.birthday == "--02-29"
    assert (await live.shown(record.key)).birthday == dt.date(1604, 2, 29)


async def test_an_address_without_a_name_gets_none_that_is_shown(live: LiveAccount, made: Made) -> None:
    record = made(await live.connector.create(live.contact("Ed"), None))
    assert record.contact is not None
    assert [(each.address, each.name) for each in record.contact.email_addresses] == [("ed@example.com", None)]


async def test_characters_that_xml_does_not_have_are_left_out(live: LiveAccount, made: Made) -> None:
    record = made(await live.connector.create(live.contact("Flo", nick_name="F\ufffe\uffff.", notes="a\tb"), None))
    assert {str(loss.path) for loss in record.losses if loss.kept == "without them"} == {"$.nickName"}
    assert record.contact is not None
    assert (record.contact.nick_name, record.contact.notes) == ("F.", "a\tb")
    assert (await live.shown(record.key)).nickname == "F."


async def test_a_photo_makes_a_new_version_and_is_known_by_its_attachment(live: LiveAccount, made: Made) -> None:
    record = made(await live.connector.create(live.contact("Gus"), None))
    await live.attach(record.key, jpeg("red"))
    with_photo = await live.connector.fetch(record.key)
    assert with_photo.rev != record.rev
    await live.nickname(record.key, "G.")
    later = await live.connector.fetch(record.key)
    assert later.rev != with_photo.rev
    assert with_photo.contact is not None
    assert later.contact is not None
    assert with_photo.contact.photo is not None
    assert later.contact.photo == with_photo.contact.photo, "id, size and time of an attachment stay"
    found = await live.connector.photo(with_photo)
    assert found is not None, "the id of an older version leads to it"
    assert found.content == jpeg("red")


async def test_a_second_photo_takes_the_place_of_the_first(live: LiveAccount, made: Made) -> None:
    """So in the sandbox. The connector copes with two, too."""
    record = made(await live.connector.create(live.contact("Hal"), None))
    await live.attach(record.key, jpeg("red"))
    await live.attach(record.key, jpeg("blue"))
    there = await live.pictures(record.key)
    new = Photo.of(jpeg("green"), "image/jpeg")
    await live.connector.update(await live.connector.fetch(record.key), Patch(photo=new))
    assert await live.pictures(record.key) == [jpeg("green")]
    assert there == [jpeg("blue")]


async def test_notes_that_outlook_has_formatted_are_read_as_text_and_stay(live: LiveAccount, made: Made) -> None:
    record = made(await live.connector.create(live.contact("Ivy"), None))
    from_outlook = "<html><body><p>One <b>bold</b> word</p></body></html>"
    await live.change(record.key, body=ews.HTMLBody(from_outlook))
    read = await live.connector.fetch(record.key)
    assert read.contact is not None
    assert "One bold word" in (read.contact.notes or "")
    await live.connector.update(read, Patch(nick_name="I."))
    assert "<b>" in str((await live.shown(record.key)).body)
