"""Opening a database only to look at it: nothing is created, migrated, settled, or written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from polydex.core.errors import BadRequest, StoreFailed
from polydex.store.db import Database, Tx
from polydex.store.postgres import PostgresSession
from polydex.store.sqlite_errors import primary
from polydex.store.sqlite_session import BUSY_SECONDS, SqliteSession
from polydex.store.threads import Session, ThreadedDatabase, Threads

P = ParamSpec("P")
T = TypeVar("T")

CACHE_KIB = 32_000
HEADER = b"SQLite format 3\0"
"""The first bytes of every SQLite database (the file format's 1.3.1)."""


class LookingSession(SqliteSession):
    """A connection that cannot write to the file; temporary tables of its own it may make."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, None, BUSY_SECONDS, reader=True)

    @property
    def connection(self) -> sqlite3.Connection:
        """For what is not SQL: the backup API."""
        return self._connection

    def _open(self) -> sqlite3.Connection:
        for mode in ("mode=ro", "mode=ro&immutable=1"):
            connection = self._connect(mode)
            try:
                connection.execute(f"PRAGMA cache_size = {-CACHE_KIB}")
                connection.execute("PRAGMA temp_store = MEMORY")
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            except sqlite3.OperationalError as error:
                connection.close()
                # In write-ahead mode even reading makes files beside the database. On a medium that is read-only, and
                # where there is no log to read, nobody can be writing.
                alone = not self._path.with_name(self._path.name + "-wal").exists()
                if primary(error) == sqlite3.SQLITE_CANTOPEN and alone and "immutable" not in mode:
                    continue
                raise
            except BaseException:
                connection.close()
                raise
            return connection
        raise AssertionError  # the second mode returns or raises


class Looking(ThreadedDatabase[Session]):
    """A database that refuses to be written."""

    async def write(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        del fn, args, kwargs
        raise StoreFailed(detail="the database was opened only to look at it")


def look_at_file(path: Path) -> Database:
    """A SQLite file, whoever else uses it. Raises StoreFailed with the first read that cannot be done. Blocks."""
    return _looking(lambda: LookingSession(path))


def look_at_postgres(url: str) -> Database:
    """A PostgreSQL database. Raises StoreFailed with the first read that cannot be done."""
    return _looking(lambda: PostgresSession(url))


def _looking(open_session: Callable[[], Session]) -> Database:
    threads = Threads("look", 1, open_session)
    return Looking(threads, threads)


def demand_sqlite(file: Path) -> None:
    """Raise BadRequest when this is no SQLite database: the message says what it is."""
    try:
        if not file.is_file():
            raise BadRequest(f"There is no file {file}")
        with file.open("rb") as opened:
            if opened.read(len(HEADER)) != HEADER:
                raise BadRequest(f"{file} is not a database of Polydex: it is not even a SQLite database")
    except OSError as error:
        raise BadRequest(f"{file}: {error.strerror}") from error
