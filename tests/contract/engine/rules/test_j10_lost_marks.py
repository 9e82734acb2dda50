"""J10 where a provider loses the marks of what it creates: absent is believed only when nobody has come who is it."""

from __future__ import annotations

import pytest

from polydex.core.errors import ProviderTimeout
from polydex.testing.world import Fault
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named

ADA = {"nickName": "ada", "notes": "new"}


async def lossy(make_home: Furnish) -> Home:
    home = await make_home(loses_marks=True, mark_lag=60.0)
    await home.pull()
    return home


async def lost(home: Home, fault: Fault) -> None:
    """A create whose answer does not come."""
    home.world.faults.append(("create", fault))
    with pytest.raises(ProviderTimeout):
        await home.create(**ADA)


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.FAILED])
async def test_a_create_that_lost_its_answer_and_its_mark(make_home: Furnish, fault: Fault) -> None:
    home = await lossy(make_home)
    await lost(home, fault)
    with pytest.raises(ProviderTimeout):
        await home.create(**ADA)
    await home.later(30)
    with pytest.raises(ProviderTimeout):
        await home.create(**ADA)
    home.clock.advance(31)
    with pytest.raises(ProviderTimeout):  # the mirror is of before
        await home.create(**ADA)
    await home.later(1)
    written = await home.create(**ADA)
    await home.pull()
    records = await home.records()
    assert len(home.world.state(home.world.visible)) == len(records) == 1
    assert records["ada"]["id"] == written.id
    assert (records["ada"].get("notes") == "new") == (fault is Fault.LOST), "what was lost with the mark is written"


async def test_who_cannot_be_read_may_be_it(make_home: Furnish) -> None:
    home = await lossy(make_home)
    await lost(home, Fault.LOST)
    [key] = home.world.state(home.world.visible)
    home.world.unreadable.add(key)
    for _ in range(3):
        await home.later(100)
        with pytest.raises(ProviderTimeout):
            await home.create(**ADA)
    home.world.unreadable.clear()
    await home.later(1000)
    await home.later(1000)
    assert len(home.world.state(home.world.visible)) == 1
    assert (await home.records())["ada"]["notes"] == "new"


async def test_who_came_long_before_or_says_something_else_is_not_it(make_home: Furnish) -> None:
    home = await lossy(make_home)
    home.world.put(named("ada"), "before")
    home.clock.advance(3600)
    await lost(home, Fault.FAILED)
    home.world.put(named("bo"), "meanwhile")
    await home.later(100)
    await home.create(**ADA)
    assert len(home.world.state(home.world.visible)) == 3
