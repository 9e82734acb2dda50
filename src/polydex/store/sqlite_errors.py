"""What is wrong with the storage under a SQLite database, in words for the operator."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import structlog

from polydex.core.errors import StoreFailed

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
# Others hold what is wanted.
WAITS = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
# After these a connection waits its turn or has room again; after the others of CAUSES it is opened anew.
KEEPS = {*WAITS, sqlite3.SQLITE_FULL}
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# SQLite reports a full disk as these where it makes a file, makes it longer, or flushes it.
_MAYBE_FULL = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
_NO_ROOM = 64 * 1024
"""Bytes: so little room is none."""


def primary(error: sqlite3.Error) -> int:
    """The primary result code of an error (https://www.sqlite.org/rescode.html)."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF


def cause_of(error: sqlite3.Error, path: Path) -> str | None:
    """What is wrong with the storage of the database at ``path``; None when the error is one of the statement."""
    code = primary(error)
    return FULL if code in _MAYBE_FULL and _is_full(path) else CAUSES.get(code)


def failed(kind: type[StoreFailed], path: Path, cause: str, name: str = "", *, tell: bool = True) -> StoreFailed:
    """The error, told to the log where it happens: whoever asked may have gone, and an answer names no path."""
    if tell:
        log.error("storage.failed", path=str(path), cause=cause, sqlite=name or None)
    return kind(f"{kind.default_message}: {cause}", detail=f"{cause} ({name})" if name else cause)


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _NO_ROOM
    except OSError:
        return False
