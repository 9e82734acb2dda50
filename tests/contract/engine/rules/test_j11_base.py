"""J11: an update works on a base that is known to be the provider's, and on nobody else's turn."""

from __future__ import annotations

import asyncio

import pytest

from polydex.connectors.base import Guard
from polydex.core.contact import Email
from polydex.core.errors import NotFound, PreconditionFailed
from polydex.store import write_leases
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named


async def only(home: Home) -> tuple[str, str]:
    """Id and ETag of the only contact, as the mirror has them."""
    [record] = (await home.records()).values()
    return record["id"], record["etag"]


@pytest.mark.parametrize("guard", list(Guard))
async def test_a_change_on_the_phone_overwritten(make_home: Furnish, guard: Guard) -> None:
    home = await make_home(update_guard=guard)
    key = home.world.put(named("ada"))
    await home.pull()
    contact, etag = await only(home)
    home.world.put(named("ada on the phone"), key)
    with pytest.raises(PreconditionFailed):
        await home.update(contact, etag, nickName="ada here")
    assert home.world.contacts()[key].nick_name == "ada on the phone"
    # Without a condition the change is applied to what is there now.
    await home.update(contact, notes="both")
    assert home.world.contacts()[key] == named("ada on the phone", notes="both")


@pytest.mark.parametrize("if_match", [None, "*"])
async def test_what_was_not_named_in_the_patch_taken_from_an_old_copy(make_home: Furnish, if_match: str | None) -> None:
    """Nobody compares: only a base fetched in this request keeps what the phone wrote."""
    home = await make_home(update_guard=Guard.NONE)
    key = home.world.put(named("ada"))
    await home.pull()
    contact, _ = await only(home)
    home.world.put(named("ada", file_as="filed by the phone"), key, colour="green")
    await home.update(contact, if_match, notes="ours")
    assert home.world.contacts()[key] == named("ada", file_as="filed by the phone", notes="ours")
    document = home.world.find(key)
    assert document is not None
    assert document["colour"] == "green"


@pytest.mark.parametrize("guard", list(Guard))
async def test_a_contact_deleted_on_the_phone_written_or_deleted_again(make_home: Furnish, guard: Guard) -> None:
    home = await make_home(update_guard=guard, delete_guard=guard)
    key = home.world.put(named("ada"))
    await home.pull()
    contact, _ = await only(home)
    home.world.remove(key)
    with pytest.raises(NotFound):
        await home.update(contact, notes="ours")
    assert home.world.contacts() == {}
    assert await home.records() == {}


@pytest.mark.parametrize("guard", list(Guard))
async def test_a_contact_that_changed_deleted_by_one_who_has_not_seen_it(make_home: Furnish, guard: Guard) -> None:
    home = await make_home(delete_guard=guard)
    key = home.world.put(named("ada"))
    await home.pull()
    contact, etag = await only(home)
    home.world.put(named("ada", notes="still needed"), key)
    with pytest.raises(PreconditionFailed):
        await home.writer.delete(home.account, contact, etag)
    assert home.world.contacts()[key].notes == "still needed"


async def test_a_change_outside_the_model_told_to_be_a_conflict(home: Home) -> None:
    key = home.world.put(named("ada"))
    await home.pull()
    contact, etag = await only(home)
    home.world.put(named("ada"), key, colour="green")
    await home.update(contact, etag, notes="kept")
    document = home.world.find(key)
    assert document is not None
    assert document["colour"] == "green"
    assert home.world.contacts()[key].notes == "kept"


async def test_an_update_that_changes_nothing_sent_or_believed_of_an_old_copy(home: Home) -> None:
    key = home.world.put(named("ada"))
    await home.pull()
    contact, etag = await only(home)
    written = await home.update(contact, etag, nickName="ada")
    assert written.etag == etag
    assert ("update", key) not in home.world.calls
    # ... but only a fetched copy may say so.
    home.world.put(named("bo"), key)
    await home.update(contact, nickName="ada")
    assert home.world.contacts()[key].nick_name == "ada"


async def test_entries_beyond_the_cap_of_lists_lost_with_an_update(make_home: Furnish) -> None:
    """Lists bring two addresses at most; the third is known only to those who fetch."""
    home = await make_home(list_caps={"emailAddresses": 2})
    many = tuple(Email(address=f"ada{number}@example.com") for number in range(3))
    key = home.world.put(named("ada", email_addresses=many))
    await home.pull()
    contact, _ = await only(home)
    assert len((await home.records())["ada"]["emailAddresses"]) == 2
    await home.update(contact, notes="ours")
    assert home.world.contacts()[key] == named("ada", email_addresses=many, notes="ours")


@pytest.mark.parametrize(("edits", "succeeds"), [(2, True), (3, False)])
async def test_an_update_that_loses_every_race_tried_for_ever(home: Home, edits: int, succeeds: bool) -> None:
    key = home.world.put(named("ada"))
    await home.pull()
    contact, _ = await only(home)
    home.world.gates.hold("update", "ask")
    home.world.calls.clear()
    work = asyncio.create_task(home.update(contact, notes="ours"))
    for number in range(edits):
        held = await home.world.gates.reached("update", "ask")
        home.world.put(named("ada", file_as=f"phone {number}"), key)
        home.world.gates.release(held)
    if succeeds:
        home.world.gates.release(await home.world.gates.reached("update", "ask"))
        await work
        assert home.world.contacts()[key] == named("ada", file_as="phone 1", notes="ours")
    else:
        with pytest.raises(PreconditionFailed):
            await work
        assert home.world.contacts()[key] == named("ada", file_as="phone 2")
    assert [verb for verb, _ in home.world.calls].count("update") == 3


@pytest.mark.parametrize("processes", [1, 2])
async def test_writes_of_an_account_that_overtake_each_other(make_home: Furnish, processes: int) -> None:
    """Nobody compares at this provider: the turn alone keeps one write from undoing another."""
    home = await make_home(update_guard=Guard.NONE)
    key = home.world.put(named("ada"))
    await home.pull()
    contact, _ = await only(home)
    second = home.sibling() if processes == 2 else home
    await asyncio.gather(
        home.update(contact, notes="n"),
        second.update(contact, fileAs="f"),
        home.update(contact, birthday="1990-01-02"),
        second.update(contact, nickName="ada b"),
    )
    assert home.world.contacts()[key] == named("ada b", notes="n", file_as="f", birthday="1990-01-02")


async def test_writes_that_wait_for_a_dead_process_for_ever(home: Home) -> None:
    await home.pull()
    now = home.clock()
    assert await home.db.write(write_leases.take, home.account.id, "dead", now, now + 10_000)
    assert not await home.db.write(write_leases.take, home.account.id, "alive", now + 9_999, now + 20_000)
    home.clock.advance(10)
    await home.create(nickName="ada")
    assert len(home.world.contacts()) == 1


@pytest.mark.parametrize("guard", list(Guard))
async def test_an_answer_that_is_not_what_the_provider_has(make_home: Furnish, guard: Guard) -> None:
    """What is answered, and listed from then on, is what was read back."""
    home = await make_home(update_guard=guard)
    key = home.world.put(named("ada"))
    await home.pull()
    contact, _ = await only(home)
    written = await home.update(contact, notes="ours")
    assert b'"ours"' in written.record
    assert (await home.records())["ada"]["notes"] == home.world.contacts()[key].notes == "ours"
    consumer = await (await home.consumer()).follow()
    await home.pull()
    await consumer.follow()
    assert consumer.brought == []
