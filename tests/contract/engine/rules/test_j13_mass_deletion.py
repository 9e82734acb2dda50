"""J13: a walk that would delete many contacts, or all, deletes none of them before somebody has said yes."""

from __future__ import annotations

import pytest

from polydex.core.errors import SyncHalted
from polydex.engine.accounts import Accounts
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Consumer, Home, named


async def halted(home: Home) -> int:
    """As the account's status shows it."""
    status = await Accounts(home.ctx).status(home.account.id)
    return status.sources[0].halted


async def filled(home: Home, contacts: int) -> Consumer:
    for number in range(contacts):
        home.world.put(named(f"n{number}"), f"k{number:03}")
    return await (await home.consumer()).follow()


async def removed(home: Home, numbers: range) -> None:
    for number in numbers:
        home.world.remove(f"k{number:03}")
    await home.pull()


@pytest.mark.parametrize("delta", [True, False])
@pytest.mark.parametrize(
    ("contacts", "removals", "waits"),
    [(30, 20, False), (30, 21, True), (105, 21, False), (104, 21, True)],
)
async def test_most_of_a_book_deleted_at_once(
    make_home: Furnish, delta: bool, contacts: int, removals: int, waits: bool
) -> None:
    """More than 20 and more than 20 %, counted before the first tombstone, whatever the mode."""
    home = await make_home(delta=delta, page_size=10)
    consumer = await filled(home, contacts)
    await removed(home, range(removals))
    await consumer.follow()
    assert len(consumer.gone) == (0 if waits else removals)
    assert await halted(home) == (removals if waits else 0)


@pytest.mark.parametrize("documents_in_list", [True, False])
@pytest.mark.parametrize("contacts", [1, 3])
async def test_a_small_book_emptied_by_an_empty_list(
    make_home: Furnish, contacts: int, documents_in_list: bool
) -> None:
    home = await make_home(delta=False, documents_in_list=documents_in_list)
    consumer = await filled(home, contacts)
    home.world.blackout = True
    await home.pull()
    await consumer.follow()
    assert consumer.gone == []
    assert await halted(home) == contacts
    # What is listed again clears itself.
    home.world.blackout = False
    await home.pull()
    await consumer.follow()
    assert consumer.gone == []
    assert consumer.brought == []
    assert await halted(home) == 0


async def test_everything_else_waiting_with_the_deletions(home: Home) -> None:
    """The cursor moves on, and what changes is served."""
    consumer = await filled(home, 30)
    home.world.put(named("changed"), "k029")
    await removed(home, range(25))
    await consumer.follow()
    assert "changed" in consumer.names
    home.world.put(named("new"))
    home.world.calls.clear()
    await home.pull()
    await consumer.follow()
    assert "new" in consumer.names
    assert all(place != "delta/0" for _, place in home.world.calls)
    assert len(consumer.copy) == 31
    assert await halted(home) == 25


async def test_a_mass_deletion_in_many_small_steps_behind_one_that_waits(home: Home) -> None:
    """What already waits counts: the next few wait with it."""
    consumer = await filled(home, 60)
    await removed(home, range(25))
    await removed(home, range(25, 40))
    await consumer.follow()
    assert consumer.gone == []
    assert await halted(home) == 40


async def test_a_halt_that_nobody_hears_of(home: Home) -> None:
    await filled(home, 30)
    await removed(home, range(25))
    with pytest.raises(SyncHalted) as told:
        await home.reader.start(home.account)
    assert told.value.original == {"deletions": 25}
    assert await halted(home) == 25


async def test_an_approved_deletion_that_does_not_happen(home: Home) -> None:
    consumer = await filled(home, 30)
    await removed(home, range(25))
    assert await Accounts(home.ctx).approve(home.account.id) == 25
    await home.later(1)
    await consumer.follow()
    assert len(consumer.copy) == 5
    assert len(consumer.gone) == 25
    assert await halted(home) == 0
    assert (await home.reader.start(home.account)).ready


async def test_contacts_that_are_there_deleted_because_somebody_said_yes(make_home: Furnish) -> None:
    """The list was wrong: each contact is fetched before it is deleted, and found."""
    home = await make_home(delta=False)
    consumer = await filled(home, 30)
    home.world.blackout = True
    await home.pull()
    for number in range(3):
        home.world.remove(f"k{number:03}")
    assert await Accounts(home.ctx).approve(home.account.id) == 30
    await home.later(1)
    await consumer.follow()
    assert len(consumer.gone) == 3
    assert len(consumer.copy) == 27
    assert await halted(home) == 0


async def test_contacts_deleted_although_somebody_said_no(home: Home) -> None:
    consumer = await filled(home, 30)
    await removed(home, range(25))
    assert await Accounts(home.ctx).approve(home.account.id, refuse=True) == 25
    await home.pull()
    await home.later(1000)
    await consumer.follow()
    assert consumer.gone == []
    assert len(consumer.copy) == 30
    assert await halted(home) == 0
    assert (await home.reader.start(home.account)).ready


async def test_a_contact_that_came_back_deleted_by_the_approval(home: Home) -> None:
    """A row seen again clears itself, and is no longer counted."""
    consumer = await filled(home, 30)
    document = home.world.find("k003")
    assert document is not None
    await removed(home, range(25))
    home.world.put_document("k003", document)
    await home.pull()
    assert await halted(home) == 24
    assert await Accounts(home.ctx).approve(home.account.id) == 24
    await home.later(1)
    await consumer.follow()
    assert "n3" in consumer.names
    assert len(consumer.gone) == 24


async def test_a_contact_that_a_client_deletes_itself_held_back(home: Home) -> None:
    """The guard is for walks; who asks for a deletion gets it."""
    consumer = await filled(home, 30)
    await removed(home, range(25))
    contact = await home.id_of("n3")
    await home.writer.delete(home.account, contact, None)
    await consumer.follow()
    assert consumer.gone == [contact]
    await home.pull()
    assert await halted(home) == 24
