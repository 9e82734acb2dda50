"""Writes to a Google that behaves as it is seen to: each is carried out once, or not at all, and both are told."""

import pytest

from polydex.core.errors import (
    PreconditionFailed,
    ProviderRejected,
    ProviderTimeout,
)
from tests.google.home import google_home
from tests.hostile.sides import GOOGLE

UPDATE, PHOTO = GOOGLE.update, GOOGLE.photo


# --- lost answers ---------------------------------------------------------------------------------------------------


# --- etags ----------------------------------------------------------------------------------------------------------


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


# --- photos ---------------------------------------------------------------------------------------------------------


async def test_a_photo_is_written_although_sources_have_no_etag() -> None:
    async with google_home() as home:
        await home.world.quirk("google-no-source-etag")
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        written = await home.update(key, record["etag"], photo=PHOTO)
        assert await home.photos() == 1
        await home.nickname(ada, "Countess")
        with pytest.raises(PreconditionFailed):
            await home.update(key, written.etag, photo=None)
        assert await home.photos() == 1
        await home.update(key, photo=None)
        assert await home.photos() == 0


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
        assert await home.photos() == 1


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
        assert await home.photos() == 0


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
        memberships = (await home.the_only())["memberships"]
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
