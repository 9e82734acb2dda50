"""Copies of a SQLite database: consistent whoever writes meanwhile, whole or not there at all (JOURNAL.md, J17)."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from polydex.core.errors import StoreFailed
from polydex.store.files import flush
from polydex.store.look import LookingSession
from polydex.store.sqlite_errors import primary

STEP_PAGES = 2048
"""Pages copied between two reports of progress."""
LOG_BYTES = 2**30
"""How far the write-ahead log may grow while a copy is made: until it ends, nothing of the log can be used again."""

Progress = Callable[[int, int], None]
"""Told (bytes done, bytes in all)."""


def copy(source: Path, partial: Path, progress: Progress, log_bytes: int = LOG_BYTES) -> None:
    """Copy a database into an existing, empty file, as it is at this moment, and flush it. Blocks.

    One snapshot is held from the first page to the last: writers are never kept waiting and never make the copy begin
    anew. Until it ends the write-ahead log grows by what they write, to ``log_bytes`` at most.

    Raises:
        StoreFailed: the source cannot be read, the destination is full, or too slow.
    """
    log = source.with_name(source.name + "-wal")
    most = _size(log) + log_bytes
    slow = StoreFailed(
        f"The destination is too slow: the write-ahead log has grown by {_mib(log_bytes)} meanwhile; "
        "back up to a faster disk and move the file then"
    )

    def step(_: int, remaining: int, total: int) -> None:
        progress((total - remaining) * page, total * page)
        if _size(log) > most:
            raise slow

    with closing(LookingSession(source)) as looking:
        connection = looking.connection
        try:
            connection.execute("BEGIN")
            page = int(connection.execute("PRAGMA page_size").fetchone()[0])
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # now the snapshot is taken
            with closing(sqlite3.connect(partial, isolation_level=None)) as target:
                target.execute("PRAGMA synchronous = OFF")  # flushed once, at the end
                connection.backup(target, pages=STEP_PAGES, progress=step)
                target.execute("PRAGMA journal_mode = DELETE")
            connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise StoreFailed(_why(source, partial, error)) from error
    flush(partial)


def _why(source: Path, partial: Path, error: sqlite3.Error) -> str:
    match primary(error):
        case sqlite3.SQLITE_FULL:
            return f"{partial.parent}: the disk is full"
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return f"The database {source} is damaged: polydex check says where"
    return f"The copy cannot be made: {getattr(error, 'sqlite_errorname', type(error).__name__)}"


def room_for(directory: Path, size: int) -> None:
    """Raise StoreFailed when a file of so many bytes does not fit."""
    with contextlib.suppress(OSError):
        status = os.statvfs(directory)
        free = status.f_bavail * status.f_frsize
        if status.f_blocks and free < size:  # what has no blocks at all does not count them
            raise StoreFailed(
                f"There is no room in {directory}: {_mib(size)} are needed, {_mib(free)} are free; nothing was written"
            )


def size_of(database: Path) -> int:
    """Bytes of a database, its write-ahead log included."""
    return _size(database) + _size(database.with_name(database.name + "-wal"))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB"
