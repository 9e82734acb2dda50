"""A home whose provider tells of changes over a connection, and a process that holds it open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from polydex.engine import status
from polydex.engine.accounts import Accounts, AccountSpec
from polydex.engine.context import Context
from polydex.engine.hints import Hints
from polydex.engine.push import Push
from polydex.engine.streams import Streams
from polydex.store import watches
from polydex.store.watches import Watched
from polydex.testing.lines import Lines
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home

EVERY = 1800.0
OPEN = Push(active=True, stream=True)
WAITING = Push(active=False, code="push.waiting", message="A connection waits to be opened", stream=True)


@dataclass
class Ear:
    """One process of the home."""

    home: Home
    ctx: Context
    hints: Hints
    streams: Streams

    @property
    def lines(self) -> Lines:
        return self.home.world.lines

    @property
    def asked(self) -> list[str]:
        """What the provider was asked about channels and connections."""
        return [verb for verb, _ in self.home.world.calls if verb in ("listen", "watch", "unwatch")]

    @property
    def pulls(self) -> int:
        """How often the provider was asked for changes."""
        return sum(verb == "list" for verb, _ in self.home.world.calls)

    async def due(self) -> int:
        """Do what is due; each connection is open then, or has ended."""
        begun = await self.streams.run_due()
        await self.streams.settled()
        return begun

    async def later(self, seconds: float) -> int:
        self.home.clock.advance(seconds)
        return await self.due()

    async def ended(self) -> None:
        """Return when no stream of this process is there any more."""
        while running := [task for task in asyncio.all_tasks() if task.get_name().startswith("stream ")]:
            await asyncio.wait(running)

    async def work(self) -> None:
        """Have what was told pulled."""
        await self.hints.flush()
        await self.home.pulls.run_due()
        await self.home.pulls.wait_idle()

    async def row(self) -> Watched:
        found = await self.home.db.read(watches.get, (await self.home.source()).id)
        assert found is not None
        return found

    async def due_in(self) -> float:
        """Seconds until something is to be done about the stream."""
        row = await self.row()
        assert row.due_at is not None
        return (row.due_at - self.home.clock()) / 1000

    async def next_pull(self) -> float:
        """Seconds until the address book is pulled."""
        source = await self.home.source()
        assert source.due_at is not None
        return (source.due_at - self.home.clock()) / 1000

    async def shown(self) -> Push | None:
        found = await self.home.db.read(status.read, self.home.account.id, self.home.clock())
        return found.sources[0].push

    async def connect(self) -> None:
        """As its user does: with the credentials that there are, or others."""
        spec = AccountSpec(service_type="Memory", login="someone", password="secret")
        saved = await Accounts(self.ctx).upsert(self.home.account.app, spec)
        assert saved.account_id == self.home.account.id

    def other(self, owner: str = "process-2", *, random: Callable[[], float] | None = None, **settings: Any) -> Ear:
        """Another process, with ``settings`` of its own."""
        return opened(self.home.sibling(owner, **settings), random)


def opened(home: Home, random: Callable[[], float] | None = None) -> Ear:
    if random is not None:
        home.ctx = replace(home.ctx, random=random)
    hints = Hints(home.ctx)
    return Ear(home, home.ctx, hints, Streams(home.ctx, hints))


Open = Callable[..., Awaitable[Ear]]


@pytest.fixture
def open_ear(make_home: Furnish) -> Open:
    async def open_one(limit: int = 10, **habits: Any) -> Ear:
        home = await make_home(**{"streams": True, **habits})
        home = home.sibling("process-1", streams=limit, watched_poll_interval=EVERY)
        await home.pull()
        return opened(home)

    return open_one


@pytest.fixture
async def ear(open_ear: Open) -> Ear:
    """Its stream is open, and what came before it is pulled."""
    found = await open_ear()
    assert await found.due() == 1
    await found.work()
    found.home.world.calls.clear()
    found.home.clock.advance(10)
    return found
