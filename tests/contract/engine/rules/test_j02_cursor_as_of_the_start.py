"""J2: a snapshot's cursor is as of the walk's start; a provider whose cursor is not is walked a second time.

The contract test for every connector is in ``polydex.testing.contract.pulls``.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import named
from tests.contract.engine.rules.test_j01_order import second_page


@pytest.mark.parametrize("honest", [True, False])
async def test_an_edit_of_a_listed_contact_during_the_walk_that_never_comes(make_home: Furnish, honest: bool) -> None:
    home = await make_home(honest_cursor=honest, page_size=1)
    home.world.put(named("ada"), "k1")
    home.world.put(named("bo"), "k2")
    walk = asyncio.create_task(home.pull())
    await second_page(home)
    home.world.put(named("ada", notes="edited behind the walk"), "k1")
    home.world.gates.open()
    await walk
    await home.pull()
    assert (await home.records())["ada"]["notes"] == "edited behind the walk"


async def test_a_cursor_trusted_before_the_second_walk(make_home: Furnish) -> None:
    """A crash between the two walks leaves no cursor behind: everything is listed again."""
    home = await make_home(honest_cursor=False, page_size=1)
    home.world.put(named("ada"), "k1")
    home.world.put(named("bo"), "k2")
    walk = asyncio.create_task(home.pull())
    await second_page(home)
    home.world.put(named("ada", notes="edited behind the walk"), "k1")
    home.world.gates.release(home.world.gates.waiting[0])
    await second_page(home)  # of the second walk
    walk.cancel()
    await home.pulls.stop(0)
    home.world.gates.open()
    source = await home.source()
    assert source.ready_at is not None
    assert source.cursor is None
    await home.sibling().pull()
    assert (await home.records())["ada"]["notes"] == "edited behind the walk"
