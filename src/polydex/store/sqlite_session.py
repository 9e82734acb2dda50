"""A connection of SQLite: WAL, and a commit that survives a power loss and is counted beside the database (J15)."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import structlog

from polydex.core.errors import StoreDamaged, StoreFailed
from polydex.store.db import Tx
from polydex.store.epochs import HighWater, Mark
from polydex.store.sqlite_errors import DAMAGED, KEEPS, WAITS, cause_of, failed, primary
from polydex.store.sqlite_place import Place
from polydex.store.sqlite_tx import Memory, Recalling, SqliteTx

T = TypeVar("T")

BUSY_SECONDS = 30.0
"""How long a transaction waits for another process to finish its own."""
STATEMENTS = 256

log = structlog.get_logger(__name__)


class SqliteSession:
    """A connection of SQLite; see Session.

    Args:
        path: of the database.
        high_water: raised after each commit that changed something; None to count no commits.
        busy_seconds: how long to wait for other processes.
        place: the file that it has to be; None for whatever is there.
        reader: refuse to write.
        foreign_keys: enforce references; not during a migration, which may rebuild tables.
        memory: remember between reads what ``Tx.recall`` is asked for.
    """

    def __init__(
        self,
        path: Path,
        high_water: HighWater | None,
        busy_seconds: float,
        place: Place | None = None,
        *,
        reader: bool = False,
        foreign_keys: bool = True,
        memory: bool = False,
    ) -> None:
        self.broken = False
        self._memory = Memory() if memory else None
        self._reader = reader
        self._foreign_keys = foreign_keys
        self._high_water = high_water
        self._busy_seconds = busy_seconds
        self._path = path
        self._place = place
        self._check(writing=False)
        with self._translated():
            self._connection = self._open()

    def _open(self) -> sqlite3.Connection:
        # mode=rw: a file that was taken away under a running server must not come back empty.
        connection = self._connect("mode=rw")
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{self._path.absolute().as_uri()}?{mode}",
            uri=True,
            timeout=self._busy_seconds,
            isolation_level=None,
            cached_statements=STATEMENTS,
        )

    def _prepare(self, connection: sqlite3.Connection) -> None:
        mode = self._patiently(connection, "PRAGMA journal_mode = WAL")[0]
        if mode != "wal":
            raise StoreFailed(detail=f"write-ahead logging is not possible here (SQLite answers {mode!r})")
        for pragma in (
            "synchronous = FULL",  # a token that was handed out never points beyond what survives a power loss
            "fullfsync = ON",  # the same on macOS, where fsync alone does not reach the disk
            "checkpoint_fullfsync = ON",
            f"foreign_keys = {'ON' if self._foreign_keys else 'OFF'}",
            f"query_only = {'ON' if self._reader else 'OFF'}",
            # KiB. The event loop's own reads most, and must not wait for the file.
            f"cache_size = {-4_000 if self._reader and self._memory is None else -16_000}",
            f"journal_size_limit = {64 * 2**20}",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    def write(self, fn: Callable[[Tx], T]) -> T:
        self._check(writing=True)
        with self._translated():
            self._patiently(self._connection, "BEGIN IMMEDIATE")
            before = self._connection.total_changes
            mark = None
            with self._transaction() as tx:
                result = fn(tx)
                # Nothing changed: the commit is free, and stays so.
                if self._high_water is not None and self._connection.total_changes != before:
                    mark = count(tx)
                    self._check(writing=True)
        if mark is not None and self._high_water is not None:
            remember(self._high_water, mark)
        return result

    def read(self, fn: Callable[[Tx], T]) -> T:
        tx = self.begin()
        try:
            return self.within(tx, fn)
        finally:
            self.end(tx)

    def begin(self) -> SqliteTx:
        """Begin a snapshot to read; ``end`` ends it. Raises StoreFailed."""
        self._check(writing=False)
        try:
            self._connection.execute("BEGIN")
            try:
                return SqliteTx(self._connection) if self._memory is None else Recalling(self._connection, self._memory)
            except BaseException:
                self._end_read()
                raise
        except sqlite3.Error as error:
            self._fail(error)

    def within(self, tx: SqliteTx, fn: Callable[[Tx], T]) -> T:
        """Run ``fn`` on a snapshot."""
        try:
            return fn(tx)
        except sqlite3.Error as error:
            self._fail(error)

    def end(self, tx: SqliteTx) -> None:
        """End a snapshot."""
        tx.end()
        self._end_read()

    def _end_read(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("COMMIT")
        except sqlite3.Error:
            self.broken = True

    def close(self) -> None:
        self._connection.close()

    def _check(self, *, writing: bool) -> None:
        if self._place is not None:
            self._place.check(writing=writing)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[SqliteTx]:
        tx = SqliteTx(self._connection)
        try:
            yield tx
            self._connection.execute("COMMIT")
        except BaseException:
            try:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            except sqlite3.Error:
                self.broken = True
            raise
        finally:
            tx.end()

    def _patiently(self, connection: sqlite3.Connection, sql: str) -> Any:
        """Execute, waiting for other processes also where SQLite itself gives up at once. The first row, or None."""
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                return connection.execute(sql).fetchone()
            except sqlite3.OperationalError as error:
                if primary(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            self._fail(error)

    def _fail(self, error: sqlite3.Error) -> NoReturn:
        """Turn an error of the storage into StoreFailed; an error of a statement stays what it is."""
        code, cause = primary(error), cause_of(error, self._path)
        # On the reading side, "read-only" is the mistake of a caller.
        if cause is None or (code == sqlite3.SQLITE_READONLY and self._reader):
            raise error
        self.broken = self.broken or code not in KEEPS
        kind = StoreDamaged if code in DAMAGED else StoreFailed
        if code in DAMAGED and self._place is not None:
            self._place.damaged = True
        # Who does not wait for others comes again by another way, and has no failure to tell of.
        tell = bool(self._busy_seconds) or code not in WAITS
        raise failed(kind, self._path, cause, getattr(error, "sqlite_errorname", ""), tell=tell) from error


def count(tx: Tx) -> Mark:
    """Count the commit that this transaction will be."""
    row = tx.all("UPDATE meta SET commits = commits + 1 RETURNING epoch, commits")[0]
    return Mark(*row)


def remember(high_water: HighWater, mark: Mark) -> None:
    """Raise the mark beside the database after a commit; where that fails it is told to the log."""
    try:
        high_water.raise_to(mark)
    except OSError as error:
        # The transaction is committed; without its mark a restored backup might not be noticed.
        log.warning("high_water_not_written", path=str(high_water.path), error=error.strerror)
