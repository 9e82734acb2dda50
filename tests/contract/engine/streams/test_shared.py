"""Processes that share the streams: each is open once, whoever dies is followed by another, and settings are obeyed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Concatenate

import pytest

from polydex.core.errors import StoreFailed
from polydex.engine import owners
from polydex.engine.accounts import Accounts, AccountSpec
from polydex.engine.push import Push
from polydex.engine.streams import LEASE, OPENING, Streams
from polydex.engine.watches import Watches
from polydex.engine.worker import Worker
from polydex.store import epochs
from polydex.store.db import Database, Tx
from tests.contract.engine.conftest import Furnish, on_sqlite
from tests.contract.engine.disk import Full, P, T
from tests.contract.engine.home import named, until
from tests.contract.engine.streams.conftest import EVERY, OPEN, WAITING, Ear, Open, opened

OFF = Push(active=False, code="push.off", message="POLYDEX_STREAMS is not set", stream=True)


async def others(ear: Ear, number: int) -> None:
    """More accounts, each with an address book."""
    for each in range(number):
        ear.home.world.subject = f"memory:other-{each}"
        spec = AccountSpec(service_type="Memory", login=f"other-{each}", password="secret")
        await Accounts(ear.ctx).upsert(ear.home.account.app, spec)


async def kill(ear: Ear) -> None:
    """Nothing of the process happens any more, and its leases stay."""
    running = [task for task in asyncio.all_tasks() if task.get_name().startswith("stream ")]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    assert not ear.streams.held


async def test_two_processes_open_one_stream(open_ear: Open) -> None:
    ear = await open_ear()
    other = ear.other()
    await asyncio.gather(ear.due(), other.due())
    assert len(ear.streams.held) + len(other.streams.held) == 1
    assert ear.asked == ["listen"]


async def test_a_stream_that_lives_is_left_to_its_process(ear: Ear) -> None:
    other = ear.other()
    for _ in range(10):
        assert await other.later(LEASE / 6) == 0
        assert await ear.due() == 0
    assert ear.lines.opened == 1
    assert await ear.shown() == OPEN


async def test_a_killed_process_is_followed_by_another(ear: Ear) -> None:
    await kill(ear)
    ear.home.world.put(named("Ada"))
    other = ear.other()
    assert await other.due() == 0  # it may still be at work
    assert await other.later(LEASE) == 1
    await other.work()
    assert list(await other.home.records()) == ["Ada"]
    assert await other.shown() == OPEN


@on_sqlite
async def test_a_process_of_this_machine_that_is_gone_is_followed_at_once(open_ear: Open) -> None:
    ear = await open_ear()
    gone = owners.new().replace(owners.new().split("-")[-2], "999999999")
    dead = ear.other(gone)
    await dead.due()
    await kill(dead)
    assert await ear.other(owners.new()).due() == 1


async def test_of_a_killed_process_whom_nobody_follows_the_polls_come_as_before(ear: Ear) -> None:
    await ear.home.pull()
    await kill(ear)
    full = ear.other(streams=1)
    await others(ear, 1)
    assert await full.due() == 1
    before = ear.home.clock()
    await full.later(LEASE)
    await full.later(ear.ctx.settings.poll_interval)
    assert ear.home.clock() + await ear.next_pull() * 1000 <= before + EVERY * 1000 / 2
    assert await ear.shown() == WAITING


async def test_who_was_stopped_for_long_lets_go(ear: Ear) -> None:
    ear.home.clock.advance(LEASE)
    other = ear.other()
    assert await other.due() == 1
    assert len(ear.lines.open) == 2
    assert await ear.due() == 0
    await until(lambda: not ear.streams.held)
    assert len(ear.lines.open) == 1
    assert await other.later(1) == 0
    assert await other.shown() == OPEN


async def test_a_process_that_ends_hands_over(ear: Ear) -> None:
    await ear.streams.stop(5.0)
    assert ear.lines.open == []
    assert await ear.shown() == WAITING
    ear.home.world.put(named("Ada"))
    other = ear.other()
    assert await other.due() == 1
    await other.work()
    assert list(await other.home.records()) == ["Ada"]


async def test_a_process_that_ends_while_it_asks_hands_over(open_ear: Open) -> None:
    ear = await open_ear()
    ear.home.world.gates.hold("listen", "ask")
    await ear.streams.run_due()
    await ear.home.world.gates.reached("listen", "ask")
    await ear.streams.stop(5.0)
    ear.home.world.gates.open()
    assert await ear.other().due() == 1


@on_sqlite
async def test_who_was_too_slow_to_open_does_not_listen(open_ear: Open) -> None:
    ear = await open_ear()
    gates = ear.home.world.gates
    gates.hold("listen", "answer")
    await ear.streams.run_due()
    held = await gates.reached("listen", "answer")
    ear.home.clock.advance(LEASE)
    gates.hold("listen", "ask")
    other = ear.other()
    await other.streams.run_due()
    await gates.reached("listen", "ask")
    gates.release(held)
    await until(lambda: not ear.streams.held)
    gates.open()
    await other.streams.settled()
    assert len(ear.lines.open) == 1
    assert await other.shown() == OPEN


async def test_no_process_opens_more_than_it_may(open_ear: Open) -> None:
    ear = await open_ear(limit=2)
    await others(ear, 3)
    assert await ear.due() == 2
    assert await ear.due() == 0
    assert await ear.other(streams=10).due() == 2


@on_sqlite
async def test_not_all_are_opened_at_once(open_ear: Open) -> None:
    ear = await open_ear(limit=100)
    await others(ear, OPENING + 1)
    ear.home.world.gates.hold("listen", "ask")
    assert await ear.streams.run_due() == OPENING
    assert await ear.streams.run_due() == 0
    ear.home.world.gates.open()
    await ear.streams.settled()
    assert await ear.due() == 2


@on_sqlite
async def test_by_default_nobody_is_listened_to(open_ear: Open) -> None:
    ear = await open_ear(limit=0)
    await ear.connect()
    assert await ear.due() == 0
    assert ear.asked == []
    assert await ear.shown() == OFF
    assert (await ear.row()).due_at is None


async def test_what_is_switched_off_is_polled_as_before_and_may_be_switched_on(ear: Ear) -> None:
    await ear.home.pull()
    assert await ear.next_pull() == EVERY
    await ear.streams.stop(5.0)
    off = ear.other(streams=0)
    await off.due()
    assert await off.shown() == OFF
    assert await off.next_pull() <= ear.ctx.settings.poll_interval
    assert await ear.other().due() == 1
    assert await ear.shown() == OPEN


async def test_what_a_killed_process_had_open_is_switched_off(ear: Ear) -> None:
    await ear.home.pull()
    await kill(ear)
    off = ear.other(streams=0)
    await off.due()
    assert await off.shown() == OPEN  # it may still be at work
    await off.later(LEASE)
    assert await off.shown() == OFF
    assert await off.next_pull() <= ear.ctx.settings.poll_interval


@on_sqlite
async def test_who_makes_channels_leaves_streams_alone(ear: Ear) -> None:
    row = await ear.row()
    home = ear.home.sibling("process-3", public_url="https://polydex.example.com")
    seeing = Watches(home.ctx)
    await seeing.run_due()
    await seeing.wait_idle()
    await ear.later(LEASE / 2)
    assert await ear.shown() == OPEN
    assert ear.asked == []
    assert (await ear.row()).fence == row.fence


@on_sqlite
async def test_a_restored_database_opens_its_streams_anew(ear: Ear) -> None:
    await ear.home.db.write(epochs.reroll, ear.ctx.random_bytes)
    assert await ear.due() == 1
    assert await ear.shown() == OPEN
    await until(lambda: len(ear.lines.open) == 1)


@on_sqlite
async def test_what_could_not_be_stored_is_stored_later(open_ear: Open) -> None:
    ear = await open_ear()
    disk = Full(ear.home.db)
    full = opened(ear.home)
    full.ctx = replace(full.ctx, db=disk)
    full.streams = Streams(full.ctx, full.hints)
    ear.home.world.gates.hold("listen", "answer")
    await full.streams.run_due()
    await ear.home.world.gates.reached("listen", "answer")
    disk.full = True
    ear.home.world.gates.open()
    await full.streams.settled()
    assert await ear.shown() == WAITING  # but it is open, and tells
    assert full.hints.waiting == 1
    disk.full = False
    await full.later(LEASE / 3)
    assert await ear.shown() == OPEN
    disk.full = True
    ear.lines.cut()
    await full.ended()
    with pytest.raises(StoreFailed):
        await full.due()
    assert await ear.shown() == OPEN
    disk.full = False
    await full.due()
    assert (await ear.row()).error_code == "provider.unavailable"


@on_sqlite
async def test_the_worker_listens_until_it_is_stopped(make_home: Furnish) -> None:
    ear = opened((await make_home(streams=True)).sibling("process-1", streams=10))
    worker = Worker(ear.ctx, ear.home.pulls, ear.home.writer.recovery, Watches(ear.ctx), ear.streams)
    running = asyncio.create_task(worker.run())
    await until(lambda: len(ear.lines.open) == 1)
    await worker.stop(5.0)
    await running
    assert ear.lines.open == []
    assert (await ear.row()).lease_owner is None
    assert await ear.other().due() == 1


class _Slow(Full):
    """A database that takes its time to say that it has claimed something."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.written, self.goes_on = asyncio.Event(), asyncio.Event()

    async def write(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        found = await super().write(fn, *args, **kwargs)
        self.written.set()
        await self.goes_on.wait()
        return found


async def test_a_process_that_ends_in_the_middle_of_its_round_begins_nothing_more(open_ear: Open) -> None:
    ear = await open_ear()
    disk = _Slow(ear.home.db)
    ear.ctx = replace(ear.ctx, db=disk)
    ear.streams = Streams(ear.ctx, ear.hints)
    round_ = asyncio.create_task(ear.streams.run_due())
    await disk.written.wait()
    await ear.streams.stop(5.0)
    disk.goes_on.set()
    assert await round_ == 0
    await ear.ended()
    assert ear.asked == []
    assert (await ear.row()).lease_owner is None
    assert await ear.streams.run_due() == 0
    assert await ear.other().due() == 1
