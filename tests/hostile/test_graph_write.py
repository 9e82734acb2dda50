"""Writes to a Microsoft that behaves as it is seen to: each is carried out once, or not at all, and both are told."""

import asyncio
import json
from typing import Any

import pytest

from polydex.connectors.base import Found, New, Record
from polydex.core.contact import Contact, Phone, PhoneType
from polydex.core.errors import (
    PreconditionFailed,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
)
from polydex.core.patch import Patch
from polydex.engine.errand import Written
from polydex.testing.contract import FULL, content
from tests.hostile.sides import MICROSOFT
from tests.microsoft.home import graph_home
from tests.microsoft.world import graph_world
from tests.pictures import jpeg

CREATE, UPDATE, PHOTO = MICROSOFT.create, MICROSOFT.update, MICROSOFT.photo
GET = "contacts.get"

# --- lost answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "fault", "given"),
    [
        ("batch", "graph-drop-before", {"count": 1}),
        ("batch", "graph-drop-after", {"count": 1}),
        (CREATE, "graph-unavailable", {"probability": 0.4, "seed": 5}),
    ],
)
async def test_many_creates_whose_answers_are_lost_are_as_many_contacts(
    method: str, fault: str, given: dict[str, Any]
) -> None:
    """Of a whole batch, or of some of its parts."""
    async with graph_home() as home:
        consumer = await (await home.consumer()).follow()
        await home.world.quirk(fault, methods=[method], **given)
        names = waiting = [f"n{number:02}" for number in range(30)]
        for _ in range(24):  # time passes once for all of them: an answer that nobody has heard is kept for two minutes
            answers = await asyncio.gather(*(home.create(nickName=name) for name in waiting), return_exceptions=True)
            assert all(isinstance(one, Written | ProviderTimeout | ProviderUnavailable) for one in answers)
            waiting = [name for name, one in zip(waiting, answers, strict=True) if not isinstance(one, Written)]
            if not waiting:
                break
            await home.later(100)
        assert not waiting
        await home.world.calm()
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == names


@pytest.mark.parametrize("method", [CREATE, UPDATE])
async def test_what_was_written_and_cannot_be_read_is_right_after_the_next_pull(method: str) -> None:
    """The read that follows a write is refused, for good or for now: the write was carried out all the same."""
    async with graph_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        phones = [{"number": "+41 44 668 18 00", "type": "workFax"}, {"number": "1", "type": "workMobile"}]
        await home.world.quirk("graph-forbidden", methods=[GET], skip=0 if method == CREATE else 1, count=1)
        if method == CREATE:
            written = await home.create(nickName="bo", phoneNumbers=phones)
        else:
            written = await home.update(key, record["etag"], nickName="bo", phoneNumbers=phones)
        assert await home.world.struck("graph-forbidden") == 1
        told = json.loads(written.record)
        assert [one["type"] for one in told["phoneNumbers"]] == ["workFax", "workMobile"]
        await home.rest()
        await home.assert_same(consumer)
        [there] = [record for record in consumer.copy.values() if record["nickName"] == "bo"]
        assert [one["type"] for one in there["phoneNumbers"]] == ["workFax", "workMobile"]


# --- etags ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("photo", [False, True])
async def test_one_who_changes_right_before_the_write_is_not_overwritten(*, photo: bool) -> None:
    """Between the comparison and the write: If-Match guards that moment, where the service compares it."""
    async with graph_home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()

        async def before(method: str, path: str) -> None:
            if method == "PATCH" and path.startswith("/v1.0"):
                home.world.spoiler.before = None
                await home.nickname(ada, "Countess")

        home.world.spoiler.before = before
        with pytest.raises(PreconditionFailed):
            await home.update(key, record["etag"], nickName="by us", **({"photo": PHOTO} if photo else {}))
        assert await home.nicknames() == ["Countess"]
        await home.rest()
        await home.assert_same(consumer)


async def test_a_conflict_that_is_none() -> None:
    async with graph_home() as home:
        await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        ids = {record["nickName"]: key for key, record in consumer.copy.items()}
        await home.world.quirk("graph-spurious-conflict", count=1)
        await home.update(ids["ada"], consumer.copy[ids["ada"]]["etag"], nickName="ada, by us")
        await home.world.quirk("graph-spurious-conflict", count=1)
        await home.writer.delete(home.account, ids["bo"], consumer.copy[ids["bo"]]["etag"])
        assert await home.nicknames() == ["ada, by us"]
        await home.world.quirk("graph-spurious-conflict")
        with pytest.raises(PreconditionFailed):
            await home.update(ids["ada"], nickName="never")
        await home.world.calm()
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.names == ["ada, by us"]


# --- lags -----------------------------------------------------------------------------------------------------------


async def test_a_contact_that_was_just_created_is_not_taken_for_gone() -> None:
    """Its id is not found for a while (J12)."""
    async with graph_home(personal=True) as home:
        consumer = await (await home.consumer()).follow()
        await home.world.quirk("graph-fresh-id-unknown", seconds=60)
        written = await home.create(nickName="ada", phoneNumbers=[{"number": "1", "type": "pager"}])
        assert json.loads(written.record)["phoneNumbers"][0]["type"] == "pager"
        with pytest.raises(ProviderUnavailable):
            await home.update(written.id, nickName="too early")
        await home.pull()
        await home.assert_same(consumer)
        assert list(consumer.copy) == [written.id]
        home.clock.advance(130)
        await home.update(written.id, nickName="Countess")
        await home.rest()
        await home.assert_same(consumer)
        assert list(consumer.copy) == [written.id]
        assert consumer.gone == []


# --- extended properties --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("many", [False, True])
async def test_a_mailbox_that_loses_the_extended_properties_of_a_new_contact(*, many: bool) -> None:
    async with graph_world(personal=True) as world:
        await world.quirk("graph-create-drops-properties")
        if many:
            made = list(
                await world.connector.create_many([New(FULL, f"mark-{number}", fresh=True) for number in range(3)])
            )
        else:
            made = [await world.connector.create(FULL, "mark-0", fresh=True)]
        assert await world.struck("graph-create-drops-properties") == len(made)
        for number, record in enumerate(made):
            assert isinstance(record, Record)
            assert record.losses == world.connector.losses(FULL), "what was lost was sent once more"
            assert record.mark == f"mark-{number}"
            assert content((await world.connector.fetch(record.key)).contact) == content(record.contact)
            found = await world.connector.find_mark(f"mark-{number}")
            assert isinstance(found, Found)


@pytest.mark.parametrize("many", [False, True])
async def test_properties_that_are_lost_for_good_are_a_loss(*, many: bool) -> None:
    """Nor can they be sent again: what they held is named."""
    async with graph_world(personal=True) as world:
        await world.quirk("graph-create-drops-properties")
        await world.quirk("graph-forbidden", methods=[UPDATE])
        if many:
            [record] = await world.connector.create_many([New(FULL, "mark", fresh=True)])
        else:
            record = await world.connector.create(FULL, "mark", fresh=True)
        assert isinstance(record, Record)
        lost = {loss.path for loss in record.losses} - {loss.path for loss in world.connector.losses(FULL)}
        assert lost == {"$.emailAddresses", "$.urls"}
        assert (await world.connector.fetch(record.key)).contact == record.contact


@pytest.mark.parametrize("many", [False, True])
async def test_a_property_that_does_not_go_when_it_is_told_to(*, many: bool) -> None:
    """It is emptied then. Graph has no other place for the fax, nor for what is in the bag."""
    async with graph_world() as world:
        phones = (Phone(number="1", type=PhoneType.WORK_FAX), Phone(number="2", type=PhoneType.WORK_MOBILE))
        base = await world.connector.create(Contact(nick_name="ada", phone_numbers=phones), None)
        await world.quirk("graph-null-keeps-property")
        patch = Patch(phone_numbers=())
        if many:
            [changed] = await world.connector.update_many([(base, patch)])
        else:
            changed = await world.connector.update(base, patch)
        assert await world.struck("graph-null-keeps-property") >= 1
        assert isinstance(changed, Record)
        assert changed.losses == ()
        fetched = await world.connector.fetch(base.key)
        assert fetched.contact is not None
        assert changed.contact == fetched.contact
        assert fetched.contact.phone_numbers == ()


async def test_names_of_addresses_that_the_service_makes_up() -> None:
    async with graph_home() as home:
        await home.world.quirk("graph-email-names")
        consumer = await (await home.consumer()).follow()
        written = await home.create(nickName="ada", emailAddresses=[{"address": "ada@example.com"}])
        assert json.loads(written.record)["emailAddresses"][0]["address"] == "ada@example.com"
        for number in range(3):
            await home.update(written.id, notes=f"{number}")
        await home.rest()
        await home.assert_same(consumer)
        [record] = consumer.copy.values()
        assert len(record["emailAddresses"]) == 1


async def test_what_the_service_refuses_is_refused() -> None:
    async with graph_home() as home:
        consumer = await (await home.consumer()).follow()
        await home.world.quirk("graph-given-name-required")
        with pytest.raises(ProviderRejected):
            await home.create(nickName="ada")
        assert await home.world.contacts() == []
        await home.create(nickName="ada", name={"givenName": "Ada"})
        await home.assert_same(consumer)


# --- photos ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2])
async def test_a_photo_that_is_taken_and_not_stored(times: int) -> None:
    """Once: it is sent again. Twice: it is a loss, and said to be one."""
    async with graph_home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        await home.world.quirk("graph-photo-not-stored", count=times)
        written = await home.update(key, record["etag"], nickName="Countess", photo=PHOTO)
        assert await home.photos() == (1 if times == 1 else 0)
        assert [loss.path for loss in written.losses] == ([] if times == 1 else ["$.photo"])
        assert await home.nicknames() == ["Countess"]
        await home.world.quirk("graph-photo-not-stored", count=times)
        made = await home.create(nickName="bo", photo=PHOTO)
        assert [loss.path for loss in made.losses] == ([] if times == 1 else ["$.photo"])
        assert await home.photos() == (2 if times == 1 else 0)
        await home.rest()
        await home.assert_same(consumer)


async def test_a_photo_that_somebody_else_has_replaced_is_not_overwritten() -> None:
    """Nobody says that a photo changes the etag of its contact."""
    async with graph_home() as home:
        [ada] = await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        written = await home.update(key, record["etag"], photo=PHOTO)
        await home.world.ask("PUT", f"contacts/{ada}/photo", jpeg("blue"))
        with pytest.raises(PreconditionFailed):
            await home.update(key, written.etag, photo=None)
        assert await home.world.ask("GET", f"contacts/{ada}/photo") == jpeg("blue")
        await home.update(key, photo=None)
        assert await home.photos() == 0


# --- limits ---------------------------------------------------------------------------------------------------------


async def test_a_mailbox_of_four_requests_at_once_is_never_asked_for_more() -> None:
    """The sandbox refuses a fifth, as Microsoft does, and each takes its time."""
    async with graph_world() as world:
        await world.ask("PUT", "settings", {"requestSeconds": 0.005})
        made = [await world.connector.create(FULL, None) for _ in range(3)]
        writes = [world.connector.update(record, Patch(notes="x")) for record in made]
        reads = [world.connector.fetch(record.key) for record in made * 4]
        await asyncio.gather(*writes, *reads)
        assert not [entry for entry in world.sandbox.log if entry.status == 429]
