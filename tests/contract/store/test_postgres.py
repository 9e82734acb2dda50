"""PostgreSQL's own promises: transactions that stand in each other's way, and connections that are lost."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from polydex.core.errors import Retry, StoreFailed
from polydex.core.ids import SourceId
from polydex.store import sources, watches
from polydex.store.db import Database, Tx
from polydex.store.postgres import open_postgres
from tests.contract.store import seed
from tests.fixtures import NOW


@pytest.fixture
async def postgres_db(postgres_url: str) -> AsyncIterator[Database]:
    database = open_postgres(postgres_url, connections=2)
    yield database
    await database.close()


def names(tx: Tx) -> list[str]:
    return [row[0] for row in tx.all("SELECT name FROM app ORDER BY id")]


async def test_writers_in_a_deadlock_both_finish_in_the_end(postgres_db: Database) -> None:
    one, two = await postgres_db.write(seed.app, "one"), await postgres_db.write(seed.app, "two")
    met = threading.Barrier(2)
    attempts: list[int] = []

    def crossing(tx: Tx, first: int, second: int) -> None:
        attempts.append(first)
        tx.run("UPDATE app SET created_at = created_at + 1 WHERE id = ?", first)
        if attempts.count(first) == 1:
            met.wait(60)
        tx.run("UPDATE app SET created_at = created_at + 1 WHERE id = ?", second)

    before = await postgres_db.read(lambda tx: tx.all("SELECT sum(created_at) FROM app")[0][0])
    await asyncio.gather(postgres_db.write(crossing, one, two), postgres_db.write(crossing, two, one))
    assert await postgres_db.read(lambda tx: tx.all("SELECT sum(created_at) FROM app")[0][0]) == before + 4
    assert len(attempts) > 2  # who gives way may come back before the other one wakes, and meet it once more


async def test_a_watch_that_another_process_settles_meanwhile_is_not_due_once_more(postgres_migrated_url: str) -> None:
    """Who begins reads that it is unsettled, and waits for the lock of who has just made the channel."""
    url, later = "https://polydex.example.com", NOW + 3_600_000
    made, waits = threading.Event(), threading.Event()

    def add(tx: Tx) -> SourceId:
        found = sources.add(tx, seed.new_account(tx), "contacts", None, is_default=True, read_only=False)
        watches.want(tx, found, NOW)
        return found

    def settles(tx: Tx, source: SourceId, lease: watches.Lease) -> None:
        sources.lock(tx, source)
        watches.keep(tx, source, "channel", url, NOW, 2 * later)
        watches.finish(tx, lease, later, NOW)
        made.set()
        assert waits.wait(60)

    def begins(tx: Tx) -> list[SourceId]:
        assert made.wait(60)
        return watches.settle_for(tx, [], url, NOW)

    def watch_for_it(tx: Tx) -> None:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        for _ in range(6_000):
            if tx.all(asked)[0][0]:
                break
            tx.all("SELECT pg_sleep(0.01), pg_stat_clear_snapshot()")
        waits.set()

    database = open_postgres(postgres_migrated_url, connections=3)
    try:
        source = await database.write(add)
        [lease] = await database.write(watches.claim, "one", NOW, 60_000, 1)
        _, again, _ = await asyncio.gather(
            database.write(settles, source, lease), database.write(begins), database.write(watch_for_it)
        )
        found = await database.read(watches.get, source)
    finally:
        await database.close()
    assert again == []
    assert found is not None
    assert (found.channel, found.due_at) == ("channel", later)


async def test_a_connection_lost_within_a_transaction_is_an_error_and_replaced(postgres_db: Database) -> None:
    def cut(tx: Tx) -> None:
        seed.app(tx, "lost")
        tx.all("SELECT pg_terminate_backend(pg_backend_pid())")

    for _ in range(3):
        with pytest.raises(StoreFailed) as caught:
            await postgres_db.write(cut)
        assert caught.value.retry is Retry.LATER
        assert "not known" not in caught.value.detail
    await postgres_db.write(seed.app, "after")
    assert await postgres_db.read(names) == ["after"]


async def test_connections_lost_while_idle_are_replaced_without_an_error(postgres_db: Database) -> None:
    await postgres_db.write(seed.app, "before")

    def cut_all(tx: Tx) -> list[tuple[object, ...]]:
        return tx.all(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )

    # Each of the two threads may get this; the other's connection is cut.
    for number in range(6):
        await postgres_db.write(cut_all)
        await asyncio.gather(*(postgres_db.write(seed.app, f"{number}{letter}") for letter in "abc"))
    assert len(await postgres_db.read(names)) == 19


async def test_a_whole_number_is_never_a_decimal(postgres_db: Database) -> None:
    def numbers(tx: Tx) -> list[object]:
        return list(
            tx.all("SELECT ?, ?, sum(n), count(*) FROM (SELECT CAST(? AS BIGINT) AS n) AS t", 2**62, True, 5)[0]
        )

    found = await postgres_db.read(numbers)
    assert found == [2**62, 1, 5, 1]
    assert {type(value) for value in found} == {int}


def test_a_server_that_is_not_there_is_an_error_without_the_password() -> None:
    with pytest.raises(StoreFailed) as caught:
        open_postgres("postgresql://ada:hunter2@127.0.0.1:1/contacts")
    assert "POLYDEX_DATABASE_URL" in caught.value.message
    assert "hunter2" not in caught.value.message + caught.value.detail
    assert caught.value.__cause__ is None or "hunter2" not in str(caught.value.__cause__)
