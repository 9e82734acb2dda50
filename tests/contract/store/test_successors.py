"""What refresh tokens have become: kept for a while, and given to one account."""

from __future__ import annotations

import asyncio
import threading
import time

from polydex.store import successors
from polydex.store.db import Database, Tx
from polydex.store.postgres import open_postgres
from tests.fixtures import NOW

DIGEST = b"\x01" * 32


async def test_what_is_announced_is_not_there_yet(db: Database) -> None:
    assert await db.write(successors.announce, DIGEST, NOW, NOW + 1)
    assert await db.read(successors.announced, DIGEST, NOW)
    assert not await db.read(successors.announced, DIGEST, NOW + 1)
    assert await db.read(successors.find, DIGEST) is None
    assert await db.write(successors.take, DIGEST) is None
    assert await db.read(successors.announced, DIGEST, NOW)  # still
    await db.write(successors.keep, DIGEST, b"sealed", NOW + 9)
    assert not await db.write(successors.announce, DIGEST, NOW, NOW + 1)
    await db.write(successors.withdraw, DIGEST)
    await db.write(successors.forget, NOW + 8)
    assert await db.write(successors.take, DIGEST) == b"sealed"
    assert await db.read(successors.find, DIGEST) is None


async def test_one_announces_at_a_time(db: Database) -> None:
    assert await db.write(successors.announce, DIGEST, NOW, NOW + 10)
    assert not await db.write(successors.announce, DIGEST, NOW + 9, NOW + 19)
    assert await db.write(successors.announce, DIGEST, NOW + 10, NOW + 20)
    await db.write(successors.withdraw, DIGEST)
    assert await db.write(successors.announce, DIGEST, NOW + 11, NOW + 9999)  # by a clock that is wrong
    assert await db.write(successors.announce, DIGEST, NOW + 12, NOW + 22)


async def test_what_nobody_comes_for_is_forgotten(db: Database) -> None:
    await db.write(successors.keep, DIGEST, b"sealed", NOW)
    await db.write(successors.forget, NOW)
    assert await db.read(successors.find, DIGEST) is None


async def test_one_of_two_who_take_it_at_once_gets_it(postgres_migrated_url: str) -> None:
    """In transactions that overlap, as only PostgreSQL has them."""
    taken = threading.Event()

    def first(tx: Tx) -> bytes | None:
        found = successors.take(tx, DIGEST)
        taken.set()
        for _ in range(1000):  # until the other one waits for this one to end
            tx.all("SELECT pg_stat_clear_snapshot()")  # else all looks of a transaction show the same moment
            waiting = tx.one(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if waiting and waiting[0]:
                return found
            time.sleep(0.005)
        raise AssertionError("nobody waits")

    def second(tx: Tx) -> bytes | None:
        taken.wait(10)
        return successors.take(tx, DIGEST)

    db = open_postgres(postgres_migrated_url)
    try:
        await db.write(successors.keep, DIGEST, b"sealed", NOW)
        assert [*await asyncio.gather(db.write(first), db.write(second))] == [b"sealed", None]
    finally:
        await db.close()
