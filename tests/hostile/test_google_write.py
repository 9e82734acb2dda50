"""Writes to a Google that behaves as it is seen to: each is carried out once, or not at all, and both are told."""

import asyncio
import json
from base64 import b64encode
from collections import Counter
from typing import Any

import pytest

from polydex.core.errors import (
    PolydexError,
    PreconditionFailed,
    ProviderRejected,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnavailable,
)
from polydex.engine.errand import Written
from polydex.testing.contract import PNG
from tests.google.home import GoogleHome, google_home

CREATE, UPDATE, DELETE = "people.createContact", "people.updateContact", "people.deleteContact"
PHOTO_PUT, PHOTO_GONE = "people.updateContactPhoto", "people.deleteContactPhoto"
PHOTO = {"content": b64encode(PNG).decode(), "mimeType": "image/png"}


async def the_only(home: GoogleHome) -> dict[str, Any]:
    [person] = await home.world.people()
    return person


async def patiently(home: GoogleHome, **members: Any) -> Written:
    """As official clients do: the same POST again until there is an answer."""
    for _ in range(8):
        try:
            return await home.create(**members)
        except (ProviderTimeout, ProviderUnavailable):
            await home.later(200)
    raise AssertionError("there is never an answer")


# --- lost answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lag", [0, 300])
@pytest.mark.parametrize("fault", ["google-drop-before", "google-drop-after", "google-unavailable"])
async def test_a_create_whose_answer_is_lost_is_one_contact(fault: str, lag: int) -> None:
    async with google_home() as home:
        consumer = await (await home.consumer()).follow()
        if lag:
            await home.world.quirk("google-propagation-delay", seconds=lag)
        await home.world.quirk(fault, methods=[CREATE], count=1)
        written = await patiently(home, nickName="ada", notes="new")
        assert await home.world.struck(fault) == 1
        assert (await the_only(home))["biographies"][0]["value"] == "new"
        await home.rest()
        await home.assert_same(consumer)
        assert list(consumer.copy) == [written.id]


@pytest.mark.parametrize(
    "change", [{"nickName": "ada, by us"}, {"name": {"givenName": "Ada", "familyName": "Example"}}]
)
@pytest.mark.parametrize("fault", ["google-drop-before", "google-drop-after", "google-unavailable"])
async def test_an_update_whose_answer_is_lost(fault: str, change: dict[str, Any]) -> None:
    """Be it of a name, of which Google makes a display name that nobody can foresee."""
    async with google_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        await home.world.quirk(fault, methods=[UPDATE], count=1)
        with pytest.raises(ProviderTimeout):
            await home.update(key, record["etag"], **change)
        await home.later(10)
        written = json.loads((await home.update(key, record["etag"], **change)).record)
        for member, value in change.items():
            assert written[member] == value or value.items() < written[member].items()
        await home.rest()
        await home.assert_same(consumer)
        assert len(home.world.requests(UPDATE)) <= 2


@pytest.mark.parametrize("fault", ["google-drop-before", "google-drop-after"])
async def test_a_delete_whose_answer_is_lost(fault: str) -> None:
    async with google_home() as home:
        await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        [key] = [key for key, record in consumer.copy.items() if record["nickName"] == "ada"]
        await home.world.quirk(fault, methods=[DELETE], count=1)
        await home.writer.delete(home.account, key, None)
        assert await home.nicknames() == ["bo"]
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.gone == [key]


# --- etags ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quirk", ["google-source-etag-refused", "google-no-source-etag", "google-etag-changes"])
async def test_whatever_etags_are_the_write_is_guarded(quirk: str) -> None:
    async with google_home() as home:
        await home.world.quirk(quirk)
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        written = await home.update(key, record["etag"], notes="by us")
        await home.nickname(ada, "Countess")
        with pytest.raises(PreconditionFailed):
            await home.update(key, written.etag, nickName="too late", notes="too late")
        assert await home.nicknames() == ["Countess"]
        await home.update(key, nickName="without a condition")
        person = await the_only(home)
        assert person["biographies"][0]["value"] == "by us"
        await home.rest()
        await home.assert_same(consumer)


async def test_an_etag_that_google_refuses_without_reason() -> None:
    async with google_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        await home.world.quirk("google-spurious-precondition", count=1)
        await home.update(key, record["etag"], nickName="ada, by us")
        assert await home.nicknames() == ["ada, by us"]
        await home.world.quirk("google-spurious-precondition")
        with pytest.raises(PreconditionFailed):
            await home.update(key, nickName="never")
        await home.world.calm()
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == ["ada, by us"]


async def test_what_the_user_has_changed_meanwhile_stays_beside_what_we_change() -> None:
    async with google_home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [key] = consumer.copy
        await home.edit(ada, emailAddresses=[{"value": "ada@example.com"}], events=[{"date": {"month": 2, "day": 3}}])
        await home.update(key, nickName="Countess")
        person = await the_only(home)
        assert [one["value"] for one in person["emailAddresses"]] == ["ada@example.com"]
        assert person["events"][0]["date"] == {"month": 2, "day": 3}
        await home.rest()
        await home.assert_same(consumer)


async def test_an_update_that_gives_the_contact_another_resource_name() -> None:
    async with google_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [key] = consumer.copy
        await home.world.quirk("google-renames", count=2)
        for number in range(3):
            await home.update(key, nickName=f"ada {number}")
            await home.rest()
            await home.assert_same(consumer)
            assert list(consumer.copy) == [key]
        assert consumer.gone == []


# --- lags -----------------------------------------------------------------------------------------------------------


async def test_a_list_that_lags_behind_does_not_undo_what_we_wrote() -> None:
    async with google_home() as home:
        await home.world.quirk("google-propagation-delay", seconds=300)
        await home.seed("ada", "bo")
        home.clock.advance(301)
        consumer = await (await home.consumer()).follow()
        ids = {record["nickName"]: key for key, record in consumer.copy.items()}
        await home.update(ids["ada"], nickName="ada, by us")
        await home.writer.delete(home.account, ids["bo"], None)
        created = await home.create(nickName="cy")
        for _ in range(8):
            await home.later(60)
            await home.pull()
            await home.assert_same(consumer)
            assert consumer.names == ["ada, by us", "cy"]
        assert consumer.gone == [ids["bo"]]
        assert created.id in consumer.copy
        await home.world.quirk("google-sync-token-expired", count=1)
        await home.update(ids["ada"], nickName="ada, again")
        for _ in range(8):
            await home.pull()
            await home.assert_same(consumer)
            home.clock.advance(60)


async def test_two_of_us_and_the_user_at_once() -> None:
    async with google_home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [key] = consumer.copy
        other = home.sibling()
        outcomes = await asyncio.gather(
            home.update(key, nickName="by us"),
            other.update(key, notes="by the others"),
            home.edit(ada, birthdays=[{"date": {"year": 1815, "month": 12, "day": 10}}]),
            return_exceptions=True,
        )
        assert not [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, PolydexError)]
        person = await the_only(home)
        assert person["birthdays"][0]["date"]["year"] == 1815
        assert (person["nicknames"][0]["value"] == "by us") == isinstance(outcomes[0], Written)
        assert ("biographies" in person) == isinstance(outcomes[1], Written)
        await home.rest()
        await home.assert_same(consumer)


# --- photos ---------------------------------------------------------------------------------------------------------


async def photos(home: GoogleHome) -> int:
    return sum(not one.get("default") for person in await home.world.people() for one in person.get("photos", ()))


async def test_a_create_whose_photo_google_does_not_take_now_gets_it_later() -> None:
    async with google_home() as home:
        await home.consumer()
        await home.world.quirk("google-unavailable", methods=["people.updateContactPhoto"], count=4)
        await patiently(home, nickName="ada", photo=PHOTO)
        assert len(await home.world.people()) == 1
        assert await photos(home) == 1


async def test_a_photo_is_written_although_sources_have_no_etag() -> None:
    async with google_home() as home:
        await home.world.quirk("google-no-source-etag")
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        written = await home.update(key, record["etag"], photo=PHOTO)
        assert await photos(home) == 1
        await home.nickname(ada, "Countess")
        with pytest.raises(PreconditionFailed):
            await home.update(key, written.etag, photo=None)
        assert await photos(home) == 1
        await home.update(key, photo=None)
        assert await photos(home) == 0


async def test_a_create_whose_photo_google_refuses_says_so() -> None:
    async with google_home() as home:
        await home.consumer()
        await home.world.quirk("google-forbidden", methods=["people.updateContactPhoto"])
        written = await home.create(nickName="ada", photo=PHOTO)
        assert [loss.path for loss in written.losses] == ["$.photo"]
        assert await home.nicknames() == ["ada"]
        assert await photos(home) == 0


async def test_a_photo_that_is_refused_leaves_all_as_it_was() -> None:
    async with google_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        await home.world.quirk("google-forbidden", methods=["people.updateContactPhoto"])
        with pytest.raises(PolydexError):
            await home.update(key, record["etag"], nickName="Countess", photo=PHOTO)
        assert await home.nicknames() == ["ada"]
        assert await photos(home) == 0
        await home.world.calm()
        await home.update(key, record["etag"], nickName="Countess", photo=PHOTO)
        assert await home.nicknames() == ["Countess"]
        assert await photos(home) == 1
        await home.rest()
        await home.assert_same(consumer)


@pytest.mark.parametrize(
    ("method", "removed"), [(UPDATE, False), (UPDATE, True), (PHOTO_PUT, False), (PHOTO_GONE, True)]
)
@pytest.mark.parametrize("fault", ["google-drop-before", "google-drop-after", "google-unavailable"])
async def test_a_photo_and_more_of_which_an_answer_is_lost(fault: str, method: str, *, removed: bool) -> None:
    """Two calls, of which one may have been carried out alone: the same request again ends what it has begun."""
    async with google_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        etag = (await home.update(key, record["etag"], photo=PHOTO)).etag if removed else record["etag"]
        wanted: dict[str, Any] = {"nickName": "Countess", "photo": None if removed else PHOTO}
        # A removal may be sent twice, and is then repeated at once.
        await home.world.quirk(fault, methods=[method], count=1 if method == UPDATE else 2)
        with pytest.raises(ProviderTimeout):
            await home.update(key, etag, **wanted)
        await home.later(10)
        written = await home.update(key, etag, **wanted)
        assert json.loads(written.record)["nickName"] == "Countess"
        assert json.loads(written.record)["hasPhoto"] is not removed
        assert await home.nicknames() == ["Countess"]
        assert await photos(home) == (0 if removed else 1)
        await home.rest()
        await home.assert_same(consumer)


async def test_a_photo_whose_contact_the_quota_stops_is_not_left_alone() -> None:
    """Told to come later, the client gets both."""
    async with google_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        await home.world.quirk("google-write-quota", methods=[UPDATE], count=1)
        with pytest.raises(ProviderTimeout):
            await home.update(key, record["etag"], nickName="Countess", photo=PHOTO)
        await home.later(300)
        await home.update(key, record["etag"], nickName="Countess", photo=PHOTO)
        assert await home.nicknames() == ["Countess"]
        assert await photos(home) == 1


async def test_a_photo_that_is_written_alone_is_no_leave_to_overwrite_others() -> None:
    """The user changes the contact between the two calls: what was to be written besides is not forced."""
    async with google_home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        await home.world.quirk("google-drop-before", methods=[UPDATE], count=1)
        with pytest.raises(ProviderTimeout):
            await home.update(key, record["etag"], nickName="Countess", photo=PHOTO)
        await home.nickname(ada, "Ada, by herself")
        await home.later(10)
        with pytest.raises(PreconditionFailed):
            await home.update(key, record["etag"], nickName="Countess", photo=PHOTO)
        assert await home.nicknames() == ["Ada, by herself"]


async def test_a_photo_for_a_contact_that_has_changed_is_not_written() -> None:
    async with google_home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        await home.nickname(ada, "Countess")
        with pytest.raises(PreconditionFailed):
            await home.update(key, record["etag"], photo=PHOTO)
        assert await photos(home) == 0


# --- labels ---------------------------------------------------------------------------------------------------------


async def test_labels_come_into_being_with_the_contacts_that_need_them() -> None:
    async with google_home() as home:
        consumer = await (await home.consumer()).follow()
        await home.world.ask("POST", "groups", {"name": "Chess"})
        home.clock.advance(301)
        await home.world.quirk("google-propagation-delay", seconds=300)
        for number in range(3):
            await home.create(nickName=f"n{number}", keywords=["Chess", "Go", "friends"])
        groups = (await home.world.ask("GET", "groups"))["groups"]
        members = {group["name"]: len(group["members"]) for group in groups if not group["system"]}
        assert members == {"Chess": 3, "Go": 3}
        await home.rest()
        await consumer.follow()
        assert [record["keywords"] for record in consumer.copy.values()] == [["Chess", "Go", "friends"]] * 3
        for key in consumer.copy:
            await home.update(key, keywords=["Go"])
        groups = (await home.world.ask("GET", "groups"))["groups"]
        assert {group["name"]: len(group["members"]) for group in groups if not group["system"]} == {
            "Chess": 0,
            "Go": 3,
        }
        starred = [group for group in groups if group["resourceName"] == "contactGroups/myContacts"]
        assert len(starred[0]["members"]) == 3


async def test_a_label_that_the_list_does_not_show_yet_is_not_taken_back() -> None:
    async with google_home() as home:
        await home.seed("bo")
        home.clock.advance(301)
        consumer = await (await home.consumer()).follow()
        await home.world.quirk("google-propagation-delay", seconds=300)
        await home.create(nickName="ada", keywords=["Go"])
        bo = await home.id_of("bo")
        await home.update(bo, keywords=["Go"])
        for _ in range(5):
            await home.pull()
            await home.reader.get(home.account, bo, no_cache=True)
            await consumer.follow()
            assert [record.get("keywords") for record in consumer.copy.values()] == [["Go"]] * 2
            home.clock.advance(100)
        [group] = [one for one in (await home.world.ask("GET", "groups"))["groups"] if not one["system"]]
        await home.world.ask("DELETE", f"groups/{group['resourceName'].removeprefix('contactGroups/')}")
        await home.world.calm()
        await home.rest()
        await consumer.follow()
        assert [record.get("keywords") for record in consumer.copy.values()] == [None] * 2
        assert consumer.gone == []


async def test_a_label_that_the_user_has_renamed_is_not_taken_for_the_one_of_before() -> None:
    async with google_home() as home:
        group = await home.world.ask("POST", "groups", {"name": "Chess"})
        await home.consumer()
        await home.world.ask("PATCH", f"groups/{group['resourceName'].removeprefix('contactGroups/')}", {"name": "Go"})
        await home.create(nickName="ada", keywords=["Chess"])
        groups = {one["name"]: one["members"] for one in (await home.world.ask("GET", "groups"))["groups"]}
        assert groups["Go"] == []
        assert len(groups["Chess"]) == 1


async def test_a_star_and_what_else_we_do_not_know_stays() -> None:
    async with google_home() as home:
        [ada] = await home.seed("ada")
        await home.world.ask("PATCH", "groups/starred", {"add": [ada]})
        consumer = await (await home.consumer()).follow()
        [key] = consumer.copy
        await home.update(key, keywords=["Go"])
        await home.update(key, keywords=[])
        memberships = (await the_only(home))["memberships"]
        names = {one["contactGroupMembership"]["contactGroupResourceName"] for one in memberships}
        assert names == {"contactGroups/starred", "contactGroups/myContacts"}


# --- refusals -------------------------------------------------------------------------------------------------------


async def test_an_account_that_is_full() -> None:
    async with google_home() as home:
        consumer = await (await home.consumer()).follow()
        await home.world.ask("PUT", "settings", {"contactLimit": 1})
        await home.create(nickName="ada")
        with pytest.raises(ProviderRejected):
            await home.create(nickName="bo")
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == ["ada"]


async def test_a_quota_of_writes_holds_back_until_it_is_filled_again() -> None:
    async with google_home(writes_per_minute="90") as home:
        await home.consumer()
        await home.world.quirk("google-write-quota", methods=[CREATE], count=1)
        with pytest.raises(ProviderThrottled):
            await home.create(nickName="ada")
        asked = len(home.world.requests(CREATE))
        with pytest.raises(ProviderThrottled) as caught:
            await home.create(nickName="bo")
        assert caught.value.retry_after
        assert len(home.world.requests(CREATE)) == asked, "the second one was not even sent"
        home.clock.advance(61)
        await home.create(nickName="bo")
        assert await home.nicknames() == ["bo"]


async def test_an_access_token_that_ends_in_the_middle() -> None:
    async with google_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        await home.world.control.post("tokens/expire", json={})
        [key] = consumer.copy
        with pytest.raises(PolydexError) as caught:
            await home.update(key, nickName="without a right")
        assert caught.value.status == 401
        assert await home.nicknames() == ["ada"]


async def test_many_writes_at_once_travel_together_and_each_is_right() -> None:
    async with google_home() as home:
        consumer = await (await home.consumer()).follow()
        names = [f"n{number:02}" for number in range(40)]
        await asyncio.gather(*(home.create(nickName=name) for name in names))
        await home.assert_same(consumer)
        assert consumer.names == names
        await asyncio.gather(*(home.update(key, notes=key) for key in consumer.copy))
        told = Counter(person["biographies"][0]["value"] for person in await home.world.people())
        assert set(told) == set(consumer.copy)
        await asyncio.gather(*(home.writer.delete(home.account, key, None) for key in list(consumer.copy)[:20]))
        await home.rest()
        await home.assert_same(consumer)
        assert len(consumer.copy) == 20
        assert home.world.requests("people.batchCreateContacts")
        assert len(home.world.requests(CREATE)) < 20
