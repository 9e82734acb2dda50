"""Files that are whole or not there at all: written beside under another name, flushed, then given their own."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

if sys.platform != "win32":
    import fcntl

PARTIAL = ".polydex-partial"
"""End of the names of what is not finished; by it leftovers are known in any folder."""


@contextlib.contextmanager
def partial_of(final: Path) -> Iterator[Path]:
    """A new, empty file beside ``final`` to write into; it is gone afterwards, however the body ends.

    Whatever earlier processes that were killed have left of this kind in the directory is removed, too.
    """
    _sweep(final.parent)
    partial = final.with_name(f"{final.name}.{os.getpid()}{PARTIAL}")
    file = _claimed(partial)
    try:
        give_to_owner_of(final.parent, file)
        yield partial
    finally:
        _remove(partial)
        os.close(file)


def _claimed(partial: Path) -> int:
    """A new file, locked: it is ours, and not to be swept."""
    while True:
        file = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), 0o600)
        if sys.platform == "win32":
            return file
        fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file).st_nlink:
            return file
        os.close(file)  # another process has swept it before it was locked


def _sweep(directory: Path) -> None:
    if sys.platform == "win32":
        return
    for left in directory.glob(f"*{PARTIAL}"):
        with contextlib.suppress(OSError):
            file = os.open(left, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _remove(left)
            finally:
                os.close(file)


def _remove(partial: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        partial.with_name(partial.name + suffix).unlink(missing_ok=True)


def publish(partial: Path, final: Path) -> None:
    """Give a finished file its name, for good. Raises FileExistsError when the name is taken, OSError."""
    try:
        os.link(partial, final)  # fails when the name exists, unlike a rename
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK):
            raise
        if final.exists():  # a file system without links
            raise FileExistsError from None
        partial.rename(final)
    flush(final.parent)


def flush(path: Path) -> None:
    """A file, or the names in a directory, survive a power loss from now on. Raises OSError."""
    if path.is_dir() and os.name != "posix":
        return
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def give_to_owner_of(place: Path, file: int) -> None:
    """What root makes in a folder belongs to whom the folder belongs to: the server runs as that user."""
    if sys.platform != "win32" and os.geteuid() == 0:
        owner = place.stat()
        os.fchown(file, owner.st_uid, owner.st_gid)


def make_folder(folder: Path) -> None:
    """Make a folder that only its owner enters, if there is none. Raises OSError."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        return
    if sys.platform != "win32" and os.geteuid() == 0:
        owner = folder.parent.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)
