"""SQLite's own promises: durable commits, a second process, and a disk that fails."""

import asyncio
import contextlib
import fcntl
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from polydex.core.errors import Retry, StoreFailed
from polydex.store.db import Database, Tx
from polydex.store.sqlite import open_sqlite
from tests.contract.store import seed
from tests.fixtures import clock

SECOND_PROCESS = """
import asyncio, sys
from pathlib import Path
from polydex.store.sqlite import open_sqlite

def step(tx):
    tx.run("UPDATE account SET seq = seq + 1")

async def main():
    db = open_sqlite(Path(sys.argv[1]), clock=lambda: 0)
    for number in range(int(sys.argv[2])):
        await db.write(step)
        print(number, flush=True)
    await db.close()

asyncio.run(main())
"""


def start(path: Path, steps: int) -> "subprocess.Popen[bytes]":
    argv = [sys.executable, "-c", SECOND_PROCESS, str(path), str(steps)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE)


def seq(tx: Tx) -> int:
    return int(tx.all("SELECT seq FROM account")[0][0])


async def test_every_connection_syncs_fully_on_a_write_ahead_log(sqlite_db: Database) -> None:
    def settings(tx: Tx) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "fullfsync", "checkpoint_fullfsync")
        return [tx.all(f"PRAGMA {name}")[0][0] for name in names]

    full = 2
    assert await sqlite_db.write(settings) == ["wal", full, 1, 1, 1]
    assert await sqlite_db.read(settings) == ["wal", full, 1, 1, 1]


async def test_another_process_s_commit_is_no_longer_recalled(sqlite_db: Database, tmp_path: Path) -> None:
    asked: list[int] = []

    def known(tx: Tx, _: int) -> int:
        asked.append(1)
        return int(tx.all("SELECT count(*) FROM app")[0][0])

    async def look() -> int:
        return await sqlite_db.look(lambda tx: tx.recall(known, 0))

    assert [await look(), await look(), len(asked)] == [0, 0, 1]
    with contextlib.closing(sqlite3.connect(tmp_path / "polydex.db")) as other, other:
        other.execute(
            "INSERT INTO app (name, client_id, secret_hash, signing_secret, created_at) VALUES (1, 1, 1, 1, 1)"
        )
    await asyncio.sleep(0)  # looks of one turn of the loop share a snapshot
    assert [await look(), await look(), len(asked)] == [1, 1, 2]


async def test_a_look_that_another_process_holds_up_waits_in_a_thread(sqlite_db: Database, tmp_path: Path) -> None:
    """SQLite locks out readers for moments, when it recovers or empties the log; the event loop goes on meanwhile."""
    other = sqlite3.connect(tmp_path / "polydex.db", isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN IMMEDIATE")  # nobody else may read now
    looking = asyncio.ensure_future(sqlite_db.look(lambda tx: tx.all("SELECT count(*) FROM app")[0][0]))
    await asyncio.sleep(0.05)
    assert not looking.done()
    other.close()
    assert await looking == 0


async def test_nobody_else_may_read_the_files(sqlite_db: Database, tmp_path: Path) -> None:
    await sqlite_db.write(seed.app)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in tmp_path.iterdir()}
    assert modes == dict.fromkeys(
        ["polydex.db", "polydex.db-wal", "polydex.db-shm", "polydex.db.high-water", "polydex.db.lock"], "0o600"
    )


async def test_two_processes_write_to_one_file(sqlite_db: Database, tmp_path: Path) -> None:
    await sqlite_db.write(seed.new_account)
    process = start(tmp_path / "polydex.db", 60)
    for _ in range(60):
        await sqlite_db.write(lambda tx: tx.run("UPDATE account SET seq = seq + 1"))
    await asyncio.to_thread(process.communicate)
    assert process.returncode == 0
    assert await sqlite_db.read(seq) == 120


async def test_a_killed_process_leaves_whole_transactions_and_no_lock(sqlite_db: Database, tmp_path: Path) -> None:
    await sqlite_db.write(seed.new_account)
    epoch = await sqlite_db.read(lambda tx: tx.one("SELECT epoch FROM meta"))
    process = start(tmp_path / "polydex.db", 100_000)
    assert process.stdout is not None
    told = [await asyncio.to_thread(process.stdout.readline) for _ in range(5)]
    process.send_signal(signal.SIGKILL)
    output, _ = await asyncio.to_thread(process.communicate)
    confirmed = len(told) + len([line for line in output.splitlines(keepends=True) if line.endswith(b"\n")])
    assert await sqlite_db.read(seq) >= confirmed
    await sqlite_db.write(lambda tx: tx.run("UPDATE account SET seq = 0"))
    again = open_sqlite(tmp_path / "polydex.db", clock=clock)
    assert await again.read(lambda tx: tx.one("SELECT epoch FROM meta")) == epoch
    await again.close()


async def test_a_lock_that_is_never_released_is_an_error_and_then_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "polydex.db"
    db = open_sqlite(path, clock=clock, busy_seconds=0.1)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreFailed) as caught:
            await db.write(seed.app)
        assert await db.read(lambda tx: tx.all("SELECT * FROM app")) == []
        other.execute("ROLLBACK")
    assert "another process holds the database locked" in caught.value.detail
    assert caught.value.retry is Retry.LATER
    assert await db.write(seed.app) > 0
    await db.close()


async def test_a_full_disk_is_an_error_and_writing_goes_on_when_there_is_room(sqlite_db: Database) -> None:
    def fill(tx: Tx) -> None:
        pages = tx.all("PRAGMA page_count")[0][0]
        tx.all(f"PRAGMA max_page_count = {pages + 10}")
        seed.app(tx, "small")
        tx.run("UPDATE app SET signing_secret = ?", b"x" * 1_000_000)

    with pytest.raises(StoreFailed) as caught:
        await sqlite_db.write(fill)
    assert "the disk is full" in caught.value.detail
    assert await sqlite_db.read(lambda tx: tx.all("SELECT name FROM app")) == []
    await sqlite_db.write(lambda tx: tx.all("PRAGMA max_page_count = 1000000"))
    await sqlite_db.write(seed.app)
    assert await sqlite_db.read(lambda tx: tx.all("SELECT name FROM app")) == [("shop",)]


async def test_a_transaction_that_goes_on_after_a_full_disk_writes_nothing(sqlite_db: Database) -> None:
    """SQLite rolls back by itself; whatever came after would be committed on its own."""

    def stubborn(tx: Tx) -> None:
        tx.all("PRAGMA max_page_count = 1")
        with contextlib.suppress(sqlite3.OperationalError):
            tx.run("INSERT INTO app VALUES (1, 'big', 'c', ?, ?, 0)", b"", b"x" * 1_000_000)
        tx.run("INSERT INTO app VALUES (2, 'after', 'd', ?, ?, 0)", b"", b"")

    with pytest.raises(sqlite3.ProgrammingError, match="the transaction is over"):
        await sqlite_db.write(stubborn)
    assert await sqlite_db.read(lambda tx: tx.all("SELECT name FROM app")) == []


@contextlib.contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Writes beyond it fail (EFBIG), as they do on a broken disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, ignored)


async def test_an_input_output_error_is_an_error_and_writing_goes_on_after_it(
    sqlite_db: Database, tmp_path: Path
) -> None:
    await sqlite_db.write(seed.app, "before")
    log = tmp_path / "polydex.db-wal"
    with no_file_larger_than(log.stat().st_size + 8192), pytest.raises(StoreFailed) as caught:
        await sqlite_db.write(lambda tx: tx.run("UPDATE app SET signing_secret = ?", b"x" * 1_000_000))
    assert "I/O error" in caught.value.detail
    assert await sqlite_db.read(lambda tx: tx.all("SELECT name, length(signing_secret) FROM app")) == [("before", 6)]
    await sqlite_db.write(seed.app, "after")
    assert await sqlite_db.read(lambda tx: tx.all("SELECT name FROM app ORDER BY id")) == [("before",), ("after",)]


async def test_a_high_water_mark_that_cannot_be_written_stops_nothing(sqlite_db: Database, tmp_path: Path) -> None:
    mark = tmp_path / "polydex.db.high-water"
    mark.unlink()
    mark.mkdir()
    assert await sqlite_db.write(seed.app) > 0
    assert await sqlite_db.read(lambda tx: tx.all("SELECT name FROM app")) == [("shop",)]


async def test_a_high_water_mark_that_somebody_keeps_locked_stops_nothing(sqlite_db: Database, tmp_path: Path) -> None:
    """As a process does that was stopped in that moment (SIGSTOP)."""
    mark = tmp_path / "polydex.db.high-water"
    before = mark.read_bytes()
    with mark.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert await sqlite_db.write(seed.app) > 0
        assert mark.read_bytes() == before
    await sqlite_db.write(seed.app, "again")
    assert mark.read_bytes() > before


async def test_a_write_that_changes_nothing_counts_as_no_commit(sqlite_db: Database, tmp_path: Path) -> None:
    mark = tmp_path / "polydex.db.high-water"
    before = mark.read_bytes()
    await sqlite_db.write(lambda tx: tx.run("UPDATE app SET name = 'x'"))
    assert mark.read_bytes() == before
    await sqlite_db.write(seed.app)
    assert mark.read_bytes() > before


def test_a_file_of_another_kind_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "polydex.db"
    path.write_bytes(b"this is a letter and no database, however long it may be" * 100)
    with pytest.raises(StoreFailed, match=r"polydex\.db: the file is not a SQLite database"):
        open_sqlite(path, clock=clock)
    assert path.read_bytes().startswith(b"this is a letter")


def test_a_place_where_nothing_can_be_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreFailed, match=r"file/data/polydex\.db: Not a directory"):
        open_sqlite(tmp_path / "file" / "data" / "polydex.db", clock=clock)


async def test_a_database_that_was_taken_away_does_not_come_back_empty(tmp_path: Path) -> None:
    path = tmp_path / "polydex.db"
    db = open_sqlite(path, clock=clock)
    for file in tmp_path.iterdir():
        file.unlink()
    with pytest.raises(StoreFailed) as caught:
        await db.read(lambda tx: tx.one("SELECT 1"))
    assert "was removed under the running server" in caught.value.detail
    assert not path.exists()
    await db.close()
