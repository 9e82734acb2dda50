"""The copy of a SQLite database that is made before its schema changes (JOURNAL.md, J17)."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from polydex.core.errors import StoreFailed


def copy_before_migration(path: Path, version: int, now: int) -> None:
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
