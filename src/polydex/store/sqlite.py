"""SQLite: one writer thread, readers with connections of their own, WAL, and a commit that survives a power loss."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import structlog

from polydex.core.errors import StoreDamaged, StoreFailed
from polydex.store import epochs, lock
from polydex.store.db import A, Database, Row, Tx
from polydex.store.dialect import SQLITE, Dialect
from polydex.store.epochs import HighWater, Mark, RandomBytes
from polydex.store.lock import DataLock
from polydex.store.migrate import Hooks, load, migrate
from polydex.store.replace import forget_links
from polydex.store.threads import Glance, ThreadedDatabase, Threads

T = TypeVar("T")

BUSY_SECONDS = 30.0
"""How long a transaction waits for another process to finish its own."""
STATEMENTS = 256
MEMORY = 4096
"""Values that a connection remembers of one state of the database, at most."""
INSERT_ROWS = 50
"""Rows in one INSERT; with the widest table that is far below SQLite's limit of 32,766 parameters."""

log = structlog.get_logger(__name__)

FULL = "the disk is full; it goes on by itself when there is room"
# What is not a fault of the statement, but of the storage; the words are for the operator. Primary result codes.
CAUSES = {
    sqlite3.SQLITE_BUSY: "another process holds the database locked",
    sqlite3.SQLITE_LOCKED: "another connection holds the database locked",
    sqlite3.SQLITE_NOMEM: "out of memory",
    sqlite3.SQLITE_READONLY: "the database file or its directory is not writable",
    sqlite3.SQLITE_IOERR: "the disk reports an I/O error; the system's log may say more",
    sqlite3.SQLITE_CORRUPT: "the database file is damaged: restore a backup",
    sqlite3.SQLITE_FULL: FULL,
    sqlite3.SQLITE_CANTOPEN: "the database file cannot be opened",
    sqlite3.SQLITE_PROTOCOL: "the locks of the database cannot be taken",
    sqlite3.SQLITE_NOTADB: "the file is not a SQLite database: restore a backup",
}
# After these a connection waits its turn or has room again; after the others of CAUSES it is opened anew.
_KEEPS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# SQLite reports a full disk as these where it makes a file, makes it longer, or flushes it.
_MAYBE_FULL = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
_NO_ROOM = 64 * 1024
"""Bytes: so little room is none."""


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
            hooks = Hooks(before=lambda version: _backup(path, version, clock()), after=_check_references)
            migrate(session, load(migrations), hooks)
            _remember(high_water, session.write(lambda tx: _settle(tx, high_water, random_bytes)))
        undo.pop_all()

    def connect(*, reader: bool) -> SqliteSession:
        return SqliteSession(path, None if reader else high_water, busy_seconds, place, reader=reader)

    return SqliteDatabase(
        Threads("sqlite-writer", 1, lambda: connect(reader=False)),
        Threads("sqlite-reader", readers, lambda: connect(reader=True)),
        # Nobody waits on the event loop: a look that would have to is left to a thread.
        Glance(lambda: SqliteSession(path, None, 0, place, reader=True, memory=True)),
        held,
    )


class SqliteDatabase(ThreadedDatabase["SqliteSession"]):
    """A database of SQLite, with its share in the lock of the data folder until it is closed."""

    def __init__(
        self,
        writers: Threads[SqliteSession],
        readers: Threads[SqliteSession],
        glance: Glance[SqliteSession],
        held: DataLock,
    ) -> None:
        super().__init__(writers, readers, glance)
        self._held = held

    def _close(self) -> None:
        super()._close()
        self._held.release()


class Place:
    """The database file that was opened, for all connections. One goes on with it also after it has lost its name.

    Attributes:
        damaged: SQLite has found damage: nothing more is written, as that could make it worse.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = self._now()[:2]
        self.damaged = False

    def check(self, *, writing: bool) -> None:
        """Raises StoreDamaged when another file, or none, has the name now: what is written would be lost."""
        if writing and self.damaged:
            raise _failed(StoreDamaged, self._path, CAUSES[sqlite3.SQLITE_CORRUPT] + ", and restart")
        *file, size = self._now()
        if tuple(file) == self._file and size:
            return
        happened = "was removed" if not any(file) else "was emptied" if not size else "was replaced by another file"
        cause = (
            f"the database file {happened} under the running server: put it in order (restore a backup?) and restart"
        )
        raise _failed(StoreDamaged, self._path, cause)

    def _now(self) -> tuple[int, int, int]:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - twice as fast, and asked for by every transaction
        except OSError:
            return 0, 0, 0
        return found.st_dev, found.st_ino, found.st_size


class SqliteTx:
    """A transaction of SQLite; see Tx."""

    dialect: Dialect = SQLITE

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._open = True

    def recall(self, fn: Callable[[Tx, A], T], arg: A) -> T:
        return fn(self, arg)

    def all(self, sql: str, *params: object) -> list[Row]:
        return self._execute(sql, params).fetchall()

    def one(self, sql: str, *params: object) -> Row | None:
        cursor = self._execute(sql, params)
        row: Row | None = cursor.fetchone()
        cursor.close()  # a statement with RETURNING must be over before the commit
        return row

    def run(self, sql: str, *params: object) -> int:
        return self._execute(sql, params).rowcount

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        self._check()
        self._connection.executemany(sql, rows)

    def insert(self, into: str, rows: Sequence[Sequence[object]]) -> None:
        # Python's lock is given up once for each statement and waited for after it: with a statement for each row a
        # busy event loop let one row pass every 5 ms. Batches of one size, so that each statement is prepared once.
        if not rows:
            return
        one = f"({', '.join('?' * len(rows[0]))})"
        whole = len(rows) - len(rows) % INSERT_ROWS
        if whole:
            batch = f"INSERT INTO {into} VALUES {', '.join([one] * INSERT_ROWS)}"
            for start in range(0, whole, INSERT_ROWS):
                self._execute(batch, tuple(chain.from_iterable(rows[start : start + INSERT_ROWS])))
        if whole < len(rows):
            self.many(f"INSERT INTO {into} VALUES {one}", rows[whole:])

    def end(self) -> None:
        self._open = False

    def _execute(self, sql: str, params: tuple[object, ...]) -> sqlite3.Cursor:
        self._check()
        return self._connection.execute(sql, params)

    def _check(self) -> None:
        # After some errors SQLite rolls back by itself; a statement that came then would commit on its own.
        if not (self._open and self._connection.in_transaction):
            raise sqlite3.ProgrammingError("the transaction is over")


class Recalling(SqliteTx):
    """A transaction that only reads, and remembers between transactions what ``recall`` is asked for."""

    def __init__(self, connection: sqlite3.Connection, memory: Memory) -> None:
        super().__init__(connection)
        # Begins the snapshot, and is another number when anybody has committed since the last one.
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        self._known = memory.at(version)

    def recall(self, fn: Callable[[Tx, A], T], arg: A) -> T:
        key = (fn, arg)
        if key not in self._known:
            self._known[key] = fn(self, arg)
        found: T = self._known[key]
        return found


class Memory:
    """What was read of one state of the database, by one connection."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._known: dict[object, Any] = {}

    def at(self, version: int) -> dict[object, Any]:
        """What is known of the state with this number; nothing, when it is a new one."""
        if version != self._version or len(self._known) >= MEMORY:
            self._version, self._known = version, {}
        return self._known


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
        self._high_water = high_water
        self._busy_seconds = busy_seconds
        self._path = path
        self._place = place
        self._check(writing=False)
        with self._translated():
            # mode=rw: a file that was taken away under a running server must not come back empty.
            self._connection = self._connect(path, "mode=rw")
        try:
            with self._translated():
                self._prepare(foreign_keys=foreign_keys)
        except BaseException:
            self._connection.close()
            raise

    def _connect(self, path: Path, mode: str) -> sqlite3.Connection:
        return sqlite3.connect(
            f"{path.absolute().as_uri()}?{mode}",
            uri=True,
            timeout=self._busy_seconds,
            isolation_level=None,
            cached_statements=STATEMENTS,
        )

    def _prepare(self, *, foreign_keys: bool) -> None:
        mode = self._patiently("PRAGMA journal_mode = WAL")[0]
        if mode != "wal":
            raise StoreFailed(detail=f"write-ahead logging is not possible here (SQLite answers {mode!r})")
        for pragma in (
            "synchronous = FULL",  # a token that was handed out never points beyond what survives a power loss
            "fullfsync = ON",  # the same on macOS, where fsync alone does not reach the disk
            "checkpoint_fullfsync = ON",
            f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",
            f"query_only = {'ON' if self._reader else 'OFF'}",
            f"cache_size = {-4_000 if self._reader else -16_000}",  # KiB
            f"journal_size_limit = {64 * 2**20}",
            "temp_store = MEMORY",
        ):
            self._connection.execute(f"PRAGMA {pragma}")

    def write(self, fn: Callable[[Tx], T]) -> T:
        self._check(writing=True)
        with self._translated():
            self._patiently("BEGIN IMMEDIATE")
            before = self._connection.total_changes
            mark = None
            with self._transaction() as tx:
                result = fn(tx)
                # Nothing changed: the commit is free, and stays so.
                if self._high_water is not None and self._connection.total_changes != before:
                    mark = _count(tx)
                    self._check(writing=True)
        if mark is not None and self._high_water is not None:
            _remember(self._high_water, mark)
        return result

    def read(self, fn: Callable[[Tx], T]) -> T:
        self._check(writing=False)
        with self._translated():
            connection = self._connection
            connection.execute("BEGIN")
            try:
                tx = SqliteTx(connection) if self._memory is None else Recalling(connection, self._memory)
                try:
                    return fn(tx)
                finally:
                    tx.end()
            finally:
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

    def _patiently(self, sql: str) -> Any:
        """Execute, waiting for other processes also where SQLite itself gives up at once. The first row, or None."""
        deadline = time.monotonic() + self._busy_seconds
        while True:
            try:
                return self._connection.execute(sql).fetchone()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn an error of the storage into StoreFailed; an error of a statement stays what it is."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF  # primary result code
            # On the reading side, "read-only" is the mistake of a caller.
            if code not in CAUSES or (code == sqlite3.SQLITE_READONLY and self._reader):
                raise
            self.broken = self.broken or code not in _KEEPS
            cause = FULL if code in _MAYBE_FULL and _is_full(self._path) else CAUSES[code]
            kind = StoreDamaged if code in _DAMAGED else StoreFailed
            if code in _DAMAGED and self._place is not None:
                self._place.damaged = True
            name = getattr(error, "sqlite_errorname", "")
            waits = code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and not self._busy_seconds
            raise _failed(kind, self._path, cause, name, tell=not waits) from error


def _failed(kind: type[StoreFailed], path: Path, cause: str, name: str = "", *, tell: bool = True) -> StoreFailed:
    """The error, told to the log where it happens: whoever asked may have gone, and an answer names no path."""
    if tell:
        log.error("storage.failed", path=str(path), cause=cause, sqlite=name or None)
    return kind(f"{kind.default_message}: {cause}", detail=f"{cause} ({name})" if name else cause)


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _NO_ROOM
    except OSError:
        return False


def _not_lost(path: Path, high_water: HighWater) -> None:
    """Raises StoreDamaged when the file has gone that a high-water mark was written for: nobody wants that unnoticed."""
    if (not path.exists() or path.stat().st_size == 0) and high_water.read() is not None:
        raise StoreDamaged(
            f"{path} is missing or empty, but there was a database: restore a backup, or remove {high_water.path} to "
            "begin with nothing"
        )


def _count(tx: Tx) -> Mark:
    row = tx.all("UPDATE meta SET commits = commits + 1 RETURNING epoch, commits")[0]
    return Mark(*row)


def _settle(tx: Tx, high_water: HighWater, random_bytes: RandomBytes) -> Mark:
    if epochs.adopt_high_water(tx, high_water.read(), random_bytes):
        return _count(tx)
    row = tx.all("SELECT epoch, commits FROM meta")[0]
    return Mark(*row)


def _remember(high_water: HighWater, mark: Mark) -> None:
    try:
        high_water.raise_to(mark)
    except OSError as error:
        # The transaction is committed; without its mark a restored backup might not be noticed.
        log.warning("high_water_not_written", path=str(high_water.path), error=error.strerror)


def _check_references(tx: Tx) -> None:
    broken = tx.one("PRAGMA foreign_key_check")
    if broken is not None:
        raise StoreFailed(f"The migration would break references of the table {broken[0]}; nothing was changed")


def _backup(path: Path, version: int, now: int) -> None:
    """Copy the database as it was last committed, by the backup API (JOURNAL.md, J17)."""
    stamp = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
    directory = path.parent / "backups"
    final = directory / f"{path.stem}-schema{version}-{stamp}Z{path.suffix}"
    partial = final.with_name(final.name + ".partial")
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        _tidy(directory)
        file = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            _copy(path, partial)
            os.fsync(file)
        finally:
            os.close(file)
        partial.replace(final)
    except (OSError, sqlite3.Error) as error:
        _tidy(directory)
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StoreFailed(
            f"The copy {final}, without which the database is not brought up to date, cannot be made: {reason}"
        ) from error


def _tidy(directory: Path) -> None:
    """Remove the halves of copies, with SQLite's side files; also those of a process that was killed there."""
    for half in directory.glob("*.partial*"):
        half.unlink(missing_ok=True)


def _copy(path: Path, to: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(to)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
