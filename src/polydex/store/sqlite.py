"""SQLite: one writer thread, readers with connections of their own, and the opening of the file."""

from __future__ import annotations

import contextlib
import os
import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path

from polydex.core.errors import StoreDamaged, StoreFailed
from polydex.store import epochs, lock
from polydex.store.db import Database, Tx
from polydex.store.epochs import HighWater, Mark, RandomBytes
from polydex.store.lock import DataLock
from polydex.store.migrate import Hooks, load, migrate
from polydex.store.replace import forget_links
from polydex.store.sqlite_copy import copy_before_migration
from polydex.store.sqlite_glance import SqliteGlance
from polydex.store.sqlite_place import Place
from polydex.store.sqlite_session import BUSY_SECONDS, SqliteSession, count, remember
from polydex.store.threads import ThreadedDatabase, Threads


def open_sqlite(
    path: Path,
    *,
    clock: Callable[[], int],
    readers: int = 4,
    migrations: Path | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
    busy_seconds: float = BUSY_SECONDS,
) -> Database:
    """Open or create a database, bring its schema up to date, and settle its epoch (J15). Blocks.

    Args:
        path: of the file; beside it lie SQLite's ``-wal`` and ``-shm``, the high-water mark, and the directory
            ``backups`` with a copy from before each migration.
        clock: gives unix milliseconds; for the names of backups.
        readers: threads for ``read``.
        migrations: a directory to take in place of the product's migrations.
        random_bytes: for the epoch.
        busy_seconds: how long to wait for a transaction of another process.

    Raises:
        StoreFailed: the file cannot be used, or was made by a newer version; the message says why.
    """
    if sqlite3.sqlite_version_info < (3, 35):
        raise StoreFailed(f"SQLite 3.35 or newer is needed; this Python has {sqlite3.sqlite_version}")
    high_water = HighWater(path)
    with contextlib.ExitStack() as undo:
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            held = lock.share(path, busy_seconds)
            undo.callback(held.release)
            forget_links(path)
            _not_lost(path, high_water)
            # Made here, so that nobody else can read it: SQLite gives its side files the rights of the main file.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            session = SqliteSession(path, None, busy_seconds, foreign_keys=False)
        except OSError as error:
            raise StoreFailed(f"{path}: {error.strerror}") from error
        except StoreFailed as error:
            if not error.detail:
                raise
            raise type(error)(f"{path}: {error.detail}", detail=error.detail) from error
        place = Place(path)
        with contextlib.closing(session):
            hooks = Hooks(before=lambda version: copy_before_migration(path, version, clock()), after=_check_references)
            migrate(session, load(migrations), hooks)
            remember(high_water, session.write(lambda tx: _settle(tx, high_water, random_bytes)))
        undo.pop_all()

    def connect(*, reader: bool) -> SqliteSession:
        return SqliteSession(path, None if reader else high_water, busy_seconds, place, reader=reader)

    return SqliteDatabase(
        Threads("sqlite-writer", 1, lambda: connect(reader=False)),
        Threads("sqlite-reader", readers, lambda: connect(reader=True)),
        # Nobody waits on the event loop: a look that would have to is left to a thread.
        SqliteGlance(lambda: SqliteSession(path, None, 0, place, reader=True, memory=True)),
        held,
    )


class SqliteDatabase(ThreadedDatabase[SqliteSession]):
    """A database of SQLite, with its share in the lock of the data folder until it is closed."""

    def __init__(
        self,
        writers: Threads[SqliteSession],
        readers: Threads[SqliteSession],
        glance: SqliteGlance,
        held: DataLock,
    ) -> None:
        super().__init__(writers, readers, glance)
        self._held = held

    def _close(self) -> None:
        super()._close()
        self._held.release()


def _not_lost(path: Path, high_water: HighWater) -> None:
    """Raises StoreDamaged when the file has gone that a high-water mark was written for: nobody wants that unnoticed."""
    if (not path.exists() or path.stat().st_size == 0) and high_water.read() is not None:
        raise StoreDamaged(
            f"{path} is missing or empty, but there was a database: restore a backup, or remove {high_water.path} to "
            "begin with nothing"
        )


def _settle(tx: Tx, high_water: HighWater, random_bytes: RandomBytes) -> Mark:
    if epochs.adopt_high_water(tx, high_water.read(), random_bytes):
        return count(tx)
    row = tx.all("SELECT epoch, commits FROM meta")[0]
    return Mark(*row)


def _check_references(tx: Tx) -> None:
    broken = tx.one("PRAGMA foreign_key_check")
    if broken is not None:
        raise StoreFailed(f"The migration would break references of the table {broken[0]}; nothing was changed")
