"""J11: an update works on a base that is known to be the provider's, and on nobody else's turn."""

from __future__ import annotations

import asyncio

import pytest

from polydex.connectors.base import Guard
from polydex.core.contact import Email
from polydex.core.errors import NotFound, PreconditionFailed, ProviderTimeout
from polydex.engine.errand import Written
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
    assert await home.db.write(write_leases.take, home.account.id, "dead", now, now + 10_000, now)
    late = now + 9_999
    assert not await home.db.write(write_leases.take, home.account.id, "alive", late, late + 10_000, late)
    await home.db.write(write_leases.give_up, home.account.id, "alive")
    home.clock.advance(10)
    await home.create(nickName="ada")
    assert len(home.world.contacts()) == 1


async def waits_its_turn(home: Home) -> asyncio.Task[Written]:
    """A write of another process, that waits for the account's turn."""
    other = home.sibling()
    task = asyncio.create_task(other.create(nickName="theirs"))
    for _ in range(1000):
        row = await home.db.read(lambda tx: tx.one("SELECT next_owner FROM write_lease"))
        if row == (other.ctx.owner,):
            return task
        await asyncio.sleep(0.001)
    raise AssertionError("it never waits")


async def test_a_process_with_many_writes_that_lets_no_other_one_have_a_turn(home: Home) -> None:
    await home.pull()
    home.world.gates.hold("create", "ask")
    ours = [asyncio.create_task(home.create(nickName=f"ours {number}")) for number in range(5)]
    await home.world.gates.reached("create", "ask")
    theirs = await waits_its_turn(home)
    home.world.gates.open()
    await asyncio.gather(theirs, *ours)
    created = sorted(home.world.history, key=lambda key: home.world.history[key][0].position)
    nicks = [home.world.contacts()[key].nick_name for key in created]
    assert nicks[1] == "theirs"
    assert len(nicks) == 6


async def test_who_gave_up_waiting_keeps_nobody_waiting(home: Home) -> None:
    await home.pull()
    home.world.gates.hold("create", "ask")
    ours = [asyncio.create_task(home.create(nickName=f"ours {number}")) for number in range(2)]
    await home.world.gates.reached("create", "ask")
    other = home.sibling(write_deadline=0.05)
    with pytest.raises(ProviderTimeout):
        await other.create(nickName="theirs")
    assert await home.db.read(lambda tx: tx.one("SELECT next_owner FROM write_lease")) == (None,)
    home.world.gates.open()
    await asyncio.gather(*ours)
    assert len(home.world.contacts()) == 2


async def test_the_turn_goes_to_who_has_waited_longest(home: Home) -> None:
    account, now = home.account.id, home.clock()

    async def take(owner: str, since: int, at: int) -> bool:
        return await home.db.write(write_leases.take, account, owner, now + at, now + at + 10_000, now + since)

    assert await take("a", 0, 0)
    assert not await take("b", 100, 100)
    assert not await take("c", 50, 150), "has waited longer than b, and asks less often"
    assert not await take("b", 100, 200)
    await home.db.write(write_leases.release, account, "a")
    assert not await take("a", 300, 300), "has just had it"
    assert not await take("b", 100, 310)
    assert await take("c", 50, 320)
    assert not await take("b", 100, 330)
    await home.db.write(write_leases.release, account, "c")
    assert not await take("a", 300, 340)
    # b has ended, and asks no more.
    assert not await take("a", 300, 330 + write_leases.WAITS_ON - 1)
    assert await take("a", 300, 330 + write_leases.WAITS_ON)


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
