"""A walk whose pages are written while the next ones are on their way: what counts when one of the two fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, cast

import pytest

from polydex.connectors.base import Capabilities, Connector, Page, Record, Walk
from polydex.core.contact import Contact
from polydex.core.errors import GenerationChanged, ProviderUnavailable
from polydex.core.ids import Cursor, RemoteKey, Rev
from polydex.engine import walk
from polydex.engine.pull import Pulls
from polydex.store import rows, sources
from polydex.store.db import Database, Tx
from polydex.store.sources import Lease, Source
from polydex.testing.world import Fault
from tests.contract.engine.home import Home

P = ParamSpec("P")
T = TypeVar("T")
BROKEN = "\ud800"
"""A key that no database takes."""


@dataclass
class Script:
    """A provider that gives out one record a page as fast as it is asked, and then what the test wants."""

    home: Home
    keys: Sequence[str]
    stamped: bool = True
    mode: Literal["snapshot", "delta"] = "snapshot"
    caps: Capabilities = field(default_factory=Capabilities)
    written: Sequence[int] = ()
    end: Exception | None = None
    reset_at: int = -1

    async def pull(self, _cursor: Cursor | None, known: Walk, *, resume: bool = False) -> AsyncIterator[Page]:
        self.written = []
        for number, key in enumerate(self.keys):
            asked = await known.stamp() if self.stamped else None
            self.written = [*self.written, len(await live(self.home))]
            if number == self.reset_at:
                await self.home.db.write(_reset, self.home)
            record = Record(RemoteKey(key), Rev(f"r{number}"), b"raw", Contact(nick_name=f"n{number}"))
            last = number == len(self.keys) - 1 and self.end is None
            yield Page(self.mode, changed=(record,), cursor=Cursor(f"c{number}"), last=last, asked=asked)
        if self.end is not None:
            raise self.end


def _reset(tx: Tx, home: Home) -> None:
    tx.run("UPDATE account SET generation = generation + 1 WHERE id = ?", home.account.id)


async def live(home: Home) -> list[RemoteKey]:
    return await home.db.read(rows.live_keys, (await home.source()).id)


async def run(home: Home, script: Script) -> None:
    source = await home.source()
    now = home.clock()
    lease = await home.db.write(sources.claim_one, source.id, "test", now, now + 60_000)
    assert isinstance(lease, Lease)
    await walk.run(home.ctx, lease, home.ctx.target(home.account, source), cast("Connector", script))


async def test_pages_before_a_failure_of_the_provider_count(home: Home) -> None:
    keys = [f"k{number}" for number in range(13)]
    with pytest.raises(ProviderUnavailable):
        await run(home, Script(home, keys, end=ProviderUnavailable()))
    assert sorted(await live(home)) == sorted(keys)
    source: Source = await home.source()
    assert source.walk_cursor == "c12"
    assert source.walk_done == 13
    assert source.cursor is None


async def test_nothing_is_written_after_a_page_that_could_not_be(home: Home) -> None:
    keys = ["k0", BROKEN, *(f"k{number}" for number in range(2, 13))]
    with pytest.raises(UnicodeEncodeError):
        await run(home, Script(home, keys))
    assert set(await live(home)) <= {"k0"}
    assert (await home.source()).walk_cursor in (None, "c0")


async def test_nothing_is_written_after_a_page_that_could_not_be_when_the_provider_fails_too(home: Home) -> None:
    with pytest.raises(UnicodeEncodeError):
        await run(home, Script(home, [BROKEN, "k1", "k2"], end=ProviderUnavailable()))
    assert await live(home) == []
    assert (await home.source()).walk_cursor is None


async def test_nothing_is_written_for_an_account_that_was_reset(home: Home) -> None:
    keys = [f"k{number}" for number in range(20)]
    with pytest.raises(GenerationChanged):
        await run(home, Script(home, keys, reset_at=10))
    assert (await home.source()).ready_at is None
    assert set(await live(home)) < set(keys[:11])


@pytest.mark.parametrize("habit", [{"stamped": False}, {"mode": "delta"}])
async def test_a_page_on_which_the_next_may_build_is_written_before_that_is_asked_for(
    home: Home, habit: dict[str, Any]
) -> None:
    script = Script(home, [f"k{number}" for number in range(5)], **habit)
    await run(home, script)
    assert script.written == [0, 1, 2, 3, 4]
    assert len(await live(home)) == 5


async def test_a_page_of_a_delta_is_believed_about_what_the_one_before_it_brought(home: Home) -> None:
    await run(home, Script(home, ["k0", "k0"], stamped=False, mode="delta"))
    assert await home.db.read(rows.count_doubtful, (await home.source()).id) == 0


async def test_the_same_key_in_pages_that_wait_together_is_asked_for_again(home: Home) -> None:
    """Which of the two came first cannot be known from their stamps (J1): the row waits for a fetch."""
    await run(home, Script(home, ["k0", "k1", "k1", "k2"]))
    assert sorted(await live(home)) == ["k0", "k1", "k2"]
    assert await home.db.read(rows.count_shown, (await home.source()).id) == 3


class Reading:
    """The part of a database that reads."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def read(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._db.read(fn, *args, **kwargs)

    async def look(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._db.look(fn, *args, **kwargs)

    async def close(self) -> None:
        raise NotImplementedError


class Slow(Reading):
    """A database whose next transaction ends only when it may."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def write(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self.begun.set()
        await self.may_end.wait()
        return await self._db.write(fn, *args, **kwargs)


async def test_who_gives_up_while_the_lease_is_taken_leaves_no_lease_without_a_pull(home: Home) -> None:
    home.world.put(Contact(nick_name="ada"))
    slow = Slow(home.db)
    pulls = Pulls(replace(home.ctx, db=slow))
    asks = asyncio.create_task(pulls.ensure((await home.source()).id, home.clock(), 10))
    await slow.begun.wait()
    asks.cancel()
    await asyncio.sleep(0)
    slow.may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await asks
    await pulls.wait_idle()
    source = await home.source()
    assert (source.lease_owner, source.pulled_at) == (None, home.clock())
    assert len(await live(home)) == 1


class Counted(Reading):
    """A database that counts its transactions that may write."""

    def __init__(self, db: Database) -> None:
        super().__init__(db)
        self.writes = 0

    async def write(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        self.writes += 1
        return await self._db.write(fn, *args, **kwargs)


@pytest.mark.parametrize("changes", [0, 1])
async def test_a_pull_of_one_page_is_two_transactions_and_one_request(home: Home, changes: int) -> None:
    """Each of them waits for the disk: one takes the lease and begins, the other brings everything and lets go."""
    home.world.put(Contact(nick_name="ada"))
    await home.pull()
    for number in range(changes):
        home.world.put(Contact(nick_name=f"n{number}"))
    counted = Counted(home.db)
    home.world.calls.clear()
    pulls = Pulls(replace(home.ctx, db=counted))
    home.clock.advance(1)
    await pulls.ensure((await home.source()).id, home.clock(), 10)
    assert counted.writes == 2
    assert [verb for verb, _ in home.world.calls] == ["list"]
    assert len(await live(home)) == 1 + changes
    source = await home.source()
    assert (source.lease_owner, source.walk_mode, source.pulled_at) == (None, None, home.clock())


async def test_a_pull_that_brought_nothing_leaves_no_walk_in_progress(home: Home) -> None:
    home.world.faults.append(("list", Fault.REFUSED))
    await home.pulls.run_due()
    await home.pulls.wait_idle()
    source = await home.source()
    assert source.error_code == "provider.unavailable"
    assert source.walk_mode is None
