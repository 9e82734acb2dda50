"""Looks of one turn of the event loop share a snapshot, and nobody who knows of a commit is shown what was before it."""

import asyncio
import contextlib
import socket
import sqlite3
from pathlib import Path

import pytest

from polydex.store.db import Database, Tx
from polydex.store.sqlite import open_sqlite
from tests.contract.store import seed
from tests.fixtures import clock


def count(tx: Tx) -> int:
    return int(tx.all("SELECT count(*) FROM app")[0][0])


def names(tx: Tx) -> set[object]:
    return {name for (name,) in tx.all("SELECT name FROM app")}


def commit_elsewhere(path: Path, name: str) -> None:
    """As another process does."""
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute(
            "INSERT INTO app (name, client_id, secret_hash, signing_secret, created_at) VALUES (?, ?, 'x', 'x', 1)",
            (name, name),
        )


async def test_a_snapshot_lasts_for_one_turn(sqlite_db: Database, tmp_path: Path) -> None:
    assert await sqlite_db.look(count) == 0
    commit_elsewhere(tmp_path / "polydex.db", "one")
    assert await sqlite_db.look(count) == 0
    await asyncio.sleep(0)
    assert await sqlite_db.look(count) == 1


async def test_an_idle_loop_holds_no_snapshot(sqlite_db: Database, tmp_path: Path) -> None:
    """One that is held keeps the write-ahead log from being emptied, and it grows."""
    await sqlite_db.write(seed.app)
    emptied = []
    with contextlib.closing(sqlite3.connect(tmp_path / "polydex.db", timeout=0)) as other:
        for turns in (0, 1):
            await sqlite_db.look(count)
            await asyncio.sleep(0) if turns else None
            emptied.append(other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0)
    assert emptied == [False, True]


async def test_who_has_written_sees_it_whatever_others_look_at(sqlite_db: Database) -> None:
    """Others look in every turn, so a snapshot is nearly always there."""
    written = asyncio.Event()
    looks = 0

    async def look_on() -> None:
        nonlocal looks
        while not written.is_set():
            await sqlite_db.look(count)
            looks += 1
            await asyncio.sleep(0)

    async def write(number: int) -> list[bool]:
        seen = []
        for step in range(20):
            name = f"{number} {step}"
            await sqlite_db.write(seed.app, name)
            seen.append(name in await sqlite_db.look(names))
        return seen

    others = [asyncio.ensure_future(look_on()) for _ in range(3)]
    seen = await asyncio.gather(*map(write, range(8)))
    written.set()
    await asyncio.gather(*others)
    assert seen == [[True] * 20] * 8
    assert looks > 100


async def test_who_hears_of_another_process_s_commit_sees_it(sqlite_db: Database, tmp_path: Path) -> None:
    """By a socket, as a client that was answered by another server is heard of."""
    committed = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1):
            writer.write(bytes([await sqlite_db.look(count)]))
        writer.close()

    def ask(port: int) -> list[int]:
        nonlocal committed
        answers = []
        with socket.create_connection(("127.0.0.1", port)) as client:
            for committed in range(1, 41):
                commit_elsewhere(tmp_path / "polydex.db", str(committed))
                client.sendall(b"?")
                answers.append(client.recv(1)[0])
        return answers

    async def look_on() -> None:
        while committed < 40:
            await sqlite_db.look(count)
            await asyncio.sleep(0)

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        others = asyncio.ensure_future(look_on())
        answers = await asyncio.to_thread(ask, server.sockets[0].getsockname()[1])
        await others
    assert answers == list(range(1, 41))


async def test_a_look_that_fails_leaves_the_others_of_its_turn_alone(sqlite_db: Database) -> None:
    await sqlite_db.write(seed.app)
    with pytest.raises(sqlite3.OperationalError):
        await sqlite_db.look(lambda tx: tx.all("SELECT nothing FROM nowhere"))
    assert await sqlite_db.look(count) == 1
    with pytest.raises(ZeroDivisionError):
        await sqlite_db.look(lambda tx: 1 // (count(tx) - 1))
    assert await sqlite_db.look(count) == 1


async def test_a_transaction_is_over_when_its_look_is(sqlite_db: Database) -> None:
    kept = await sqlite_db.look(lambda tx: tx)
    await asyncio.sleep(0)
    with pytest.raises(sqlite3.ProgrammingError, match="over"):
        count(kept)


async def test_closed_in_the_turn_of_a_look(tmp_path: Path) -> None:
    db = open_sqlite(tmp_path / "closed.db", clock=clock)
    assert await db.look(count) == 0
    await db.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "closed.db", timeout=0)) as other:
        assert other.execute("PRAGMA journal_mode = DELETE").fetchone() == ("delete",)  # nobody else is there
