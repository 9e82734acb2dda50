"""A SQLite database as it lies there, for somebody who must not change it: no schema, no epoch, no checkpoint.

The database may be open in a running server, left behind by a crash, or lie on a medium that cannot be written.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import struct
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from polydex.core.errors import StoreFailed
from polydex.store.db import Database, Tx
from polydex.store.sqlite_errors import CAUSES, primary
from polydex.store.sqlite_tx import SqliteTx
from polydex.store.threads import ThreadedDatabase, Threads

if sys.platform != "win32":
    import fcntl

T = TypeVar("T")

# https://www.sqlite.org/walformat.html#wal_locks: bytes of the -shm file that are locked.
_WRITE_LOCK = 120
# struct flock of Linux on 64 bits: type, whence, start, length, process.
_FLOCK = "hhqqi4x"


def open_read_only(path: Path, *, seconds: float) -> Database:
    """Open an existing database to look at it. Nothing is read yet; ``write`` raises StoreFailed.

    Args:
        path: of the file.
        seconds: after which a read is given up with StoreFailed.
    """
    threads = Threads("sqlite-examine", 1, lambda: _Reader(path, seconds))
    return ThreadedDatabase(threads, threads)


class _Reader:
    """See Session. Each read has a connection of its own: a server may be started or stopped between two."""

    broken = False

    def __init__(self, path: Path, seconds: float) -> None:
        self._path, self._seconds = path, seconds

    def write(self, fn: Callable[[Tx], T]) -> T:
        del fn
        raise StoreFailed(detail="the database was opened to be looked at only")

    def read(self, fn: Callable[[Tx], T]) -> T:
        if not _in_use(self._path):
            # Without a log beside it the file alone is the database, and nothing has to be made to read it.
            try:
                result = self._read(fn, "mode=ro&immutable=1")
            except StoreFailed:
                if not _in_use(self._path):
                    raise
            else:
                if not _in_use(self._path):
                    return result
            # A server was started meanwhile: what was read may be of two moments.
        return self._read(fn, "mode=ro")

    def _read(self, fn: Callable[[Tx], T], options: str) -> T:
        late = threading.Event()
        try:
            uri = f"{self._path.absolute().as_uri()}?{options}"
            with contextlib.closing(sqlite3.connect(uri, uri=True, isolation_level=None, timeout=self._seconds)) as it:

                def stop() -> None:
                    late.set()
                    it.interrupt()

                timer = threading.Timer(self._seconds, stop)
                timer.start()
                try:
                    it.execute("BEGIN")
                    return fn(SqliteTx(it))
                finally:
                    timer.cancel()
                    timer.join()
        except sqlite3.Error as error:
            if late.is_set():
                raise StoreFailed(detail=f"no answer within {self._seconds:g} s") from error
            code = primary(error)
            if code not in CAUSES:
                raise
            raise StoreFailed(detail=CAUSES[code]) from error

    def close(self) -> None:
        """Nothing is kept open."""


def _in_use(path: Path) -> bool:
    """Whether a process has the database open, or one that had it open did not close it."""
    log = path.with_name(path.name + "-wal")
    return path.with_name(path.name + "-shm").exists() or (log.exists() and log.stat().st_size > 0)


@dataclass(frozen=True, slots=True)
class Files:
    """Sizes in bytes. ``log`` is the write-ahead log: what was committed and is not yet in the file itself."""

    database: int
    log: int


def files(path: Path) -> Files:
    """The sizes of a database's files. Raises OSError when there is no database."""
    log = path.with_name(path.name + "-wal")
    return Files(path.stat().st_size, log.stat().st_size if log.exists() else 0)


def writing_process(path: Path) -> int | None:
    """The process that holds the write lock at this moment, by its number; None when nobody does.

    Always None outside of 64-bit Linux, which alone tells it so. Not to be called in a process that has the database
    open: closing a file ends all of the process's locks on it (fcntl(2)).
    """
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return None
    try:
        file = os.open(path.with_name(path.name + "-shm"), os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        wanted = struct.pack(_FLOCK, fcntl.F_RDLCK, os.SEEK_SET, _WRITE_LOCK, 1, 0)
        kind, *_, process = struct.unpack(_FLOCK, fcntl.fcntl(file, fcntl.F_GETLK, wanted))
        return None if kind == fcntl.F_UNLCK else int(process)
    finally:
        os.close(file)
