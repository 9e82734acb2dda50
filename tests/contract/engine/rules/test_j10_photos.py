"""J10 where a create writes the photo by a second call: the contact is there, and its photo is not forgotten."""

from __future__ import annotations

import asyncio
import json

import pytest
from structlog.testing import capture_logs

from polydex.core.contact import Photo
from polydex.core.errors import ProviderTimeout
from polydex.store import intents, rows
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named

BODY = b'{"nickName": "ada", "photo": {"content": "aGVsbG8=", "mimeType": "image/png"}}'
HELLO, OTHER = Photo.of(b"hello", "image/png"), Photo.of(b"other", "image/png")


def verbs(home: Home) -> list[str]:
    return [verb for verb, _ in home.world.calls]


def photos(home: Home) -> list[str | None]:
    return [contact.photo.hash if contact.photo else None for contact in home.world.contacts().values()]


async def nothing_open(home: Home) -> bool:
    return await home.db.read(intents.open_of_account, home.account.id) == []


async def ready(make_home: Furnish, **habits: object) -> Home:
    home = await make_home(photo_apart=True, **habits)
    await home.pull()
    return home


async def cut_off(home: Home) -> str:
    """A create whose answer was lost before the second call; the contact's key."""
    home.world.faults.append(("create", Fault.PARTLY))
    with pytest.raises(ProviderTimeout) as told:
        await home.writer.create(home.account, BODY)
    assert told.value.retry_after is not None
    [key] = home.world.contacts()
    assert photos(home) == [None]
    return key


async def as_it_is(home: Home) -> None:
    """What is listed, and was told to whoever follows, is what the provider has."""
    consumer = await (await home.consumer()).follow()
    etags = {record["etag"] for record in consumer.copy.values()}
    await home.later(100)
    await home.pull()
    await consumer.follow()
    [stored] = [await home.db.read(rows.find, home.account.id, contact) for contact in consumer.copy]
    assert stored is not None
    assert [stored.photo_hash] == photos(home)
    assert {record["etag"] for record in consumer.copy.values()} == etags == {stored.etag}
    assert await nothing_open(home)


async def test_a_photo_by_a_second_call(make_home: Furnish) -> None:
    home = await ready(make_home)
    written = await home.writer.create(home.account, BODY)
    assert written.losses == ()
    assert photos(home) == [HELLO.hash]
    assert verbs(home) == ["list", "create", "create_photo"]
    await as_it_is(home)


@pytest.mark.parametrize("by", ["the client", "the worker", "the worker, then the client"])
async def test_a_photo_lost_with_the_answer(make_home: Furnish, by: str) -> None:
    """The client was told 504: it asks again and gets the contact with its photo."""
    home = await ready(make_home)
    await cut_off(home)
    if by != "the client":
        home.clock.advance(30)
        await home.writer.recovery.run_due()
        assert photos(home) == [HELLO.hash]
        assert await nothing_open(home)
    if by != "the worker":
        written = await home.writer.create(home.account, BODY)
        assert json.loads(written.record)["nickName"] == "ada"
        stored = await home.db.read(rows.find, home.account.id, written.id)
        assert stored is not None
        assert stored.photo_hash == HELLO.hash
        assert stored.etag == written.etag
    assert photos(home) == [HELLO.hash]
    assert verbs(home).count("create") == 1
    await as_it_is(home)


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.FAILED, Fault.LOST, Fault.DENIED])
async def test_a_photo_whose_call_fails(make_home: Furnish, fault: Fault) -> None:
    """Whatever stops the second call: the contact must not be created a second time, nor go without its photo."""
    home = await ready(make_home)
    home.world.faults.append(("create_photo", fault))
    with pytest.raises(ProviderTimeout):
        await home.writer.create(home.account, BODY)
    assert len(home.world.contacts()) == 1
    await home.writer.create(home.account, BODY)
    assert photos(home) == [HELLO.hash]
    await as_it_is(home)


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.FAILED, Fault.LOST, Fault.DENIED])
async def test_a_photo_whose_call_fails_once_more_while_it_is_found_out(make_home: Furnish, fault: Fault) -> None:
    home = await ready(make_home)
    await cut_off(home)
    home.world.faults.append(("update", fault))
    with pytest.raises(ProviderTimeout):
        await home.writer.create(home.account, BODY)
    assert not await nothing_open(home)
    await home.later(30)
    assert photos(home) == [HELLO.hash]
    await home.writer.create(home.account, BODY)
    assert len(home.world.contacts()) == 1
    await as_it_is(home)


async def test_a_photo_that_is_refused_at_once(make_home: Furnish) -> None:
    home = await ready(make_home)
    home.world.refuses_photos = True
    written = await home.writer.create(home.account, BODY)
    assert [loss.path for loss in written.losses] == ["$.photo"]
    assert photos(home) == [None]
    assert "update" not in verbs(home)
    await as_it_is(home)


async def test_a_photo_that_is_refused_asked_about_for_ever(make_home: Furnish) -> None:
    """What is there is the outcome, and the log says so, without a word of the contact."""
    home = await ready(make_home)
    await cut_off(home)
    home.world.refuses_photos = True
    home.clock.advance(30)
    with capture_logs() as events:
        await home.writer.recovery.run_due()
    assert await nothing_open(home)
    [event] = [event for event in events if event["event"] == "write.photo_refused"]
    assert set(event) <= {"event", "log_level", "module", "intent", "error"}
    assert event["error"] == "provider.rejected"
    written = await home.writer.create(home.account, BODY)
    assert photos(home) == [None]
    assert json.loads(written.record)["nickName"] == "ada"
    await as_it_is(home)


async def test_a_contact_without_its_photo_deleted_meanwhile(make_home: Furnish) -> None:
    home = await ready(make_home)
    key = await cut_off(home)
    home.world.gates.hold("update", "ask")
    home.clock.advance(30)
    recovery = asyncio.create_task(home.writer.recovery.run_due())
    await home.world.gates.reached("update", "ask")
    home.world.remove(key)
    home.world.gates.open()
    await recovery
    await home.later(1)
    await home.pull()
    assert await nothing_open(home)
    assert home.world.contacts() == {}
    assert await home.records() == {}


async def test_another_photo_put_there_meanwhile_that_is_overwritten(make_home: Furnish) -> None:
    home = await ready(make_home)
    key = await cut_off(home)
    home.world.gates.hold("update", "ask")
    home.clock.advance(30)
    recovery = asyncio.create_task(home.writer.recovery.run_due())
    await home.world.gates.reached("update", "ask")
    home.world.put(named("ada", photo=OTHER), key)
    home.world.gates.open()
    await recovery
    assert photos(home) == [OTHER.hash]
    await as_it_is(home)


async def test_a_change_meanwhile_that_is_overwritten_or_loses_the_photo(make_home: Furnish) -> None:
    home = await ready(make_home)
    key = await cut_off(home)
    home.world.gates.hold("update", "ask")
    home.clock.advance(30)
    recovery = asyncio.create_task(home.writer.recovery.run_due())
    held = await home.world.gates.reached("update", "ask")
    home.world.put(named("ada", notes="from the phone"), key)
    await home.pull()
    home.world.gates.open()
    assert held not in home.world.gates.waiting
    await recovery
    [contact] = home.world.contacts().values()
    assert contact == named("ada", notes="from the phone", photo=Photo(hash=HELLO.hash, mime_type="image/png"))
    await as_it_is(home)


async def test_not_found_too_early_taken_for_gone(make_home: Furnish) -> None:
    home = await ready(make_home, create_lag=10.0)
    with pytest.raises(ProviderTimeout):
        await home.writer.create(home.account, BODY)  # its second call comes too early
    with pytest.raises(ProviderTimeout):
        await home.writer.create(home.account, BODY)
    assert not await nothing_open(home)
    home.clock.advance(11)
    await home.writer.create(home.account, BODY)
    assert photos(home) == [HELLO.hash]
    await as_it_is(home)


async def test_a_lagging_list_that_takes_the_photo_away_again(make_home: Furnish) -> None:
    home = await ready(make_home, read_lag=20.0)
    await cut_off(home)
    home.clock.advance(10)
    await home.pull()  # the contact, as it is yet
    await home.writer.create(home.account, BODY)
    consumer = await (await home.consumer()).follow()
    home.world.lag = 10.0
    home.clock.advance(5)
    home.world.expire_cursors()
    await home.pull()
    await consumer.follow()
    assert consumer.brought == []
    home.world.lag = 0.0
    await as_it_is(home)
    assert photos(home) == [HELLO.hash]
