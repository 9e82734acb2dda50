"""Pulls and feeds, on both engines: what a consumer has equals what the provider has."""

from __future__ import annotations

import asyncio

import pytest

from polydex.core.errors import NotReady, ProviderUnavailable, SyncHalted, SyncTokenExpired, TokenNotValid
from polydex.store import contacts, rows, sources
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named


async def test_the_first_run_brings_everything_in_pages(home: Home) -> None:
    for number in range(7):
        home.world.put(named(f"n{number}"))
    consumer = await (await home.consumer()).follow(limit=3)
    assert consumer.names == [f"n{number}" for number in range(7)]


async def test_changes_reach_the_consumer_once(home: Home) -> None:
    keys = [home.world.put(named(name)) for name in ("ada", "bo", "cy")]
    consumer = await (await home.consumer()).follow()
    home.world.put(named("bo 2"), keys[1])
    home.world.remove(keys[2])
    home.world.put(named("dee"))
    await home.pull()
    await consumer.follow()
    assert consumer.names == ["ada", "bo 2", "dee"]
    assert len(consumer.brought) == 2
    await home.pull()
    await consumer.follow()
    assert consumer.brought == []


async def test_a_provider_reset_is_not_noticed(home: Home) -> None:
    """The provider's cursor expires: everything is listed again, and only real differences reach the journal."""
    for number in range(30):
        home.world.put(named(f"n{number}"), f"k{number}")
    consumer = await (await home.consumer()).follow()
    home.world.expire_cursors()
    home.world.put(named("changed"), "k3")
    home.world.remove("k4")
    await home.pull()
    await consumer.follow()
    assert len(consumer.brought) == 1
    assert len(consumer.gone) == 1
    assert len(consumer.copy) == 29


async def test_a_key_that_comes_back_has_another_id(home: Home) -> None:
    home.world.put(named("ada"), "k1")
    consumer = await (await home.consumer()).follow()
    home.world.remove("k1")
    await home.pull()
    await consumer.follow()
    home.world.put(named("ada"), "k1")
    await home.pull()
    await consumer.follow()
    assert consumer.names == ["ada"]
    assert len(consumer.gone) == 1


async def test_a_moved_record_keeps_its_id(make_home: Furnish) -> None:
    home = await make_home(renames="uid")
    home.world.put(named("ada"), "k1")
    consumer = await (await home.consumer()).follow()
    [before] = consumer.copy
    home.world.move("k1", "k2")
    await home.pull()
    await consumer.follow()
    assert list(consumer.copy) == [before]
    assert consumer.gone == []


async def test_a_mass_deletion_waits_for_approval(home: Home) -> None:
    for number in range(30):
        home.world.put(named(f"n{number}"), f"k{number}")
    consumer = await (await home.consumer()).follow()
    for number in range(25):
        home.world.remove(f"k{number}")
    await home.pull()
    await consumer.follow()
    assert len(consumer.copy) == 30
    with pytest.raises(SyncHalted):
        await home.reader.start(home.account)
    source = await home.source()
    await home.db.write(contacts.approve, source.id, home.clock())
    await home.pull()
    await consumer.follow()
    assert len(consumer.copy) == 5
    assert (await home.source()).halted_walk is None


async def test_an_empty_list_never_empties_the_mirror(make_home: Furnish) -> None:
    home = await make_home(delta=False)
    home.world.put(named("ada"))
    consumer = await (await home.consumer()).follow()
    home.world.blackout = True
    await home.pull()
    home.world.blackout = False
    await home.pull()
    await consumer.follow()
    assert consumer.names == ["ada"]
    assert consumer.gone == []
    assert (await home.source()).halted_walk is None


async def test_an_unreadable_record_neither_blocks_nor_vanishes(home: Home) -> None:
    home.world.put(named("ada"), "k1")
    home.world.put(named("bo"), "k2")
    home.world.unreadable.add("k2")
    consumer = await (await home.consumer()).follow()
    assert consumer.names == ["ada"]
    source = await home.source()
    assert await home.db.read(rows.count_doubtful, source.id) == 1
    home.world.unreadable.clear()
    await home.later(400)
    await consumer.follow()
    assert consumer.names == ["ada", "bo"]
    assert await home.db.read(rows.count_doubtful, source.id) == 0


async def test_one_pull_serves_all_who_wait(home: Home) -> None:
    home.world.put(named("ada"))
    await home.pull()
    home.clock.advance(1000)
    home.world.calls.clear()
    start = await home.reader.start(home.account)
    await asyncio.gather(
        *(home.reader.updated(home.account, delta_token=start.updated_token, page_token=None) for _ in range(10))
    )
    assert [verb for verb, _ in home.world.calls].count("list") == 1


async def test_a_first_pull_that_cannot_succeed_is_told(home: Home) -> None:
    home.world.faults.extend([("list", Fault.REFUSED)] * 3)
    with pytest.raises(ProviderUnavailable):
        await home.reader.start(home.account)


async def test_before_the_first_pull_there_is_no_list(home: Home) -> None:
    home.world.gates.hold("list", "ask")
    start = await home.reader.start(home.account, await_ready=False)
    assert (start.ready, start.updated_token, start.deleted_token) == (False, None, None)
    source = await home.source()
    lease = await home.db.write(sources.claim_one, source.id, "another process", home.clock(), home.clock() + 60_000)
    assert lease is not None
    with pytest.raises(NotReady):
        await asyncio.wait_for(home.reader.page(home.account, limit=10), 10)
    home.world.gates.open()


async def test_with_the_provider_down_a_feed_answers_from_the_mirror(home: Home) -> None:
    home.world.put(named("ada"))
    consumer = await home.consumer()
    home.clock.advance(1000)
    home.world.faults.append(("list", Fault.REFUSED))
    feed = await home.reader.updated(home.account, delta_token=consumer.updated, page_token=None)
    assert len(feed.bodies) == 1
    assert feed.age == 1000


async def test_tokens_are_refused_where_they_do_not_belong(home: Home) -> None:
    home.world.put(named("ada"))
    consumer = await home.consumer()
    with pytest.raises(TokenNotValid):
        await home.reader.deleted(home.account, delta_token=consumer.updated, page_token=None)
    with pytest.raises(TokenNotValid):
        await home.reader.updated(home.account, delta_token=None, page_token=None)
    await home.db.write(lambda tx: tx.run("UPDATE account SET seq = 0"))
    with pytest.raises(SyncTokenExpired):
        await home.reader.deleted(home.account, delta_token=consumer.deleted, page_token=None)


async def test_a_new_mapping_reaches_the_journal_only_where_it_differs(home: Home) -> None:
    home.world.put(named("ada", notes="plain"))
    consumer = await (await home.consumer()).follow()
    home.provider.mapping_version = 2
    await home.pull()
    source = await home.source()
    assert source.mapping_version == 2
    await consumer.follow()
    assert await home.db.read(rows.outdated, source.id, 2, 0, 10) == []
