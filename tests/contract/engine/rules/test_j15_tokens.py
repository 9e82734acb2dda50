"""J15: a token from a future that a restore has lost is refused, an older one stays good (store: ``test_epochs.py``)."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from polydex.core.errors import GenerationChanged, SyncTokenExpired, TokenNotValid
from polydex.store import epochs
from polydex.store.sqlite import open_sqlite
from polydex.testing.clock import FakeClock
from tests.contract.engine.home import Home, furnish, named


async def test_a_token_that_is_not_of_this_feed_read_as_if_it_were(home: Home) -> None:
    home.world.put(named("ada"))
    consumer = await home.consumer()
    with pytest.raises(TokenNotValid):
        await home.reader.deleted(home.account, delta_token=consumer.updated, page_token=None)
    with pytest.raises(TokenNotValid):
        await home.reader.updated(home.account, delta_token=None, page_token=None)


@pytest.mark.parametrize("feed", ["updated", "deleted"])
async def test_changes_skipped_by_a_token_from_beyond_the_journal(home: Home, feed: str) -> None:
    for number in range(3):
        home.world.put(named(f"n{number}"))
    consumer = await (await home.consumer()).follow()
    page = await home.reader.updated(
        home.account, delta_token=(await home.consumer()).updated, page_token=None, limit=1
    )
    await home.db.write(lambda tx: tx.run("UPDATE account SET seq = seq - 1"))
    token = consumer.updated if feed == "updated" else consumer.deleted
    with pytest.raises(SyncTokenExpired):
        await getattr(home.reader, feed)(home.account, delta_token=token, page_token=None)
    # The end of a page token counts as well as its beginning.
    with pytest.raises(SyncTokenExpired):
        await home.reader.updated(home.account, delta_token=None, page_token=page.next_page)


async def test_a_restored_file_served_under_tokens_of_the_lost_future(tmp_path: Path, clock: FakeClock) -> None:
    """The old consumer goes on from its old token; the newer one is told to begin anew."""
    path = tmp_path / "data" / "polydex.db"
    home = await furnish(open_sqlite(path, clock=clock), clock)
    home.world.put(named("ada"), "k1")
    home.world.put(named("bo"), "k2")
    old, newer = [await (await home.consumer()).follow() for _ in range(2)]
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(tmp_path / "backup.db")) as copy:
        source.backup(copy)
    home.world.put(named("cy"), "k3")
    home.world.remove("k2")
    await home.pull()
    await newer.follow()
    await home.db.close()
    shutil.copyfile(tmp_path / "backup.db", path)
    home.world.put(named("dee"), "k4")

    database = open_sqlite(path, clock=clock)
    restored = await home.restored(database)
    newer.home = old.home = restored
    with pytest.raises(SyncTokenExpired):
        await newer.follow()
    await old.follow()
    assert old.names == ["ada", "cy", "dee"]
    fresh = await (await restored.consumer()).follow()
    assert fresh.copy == old.copy
    # The numbers of the lost future are given out anew, and its tokens stay refused.
    for number in range(9):
        home.world.put(named(f"n{number}"), f"m{number}")
    await restored.pull()
    with pytest.raises(SyncTokenExpired):
        await newer.follow()
    await old.follow()
    assert len(old.copy) == 12
    await database.close()


@pytest.mark.parametrize("work", ["pull", "write"])
async def test_what_was_asked_before_a_restore_believed_after_it(home: Home, work: str) -> None:
    """Counters come again after a restore: what was noted before says nothing about rows written since."""
    home.world.put(named("ada"))
    await home.pull()
    verb = "list" if work == "pull" else "create"
    home.world.gates.hold(verb, "answer")
    home.clock.advance(1)
    task = asyncio.create_task(
        home.pulls.ensure((await home.source()).id, home.clock(), 1) if work == "pull" else home.create(nickName="bo")
    )
    await home.world.gates.reached(verb, "answer")
    before = await home.source()
    await home.db.write(epochs.reroll, home.ctx.random_bytes)
    if work == "pull":
        task.cancel()  # the pull goes on, and nobody begins another one
    home.world.gates.open()
    if work == "write":
        with pytest.raises(GenerationChanged):
            await task
    else:
        await home.pulls.wait_idle()
    after = await home.source()
    assert (after.cursor, after.pulled_at, after.fence) == (before.cursor, None, before.fence + 1)
    assert list(await home.records()) == ["ada"]
