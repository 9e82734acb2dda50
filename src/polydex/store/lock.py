"""The lock of a data folder's database: everybody who opens it shares it, who puts another one in its place has it alone.

It is an ``flock`` on a file of its own, ``<database>.lock``, which the system takes away with the process, however that
ends: there is no stale lock. The file itself stays and says nothing.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

from polydex.core.errors import StoreFailed
from polydex.store.files import give_to_owner_of

if sys.platform != "win32":
    import fcntl

_PAUSE = 0.05
ADVICE = "stop the server and every other polydex command on this data folder, then try again"


class DataLock:
    """A lock that is held, until ``release``."""

    def __init__(self, file: int | None) -> None:
        self._file = file

    def share(self) -> None:
        """Let others in, after the lock was held alone."""
        if self._file is not None and sys.platform != "win32":
            fcntl.flock(self._file, fcntl.LOCK_SH)

    def release(self) -> None:
        """Let go; a second time it does nothing."""
        file, self._file = self._file, None
        if file is not None:
            os.close(file)


def lock_path(database: Path) -> Path:
    """Where the lock of a database is."""
    return database.with_name(database.name + ".lock")


def share(database: Path, wait: float) -> DataLock:
    """Take part in using a database; ``wait`` seconds for one who has it alone. Raises StoreFailed, OSError. Blocks."""
    file = _open(database)
    if file is None:
        return DataLock(None)
    deadline = time.monotonic() + wait
    while not _taken(file, alone=False):
        if time.monotonic() > deadline:
            os.close(file)
            raise StoreFailed(f"{database}: a backup is being put in its place by polydex restore; try again later")
        time.sleep(_PAUSE)
    return DataLock(file)


def alone(database: Path) -> DataLock:
    """Have a database alone. Raises StoreFailed when anybody uses it, OSError."""
    file = _open(database)
    if file is not None and not _taken(file, alone=True):
        os.close(file)
        raise StoreFailed(f"The database {database} is in use: {ADVICE}")
    return DataLock(file)


def _open(database: Path) -> int | None:
    if sys.platform == "win32":
        return None
    path = lock_path(database)
    for _ in range(2):
        with contextlib.suppress(FileNotFoundError):
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)  # a lock needs no right to write
        with contextlib.suppress(FileExistsError):
            file = os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            give_to_owner_of(path.parent, file)
            return file
    raise FileNotFoundError(2, os.strerror(2), str(path))


def _taken(file: int, *, alone: bool) -> bool:
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(file, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
