"""J4: one unreadable record never blocks or vanishes. The contract for connectors: ``testing.contract.unreadable``."""

from __future__ import annotations

import pytest

from polydex.core.errors import ProviderError, ProviderForbidden, ProviderMalformed, ProviderRejected
from polydex.engine import status
from polydex.store import rows
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named


async def deferred(home: Home) -> int:
    return (await home.db.read(status.read, home.account.id, home.clock())).sources[0].deferred


@pytest.mark.parametrize("delta", [True, False])
async def test_an_unreadable_record_that_blocks_the_others_or_is_never_seen(make_home: Furnish, delta: bool) -> None:
    home = await make_home(delta=delta)
    home.world.put(named("ada"), "k1")
    home.world.put(named("bo"), "k2")
    home.world.unreadable.add("k2")
    consumer = await (await home.consumer()).follow()
    assert consumer.names == ["ada"]
    assert await deferred(home) == 1
    home.world.unreadable.clear()
    await home.later(400)
    await consumer.follow()
    assert consumer.names == ["ada", "bo"]
    assert await deferred(home) == 0


@pytest.mark.parametrize("delta", [True, False])
async def test_a_known_contact_that_becomes_unreadable_deleted(make_home: Furnish, delta: bool) -> None:
    """It counts as seen: neither swept, nor changed, until it can be read again."""
    home = await make_home(delta=delta)
    home.world.put(named("ada"), "k1")
    home.world.put(named("bo"), "k2")
    consumer = await (await home.consumer()).follow()
    home.world.put(named("ada changed"), "k1")
    home.world.unreadable.add("k1")
    for _ in range(2):
        home.world.expire_cursors()
        await home.pull()
    await consumer.follow()
    assert (consumer.names, consumer.gone) == (["ada", "bo"], [])
    assert await deferred(home) == 1
    home.world.unreadable.clear()
    await home.later(400)
    await consumer.follow()
    assert (consumer.names, consumer.gone) == (["ada changed", "bo"], [])


async def test_an_unreadable_record_in_the_place_of_a_merged_one_forgotten(home: Home) -> None:
    """In one page: a record that was unreadable before moves onto a known one, and its key has a new unreadable one."""
    for name, key in (("ada", "k1"), ("bo", "k2")):
        home.world.put(named(name), key)
    consumer = await (await home.consumer()).follow()
    home.world.unreadable.add("k1")
    home.world.put(named("ada changed"), "k1")
    await home.pull()
    home.world.remove("k2")
    home.world.move("k1", "k2")
    home.world.put(named("cy"), "k1")
    await home.pull()
    home.world.unreadable.clear()
    await home.later(400)
    await consumer.follow()
    assert sorted(consumer.names) == ["ada changed", "cy"]


async def test_an_unreadable_record_that_is_really_gone_kept_for_ever(home: Home) -> None:
    home.world.put(named("ada"), "k1")
    home.world.unreadable.add("k1")
    await home.pull()
    home.world.remove("k1")
    await home.pull()
    assert await deferred(home) == 0
    assert await home.records() == {}


async def test_a_fetch_that_is_tried_all_the_time(home: Home) -> None:
    """What stays unreadable is asked for less and less often, and by no pull that comes in between."""
    home.world.put(named("ada"), "k1")
    home.world.unreadable.add("k1")
    await home.pull()
    pauses = []
    for _ in range(4):
        due = await home.db.read(rows.next_verify, (await home.source()).id)
        assert due is not None
        home.world.calls.clear()
        await home.pull()
        assert ("fetch", "k1") not in home.world.calls
        pauses.append((due - home.clock()) / 1000)
        await home.later(pauses[-1] + 1)
        assert ("fetch", "k1") in home.world.calls
    assert pauses == sorted(pauses)
    assert pauses[-1] > 2 * pauses[0]


@pytest.mark.parametrize("refusal", [ProviderMalformed, ProviderForbidden, ProviderRejected])
async def test_a_record_that_is_refused_to_us_stopping_the_account(home: Home, refusal: type[ProviderError]) -> None:
    """The pull succeeds, and what else was due is fetched."""
    home.world.refusal = refusal
    for number in range(3):
        home.world.put(named(f"n{number}"), f"k{number}")
    home.world.unreadable |= {"k0", "k1"}
    await home.pull()
    home.world.unreadable.discard("k1")
    await home.later(60)
    source = await home.source()
    assert source.error_code is None
    assert sorted(await home.records()) == ["n1", "n2"]
    assert await deferred(home) == 1
