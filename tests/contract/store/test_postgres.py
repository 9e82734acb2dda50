"""PostgreSQL's own promises: transactions that stand in each other's way, and connections that are lost."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from polydex.core.errors import Retry, StoreFailed
from polydex.store.db import Database, Tx
from polydex.store.postgres import open_postgres
from tests.contract.store import seed


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
