"""J3: the cursor of the last complete walk, the walk in progress, and the marks on rows are three things."""

from __future__ import annotations

import asyncio

import pytest

from polydex.store import sources
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named
from tests.contract.engine.rules.test_j01_order import second_page


async def dies_on_the_second_page(home: Home) -> Home:
    """The process is gone after the first page of a walk; another one."""
    walk = asyncio.create_task(home.pull())
    await second_page(home)
    walk.cancel()
    await home.pulls.stop(0)
    home.world.gates.open()
    home.world.calls.clear()
    return home.sibling()


def lists(home: Home) -> list[str]:
    return [place for verb, place in home.world.calls if verb == "list"]


@pytest.mark.parametrize("resume", ["works", "none", "cut"])
async def test_half_the_book_taken_for_unseen_after_a_crash_in_mid_walk(make_home: Furnish, resume: str) -> None:
    home = await make_home(delta=False, page_size=2, resume=resume)
    for number in range(4):
        home.world.put(named(f"n{number}"), f"k{number}")
    consumer = await (await home.consumer()).follow()
    home.world.put(named("n1 changed"), "k1")
    second = await dies_on_the_second_page(home)
    await second.pull()
    await consumer.follow()
    assert consumer.names == ["n0", "n1 changed", "n2", "n3"]
    assert consumer.gone == []
    assert "fetch" not in {verb for verb, _ in home.world.calls}  # nothing was in doubt
    # What can be resumed is resumed, and what is refused begins again.
    assert lists(home)[0] == {"works": "walk/k1", "none": "walk/", "cut": "walk/"}[resume]


async def test_what_was_removed_before_the_crash_is_swept_after_it(make_home: Furnish) -> None:
    home = await make_home(delta=False, page_size=2)
    for number in range(4):
        home.world.put(named(f"n{number}"), f"k{number}")
    consumer = await (await home.consumer()).follow()
    home.world.remove("k0")
    second = await dies_on_the_second_page(home)
    await second.pull()
    await consumer.follow()
    assert consumer.names == ["n1", "n2", "n3"]


@pytest.mark.parametrize("resume", ["works", "none", "cut"])
async def test_changes_lost_with_a_page_because_the_cursor_was_replaced_too_early(
    make_home: Furnish, resume: str
) -> None:
    home = await make_home(page_size=1, resume=resume)
    await home.pull()
    before = (await home.source()).cursor
    for number in range(3):
        home.world.put(named(f"n{number}"), f"k{number}")
    second = await dies_on_the_second_page(home)
    assert (await home.source()).cursor == before
    await second.pull()
    assert sorted(await home.records()) == ["n0", "n1", "n2"]
    assert (await home.source()).cursor != before
    assert all(place.startswith("delta/") for place in lists(home))


async def test_a_page_token_that_expires_in_place_of_the_delta_cursor(make_home: Furnish) -> None:
    """It is refused in the middle of the very pull that was given it: the delta cursor is as good as before."""
    home = await make_home(page_size=1)
    await home.pull()
    for number in range(3):
        home.world.put(named(f"n{number}"), f"k{number}")
    home.world.calls.clear()
    walk = asyncio.create_task(home.pull())
    await second_page(home)
    home.world.break_walks()
    home.world.gates.open()
    await walk
    assert sorted(await home.records()) == ["n0", "n1", "n2"]
    assert (await home.source()).error_code is None
    assert all(place.startswith("delta/") for place in lists(home))


async def test_a_cursor_whose_page_tokens_expire_each_time(make_home: Furnish) -> None:
    """It would be so with every pull: the second time, it is given up in the pull that has seen it."""
    home = await make_home(page_size=1)
    await home.pull()
    for number in range(3):
        home.world.put(named(f"n{number}"), f"k{number}")
    home.world.calls.clear()
    home.world.gates.hold("list", "answer")
    walk = asyncio.create_task(home.pull())
    for _ in range(2):
        held = await home.world.gates.reached("list", "answer")
        assert held.step.key.startswith("delta/")
        home.world.break_walks()
        home.world.gates.release(held)
    await home.world.gates.reached("list", "answer")
    home.world.gates.open()
    await walk
    assert sorted(await home.records()) == ["n0", "n1", "n2"]
    assert (await home.source()).error_code is None
    assert all(place.startswith("walk/") for place in lists(home)[2:])


async def test_a_page_token_of_a_first_walk_that_expires_is_no_failure(make_home: Furnish) -> None:
    home = await make_home(page_size=1)
    for number in range(3):
        home.world.put(named(f"n{number}"), f"k{number}")
    walk = asyncio.create_task(home.pull())
    await second_page(home)
    home.world.break_walks()
    home.world.gates.open()
    await walk
    assert sorted(await home.records()) == ["n0", "n1", "n2"]


async def test_an_expired_cursor_noticed_by_consumers(home: Home) -> None:
    """Everything is listed again under a new walk, and only real differences reach the journal."""
    for number in range(30):
        home.world.put(named(f"n{number}"), f"k{number}")
    consumer = await (await home.consumer()).follow()
    before = (await home.source()).walk_id
    home.world.expire_cursors()
    home.world.put(named("changed"), "k3")
    home.world.remove("k4")
    await home.pull()
    assert (await home.source()).walk_id > before
    await consumer.follow()
    assert len(consumer.brought) == 1
    assert len(consumer.gone) == 1
    assert len(consumer.copy) == 29


async def test_removals_of_an_abandoned_walk_carried_over_to_the_next(make_home: Furnish) -> None:
    """A removal that a broken walk reported says nothing once the record is back."""
    home = await make_home(page_size=1, resume="none")
    home.world.put(named("ada"), "k1")
    home.world.put(named("bo"), "k2")
    consumer = await (await home.consumer()).follow()
    document = home.world.find("k1")
    assert document is not None
    home.world.remove("k1")
    home.world.put(named("cy"), "k3")
    second = await dies_on_the_second_page(home)
    home.world.put_document("k1", document)
    await home.db.write(sources.forget_cursor, (await home.source()).id)
    await second.pull()
    await consumer.follow()
    assert consumer.names == ["ada", "bo", "cy"]
    assert consumer.gone == []
