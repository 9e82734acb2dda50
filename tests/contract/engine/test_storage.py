"""Whether the storage can be used: asked by a write that reaches the disk, at most once a second."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from polydex.core.errors import StoreFailed
from polydex.engine.storage import Storage
from polydex.store.db import Database, Tx
from polydex.store.sqlite import open_sqlite
from polydex.testing.clock import FakeClock


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    db = open_sqlite(tmp_path / "polydex.db", clock=FakeClock())
    yield db
    await db.close()


async def commits(db: Database) -> int:
    def count(tx: Tx) -> int:
        return int(tx.all("SELECT commits FROM meta")[0][0])

    return await db.read(count)


async def test_a_probe_is_a_commit_and_its_outcome_lasts_a_second(database: Database, tmp_path: Path) -> None:
    clock = FakeClock()
    storage = Storage(database, tmp_path, clock)
    before = await commits(database)
    for _ in range(3):
        await storage.check()
    assert await commits(database) == before + 1
    clock.advance(1)
    await storage.check()
    assert await commits(database) == before + 2


async def test_a_failure_is_told_until_the_next_probe(database: Database, tmp_path: Path) -> None:
    clock = FakeClock()
    storage = Storage(database, tmp_path, clock)
    path = tmp_path / "polydex.db"
    path.rename(tmp_path / "away.db")
    for _ in range(2):
        with pytest.raises(StoreFailed, match="was removed under the running server"):
            await storage.check()
    (tmp_path / "away.db").rename(path)
    with pytest.raises(StoreFailed, match="was removed"):
        await storage.check()
    clock.advance(1)
    await storage.check()
