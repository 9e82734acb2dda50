"""J14: until the first walk is complete there is no list, and after it the start tokens miss nothing."""

from __future__ import annotations

import asyncio

import pytest

from polydex.core.errors import NotReady, ProviderUnavailable
from polydex.engine.mirror import Mirror
from polydex.store import epochs, sources
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named
from tests.contract.engine.rules.test_j01_order import second_page


async def test_half_a_book_taken_for_all_of_it(make_home: Furnish) -> None:
    home = await make_home(page_size=1)
    for number in range(2):
        home.world.put(named(f"n{number}"), f"k{number}")
    walk = asyncio.create_task(home.pull())
    await second_page(home)
    hasty = home.sibling(ready_wait=0.01)
    contact = await home.id_of("n0")
    for ask in (
        hasty.reader.page(home.account, limit=10),
        hasty.reader.get(home.account, contact),
    ):
        with pytest.raises(NotReady) as told:
            await ask
        assert told.value.retry_after is not None
    begun = await hasty.reader.start(home.account, await_ready=False)
    assert (begun.ready, begun.updated_token, begun.deleted_token) == (False, None, None)
    home.world.gates.open()
    await walk
    assert len((await hasty.reader.page(home.account, limit=10)).bodies) == 2
    assert (await hasty.reader.start(home.account, await_ready=False)).ready


async def test_contacts_that_came_before_the_start_missing_or_ids_that_went_before_it_told(home: Home) -> None:
    """``updated`` begins at nothing, ``deleted`` at this moment."""
    home.world.put(named("ada"), "k1")
    home.world.put(named("bo"), "k2")
    await home.pull()
    home.world.remove("k1")
    await home.pull()
    consumer = await (await home.consumer()).follow()
    assert (consumer.names, consumer.gone) == (["bo"], [])


async def test_a_deletion_between_the_start_and_the_first_page_missed(home: Home) -> None:
    home.world.put(named("ada"), "k1")
    home.world.put(named("bo"), "k2")
    consumer = await home.consumer()
    [bo] = [await home.id_of("bo")]
    home.world.remove("k2")
    await home.pull()
    await consumer.follow()
    assert (consumer.names, consumer.gone) == (["ada"], [bo])


@pytest.mark.parametrize("await_ready", [True, False])
async def test_a_first_pull_that_cannot_succeed_waited_for_endlessly(home: Home, await_ready: bool) -> None:
    home.world.faults.extend([("list", Fault.REFUSED)] * 3)
    if not await_ready:
        assert not (await home.reader.start(home.account, await_ready=False)).ready
        await home.later(1)
    with pytest.raises(ProviderUnavailable):
        await home.reader.start(home.account, await_ready=await_ready)


async def test_a_failed_first_pull_told_for_ever(home: Home) -> None:
    home.world.put(named("ada"))
    home.world.faults.append(("list", Fault.REFUSED))
    with pytest.raises(ProviderUnavailable):
        await home.reader.start(home.account)
    home.clock.advance(10)
    assert (await home.reader.start(home.account)).ready


async def test_before_the_first_pull_of_another_process_there_is_no_list(home: Home) -> None:
    source = await home.source()
    lease = await home.db.write(sources.claim_one, source.id, "another process", home.clock(), home.clock() + 60_000)
    assert lease is not None
    with pytest.raises(NotReady):
        await home.sibling(ready_wait=0.05).reader.page(home.account, limit=10)


async def test_the_mirror_of_a_restored_backup_served_before_it_was_brought_up_to_date(home: Home) -> None:
    """A restore is another generation: not ready until a walk is complete, which is asked for at once."""
    home.world.put(named("ada"), "k1")
    await home.pull()
    home.world.remove("k1")
    home.world.put(named("bo"))
    await home.db.write(epochs.reroll, home.ctx.random_bytes)
    [account] = [home.account]
    with pytest.raises(NotReady):
        await Mirror(home.ctx, home.pulls).ready(account, wait=0.0)
    assert (await home.source()).due_at is not None
    restored = await home.restored()
    page = await restored.reader.page(restored.account, limit=10)
    assert [b'"bo"' in body for body in page.bodies] == [True]
