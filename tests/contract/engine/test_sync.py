"""Pulls and feeds, on both engines: what a consumer has equals what the provider has."""

from __future__ import annotations

import asyncio

from polydex.testing.world import Fault
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


async def test_with_the_provider_down_a_feed_answers_from_the_mirror(home: Home) -> None:
    home.world.put(named("ada"))
    consumer = await home.consumer()
    home.clock.advance(1000)
    home.world.faults.append(("list", Fault.REFUSED))
    feed = await home.reader.updated(home.account, delta_token=consumer.updated, page_token=None)
    assert len(feed.bodies) == 1
    assert feed.age == 1000
