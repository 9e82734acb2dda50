"""Pulls from an Exchange that behaves as it is seen to: nothing is lost, doubled or changed, and the journal tells the truth."""

from typing import Any
from urllib.parse import quote

import pytest

from polydex.core.errors import PolydexError, ProviderThrottled, ProviderUnavailable
from polydex.core.ids import RemoteKey
from tests.exchange.home import ExchangeHome, exchange_home
from tests.pictures import jpeg

LIST, GET = "SyncFolderItems", "GetItem"
MANY = 530
"""More than a page of the list of changes."""


async def moved(home: ExchangeHome, key: str, folder: str) -> RemoteKey:
    """The user moves a contact; the id that it has then."""
    return RemoteKey((await home.world.ask("POST", f"contacts/{quote(key)}/move", {"folder": folder}))["id"])


async def elsewhere(home: ExchangeHome) -> str:
    """Another folder."""
    found: str = (await home.world.ask("POST", "folders", {"name": "Elsewhere"}))["id"]
    return found


# --- who comes and goes ---------------------------------------------------------------------------------------------


async def test_who_moves_out_and_comes_back_under_another_id_is_another_one() -> None:
    async with exchange_home() as home:
        ada, _ = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        [before] = [key for key, record in consumer.copy.items() if record["nickName"] == "ada"]
        away = await moved(home, ada, await elsewhere(home))
        await home.pull()
        await home.assert_same(consumer)
        assert consumer.gone == [before]
        back = await moved(home, away, "contacts")
        assert back not in (ada, away)
        await home.pull()
        await home.assert_same(consumer)
        assert consumer.names == ["ada", "bo"]
        assert before not in consumer.copy


async def test_who_moves_out_and_back_between_two_pulls_is_never_doubled() -> None:
    async with exchange_home() as home:
        ada, _ = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        await moved(home, await moved(home, ada, await elsewhere(home)), "contacts")
        await home.pull()
        await home.assert_same(consumer)
        assert consumer.names == ["ada", "bo"]
        assert len(consumer.gone) == 1


@pytest.mark.parametrize("forever", [False, True])
async def test_who_goes_between_the_list_and_the_reading(*, forever: bool) -> None:
    async with exchange_home() as home:
        ada, bo = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        await home.nickname(ada, "ada, edited")
        await home.nickname(bo, "bo, edited")

        async def before(method: str, operation: str) -> None:
            if operation == GET:
                home.world.spoiler.before = None
                await home.world.ask("DELETE", f"contacts/{quote(ada)}?forever={str(forever).lower()}")

        home.world.spoiler.before = before
        await home.pull()
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == ["bo, edited"]
        assert len(consumer.gone) == 1


async def test_who_is_new_and_goes_before_anybody_could_read_them() -> None:
    async with exchange_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [bo] = await home.seed("bo")

        async def before(method: str, operation: str) -> None:
            if operation == GET:
                home.world.spoiler.before = None
                await home.world.ask("DELETE", f"contacts/{quote(bo)}")

        home.world.spoiler.before = before
        await home.pull()
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == ["ada"]
        assert consumer.gone == [], "nobody has ever seen them"


async def test_distribution_lists_among_the_contacts_are_not_shown() -> None:
    async with exchange_home() as home:
        await home.seed("ada")
        made = await home.world.ask("POST", "items", {"kind": "DistributionList", "name": "Choir"})
        consumer = await (await home.consumer()).follow()
        await home.assert_same(consumer)
        await home.world.ask("DELETE", f"contacts/{quote(made['id'])}")
        await home.pull()
        await home.assert_same(consumer)
        assert consumer.gone == []


# --- states that are forgotten --------------------------------------------------------------------------------------


async def test_a_state_that_is_forgotten_is_a_silent_full_walk() -> None:
    async with exchange_home() as home:
        ada, bo, _ = await home.seed("ada", "bo", "cy")
        consumer = await (await home.consumer()).follow()
        before = dict(consumer.copy)
        await home.nickname(ada, "ada, edited")
        await home.world.remove(bo)
        await home.world.quirk("exchange-sync-state-invalid", count=1)
        await home.pull()
        assert await home.world.struck("exchange-sync-state-invalid") == 1
        await home.assert_same(consumer)
        assert consumer.names == ["ada, edited", "cy"]
        assert len(consumer.brought) == 1, "only what really differs is told"
        assert set(consumer.copy) < set(before)


@pytest.mark.parametrize("first", [True, False])
async def test_a_state_that_is_forgotten_in_the_middle_of_a_walk(*, first: bool) -> None:
    async with exchange_home() as home:
        if not first:
            await home.consumer()
        await home.seed(*(f"n{number:04}" for number in range(MANY)))
        # The first list of all has no state that could be forgotten.
        await home.world.quirk("exchange-sync-state-invalid", skip=0 if first else 1, count=1)
        await home.pull()
        assert await home.world.struck("exchange-sync-state-invalid") == 1
        consumer = await (await home.consumer()).follow()
        await home.assert_same(consumer)
        assert len(consumer.copy) == MANY


async def test_a_walk_that_broke_off_goes_on_from_its_page() -> None:
    async with exchange_home() as home:
        await home.seed(*(f"n{number:04}" for number in range(MANY)))
        await home.world.quirk("exchange-unavailable", methods=[LIST], skip=1, count=2)
        with pytest.raises(ProviderUnavailable):
            await home.pull()
        asked = len(home.world.requests(GET))
        await home.later(3600)
        consumer = await (await home.consumer()).follow()
        await home.assert_same(consumer)
        assert len(consumer.copy) == MANY
        assert len(home.world.requests(GET)) == asked + 1, "those of the first page are not read again"


async def test_who_goes_after_a_page_of_a_walk_that_cannot_go_on_is_not_there() -> None:
    """The state before the walk, which is followed then, has never known of them, and tells nothing."""
    async with exchange_home() as home:
        consumer = await (await home.consumer()).follow()
        keys = await home.seed(*(f"n{number:04}" for number in range(MANY)))
        await home.world.quirk("exchange-unavailable", methods=[LIST], skip=1, count=2)
        with pytest.raises(ProviderUnavailable):
            await home.pull()
        assert "n0529" in await home.nicknames()  # the newest come first
        await home.world.ask("DELETE", f"contacts/{quote(keys[-1])}?forever=true")
        await home.world.quirk("exchange-sync-state-invalid", count=1)
        await home.rest()
        await home.assert_same(consumer)
        assert len(await home.nicknames()) == MANY - 1


# --- who cannot be read ---------------------------------------------------------------------------------------------


async def test_who_cannot_be_read_comes_as_soon_as_they_can() -> None:
    """And their change is not lost, although the state of the synchronisation has told of it."""
    async with exchange_home() as home:
        ada, _ = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        await home.nickname(ada, "ada, edited")
        await home.world.quirk("exchange-item-unreadable", count=1)
        await home.pull()
        assert await home.world.struck("exchange-item-unreadable") == 1
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == ["ada, edited", "bo"]
        assert consumer.gone == []


async def test_when_nobody_can_be_read_it_is_exchange_and_nobody_is_gone() -> None:
    async with exchange_home() as home:
        keys = await home.seed(*(f"n{number}" for number in range(5)))
        consumer = await (await home.consumer()).follow()
        for key in keys:
            await home.nickname(key, f"edited {keys.index(key)}")
        await home.world.quirk("exchange-internal-error", methods=[GET], status=200)
        with pytest.raises(PolydexError):
            await home.pull()
        await consumer.follow()
        assert len(consumer.copy) == 5
        await home.world.calm()
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.gone == []


async def test_items_after_which_the_server_stops_are_asked_for_again() -> None:
    async with exchange_home() as home:
        await home.world.quirk("exchange-batch-stopped", methods=[GET], count=3)
        await home.seed(*(f"n{number:02}" for number in range(40)))
        consumer = await (await home.consumer()).follow()
        await home.rest()
        await home.assert_same(consumer)
        assert await home.world.struck("exchange-batch-stopped") == 3
        assert len(consumer.copy) == 40


async def test_an_item_that_is_told_of_and_never_was_is_nobody() -> None:
    async with exchange_home() as home:
        await home.world.quirk("exchange-sync-ghost")
        await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        for number in range(3):
            await home.seed(f"n{number}")
            await home.pull()
        await home.world.calm()
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.gone == []


async def test_characters_that_xml_does_not_have() -> None:
    async with exchange_home(odd=True) as home:
        await home.world.quirk("exchange-illegal-characters")
        [ada] = await home.seed("ada")
        await home.edit(ada, Body="first\r\nsecond\tline")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        assert record["name"]["givenName"] == "ada"
        assert record["notes"].split() == ["first", "second", "line"]
        written = await home.update(key, record["etag"], notes="ours")
        assert written.id == key
        await home.rest()
        await home.assert_same(consumer)
        assert home.shown(await home.the_only()).notes == "ours"


# --- photos ---------------------------------------------------------------------------------------------------------


async def test_a_photo_that_the_user_replaces_and_removes() -> None:
    async with exchange_home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        etags: list[Any] = []
        for colour in ("red", "blue", None):
            if colour is None:
                await home.world.ask("DELETE", f"contacts/{quote(ada)}/photo")
            else:
                await home.world.ask("PUT", f"contacts/{quote(ada)}/photo", jpeg(colour))
            await home.pull()
            await consumer.follow()
            [record] = consumer.copy.values()
            assert record["hasPhoto"] is (colour is not None)
            etags.append(record["etag"])
        assert len(set(etags)) == 3


# --- limits ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("operation", [LIST, GET])
async def test_a_busy_server_is_left_alone_for_as_long_as_it_says(operation: str, status: int) -> None:
    async with exchange_home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        await home.nickname(ada, "ada, edited")
        await home.world.quirk("exchange-server-busy", methods=[operation], count=1, status=status, backOff=90_000)
        with pytest.raises(ProviderThrottled):
            await home.pull()
        asked = len(home.world.requests())
        home.clock.advance(80)
        with pytest.raises(ProviderThrottled) as caught:
            await home.create(nickName="bo")
        assert caught.value.retry_after == pytest.approx(10)
        assert len(home.world.requests()) == asked, "nobody has asked for anything"
        await home.later(3600)
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == ["ada, edited"]
