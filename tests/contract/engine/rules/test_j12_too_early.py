"""J12: "not found" for a record that was created or seen just now means "not yet"."""

from __future__ import annotations

import pytest

from polydex.core.errors import NotFound, ProviderUnavailable
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named

LAG = 10.0


async def fresh(make_home: Furnish, by: str) -> tuple[Home, str]:
    """A contact that the provider does not find yet when it is asked for by itself."""
    home = await make_home(create_lag=LAG)
    await home.pull()
    if by == "us":
        contact = (await home.create(nickName="ada")).id
    else:
        home.world.put(named("ada"))
        await home.pull()
        contact = await home.id_of("ada")
    return home, contact


@pytest.mark.parametrize("by", ["us", "the phone"])
async def test_a_fresh_contact_deleted_because_a_read_did_not_find_it(make_home: Furnish, by: str) -> None:
    home, contact = await fresh(make_home, by)
    with pytest.raises(ProviderUnavailable) as told:
        await home.reader.get(home.account, contact, no_cache=True)
    assert told.value.retry_after is not None
    assert list(await home.records()) == ["ada"]
    home.clock.advance(LAG + 1)
    served = await home.reader.get(home.account, contact, no_cache=True)
    assert b'"ada"' in served.body


@pytest.mark.parametrize("by", ["us", "the phone"])
async def test_a_fresh_contact_deleted_because_a_write_did_not_find_it(make_home: Furnish, by: str) -> None:
    home, contact = await fresh(make_home, by)
    with pytest.raises(ProviderUnavailable):
        await home.update(contact, notes="too early")
    assert list(await home.records()) == ["ada"]
    home.clock.advance(LAG + 1)
    await home.update(contact, notes="in time")
    [there] = home.world.contacts().values()
    assert there.notes == "in time"


async def test_a_contact_that_is_long_known_and_gone_waited_for(make_home: Furnish) -> None:
    home, contact = await fresh(make_home, "the phone")
    home.clock.advance(LAG + 1)
    [key] = home.world.contacts()
    home.world.remove(key)
    with pytest.raises(NotFound):
        await home.reader.get(home.account, contact, no_cache=True)
    assert await home.records() == {}


@pytest.mark.parametrize("by", ["us", "the phone"])
async def test_a_delete_that_found_nothing_yet_hiding_the_contact_for_ever(make_home: Furnish, by: str) -> None:
    """The tombstone is asked about once the record can be found: it is there, under another id."""
    home, contact = await fresh(make_home, by)
    consumer = await (await home.consumer()).follow()
    await home.writer.delivered(await home.writer.delete(home.account, contact, None))
    await consumer.follow()
    assert consumer.gone == [contact]
    assert len(home.world.contacts()) == 1
    await home.later(LAG + 1)
    await consumer.follow()
    assert consumer.names == ["ada"]


async def test_a_listed_contact_that_cannot_be_fetched_yet_taken_for_gone(make_home: Furnish) -> None:
    """A doubt about a key that is not known yet is asked about only after the lag."""
    home = await make_home(create_lag=LAG)
    await home.pull()
    home.world.put(named("ada"), "k1")
    home.world.unreadable.add("k1")
    await home.pull()
    home.world.unreadable.clear()
    home.world.calls.clear()
    await home.pull()
    assert ("fetch", "k1") not in home.world.calls
    await home.later(LAG + 1)
    assert list(await home.records()) == ["ada"]
