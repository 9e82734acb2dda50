"""Writes, on both engines: exactly one effect, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json

import pytest

from polydex.connectors.base import Guard
from polydex.core.errors import (
    BadRequest,
    NotFound,
    PreconditionFailed,
    ProviderTimeout,
    ProviderUnavailable,
)
from polydex.store import intents
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named


async def test_create_update_delete(home: Home) -> None:
    await home.pull()
    consumer = await home.consumer()
    created = await home.create(nickName="ada", emailAddresses=[{"address": "ada@example.com"}])
    updated = await home.update(created.id, created.etag, notes="met in May")
    assert updated.etag != created.etag
    assert json.loads(updated.record)["notes"] == "met in May"
    await consumer.follow()
    assert consumer.names == ["ada"]
    await home.writer.delete(home.account, created.id, updated.etag)
    await consumer.follow()
    assert consumer.names == []
    assert home.world.contacts() == {}
    with pytest.raises(NotFound):
        await home.writer.delete(home.account, created.id, f'"{updated.etag}"')


async def test_our_own_write_is_not_brought_back_by_the_next_pull(home: Home) -> None:
    await home.pull()
    created = await home.create(nickName="ada")
    consumer = await (await home.consumer()).follow()
    assert consumer.brought == [created.id]
    await home.pull()
    await consumer.follow()
    assert consumer.brought == []


async def test_a_stale_etag_is_refused_and_changes_nothing(home: Home) -> None:
    await home.pull()
    created = await home.create(nickName="ada")
    await home.update(created.id, created.etag, notes="first")
    with pytest.raises(PreconditionFailed):
        await home.update(created.id, created.etag, notes="second")
    with pytest.raises(PreconditionFailed):
        await home.writer.delete(home.account, created.id, created.etag)
    [contact] = home.world.contacts().values()
    assert contact.notes == "first"


@pytest.mark.parametrize("guard", list(Guard))
async def test_a_change_on_the_phone_is_not_overwritten(make_home: Furnish, guard: Guard) -> None:
    home = await make_home(update_guard=guard)
    key = home.world.put(named("ada"))
    await home.pull()
    [record] = [json.loads(body) for body in (await home.reader.page(home.account, limit=10)).bodies]
    home.world.put(named("ada on the phone"), key)
    with pytest.raises(PreconditionFailed):
        await home.update(record["id"], record["etag"], nickName="ada here")
    assert home.world.contacts()[key].nick_name == "ada on the phone"
    # Without a condition the change is applied to what is there now.
    await home.update(record["id"], notes="both")
    assert home.world.contacts()[key] == named("ada on the phone", notes="both")


async def test_a_change_outside_the_model_is_no_conflict(home: Home) -> None:
    key = home.world.put(named("ada"))
    await home.pull()
    [record] = [json.loads(body) for body in (await home.reader.page(home.account, limit=10)).bodies]
    home.world.put(named("ada"), key, colour="green")
    await home.update(record["id"], record["etag"], notes="kept")
    document = home.world.find(key)
    assert document is not None
    assert document["colour"] == "green"
    assert home.world.contacts()[key].notes == "kept"


async def test_an_update_that_changes_nothing_is_not_sent(home: Home) -> None:
    key = home.world.put(named("ada"))
    await home.pull()
    [record] = [json.loads(body) for body in (await home.reader.page(home.account, limit=10)).bodies]
    written = await home.update(record["id"], record["etag"], nickName="ada")
    assert written.etag == record["etag"]
    assert ("update", key) not in home.world.calls
    # ... but only a fetched copy may say so.
    home.world.put(named("bo"), key)
    await home.update(record["id"], nickName="ada")
    assert home.world.contacts()[key].nick_name == "ada"


async def test_a_lost_answer_creates_one_contact(home: Home) -> None:
    await home.pull()
    home.world.faults.append(("create", Fault.LOST))
    body = b'{"nickName": "ada"}'
    with pytest.raises(ProviderTimeout) as told:
        await home.writer.create(home.account, body)
    assert told.value.retry_after is not None
    again = await home.writer.create(home.account, body)
    await home.writer.delivered(again.intent)
    assert [contact.nick_name for contact in home.world.contacts().values()] == ["ada"]
    await home.create(nickName="ada")  # delivered: the same again is meant
    assert len(home.world.contacts()) == 2


async def test_a_request_that_never_arrived_may_be_repeated_at_once(home: Home) -> None:
    await home.pull()
    home.world.faults.append(("create", Fault.REFUSED))
    body = b'{"nickName": "ada"}'
    with pytest.raises(ProviderUnavailable):
        await home.writer.create(home.account, body)
    await home.writer.create(home.account, body)
    assert len(home.world.contacts()) == 1


async def test_absent_is_believed_only_after_the_lag(make_home: Furnish) -> None:
    home = await make_home(mark_lag=30.0)
    await home.pull()
    home.world.faults.append(("create", Fault.LOST))
    body = b'{"nickName": "ada"}'
    for _ in range(2):
        with pytest.raises(ProviderTimeout):
            await home.writer.create(home.account, body)
        home.clock.advance(5)
    home.clock.advance(40)
    await home.writer.create(home.account, body)
    assert len(home.world.contacts()) == 1


async def test_the_worker_finds_out_what_became_of_a_create(home: Home) -> None:
    await home.pull()
    home.world.faults.append(("create", Fault.LOST))
    with pytest.raises(ProviderTimeout):
        await home.writer.create(home.account, b'{"nickName": "ada"}')
    await home.later(30)
    assert await home.db.read(intents.open_of_account, home.account.id) == []
    consumer = await (await home.consumer()).follow()
    assert consumer.names == ["ada"]


async def test_a_lost_answer_of_an_update_and_a_delete(home: Home) -> None:
    await home.pull()
    created = await home.create(nickName="ada")
    home.world.faults.append(("update", Fault.LOST))
    with pytest.raises(ProviderTimeout):
        await home.update(created.id, created.etag, notes="new")
    updated = await home.update(created.id, created.etag, notes="new")
    assert json.loads(updated.record)["notes"] == "new"
    home.world.faults.append(("delete", Fault.LOST))
    with pytest.raises(ProviderTimeout):
        await home.writer.delete(home.account, created.id, None)
    intent = await home.writer.delete(home.account, created.id, None)
    await home.writer.delivered(intent)
    assert home.world.contacts() == {}
    with pytest.raises(NotFound):
        await home.writer.delete(home.account, created.id, None)


async def test_identical_requests_in_flight_share_one_effect(home: Home) -> None:
    await home.pull()
    body = b'{"nickName": "ada"}'
    first, second = await asyncio.gather(home.writer.create(home.account, body), home.writer.create(home.account, body))
    assert first.id == second.id
    assert len(home.world.contacts()) == 1


async def test_a_cancelled_request_still_finishes_its_write(home: Home) -> None:
    await home.pull()
    home.world.gates.hold("create", "answer")
    request = asyncio.create_task(home.writer.create(home.account, b'{"nickName": "ada"}'))
    await home.world.gates.reached("create", "answer")
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request
    home.world.gates.open()
    await home.writer.drain(5)
    again = await home.writer.create(home.account, b'{"nickName": "ada"}')  # nobody got the answer
    assert len(home.world.contacts()) == 1
    assert json.loads(again.record)["nickName"] == "ada"


async def test_bad_bodies_reach_nobody(home: Home) -> None:
    await home.pull()
    for body in (b"{}", b"[]", b'{"nickName": 1}', b"\xff"):
        with pytest.raises(BadRequest):
            await home.writer.create(home.account, body)
    assert home.world.contacts() == {}
    assert await home.db.read(intents.open_of_account, home.account.id) == []


async def test_writes_of_an_account_take_turns(home: Home) -> None:
    key = home.world.put(named("ada"))
    await home.pull()
    [record] = [json.loads(body) for body in (await home.reader.page(home.account, limit=10)).bodies]
    await asyncio.gather(
        home.update(record["id"], notes="n"),
        home.update(record["id"], fileAs="f"),
        home.update(record["id"], birthday="1990-01-02"),
    )
    assert home.world.contacts()[key] == named("ada", notes="n", file_as="f", birthday="1990-01-02")
