"""A connection that is held open: each telling is a hint, each opening a pull, and no end of it loses a change."""

from __future__ import annotations

import pytest

from polydex import metrics
from polydex.core.errors import ProviderThrottled, ProviderUnavailable
from polydex.engine.accounts import Accounts
from polydex.engine.hints import GAP as BETWEEN_PULLS
from polydex.engine.push import Push
from polydex.engine.streams import AGAIN, CROWDED, GAP, LEASE, LONGEST, STEADY
from polydex.store import accounts, watches
from polydex.testing.world import Character, Fault, MemoryWorld
from tests.contract.engine.conftest import on_sqlite
from tests.contract.engine.home import named, until
from tests.contract.engine.streams.conftest import EVERY, OPEN, WAITING, Ear, Open


async def test_a_stream_is_opened_and_shown(open_ear: Open) -> None:
    ear = await open_ear()
    assert await ear.shown() is None
    assert await ear.due() == 1
    assert len(ear.lines.open) == 1
    assert await ear.shown() == OPEN
    assert await ear.later(1) == 0
    assert ear.asked == ["listen"]


async def test_with_each_opening_comes_a_pull(open_ear: Open) -> None:
    """What has changed while nobody listened, nobody tells of."""
    ear = await open_ear()
    ear.home.world.put(named("Ada"))
    await ear.due()
    await ear.work()
    assert list(await ear.home.records()) == ["Ada"]


async def test_what_changes_is_pulled(ear: Ear) -> None:
    ear.home.world.put(named("Ada"))
    await until(lambda: ear.hints.waiting == 1)
    await ear.work()
    assert list(await ear.home.records()) == ["Ada"]


async def test_a_change_while_the_provider_answers_that_it_listens_is_pulled(open_ear: Open) -> None:
    ear = await open_ear()
    gates = ear.home.world.gates
    gates.hold("listen", "answer")
    await ear.streams.run_due()
    await gates.reached("listen", "answer")
    ear.home.world.put(named("Ada"))
    gates.open()
    await ear.streams.settled()
    await ear.work()
    assert list(await ear.home.records()) == ["Ada"]


async def test_a_flood_is_a_pull_in_some_seconds(ear: Ear) -> None:
    for number in range(60):  # three times in a second, for twenty seconds
        ear.home.world.put(named(f"Ada {number}"), "ada")
        ear.home.clock.advance(1 / 3)
        await until(lambda: ear.hints.waiting > 0)
        await ear.work()
    assert 2 <= ear.pulls <= 20 / BETWEEN_PULLS + 1
    ear.home.clock.advance(BETWEEN_PULLS)
    await ear.work()
    assert list(await ear.home.records()) == ["Ada 59"]


async def test_what_is_told_breaks_no_back_off(ear: Ear) -> None:
    ear.home.world.faults.append(("list", Fault.FAILED))
    await ear.home.later(await ear.next_pull())
    before = await ear.next_pull()
    assert before > 0
    ear.home.world.put(named("Ada"))
    await until(lambda: ear.hints.waiting == 1)
    await ear.hints.flush()
    assert await ear.next_pull() == before


# --- ends --------------------------------------------------------------------------------------------------------


async def test_a_stream_that_the_provider_ends_is_soon_opened_again(ear: Ear) -> None:
    ear.home.clock.advance(STEADY)
    ear.lines.end()
    await ear.ended()
    assert await ear.shown() == WAITING
    ear.home.world.put(named("Ada"))
    assert await ear.later(AGAIN) == 1
    assert await ear.shown() == OPEN
    await ear.work()
    assert list(await ear.home.records()) == ["Ada"]
    assert (await ear.row()).fails == 0


async def test_one_that_breaks_after_a_long_time_is_soon_opened_again(ear: Ear) -> None:
    await ear.later(STEADY)
    ear.lines.cut()
    await ear.ended()
    ear.home.world.put(named("Ada"))
    assert await ear.later(AGAIN) == 1
    await ear.work()
    assert list(await ear.home.records()) == ["Ada"]


@on_sqlite
async def test_streams_that_end_together_are_not_opened_together(ear: Ear) -> None:
    late = ear.other(random=lambda: 0.5)
    await ear.streams.stop(5.0)
    await late.due()
    await late.later(STEADY)
    late.lines.end()
    await late.ended()
    assert await late.due_in() == AGAIN + 2.0


@on_sqlite
@pytest.mark.parametrize("how", ["ends", "breaks"])
async def test_one_that_never_lasts_is_opened_more_and_more_rarely(open_ear: Open, how: str) -> None:
    """A proxy between us may cut whatever it does not understand."""
    ear = await open_ear()
    pauses = []
    for _ in range(12):
        assert await ear.due() == 1
        ear.lines.end() if how == "ends" else ear.lines.cut()
        await ear.ended()
        pauses.append(await ear.due_in())
        ear.home.clock.advance(pauses[-1])
    assert pauses == [min(GAP * 2**turn, LONGEST) for turn in range(12)]
    shown = await ear.shown()
    assert shown is not None
    assert (shown.active, shown.code, shown.stream) == (False, "provider.unavailable", True)


@on_sqlite
async def test_failures_back_off(open_ear: Open) -> None:
    ear, pauses = await open_ear(), []
    for _ in range(12):
        ear.home.world.faults.append(("listen", Fault.FAILED))
        await ear.due()
        await ear.ended()
        pauses.append(await ear.due_in())
        ear.home.clock.advance(pauses[-1])
    assert pauses == [min(GAP * 2**turn, LONGEST) for turn in range(12)]
    message = ProviderUnavailable().message
    assert await ear.shown() == Push(active=False, code="provider.unavailable", message=message, stream=True)
    await ear.due()
    assert await ear.shown() == OPEN
    await ear.later(STEADY)
    ear.lines.end()
    await ear.ended()
    assert (await ear.row()).fails == 0
    assert await ear.shown() == WAITING


@on_sqlite
async def test_credentials_that_are_refused_are_tried_rarely(open_ear: Open) -> None:
    """A directory locks whom it has refused too often."""
    ear, pauses = await open_ear(), []
    for _ in range(15):
        ear.home.world.faults.append(("listen", Fault.DENIED))
        await ear.due()
        await ear.ended()
        pauses.append(await ear.due_in())
        ear.home.clock.advance(pauses[-1])
    assert pauses == [min(GAP * 2**turn, LONGEST) for turn in range(15)]
    await ear.home.db.write(
        accounts.set_status, ear.home.account.id, accounts.INVALID, "Not authorized", ear.home.clock()
    )
    assert await ear.due() == 0
    await ear.connect()
    assert await ear.due() == 1
    assert await ear.shown() == OPEN


@on_sqlite
async def test_a_provider_without_room_is_left_alone_for_longer(open_ear: Open) -> None:
    ear, pauses = await open_ear(), []
    ear.lines.room = 0
    for _ in range(6):
        await ear.due()
        await ear.ended()
        pauses.append(await ear.due_in())
        ear.home.clock.advance(pauses[-1])
    assert pauses == [min(CROWDED * 2**turn, LONGEST) for turn in range(6)]
    shown = await ear.shown()
    assert shown is not None
    assert shown.code == ProviderThrottled.code
    ear.lines.room = 1
    await ear.due()
    assert await ear.shown() == OPEN


@on_sqlite
async def test_a_source_whose_pulls_fail_is_not_listened_to(open_ear: Open) -> None:
    ear = await open_ear()
    ear.home.world.faults.append(("list", Fault.FAILED))
    await ear.home.later(await ear.next_pull())
    assert await ear.due() == 0
    await ear.home.later(await ear.next_pull())
    assert await ear.due() == 1


# --- accounts ----------------------------------------------------------------------------------------------------


async def test_an_account_that_is_connected_is_listened_to(ear: Ear) -> None:
    await ear.streams.stop(5.0)
    await ear.home.db.write(lambda tx: tx.run("DELETE FROM watch"))
    await ear.connect()
    assert await ear.shown() == WAITING
    fresh = ear.other()
    assert await fresh.due() == 1
    assert await fresh.shown() == OPEN


async def test_other_credentials_open_it_anew(ear: Ear) -> None:
    await ear.connect()
    await ear.later(LEASE / 3)
    await ear.ended()
    assert ear.lines.open == []
    assert await ear.due() == 1
    assert (ear.lines.opened, await ear.shown()) == (2, OPEN)


@pytest.mark.parametrize("how", ["deleted", "without a token"])
async def test_an_account_that_is_gone_ends_its_stream(ear: Ear, how: str) -> None:
    if how == "deleted":
        await Accounts(ear.ctx).delete(ear.home.account.id)
    else:
        await Accounts(ear.ctx).delete_token(ear.home.account.id)
        assert await ear.shown() == Push(
            active=False, code="push.off", message="The account's access has ended", stream=True
        )
    assert await ear.later(LEASE / 3) == 0
    await ear.ended()
    assert ear.lines.open == []
    assert await ear.later(ear.ctx.settings.poll_interval) == 0
    assert ear.asked == []  # nor is anything said of a channel


@pytest.mark.parametrize("status", [accounts.DEAD, accounts.INVALID])
async def test_an_account_that_is_refused_ends_its_stream(ear: Ear, status: str) -> None:
    set_status = (ear.home.account.id, status, "The access was revoked", ear.home.clock())
    await ear.home.db.write(accounts.set_status, *set_status)
    assert await ear.later(LEASE / 3) == 0
    await ear.ended()
    assert ear.lines.open == []
    assert await ear.later(ear.ctx.settings.poll_interval) == 0
    await ear.connect()
    assert await ear.due() == 1
    assert await ear.shown() == OPEN


@on_sqlite
async def test_an_address_book_that_cannot_be_listened_to_is_left_alone(open_ear: Open) -> None:
    ear = await open_ear(streams=False)
    ear.home.provider.books["another"] = MemoryWorld(ear.home.clock, Character(streams=True))
    await ear.due()
    await ear.ended()
    assert ear.asked == []
    assert await ear.later(ear.ctx.settings.poll_interval) == 0
    assert await ear.shown() == Push(
        active=False, code="push.off", message="The provider does not offer it for this address book", stream=True
    )


# --- polls -------------------------------------------------------------------------------------------------------


async def test_who_is_listened_to_is_polled_rarely(ear: Ear) -> None:
    await ear.home.pull()
    assert await ear.next_pull() == EVERY
    await ear.later(STEADY)
    ear.lines.end()
    await ear.ended()
    assert await ear.next_pull() == ear.ctx.settings.poll_interval
    await ear.home.pull()
    assert await ear.next_pull() == ear.ctx.settings.poll_interval
    await ear.later(AGAIN)
    await ear.work()
    assert await ear.next_pull() == EVERY


@on_sqlite
async def test_polls_are_never_rarer_than_without_a_stream(open_ear: Open) -> None:
    ear = await open_ear()
    often = ear.other("often", watched_poll_interval=10.0)
    await often.due()
    await often.home.pull()
    assert await ear.next_pull() == ear.ctx.settings.poll_interval


@on_sqlite
async def test_a_change_of_which_nobody_tells_comes_with_the_poll(ear: Ear) -> None:
    await ear.home.pull()
    ear.lines.silent = True
    ear.home.world.put(named("Ada"))
    await ear.home.later(EVERY)
    assert ear.hints.waiting == 0
    assert list(await ear.home.records()) == ["Ada"]


@on_sqlite
async def test_open_streams_are_counted(ear: Ear) -> None:
    counted = await ear.home.db.read(watches.states, "", ear.home.clock())
    assert counted == {"active": 1, "failed": 0, "waiting": 0, "off": 0}
    assert "polydex_streams 1.0" in metrics.render().decode()
    await ear.streams.stop(5.0)
    assert "polydex_streams 0.0" in metrics.render().decode()
    counted = await ear.home.db.read(watches.states, "", ear.home.clock())
    assert counted == {"active": 0, "failed": 0, "waiting": 1, "off": 0}
