"""Putting another SQLite file in the place of a database, so that at any moment one of the two is there, whole.

The one that is replaced is kept. To be called by who has the database alone (``store/lock.py``).
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from polydex.store.epochs import HighWater
from polydex.store.files import PARTIAL, flush

SIDE_FILES = ("-wal", "-shm")


def replace(database: Path, new: Path, kept: Path) -> bool:
    """Put ``new`` in the place of ``database`` and keep that as ``kept``; whether there was one. Raises OSError.

    The mark beside the database goes first: whatever is there at the next start begins a new epoch (J15), also when the
    mark that the disk remembers is older than the future that is lost.
    """
    there = database.exists()
    if there:
        _keep(database, kept)
        with contextlib.suppress(FileNotFoundError):
            _keep(_side(database, "-wal"), _side(kept, "-wal"))
        if _fold(database):  # else it is too damaged to take its log in, and the two stay beside each other
            _side(kept, "-wal").unlink(missing_ok=True)
            if not kept.samefile(database):  # a copy, where there are no links: of before
                kept.unlink()
                _keep(database, kept)
        flush(kept.parent)
    HighWater(database).path.unlink(missing_ok=True)
    for suffix in SIDE_FILES:  # the new file must never meet the log of the old one
        _side(database, suffix).unlink(missing_ok=True)
    flush(database.parent)
    new.replace(database)
    flush(database.parent)
    return there


def forget_links(database: Path) -> None:
    """Remove what a ``replace`` that was killed has left: another name of the database that is in use."""
    with contextlib.suppress(OSError):
        if database.stat().st_nlink > 1:
            for other in (database.parent / "backups").glob(f"{database.stem}-replaced-*{database.suffix}"):
                if other.samefile(database):
                    _side(other, "-wal").unlink(missing_ok=True)
                    other.unlink()


def _fold(database: Path) -> bool:
    """Take the write-ahead log into the file; whether that was possible."""
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error:
        return False
    return not busy


def _keep(file: Path, kept: Path) -> None:
    """Give a file a second name; where there are no links, make a copy."""
    try:
        kept.hardlink_to(file)
    except (FileExistsError, FileNotFoundError):
        raise
    except OSError:
        partial = kept.with_name(f"{kept.name}.{os.getpid()}{PARTIAL}")
        shutil.copy2(file, partial)
        flush(partial)
        partial.rename(kept)


def _side(file: Path, suffix: str) -> Path:
    return file.with_name(file.name + suffix)
