"""Tokens that cannot be stored at once: they are stored later, and by the end of the process at the latest."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Concatenate, ParamSpec, TypeVar

import pytest

from polydex.core.errors import StoreFailed, TokenDead
from polydex.engine.access import Refreshes
from polydex.engine.trials import LEASE
from polydex.store.db import Database, Tx
from polydex.testing.clock import FakeClock
from tests.contract.engine.disk import Full
from tests.contract.engine.issuer import LIFE, TokenHome

P = ParamSpec("P")
T = TypeVar("T")


class Busy(Full):
    """A database whose writer has others to serve first, for longer than a refresh may take."""

    def __init__(self, db: Database, clock: FakeClock) -> None:
        super().__init__(db)
        self._clock, self.busy = clock, True

    async def write(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self.busy:
            self._clock.advance(LEASE + 1)
        return await super().write(fn, *args, **kwargs)


async def test_who_waited_for_the_database_has_the_whole_lease(home: TokenHome) -> None:
    home.clock.advance(LIFE)
    busy, other = Busy(home.db, home.clock), home.sibling()
    home.issuer.gates.hold("refresh", "ask")
    waiting = [asyncio.create_task(replace(home, ctx=replace(home.ctx, db=busy)).tokens.current())]
    await home.issuer.gates.reached("refresh", "ask")
    busy.busy = False
    waiting.append(asyncio.create_task(other.tokens.current()))
    for _ in range(20):
        await asyncio.sleep(0.005)
    assert len(home.issuer.gates.waiting) == 1
    home.issuer.gates.open()
    assert await asyncio.gather(*waiting) == ["access-1"] * 2
    assert home.issuer.asked == ["refresh-0"]


async def test_a_rotated_token_that_could_not_be_stored_is_stored_later(home: TokenHome) -> None:
    disk = Full(home.db)
    home = replace(home, ctx=replace(home.ctx, db=disk))
    home.issuer.rotates = True
    home.clock.advance(LIFE)
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    disk.full = True
    home.issuer.gates.open()
    assert await waiting == "access-1"  # which is good, whatever is stored
    assert (await home.grant()).refresh_token == "refresh-0"
    with pytest.raises(StoreFailed):
        await home.tokens.current()
    disk.full = False
    assert await home.tokens.current() == "access-1"
    assert (await home.grant()).refresh_token == "refresh-1"
    assert home.issuer.asked == ["refresh-0"]


async def test_what_could_not_be_stored_is_stored_at_the_end_of_the_process(home: TokenHome) -> None:
    disk = Full(home.db)
    home = replace(home, ctx=replace(home.ctx, db=disk))
    home.issuer.rotates = True
    home.clock.advance(LIFE)
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    disk.full = True
    home.issuer.gates.open()
    await waiting
    disk.full = False
    await home.ctx.refreshes.drain(home.ctx, 5)
    assert (await home.grant()).refresh_token == "refresh-1"


async def test_what_could_not_be_stored_is_stored_although_nobody_asks_again(home: TokenHome) -> None:
    disk = Full(home.db)
    home = replace(home, ctx=replace(home.ctx, db=disk, refreshes=Refreshes(again=0.01)))
    home.issuer.rotates = True
    await unstored(home, disk)
    await asyncio.sleep(0.05)
    assert (await home.grant()).refresh_token == "refresh-0"
    disk.full = False
    async with asyncio.timeout(5):
        while (await home.grant()).refresh_token != "refresh-1":  # noqa: ASYNC110 - the database has no event for it
            await asyncio.sleep(0.01)


async def unstored(home: TokenHome, disk: Full) -> None:
    """A refresh whose answer cannot be stored."""
    home.clock.advance(LIFE)
    home.issuer.gates.hold("refresh", "answer")
    waiting = asyncio.create_task(home.tokens.current())
    await home.issuer.gates.reached("refresh", "answer")
    disk.full = True
    home.issuer.gates.open()
    assert await waiting == "access-1"


class Stuck(Full):
    """A database that does not answer for a while, and then fails."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.stuck = False
        self.asked = asyncio.Event()

    async def write(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self.stuck:
            self.asked.set()
            await asyncio.sleep(60)
        return await super().write(fn, *args, **kwargs)


async def test_the_end_of_the_process_does_not_lose_what_is_being_stored(home: TokenHome) -> None:
    disk = Stuck(home.db)
    home = replace(home, ctx=replace(home.ctx, db=disk, refreshes=Refreshes(again=0.01)))
    home.issuer.rotates = True
    await unstored(home, disk)
    disk.stuck = True
    await asyncio.wait_for(disk.asked.wait(), 5)
    disk.stuck = disk.full = False
    await home.ctx.refreshes.drain(home.ctx, 5)
    assert (await home.grant()).refresh_token == "refresh-1"


async def test_an_account_that_died_of_the_old_token_is_raised_by_whoever_holds_the_new_one(home: TokenHome) -> None:
    disk, other = Full(home.db), home.sibling()
    home = replace(home, ctx=replace(home.ctx, db=disk))
    home.issuer.rotates = True
    await home.pull()
    await home.db.write(lambda tx: tx.run("INSERT INTO watch (source_id) SELECT id FROM source"))
    await unstored(home, disk)
    home.clock.advance(LEASE)
    with pytest.raises(TokenDead):  # the other process cannot know better
        await other.tokens.current()
    with pytest.raises(TokenDead):
        await other.pull()
    assert (await home.status())[0] == "dead"
    disk.full = False
    assert await home.tokens.current() == "access-1"
    assert await home.status() == ("active", None)
    assert (await home.grant()).refresh_token == "refresh-1"
    assert await other.tokens.current() == "access-1"
    due = await home.db.read(lambda tx: tx.one("SELECT source.due_at, watch.due_at FROM source, watch"))
    assert due == (home.clock(), home.clock())


async def test_an_answer_without_another_refresh_token_does_not_raise_the_dead(home: TokenHome) -> None:
    disk, other = Full(home.db), home.sibling()
    home = replace(home, ctx=replace(home.ctx, db=disk))
    await unstored(home, disk)
    home.issuer.good.clear()
    home.clock.advance(LEASE)
    with pytest.raises(TokenDead):
        await other.tokens.current()
    disk.full = False
    with pytest.raises(TokenDead):
        await home.tokens.current()
    assert (await home.status())[0] == "dead"
