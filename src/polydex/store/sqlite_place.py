"""The file of a SQLite database, which somebody may remove, replace or damage while a server has it open."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from polydex.core.errors import StoreDamaged
from polydex.store.sqlite_errors import CAUSES, failed


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
            raise failed(StoreDamaged, self._path, CAUSES[sqlite3.SQLITE_CORRUPT] + ", and restart")
        *file, size = self._now()
        if tuple(file) == self._file and size:
            return
        happened = "was removed" if not any(file) else "was emptied" if not size else "was replaced by another file"
        cause = (
            f"the database file {happened} under the running server: put it in order (restore a backup?) and restart"
        )
        raise failed(StoreDamaged, self._path, cause)

    def _now(self) -> tuple[int, int, int]:
        try:
            found = os.stat(self._path)  # noqa: PTH116 - twice as fast, and asked for by every transaction
        except OSError:
            return 0, 0, 0
        return found.st_dev, found.st_ino, found.st_size
