"""What every Database promises, whatever the engine."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from polydex.core.errors import BadRequest, StoreFailed
from polydex.store.db import Database, Tx
from tests.contract.store import seed
from tests.fixtures import OpenDatabase


class Crash(BaseException):
    """Ends a transaction the hard way."""


def put(tx: Tx, name: str) -> int:
    return seed.app(tx, name)


def names(tx: Tx) -> list[str]:
    return [row[0] for row in tx.all("SELECT name FROM app ORDER BY id")]


def failing(error: BaseException) -> Callable[[Tx], None]:
    def work(tx: Tx) -> None:
        put(tx, "lost")
        raise error

    return work


async def test_a_write_is_there_for_the_next_read(db: Database) -> None:
    number = await db.write(put, name="one")
    assert number > 0
    assert await db.read(names) == ["one"]


async def test_a_look_sees_what_was_written_before_it_and_cannot_write(db: Database) -> None:
    for number in range(3):
        await db.write(put, f"n{number}")
        assert len(await db.look(names)) == number + 1
    with pytest.raises(Exception, match=r"read-?only"):
        await db.look(put, "never")
    assert await db.look(names) == ["n0", "n1", "n2"]


async def test_a_look_is_one_snapshot(db: Database) -> None:
    other = threading.Event()

    def twice(tx: Tx) -> tuple[list[str], list[str]]:
        before = names(tx)
        asyncio.run_coroutine_threadsafe(db.write(put, "between"), loop).add_done_callback(lambda _: other.set())
        other.wait(0.2)
        return before, names(tx)

    loop = asyncio.get_running_loop()
    before, after = await db.look(twice)
    assert before == after == []


async def test_what_is_recalled_is_never_older_than_the_last_commit(db: Database) -> None:
    def recalled(tx: Tx) -> int:
        return tx.recall(_count, "%")

    for number in range(3):
        assert await db.look(recalled) == await db.look(recalled) == await db.read(recalled) == number
        await db.write(put, f"n{number}")
    assert await db.write(recalled) == 3
    assert await db.look(lambda tx: (tx.recall(_count, "n1"), tx.recall(_count, "%"))) == (1, 3)


def _count(tx: Tx, pattern: str) -> int:
    return int(tx.all("SELECT count(*) FROM app WHERE name LIKE ?", pattern)[0][0])


async def test_a_look_after_the_end_is_refused(db: Database) -> None:
    assert await db.look(names) == []
    await db.close()
    with pytest.raises(StoreFailed):
        await db.look(names)


@pytest.mark.parametrize("error", [BadRequest("no"), ZeroDivisionError(), Crash(), KeyboardInterrupt()])
async def test_an_error_rolls_back_and_reaches_the_caller_as_it_is(db: Database, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        await db.write(failing(error))
    assert caught.value is error
    await db.write(put, "after")
    assert await db.read(names) == ["after"]


async def test_stop_iteration_in_a_transaction_is_an_error(db: Database) -> None:
    with pytest.raises(RuntimeError, match="StopIteration"):
        await db.write(failing(StopIteration()))
    assert await db.read(names) == []


async def test_a_wrong_statement_rolls_back_and_harms_nobody(db: Database) -> None:
    def work(tx: Tx) -> None:
        put(tx, "lost")
        tx.run("INSERT INTO app (nonsense) VALUES (1)")

    with pytest.raises(Exception, match="nonsense") as caught:
        await db.write(work)
    assert not isinstance(caught.value, StoreFailed)
    assert await db.read(names) == []


async def test_references_are_enforced(db: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        await db.write(seed.source, 4711)


async def test_the_reading_side_cannot_write(db: Database) -> None:
    with pytest.raises(Exception, match=r"(?i)read-?only"):
        await db.read(put, "sneaky")
    assert await db.read(names) == []


@pytest.mark.parametrize("side", ["write", "read"])
async def test_a_transaction_that_is_over_takes_no_statement(db: Database, side: str) -> None:
    kept: list[Tx] = []
    await getattr(db, side)(kept.append)
    with pytest.raises(Exception, match="the transaction is over"):
        kept[0].all("SELECT 1")
    with pytest.raises(Exception, match="the transaction is over"):
        kept[0].many("UPDATE app SET name = ?", [("x",)])


async def test_values_come_back_as_they_went_in(db: Database) -> None:
    def work(tx: Tx) -> list[tuple[object, ...]]:
        tx.many(
            "INSERT INTO epoch_limit (epoch, account_id, last_seq) VALUES (?, ?, ?)",
            [(2**63 - 1, -(2**63), True), (1, 2, False)],
        )
        return tx.all("SELECT epoch, account_id, last_seq FROM epoch_limit ORDER BY epoch")

    assert await db.write(work) == [(1, 2, 0), (2**63 - 1, -(2**63), 1)]
    assert await db.read(lambda tx: tx.one("SELECT sum(last_seq), count(*) FROM epoch_limit")) == (1, 2)
    text, blob = "50 % of ? is 'Ünïcödé' 🎈 {id}", bytes(range(256))

    def documents(tx: Tx) -> tuple[object, ...] | None:
        tx.run("INSERT INTO app VALUES (7, ?, '?%s%', ?, ?, 5)", text, blob, b"")
        return tx.one(
            "SELECT name, client_id, secret_hash, signing_secret FROM app WHERE name LIKE '50 %' AND id = ?", 7
        )

    assert await db.write(documents) == (text, "?%s%", blob, b"")


async def test_the_number_of_changed_rows_is_told(db: Database) -> None:
    await db.write(put, "a")
    await db.write(put, "b")
    assert await db.write(lambda tx: tx.run("UPDATE app SET created_at = 1")) == 2
    assert await db.write(lambda tx: tx.run("UPDATE app SET created_at = 1 WHERE name = ?", "none")) == 0
    assert await db.write(lambda tx: tx.one("SELECT 1 FROM app WHERE name = ?", "none")) is None


async def test_numbers_are_never_used_twice(db: Database) -> None:
    first = await db.write(put, "a")
    await db.write(lambda tx: tx.run("DELETE FROM app"))
    assert await db.write(put, "b") > first


async def test_reserved_row_numbers_are_new_and_ascending(db: Database) -> None:
    def reserve(tx: Tx) -> list[int]:
        return tx.dialect.next_ids(tx, "contact", 3)

    first, second = await db.write(reserve), await db.write(reserve)
    assert len({*first, *second}) == 6
    assert sorted(first + second) == first + second

    def insert(tx: Tx) -> int:
        account = seed.new_account(tx)
        return seed.contact(tx, account, seed.source(tx, account), ["ada"], 1)

    assert await db.write(insert) > second[-1]


async def test_a_read_sees_one_snapshot_and_is_not_held_up_by_a_write(db: Database) -> None:
    """A bulk write is in the middle of its work: readers see what was there before it, all the time."""
    await db.write(put, "before")
    written, finish, committed = threading.Event(), threading.Event(), threading.Event()

    def bulk(tx: Tx) -> None:
        for number in range(100):
            put(tx, f"bulk{number}")
        written.set()
        assert finish.wait(60)

    def twice(tx: Tx) -> tuple[list[str], list[str]]:
        first = names(tx)
        finish.set()
        assert committed.wait(60)
        return first, names(tx)

    running = asyncio.create_task(db.write(bulk))
    await asyncio.to_thread(written.wait, 60)
    assert await asyncio.gather(*(db.read(names) for _ in range(8))) == [["before"]] * 8
    reading = asyncio.create_task(db.read(twice))
    await running
    committed.set()
    assert await reading == (["before"], ["before"])
    assert len(await db.read(names)) == 101


async def test_writes_of_many_callers_lose_nothing(db: Database) -> None:
    account = await db.write(seed.new_account)

    def step(tx: Tx) -> int:
        row = tx.one("UPDATE account SET seq = seq + 1 WHERE id = ? RETURNING seq", account)
        assert row is not None
        return int(row[0])

    results = await asyncio.gather(*(db.write(step) for _ in range(100)))
    assert sorted(results) == list(range(1, 101))


async def test_a_cancelled_caller_does_not_cut_its_transaction(db: Database) -> None:
    """The caller unwinds only after its transaction has ended, so what it does then comes after."""
    begun, finish = threading.Event(), threading.Event()
    order: list[str] = []

    def slow(tx: Tx) -> None:
        put(tx, "first")
        begun.set()
        assert finish.wait(60)
        put(tx, "second")
        order.append("transaction")

    async def caller() -> None:
        try:
            await db.write(slow)
        finally:
            order.append("caller")

    task = asyncio.create_task(caller())
    await asyncio.to_thread(begun.wait, 60)
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()  # an impatient one
    await asyncio.sleep(0)
    assert not task.done()
    finish.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert order == ["transaction", "caller"]
    assert await db.read(names) == ["first", "second"]


async def test_the_error_of_a_transaction_without_its_caller_is_not_lost(db: Database) -> None:
    begun, finish = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        begun.set()
        assert finish.wait(60)
        failing(ZeroDivisionError("half way"))(tx)

    task = asyncio.create_task(db.write(slow))
    await asyncio.to_thread(begun.wait, 60)
    task.cancel()
    finish.set()
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    assert await db.read(names) == []


async def test_a_write_that_waits_for_its_turn_is_carried_out_though_cancelled(sqlite_db: Database) -> None:
    begun, finish = threading.Event(), threading.Event()

    def slow(tx: Tx) -> None:
        begun.set()
        assert finish.wait(60)

    first = asyncio.create_task(sqlite_db.write(slow))
    await asyncio.to_thread(begun.wait, 60)
    second = asyncio.create_task(sqlite_db.write(put, "queued"))
    await asyncio.sleep(0)
    second.cancel()
    finish.set()
    with pytest.raises(asyncio.CancelledError):
        await second
    await first
    assert await sqlite_db.read(names) == ["queued"]


async def test_close_finishes_what_was_asked_for(open_db: OpenDatabase) -> None:
    db = open_db()
    writes = [asyncio.create_task(db.write(put, f"n{number}")) for number in range(20)]
    await asyncio.sleep(0)
    await db.close()
    await asyncio.gather(*writes)
    with pytest.raises(StoreFailed):
        await db.write(put, "late")
    with pytest.raises(StoreFailed):
        await db.read(names)
    await db.close()
    again = open_db()
    assert len(await again.read(names)) == 20
    await again.close()


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100, 163])
async def test_rows_are_inserted_each_once_whatever_their_number(db: Database, count: int) -> None:
    wanted = [(1, "e", f"value {number}", number) for number in range(count)]
    await db.write(lambda tx: tx.insert("contact_key (source_id, kind, value, row_id)", wanted))
    sql = "SELECT source_id, kind, value, row_id FROM contact_key ORDER BY row_id"
    assert await db.read(lambda tx: tx.all(sql)) == wanted


async def test_a_row_that_cannot_be_inserted_takes_the_others_back(db: Database) -> None:
    row = (1, "e", "value", 1)
    with pytest.raises(Exception, match=r"(?i)unique"):
        await db.write(lambda tx: tx.insert("contact_key (source_id, kind, value, row_id)", [row] * 2))
    assert await db.read(lambda tx: tx.all("SELECT * FROM contact_key")) == []
