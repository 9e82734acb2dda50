"""Pulls from a Google that behaves as it is seen to: nothing is lost, doubled or changed, and the journal tells the truth."""

from typing import Any

import pytest

from polydex.core.errors import ProviderThrottled, ProviderUnavailable
from tests.google.home import GoogleHome, google_home

LIST = "people.connections.list"
MANY = 1100
"""More than a page."""
VARIANTS = ("FAILED_PRECONDITION", "INVALID_ARGUMENT", "410")


async def seed_many(home: GoogleHome) -> None:
    """More people than fit on a page, with nicknames."""
    await home.seed(*(f"n{number:04}" for number in range(MANY)))


# --- tokens ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("details", [True, False])
@pytest.mark.parametrize("variant", VARIANTS)
async def test_an_expired_sync_token_is_a_silent_full_walk(variant: str, details: bool) -> None:
    async with google_home() as home:
        ada, bo, _ = await home.seed("ada", "bo", "cy")
        consumer = await (await home.consumer()).follow()
        before = dict(consumer.copy)
        await home.nickname(ada, "ada, edited")
        await home.world.ask("DELETE", f"contacts/{bo.removeprefix('people/')}")
        await home.world.quirk("google-sync-token-expired", variant=variant, details=details, count=1)
        await home.pull()
        assert await home.world.struck("google-sync-token-expired") == 1
        await home.assert_same(consumer)
        assert sorted(consumer.names) == ["ada, edited", "cy"]
        assert len(consumer.brought) == 1, "only what really differs is told"
        assert set(consumer.copy) < set(before)


async def test_a_sync_token_of_eight_days_is_not_even_asked_with() -> None:
    async with google_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        await home.seed("bo")
        home.clock.advance(8 * 86_400)
        await home.pull()
        await home.assert_same(consumer)
        assert not [entry for entry in home.world.sandbox.log if entry.operation == LIST and entry.status != 200]


async def test_a_full_walk_comes_before_the_sync_token_dies() -> None:
    """Deltas do not renew it: seven days after the full walk it would be refused."""
    async with google_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        for day in range(14):
            home.clock.advance(86_400)
            await home.seed(f"day {day:02}")
            await home.pull()
        await home.assert_same(consumer)
        assert len(consumer.names) == 15
        assert not [entry for entry in home.world.sandbox.log if entry.operation == LIST and entry.status != 200]


async def test_without_a_sync_token_the_next_pull_is_a_full_walk_and_nothing_is_told_twice() -> None:
    async with google_home() as home:
        await home.world.quirk("google-no-next-sync-token")
        await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        asked = len(home.world.requests(LIST))
        assert asked <= 2
        await home.pull()
        await consumer.follow()
        assert consumer.brought == []
        assert len(home.world.requests(LIST)) <= asked + 2
        await home.seed("cy")
        await home.pull()
        await home.assert_same(consumer)


async def test_a_page_token_that_expires_in_the_middle_of_a_walk() -> None:
    async with google_home() as home:
        await seed_many(home)
        await home.world.quirk("google-page-token-expires", methods=[LIST], count=1)
        await home.pull()
        consumer = await (await home.consumer()).follow()
        assert await home.world.struck("google-page-token-expires") == 1
        await home.assert_same(consumer)
        assert len(consumer.copy) == MANY


async def test_a_walk_that_broke_off_goes_on_from_its_page() -> None:
    async with google_home() as home:
        await seed_many(home)
        await home.world.quirk("google-unavailable", methods=[LIST], skip=1, count=2)
        with pytest.raises(ProviderUnavailable):
            await home.pull()
        asked = len(home.world.requests(LIST))
        await home.later(3600)
        consumer = await (await home.consumer()).follow()
        assert len(consumer.copy) == MANY
        queries = [entry.query for entry in home.world.sandbox.log if entry.operation == LIST][asked:]
        assert "pageToken" in dict(queries[0])


# --- people on pages ------------------------------------------------------------------------------------------------


async def test_people_that_come_on_two_pages() -> None:
    async with google_home() as home:
        await seed_many(home)
        await home.world.quirk("google-duplicate-between-pages")
        consumer = await (await home.consumer()).follow()
        assert await home.world.struck("google-duplicate-between-pages") >= 1
        assert len(consumer.copy) == MANY
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.gone == []


async def test_more_addresses_than_a_list_gives_are_all_there() -> None:
    async with google_home() as home:
        [ada] = await home.seed("ada")
        emails = [{"value": f"ada{number}@example.com"} for number in range(150)]
        await home.edit(ada, emailAddresses=emails)
        consumer = await (await home.consumer()).follow()
        [record] = consumer.copy.values()
        assert len(record["emailAddresses"]) == 150
        written = await home.update(record["id"], record["etag"], notes="by us")
        [person] = await home.world.people()
        assert len(person["emailAddresses"]) == 150
        await home.edit(ada, nicknames=[{"value": "Countess"}])
        await home.rest()
        await consumer.follow()
        assert len(consumer.copy[written.id]["emailAddresses"]) == 150


@pytest.mark.parametrize("mode", ["delta", "snapshot"])
async def test_a_contact_under_another_resource_name_keeps_its_id(mode: str) -> None:
    async with google_home() as home:
        ada, bo = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        before = {record["nickName"]: key for key, record in consumer.copy.items()}
        name = ada
        for _ in range(2):
            for person in await home.world.people():
                path = f"contacts/{person['resourceName'].removeprefix('people/')}/rename"
                moved = await home.world.ask("POST", path, {})
                name = moved["resourceName"] if moved["nicknames"][0]["value"] == "ada" else name
            assert name not in (ada, bo)
            if mode == "snapshot":
                await home.world.quirk("google-sync-token-expired", count=1)
            await home.pull()
            await consumer.follow()
            assert {record["nickName"]: key for key, record in consumer.copy.items()} == before
        await home.nickname(name, "ada, edited")
        await home.pull()
        await consumer.follow()
        assert consumer.copy[before["ada"]]["nickName"] == "ada, edited"
        assert consumer.gone == []


async def test_a_profile_that_is_linked_is_neither_seen_nor_written() -> None:
    async with google_home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, before)] = consumer.copy.items()
        profile = {"names": [{"givenName": "Augusta"}], "emailAddresses": [{"value": "public@example.org"}]}
        path = f"contacts/{ada.removeprefix('people/')}/profile"
        person = await home.world.ask("PUT", path, {"person": profile, "rename": True})
        await home.pull()
        await consumer.follow()
        assert consumer.copy[key] | {"lastModifiedTime": 0} == before | {"lastModifiedTime": 0}
        await home.update(key, before["etag"], notes="by us")
        [there] = await home.world.people()
        assert there["resourceName"] == person["resourceName"]
        own = [one for one in there["names"] if one["metadata"]["source"]["type"] == "CONTACT"]
        assert [one["givenName"] for one in own] == ["ada"]
        assert [one["metadata"]["source"]["type"] for one in there["emailAddresses"]] == ["PROFILE"]


async def test_duplicates_that_the_user_merges() -> None:
    async with google_home() as home:
        ada, double = await home.seed("ada", "ada again")
        consumer = await (await home.consumer()).follow()
        before = {record["nickName"]: key for key, record in consumer.copy.items()}
        await home.world.ask("POST", f"contacts/{ada.removeprefix('people/')}/merge", {"with": double})
        await home.pull()
        await consumer.follow()
        assert list(consumer.copy) == [before["ada"]]
        assert consumer.gone == [before["ada again"]]


async def test_a_contact_out_of_the_trash_is_there_again() -> None:
    async with google_home() as home:
        ada, _ = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        await home.world.ask("DELETE", f"contacts/{ada.removeprefix('people/')}")
        await home.pull()
        await consumer.follow()
        assert consumer.names == ["bo"]
        await home.world.ask("POST", f"contacts/{ada.removeprefix('people/')}/restore", {})
        await home.pull()
        await home.assert_same(consumer)
        assert len(consumer.copy) == 2


async def test_a_contact_that_we_deleted_and_that_comes_back_under_another_name_leaves_no_doubt() -> None:
    """Google answers to the former name, too: whoever asked for that learns nothing about it, and asks for ever."""
    async with google_home() as home:
        ada, _ = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        await home.writer.delete(home.account, await home.id_of("ada"), None)
        await home.world.ask("POST", f"contacts/{ada.removeprefix('people/')}/restore", {})
        await home.world.ask("POST", f"contacts/{ada.removeprefix('people/')}/rename", {})
        await home.pull()  # a list that may lag behind our own write is not believed: in doubt is asked
        await home.rest()
        await home.assert_same(consumer)
        assert len(consumer.copy) == 2
        await assert_nothing_is_asked_for_alone(home)


async def test_a_person_that_cannot_be_read_and_gets_another_name_leaves_no_doubt() -> None:
    async with google_home() as home:
        [ada] = await home.seed("ada")
        home.world.spoiler.keys.add(ada)
        consumer = await (await home.consumer()).follow()
        await home.world.ask("POST", f"contacts/{ada.removeprefix('people/')}/rename", {})
        home.world.spoiler.keys.clear()
        await home.rest()
        await home.assert_same(consumer)
        assert len(consumer.copy) == 1
        await assert_nothing_is_asked_for_alone(home)


async def assert_nothing_is_asked_for_alone(home: GoogleHome) -> None:
    """Nobody is in doubt."""
    before = len(home.world.requests("people.get"))
    await home.later(7200)
    assert len(home.world.requests("people.get")) == before


# --- labels ---------------------------------------------------------------------------------------------------------


async def keywords(home: GoogleHome) -> dict[str, list[str]]:
    return {name: record.get("keywords", []) for name, record in (await home.records()).items()}


async def test_a_label_that_gets_another_name_is_seen_although_nobody_is_listed_anew() -> None:
    async with google_home() as home:
        ada, bo = await home.seed("ada", "bo")
        group = await home.world.ask("POST", "groups", {"name": "Chess"})
        path = f"groups/{group['resourceName'].removeprefix('contactGroups/')}"
        await home.world.ask("PATCH", path, {"add": [ada, bo]})
        consumer = await (await home.consumer()).follow()
        assert await keywords(home) == {"ada": ["Chess"], "bo": ["Chess"]}
        await home.world.ask("PATCH", path, {"name": "Chess club"})
        await home.pull()
        assert await keywords(home) == {"ada": ["Chess club"], "bo": ["Chess club"]}
        await consumer.follow()
        assert len(consumer.brought) == 2
        await home.pull()
        await consumer.follow()
        assert consumer.brought == []
        await home.world.ask("DELETE", path)
        await home.rest()
        assert await keywords(home) == {"ada": [], "bo": []}
        assert consumer.gone == []


async def test_a_label_that_is_younger_than_the_list_of_labels() -> None:
    """A contact is read by itself, and is in a group that the last pull did not know."""
    async with google_home() as home:
        [ada] = await home.seed("ada")
        await home.consumer()
        group = await home.world.ask("POST", "groups", {"name": "New"})
        path = f"groups/{group['resourceName'].removeprefix('contactGroups/')}"
        await home.world.ask("PATCH", path, {"add": [ada]})
        await home.reader.get(home.account, await home.id_of("ada"), no_cache=True)
        assert await keywords(home) == {"ada": ["New"]}
        await home.pull()
        assert await keywords(home) == {"ada": ["New"]}


# --- quotas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quirk", "given"),
    [
        ("google-read-quota", {}),
        ("google-rate-limit-403", {}),
        ("google-rate-limit-403", {"reason": "rateLimitExceeded"}),
    ],
)
async def test_a_quota_that_is_used_up_is_waited_for(quirk: str, given: dict[str, Any]) -> None:
    async with google_home(reads_per_minute="90") as home:
        await home.seed("ada", "bo")
        await home.world.quirk(quirk, methods=[LIST], count=1, **given)
        with pytest.raises(ProviderThrottled) as caught:
            await home.pull()
        assert (caught.value.retry_after or 0) > 0
        asked = len(home.world.requests(LIST))
        await home.later(30)
        assert len(home.world.requests(LIST)) == asked, "nobody asks before its time"
        await home.later(40)
        assert sorted(await home.records()) == ["ada", "bo"]


async def test_a_full_walk_that_google_does_not_want_now() -> None:
    async with google_home() as home:
        await home.seed("ada")
        await home.world.quirk("google-full-sync-quota", count=1)
        with pytest.raises(ProviderThrottled):
            await home.pull()
        await home.later(61)
        assert sorted(await home.records()) == ["ada"]


async def test_our_own_budget_stops_a_pull_that_then_goes_on() -> None:
    async with google_home(reads_per_minute="2") as home:
        await seed_many(home)
        with pytest.raises(ProviderThrottled):
            await home.pull()
        for _ in range(6):
            await home.later(61)
        assert len(await home.records()) == 1000  # what a page of the list shows
        consumer = await (await home.consumer()).follow()
        assert len(consumer.copy) == MANY
        assert not [entry for entry in home.world.sandbox.log if entry.status == 429]
