"""Writes to an Exchange that behaves as it is seen to: each is carried out once, or not at all, and both are told."""

import asyncio
import contextlib
import json
from typing import Any
from urllib.parse import quote

import pytest

from polydex.core.errors import (
    PolydexError,
    PreconditionFailed,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from polydex.core.ids import RemoteKey
from polydex.engine.errand import Written
from tests.exchange.home import ExchangeHome, exchange_home
from tests.hostile.sides import EXCHANGE
from tests.pictures import jpeg

CREATE, UPDATE, DELETE, PHOTO = EXCHANGE.create, EXCHANGE.update, EXCHANGE.delete, EXCHANGE.photo
GET, ADD, TAKE = "GetItem", EXCHANGE.photo_put, EXCHANGE.photo_gone
LEGACY = "/o=Example/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn=ben"

# --- lost answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["drop-before", "drop-after", "timeout", "internal-error", "batch-stopped"])
async def test_many_creates_whose_answers_are_lost_are_as_many_contacts(fault: str) -> None:
    """Of a whole call, or of all of it but the first."""
    async with exchange_home() as home:
        consumer = await (await home.consumer()).follow()
        await home.world.quirk(f"exchange-{fault}", methods=[CREATE], count=1)
        names = waiting = [f"n{number:02}" for number in range(30)]
        for _ in range(24):
            answers = await asyncio.gather(*(home.create(nickName=name) for name in waiting), return_exceptions=True)
            assert all(isinstance(one, Written | ProviderTimeout | ProviderUnavailable) for one in answers)
            waiting = [name for name, one in zip(waiting, answers, strict=True) if not isinstance(one, Written)]
            if not waiting:
                break
            await home.later(100)
        assert not waiting
        assert await home.world.struck(f"exchange-{fault}") == 1
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == names


async def test_a_create_whose_answer_is_lost_is_found_by_its_mark_and_not_made_twice() -> None:
    async with exchange_home() as home:
        consumer = await (await home.consumer()).follow()
        await home.world.quirk("exchange-drop-after", methods=[CREATE], count=1)
        with pytest.raises(ProviderTimeout):
            await home.create(nickName="ada", photo=PHOTO)
        await home.later(70)
        written = await home.create(nickName="ada", photo=PHOTO)
        assert len(home.world.requests(CREATE)) == 1
        assert await home.photos() == 1
        await home.rest()
        await home.assert_same(consumer)
        assert list(consumer.copy) == [written.id]


@pytest.mark.parametrize("fault", ["drop-before", "drop-after"])
async def test_a_photo_whose_answer_is_lost_is_there_once(fault: str) -> None:
    async with exchange_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        await home.world.quirk(f"exchange-{fault}", methods=[ADD], count=1)
        with pytest.raises(ProviderTimeout):
            await home.update(key, record["etag"], nickName="Countess", photo=PHOTO)
        await home.later(70)
        written = await home.update(key, record["etag"], nickName="Countess", photo=PHOTO)
        assert json.loads(written.record)["hasPhoto"] is True
        entry = await home.the_only()
        assert len(entry["attachments"]) == 1
        assert entry["Nickname"] == "Countess"
        await home.rest()
        await home.assert_same(consumer)


@pytest.mark.parametrize("fault", ["drop-before", "drop-after"])
async def test_a_photo_in_the_place_of_another_whose_removal_is_not_answered(fault: str) -> None:
    async with exchange_home() as home:
        [ada] = await home.seed("ada")
        await home.world.ask("PUT", f"contacts/{quote(ada)}/photo", jpeg("blue"))
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        await home.world.quirk(f"exchange-{fault}", methods=[TAKE], count=2)
        with contextlib.suppress(ProviderTimeout):
            await home.update(key, record["etag"], photo=PHOTO)
        await home.world.calm()
        await home.later(70)
        await home.update(key, photo=PHOTO)
        assert len((await home.the_only())["attachments"]) == 1
        await home.update(key, photo=None)
        assert (await home.the_only())["attachments"] == []
        await home.rest()
        await home.assert_same(consumer)


@pytest.mark.parametrize("method", [CREATE, UPDATE])
async def test_what_was_written_and_cannot_be_read_is_found_out(method: str) -> None:
    async with exchange_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        await home.world.quirk("exchange-item-unreadable", count=1)

        async def write() -> None:
            if method == CREATE:
                await home.create(nickName="bo")
            else:
                await home.update(key, record["etag"], nickName="bo")

        with pytest.raises(ProviderTimeout):
            await write()
        await home.later(70)
        await write()
        assert len(home.world.requests(method)) == 1
        await home.rest()
        await home.assert_same(consumer)
        assert (await home.nicknames()).count("bo") == 1


async def test_a_delete_whose_answer_is_lost_deletes_nobody_else() -> None:
    """And who was restored meanwhile, under another id, stays."""
    async with exchange_home() as home:
        [ada, _] = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        [key] = [key for key, record in consumer.copy.items() if record["nickName"] == "ada"]
        await home.world.quirk("exchange-drop-after", methods=[DELETE], count=2)
        with pytest.raises(ProviderTimeout):
            await home.writer.delivered(await home.writer.delete(home.account, key, consumer.copy[key]["etag"]))
        [gone] = (await home.world.ask("GET", "deleted"))["contacts"]
        back = await home.world.ask("POST", f"contacts/{quote(gone['id'])}/move", {"folder": "contacts"})
        assert back["id"] != ada
        await home.rest()
        await home.assert_same(consumer)
        assert await home.nicknames() == ["ada", "bo"]
        assert consumer.gone == [key]


# --- change keys ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["ErrorIrresolvableConflict", "ErrorStaleObject"])
async def test_a_conflict_that_is_none(code: str) -> None:
    async with exchange_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        await home.world.quirk("exchange-conflict", count=1, code=code)
        await home.update(key, record["etag"], nickName="ada, by us")
        assert await home.nicknames() == ["ada, by us"]
        await home.world.quirk("exchange-conflict", code=code)
        with pytest.raises(PreconditionFailed):
            await home.update(key, nickName="never")
        await home.world.calm()
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == ["ada, by us"]


@pytest.mark.parametrize(("operation", "photo"), [(UPDATE, False), (UPDATE, True), (GET, True)])
async def test_one_who_changes_right_before_the_write_is_not_overwritten(operation: str, *, photo: bool) -> None:
    """A photo moves the change key: only the one that came of our own photo counts."""
    async with exchange_home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()

        async def before(method: str, asked: str) -> None:
            if asked == operation:
                home.world.spoiler.before = None
                await home.nickname(ada, "Countess")

        home.world.spoiler.before = before
        with pytest.raises((PreconditionFailed, ProviderTimeout)):
            await home.update(key, record["etag"], nickName="by us", **({"photo": PHOTO} if photo else {}))
        assert await home.nicknames() == ["Countess"]
        home.world.spoiler.before = None
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == ["Countess"]


async def test_a_photo_that_somebody_else_has_replaced_is_not_overwritten() -> None:
    async with exchange_home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        written = await home.update(key, record["etag"], photo=PHOTO)
        await home.world.ask("PUT", f"contacts/{quote(ada)}/photo", jpeg("blue"))
        with pytest.raises(PreconditionFailed):
            await home.update(key, written.etag, photo=None)
        assert await home.world.ask("GET", f"contacts/{quote(ada)}/photo") == jpeg("blue")
        await home.update(key, photo=None)
        assert await home.photos() == 0


# --- what Exchange makes of it --------------------------------------------------------------------------------------


async def test_addresses_of_the_directory_survive_a_change_of_something_else() -> None:
    async with exchange_home() as home:
        legacy = {"address": LEGACY, "name": "Ben", "routingType": "EX", "original": "ben@example.com"}
        [ada] = await home.world.seed(
            {"Nickname": "ada", "EmailAddresses": {"EmailAddress1": "ada@example.com", "EmailAddress2": legacy}}
        )
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        assert [one["address"] for one in record["emailAddresses"]] == ["ada@example.com", "ben@example.com"]
        before = (await home.the_only())["EmailAddresses"]
        written = await home.update(key, record["etag"], notes="new")
        assert (await home.the_only())["EmailAddresses"] == before
        told = json.loads(written.record)
        assert [one["address"] for one in told["emailAddresses"]] == ["ada@example.com", "ben@example.com"]
        phones = [{"number": "+41 44 668 18 00", "type": "mobile"}]
        await home.update(key, emailAddresses=told["emailAddresses"], phoneNumbers=phones)
        entry = await home.the_only()
        assert entry["EmailAddresses"] == before
        assert entry["id"] == ada


async def test_what_becomes_an_address_of_the_directory_is_shown_as_it_was_written() -> None:
    async with exchange_home() as home:
        consumer = await (await home.consumer()).follow()
        await home.world.quirk("exchange-legacy-addresses")
        written = await home.create(nickName="ada", emailAddresses=[{"address": "ada@example.com"}])
        entry = await home.the_only()
        assert entry["EmailAddresses"]["EmailAddress1"]["routingType"] == "EX"
        assert [one["address"] for one in json.loads(written.record)["emailAddresses"]] == ["ada@example.com"]
        await home.update(written.id, notes="more")
        await home.rest()
        await home.assert_same(consumer)
        [record] = consumer.copy.values()
        assert [one["address"] for one in record["emailAddresses"]] == ["ada@example.com"]


async def test_control_characters_never_reach_exchange() -> None:
    """XML has no way to write them: nothing but them is left out, and it is told."""
    async with exchange_home() as home:
        consumer = await (await home.consumer()).follow()
        try:
            written = await home.create(nickName="ada\x1fb", notes="one\x0btwo\nthree")
        except PolydexError as error:
            assert error.status == 400  # noqa: PT017 - either is right
            assert await home.entries() == []
            return
        entry = await home.the_only()
        assert (entry["Nickname"], entry["Body"]) == ("adab", "onetwo\r\nthree")
        assert json.loads(written.record)["nickName"] == "adab"
        await home.rest()
        await home.assert_same(consumer)


# --- refusals -------------------------------------------------------------------------------------------------------


async def test_a_password_that_is_refused_writes_nothing() -> None:
    async with exchange_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [key] = consumer.copy
        await home.world.quirk("exchange-password-expired")
        with pytest.raises(PolydexError) as caught:
            await home.update(key, nickName="without a right")
        assert caught.value.status == 401
        assert await home.nicknames() == ["ada"]
        await home.world.calm()
        await home.world.settle()  # it is not tried again at once: directories lock users out
        await home.update(key, nickName="with one")
        assert await home.nicknames() == ["with one"]


async def test_a_mailbox_without_room_for_our_named_properties() -> None:
    """It is a failure of Exchange's, as the outcome is open; nobody is made twice, and without our mark nobody at all."""
    async with exchange_home() as home:
        await home.consumer()
        await home.world.ask("PUT", "settings", {"namedProperties": 0})
        with pytest.raises((ProviderTimeout, ProviderUnavailable, ProviderRejected)):
            await home.create(nickName="ada")
        assert await home.entries() == []
        await home.world.ask("PUT", "settings", {"namedProperties": 16_000})
        await home.later(400)
        await home.create(nickName="ada")
        assert await home.nicknames() == ["ada"]


async def moved_while(home: ExchangeHome, key: RemoteKey, operation: str) -> None:
    """The user moves a contact away right before an operation."""
    folder = (await home.world.ask("POST", "folders", {"name": "Elsewhere"}))["id"]

    async def before(method: str, asked: str) -> None:
        if asked == operation:
            home.world.spoiler.before = None
            await home.world.ask("POST", f"contacts/{quote(key)}/move", {"folder": folder})

    home.world.spoiler.before = before


@pytest.mark.parametrize("write", [{"nickName": "by us"}, {"photo": PHOTO}])
async def test_who_moves_away_right_before_a_write_is_not_there(write: dict[str, Any]) -> None:
    async with exchange_home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [key] = consumer.copy
        await moved_while(home, ada, UPDATE if "nickName" in write else ADD)
        with pytest.raises(PolydexError):
            await home.update(key, **write)
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.gone == [key]


async def test_who_moves_away_before_a_lost_create_is_found_again_is_not_there() -> None:
    """It is found by its mark, in the other folder, under an id of which no list of this one will ever tell."""
    async with exchange_home() as home:
        consumer = await (await home.consumer()).follow()
        await home.world.quirk("exchange-drop-after", methods=["CreateItem"])
        with pytest.raises((ProviderTimeout, ProviderUnavailable)):
            await home.create(nickName="ada")
        await home.world.calm()
        [ada] = await home.world.keys()
        folder = (await home.world.ask("POST", "folders", {"name": "Elsewhere"}))["id"]
        await home.world.ask("POST", f"contacts/{quote(ada)}/move", {"folder": folder})
        await home.rest()
        await home.assert_same(consumer)
        assert await home.nicknames() == []
