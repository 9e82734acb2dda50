"""A walk whose pages are written while the next ones are on their way: what counts when one of the two fails."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import pytest

from polydex.connectors.base import Capabilities, Connector, Page, Record, Walk
from polydex.core.contact import Contact
from polydex.core.errors import GenerationChanged, ProviderUnavailable
from polydex.core.ids import Cursor, RemoteKey, Rev
from polydex.engine import walk
from polydex.store import rows, sources
from polydex.store.db import Tx
from polydex.store.sources import Lease, Source
from tests.contract.engine.home import Home

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
            record = Record(RemoteKey(key), Rev("1"), b"raw", Contact(nick_name=f"n{number}"))
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


async def test_the_same_key_in_pages_that_wait_together_is_asked_for_again(home: Home) -> None:
    """Which of the two came first cannot be known from their stamps (J1): the row waits for a fetch."""
    await run(home, Script(home, ["k0", "k1", "k1", "k2"]))
    assert sorted(await live(home)) == ["k0", "k1", "k2"]
    assert await home.db.read(rows.count_shown, (await home.source()).id) == 3
