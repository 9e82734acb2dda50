"""A disk that fails, and files that others touch: what was acknowledged is there, what was not is never half there."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.crash.book import Book
from tests.crash.checks import agreed
from tests.crash.conftest import Places
from tests.crash.consumer import Consumer, until_ready
from tests.crash.home import Answer, Home
from tests.crash.strace import tracing

Homes = Callable[[Book], Home]


@pytest.fixture
async def synced(place: Places, homes: Homes) -> tuple[Home, Book]:
    """An installation with a few contacts, synchronised; no server runs."""
    book = place("radicale")
    await book.fill(f"Person {number}" for number in range(30))
    home = await homes(book).connect()
    assert await home.start()
    await until_ready(Consumer(home))
    assert await home.stop() == 0
    return home, book


async def _written(home: Home, count: int) -> list[str]:
    """Create contacts one after the other; the names of those that were acknowledged."""
    done = []
    for number in range(count):
        answer = await home.ask("POST", "/v1/contacts", {"name": {"displayName": f"Ada {number}"}, "notes": "x"})
        if answer.status == 201:
            done.append(f"Ada {number}")
        else:
            failed(answer)
    return done


def failed(answer: Answer, *words: str) -> None:
    assert (answer.status, answer.code) in ((503, "storage.unavailable"), (504, "provider.timeout")), answer
    for word in words:
        assert word in answer.json["message"], answer


# A flush may fail once, or for good; a write of the log or of the database file; a read.
FAULTS = {
    "a flush fails once": ("fdatasync:error=EIO:when=9", ""),
    "every third flush fails": ("fdatasync:error=EIO:when=8+3", ""),
    "flushes fail for a while": ("fdatasync:error=EIO:when=8..20", ""),
    "a write of the log fails": ("pwrite64:error=EIO:when=12+9", "-wal"),
    "a write of the log is cut short by a full disk": ("pwrite64:error=ENOSPC:when=12+9", "-wal"),
    "reads of the log fail": ("pread64:error=EIO:when=6+7", "-wal"),
    "reads of the database fail": ("pread64:error=EIO:when=9+2", ""),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_failing_disk_is_told_and_nothing_is_half_done(fault: str, synced: tuple[Home, Book]) -> None:
    home, book = synced
    inject, file = FAULTS[fault]
    only = home.database.with_name(home.database.name + file) if "pread" in inject or "pwrite" in inject else None
    assert await home.start(tracing(inject, only=only))
    done = await _written(home, 12)
    events = home.events("storage.failed")
    assert events, "the fault was not played"
    assert {event["path"] for event in events} == {str(home.database)}
    assert home.events("http.fault", "worker.fault", "pull.fault") == []
    # The disk works again, and the process has died: what the kernel had not written is another matter.
    await home.kill()
    assert await home.start()
    home.change("UPDATE write_lease SET until_ms = 0")
    consumer = Consumer(home)
    await until_ready(consumer)
    contacts = await agreed(home, book, consumer)
    names = [record["name"]["displayName"] for record in contacts.values()]
    assert len(set(names)) == len(names), "doubled"
    assert set(done) <= set(names), "an acknowledged contact is lost"


async def test_a_disk_that_fails_for_good_is_told_by_every_write_and_by_ready(synced: tuple[Home, Book]) -> None:
    home, book = synced
    before = await book.shown()
    assert await home.start(tracing("fdatasync:error=EIO"))
    assert await _written(home, 3) == []
    ready = await home.ask("GET", "/ready")
    assert ready.status == 503
    assert "the disk reports an I/O error" in ready.json["message"]
    assert (await home.ask("GET", "/v1/contacts")).json["length"] == 30
    assert await book.shown() == before
    await home.kill()
    assert await home.start()
    assert len(await agreed(home, book)) == 30


def _emptied(home: Home) -> None:
    os.truncate(home.database, 0)


def _halved(home: Home) -> None:
    os.truncate(home.database, home.database.stat().st_size // 2)


def _overwritten(home: Home) -> None:
    with home.database.open("r+b") as file:
        for page in range(1, home.database.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xa5" * 512)


def _letter(home: Home) -> None:
    with home.database.open("r+b") as file:
        file.write(b"Dear Ada, this is no database" * 1000)


@pytest.mark.parametrize("damage", [_emptied, _halved, _overwritten, _letter])
async def test_a_damaged_database_is_told(damage: Callable[[Home], None], synced: tuple[Home, Book]) -> None:
    home, book = synced
    shutil.copytree(home.data, home.folder / "copy")
    damage(home)
    code, _, told = await home.run("contacts", "list", "1", "--json")
    assert code == 1, told
    assert "damaged" in told or "not a SQLite database" in told or "missing or empty" in told
    assert "restore a backup" in told
    assert "Traceback" not in told
    # The same under a running server.
    shutil.rmtree(home.data)
    shutil.copytree(home.folder / "copy", home.data)
    assert await home.start()
    assert (await home.ask("GET", "/v1/contacts?limit=1")).status == 200
    damage(home)
    statuses = set()
    for _ in range(20):
        for method, path, body in (("GET", "/v1/contacts?limit=1000", None), ("POST", "/v1/contacts", {"notes": "x"})):
            answer = await home.ask(method, path, body)
            statuses.add(answer.status)
            if answer.status >= 500:
                failed(answer)
    ready = await home.ask("GET", "/ready")
    assert (ready.status, ready.code) == (503, "unavailable"), (ready, statuses)
    assert "Not ready: database: " in ready.json["message"]
    assert 500 not in statuses
    assert home.events("http.fault", "worker.fault", "pull.fault") == []
    del book


async def test_a_file_that_was_taken_away_is_told_and_goes_on_when_it_is_back(synced: tuple[Home, Book]) -> None:
    home, book = synced
    before = await book.shown()
    assert await home.start()
    away = home.data / "away.db"
    home.database.rename(away)
    answer = await home.ask("POST", "/v1/contacts", {"nickName": "lost"})
    failed(answer, "was removed under the running server")
    assert (await home.ask("GET", "/v1/contacts")).status == 503
    ready = await home.ask("GET", "/ready")
    assert "was removed under the running server" in ready.json["message"]
    assert await book.shown() == before
    away.rename(home.database)
    assert (await home.ask("GET", "/v1/contacts")).status == 200
    consumer = Consumer(home)
    await until_ready(consumer)
    assert len(await agreed(home, book, consumer)) == 30


async def test_a_file_that_was_replaced_is_told_and_used_after_a_restart(synced: tuple[Home, Book]) -> None:
    home, book = synced
    backup = home.folder / "backup.db"
    with sqlite3.connect(home.database) as connection:
        connection.execute("VACUUM INTO ?", (str(backup),))
    connection.close()
    assert await home.start()
    consumer = Consumer(home)
    await until_ready(consumer)
    await consumer.follow()
    assert (await home.ask("POST", "/v1/contacts", {"name": {"displayName": "newer"}})).status == 201
    await consumer.follow()
    shutil.copy(backup, home.data / "new.db")
    (home.data / "new.db").rename(home.database)
    failed(await home.ask("GET", "/v1/contacts"), "was replaced by another file", "restart")
    failed(await home.ask("POST", "/v1/contacts", {"nickName": "lost"}), "was replaced by another file")
    await home.kill()
    for name in ("polydex.db-wal", "polydex.db-shm"):
        (home.data / name).unlink(missing_ok=True)
    assert await home.start()
    # The consumer's tokens are from a time that the backup does not know.
    answer: Any = None
    for _ in range(50):
        answer = await home.ask("GET", f"/v1/contacts/sync/updated?deltaToken={consumer.updated}")
        if answer.status != 503:
            break
        await asyncio.sleep(0.2)
    assert (answer.status, answer.code) == (410, "syncToken.expired"), answer
    again = Consumer(home)
    await until_ready(again)
    contacts = await agreed(home, book, again)
    assert len(contacts) == 31


async def test_a_database_that_is_gone_is_not_begun_anew_unnoticed(synced: tuple[Home, Book]) -> None:
    home, _ = synced
    home.database.unlink()
    code, _, told = await home.run("serve", "--port", "0", "--json")
    assert code == 1, told
    assert "is missing or empty, but there was a database" in told
    assert not home.database.exists()
    with pytest.raises(httpx.ConnectError):
        await home.ask("GET", "/health")
