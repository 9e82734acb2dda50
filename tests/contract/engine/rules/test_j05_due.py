"""J5: making due is never lost, and freshness is the start of a pull."""

from __future__ import annotations

import asyncio

import pytest

from polydex.core.errors import FenceLost
from polydex.core.ids import RemoteKey
from polydex.store import contacts, sources
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named
from tests.contract.engine.rules.test_j01_order import second_page


async def test_a_push_during_a_pull_lost_when_the_pull_finishes(home: Home) -> None:
    await home.pull()
    home.world.gates.hold("list", "answer")
    running = asyncio.create_task(home.pull())
    await home.world.gates.reached("list", "answer")
    home.world.put(named("ada"))  # behind the list that is on its way
    await home.db.write(sources.make_due, (await home.source()).id, home.clock())
    home.world.gates.open()
    await running
    assert await home.records() == {}
    assert await home.pulls.run_due() == 1
    await home.pulls.wait_idle()
    assert list(await home.records()) == ["ada"]
    assert await home.pulls.run_due() == 0


async def test_a_push_lost_with_a_pull_that_fails(home: Home) -> None:
    await home.pull()
    home.world.faults.append(("list", Fault.REFUSED))
    home.world.gates.hold("list", "ask")
    running = asyncio.create_task(home.pulls.ensure((await home.source()).id, home.clock() + 1, 10))
    await home.world.gates.reached("list", "ask")
    home.world.put(named("ada"))
    await home.db.write(sources.make_due, (await home.source()).id, home.clock())
    home.world.gates.open()
    running.cancel()
    await home.pulls.wait_idle()
    assert (await home.source()).error_code == "provider.unavailable"
    assert await home.pulls.run_due() == 1
    await home.pulls.wait_idle()
    assert list(await home.records()) == ["ada"]


async def test_a_reader_satisfied_by_a_pull_that_began_before_it_asked(home: Home) -> None:
    await home.pull()
    source = (await home.source()).id
    home.world.gates.hold("list", "answer")
    running = asyncio.create_task(home.pull())
    await home.world.gates.reached("list", "answer")
    home.world.put(named("ada"))
    home.clock.advance(5)
    asks = asyncio.create_task(home.pulls.ensure(source, home.clock(), 10))
    home.clock.advance(5)
    home.world.calls.clear()
    home.world.gates.open()
    await running
    await asks
    assert list(await home.records()) == ["ada"]
    assert [verb for verb, _ in home.world.calls] == ["list"]


async def test_a_reader_that_forbids_caches_answered_by_a_pull_that_began_before_it_asked(home: Home) -> None:
    home.world.put(named("ada"))
    await home.pull()
    home.clock.advance(1)
    home.world.gates.hold("list", "answer")
    early = asyncio.create_task(home.pull())
    await home.world.gates.reached("list", "answer")
    home.world.put(named("bo"))
    home.clock.advance(1)
    forced = asyncio.create_task(home.reader.page(home.account, limit=10, no_cache=True))
    await asyncio.sleep(0)
    home.world.gates.open()
    await early
    assert len((await forced).bodies) == 2


async def test_a_resumed_walk_taken_for_as_fresh_as_its_last_page(make_home: Furnish) -> None:
    home = await make_home(delta=False, page_size=1)
    home.world.put(named("ada"), "k1")
    home.world.put(named("bo"), "k2")
    walk = asyncio.create_task(home.pull())
    await second_page(home)
    began = home.clock()
    walk.cancel()
    await home.pulls.stop(0)
    home.world.gates.open()
    home.clock.advance(1000)
    home.world.put(named("ada", notes="edited behind the walk"), "k1")
    second = home.sibling()
    assert await second.pulls.run_due() == 1
    await second.pulls.wait_idle()
    assert (await home.source()).pulled_at == began
    await home.pulls.ensure((await home.source()).id, home.clock(), 10)
    assert (await home.records())["ada"]["notes"] == "edited behind the walk"


async def test_a_pull_that_lost_its_lease_letting_go_of_that_of_another(home: Home) -> None:
    await home.pull()
    source = (await home.source()).id
    first = await home.db.write(sources.claim_one, source, "first", home.clock(), home.clock())
    assert first is not None
    home.clock.advance(1)
    second = await home.db.write(sources.claim_one, source, "second", home.clock(), home.clock() + 60_000)
    assert second is not None
    await home.db.write(sources.finish, first, home.clock(), home.clock() + 10**9)
    kept = await home.source()
    assert (kept.lease_owner, kept.lease_until) == ("second", home.clock() + 60_000)
    try:
        await home.db.write(sources.renew, first, home.clock() + 10**9)
    except FenceLost:
        pass
    else:
        raise AssertionError("a lost lease was renewed")


async def test_a_second_pull_for_who_asked_before_the_first_one_ended(home: Home) -> None:
    """What was read before a pull ended does not start another one; only what asks for a later beginning does."""
    await home.pull()
    source, now = await home.source(), home.clock()
    assert source.pulled_at == now
    assert await home.db.write(sources.claim_one, source.id, "late", now, now + 60_000, now) is None
    assert await home.db.write(sources.claim_one, source.id, "late", now, now + 60_000, now - 1000) is None
    assert await home.db.write(sources.claim_one, source.id, "later", now, now + 60_000, now + 1) is not None


async def test_a_lease_that_was_let_go_taken_again_by_a_late_renewal(home: Home) -> None:
    """It would keep everybody from the source, for nobody."""
    source = (await home.source()).id
    lease = await home.db.write(sources.claim_one, source, "first", home.clock(), home.clock() + 60_000)
    assert lease is not None
    await home.db.write(sources.finish, lease, home.clock(), home.clock())
    with pytest.raises(FenceLost):
        await home.db.write(sources.renew, lease, home.clock() + 60_000)
    assert (await home.source()).lease_until == 0


async def test_a_reader_satisfied_by_a_walk_that_was_resumed_for_it(make_home: Furnish) -> None:
    """The walk began before it asked, although this pull of it began later."""
    home = await make_home(delta=False, page_size=1)
    home.world.put(named("ada"), "k1")
    home.world.put(named("bo"), "k2")
    walk = asyncio.create_task(home.pull())
    await second_page(home)
    walk.cancel()
    await home.pulls.stop(0)
    home.world.gates.open()
    home.clock.advance(1000)
    home.world.put(named("ada", notes="edited behind the walk"), "k1")
    second = home.sibling()
    await second.pulls.ensure((await home.source()).id, home.clock(), 10)
    assert (await home.records())["ada"]["notes"] == "edited behind the walk"


async def test_a_source_let_go_of_before_the_doubts_of_its_last_page_are_settled(make_home: Furnish) -> None:
    home = await make_home(page_size=1)
    key = home.world.put(named("ada"))
    await home.pull()
    home.world.gates.hold("list", "answer")
    running = asyncio.create_task(home.pull())
    await home.world.gates.reached("list", "answer")
    home.world.put(named("ada", notes="edited meanwhile"), key)
    await home.db.write(contacts.verify_keys, (await home.source()).id, home.clock(), [RemoteKey(key)])
    home.world.calls.clear()
    home.world.gates.open()
    await running
    assert [verb for verb, _ in home.world.calls] == ["fetch"]
    assert (await home.records())["ada"]["notes"] == "edited meanwhile"
