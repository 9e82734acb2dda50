"""The data folder: whose it is, who can read it, on what it lies, whether there is room. Blocks."""

from __future__ import annotations

import os
import re
import shlex
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from polydex.engine.doctor.step import Step, failed, ok, size, skipped, warning

LOW_BYTES = 200 * 10**6
LOW_INODES = 1000
_MOUNTS = Path("/proc/self/mountinfo")
# File systems on another machine, and those that a hypervisor lends: locks and shared memory of SQLite's write-ahead
# log do not work there (https://www.sqlite.org/wal.html, "All processes using a database must be on the same host").
_FOREIGN = re.compile(
    r"nfs\d?|cifs|smb\w*|9p|afs|ncpfs|ceph|glusterfs|lustre|vboxsf|prl_fs|virtiofs|drvfs|"
    r"fuse\.(sshfs|rclone|s3fs|glusterfs\S*|ceph\S*|davfs\S*|gcsfuse|vmhgfs-fuse|goofys)|davfs"
)


class Room(Protocol):
    """What ``os.statvfs`` gives."""

    @property
    def f_bavail(self) -> int: ...
    @property
    def f_frsize(self) -> int: ...
    @property
    def f_favail(self) -> int: ...
    @property
    def f_files(self) -> int: ...


def examine(folder: Path, *, has_database: bool, database_bytes: int, room: Callable[[Path], Room]) -> Iterator[Step]:
    """The steps of the folder; after one that fails because there is no usable folder come no others.

    Args:
        folder: the data folder.
        has_database: whether a SQLite database belongs into it.
        database_bytes: its size, for the room that is needed; 0 when there is none.
        room: ``os.statvfs``.
    """
    shown = shlex.quote(str(folder.absolute()))
    try:
        found = folder.stat()
    except FileNotFoundError:
        mend = f"Name the folder with --data-dir or POLYDEX_DATA_DIR, or begin with: polydex apps create my-app --data-dir {shown}"
        yield failed("folder.exists", f"There is no data folder {folder.absolute()}.", mend)
        return
    except OSError as error:
        mend = "Run the command as the user of the server, or give that user access to the folders above."
        yield failed(
            "folder.exists", f"The data folder {folder.absolute()} cannot be looked at: {error.strerror}.", mend
        )
        return
    if not stat.S_ISDIR(found.st_mode):
        mend = "Name the folder with --data-dir or POLYDEX_DATA_DIR."
        yield failed("folder.exists", f"{folder.absolute()} is not a folder.", mend)
        return
    yield ok("folder.exists", f"The data folder is {folder.absolute()}.")
    if os.name == "posix":
        yield _owner(folder, found)
        yield _mode(found, shown)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        mend = f"Run the command as the user that owns it, or: chmod u+rwx {shown}"
        yield failed("folder.writable", "The data folder is not writable for this user.", mend)
    else:
        yield _writable(folder)
    if has_database:
        yield _file_system(folder)
    yield _room(folder, room(folder), database_bytes)


def _owner(folder: Path, found: os.stat_result) -> Step:
    me, owner = os.geteuid(), found.st_uid
    shown = shlex.quote(str(folder.absolute()))
    if owner != me:
        said = f"The data folder belongs to the user {_name(owner)}, and this command runs as {_name(me)}."
        return warning(
            "folder.owner",
            said,
            f"Run commands as that user, or files that the server cannot use are made: sudo -u {_name(owner)} polydex doctor",
        )
    strangers = (
        sorted(each.name for each in folder.iterdir() if each.lstat().st_uid != owner)
        if os.access(folder, os.R_OK | os.X_OK)
        else []
    )
    if strangers:
        said = f"Files in the data folder belong to other users than the folder does: {', '.join(strangers[:5])}."
        return failed("folder.owner", said, f"Give them back: chown -R {_name(owner)} {shown}")
    return ok("folder.owner", f"The data folder and its files belong to {_name(owner)}, as who this command runs.")


def _name(user: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def _mode(found: os.stat_result, shown: str) -> Step:
    mode = stat.S_IMODE(found.st_mode)
    if mode & 0o077:
        said = f"The data folder can be entered by other users of this machine (mode {mode:04o})."
        return warning("folder.mode", said, f"chmod 700 {shown}")
    return ok("folder.mode", f"Only its owner can enter the data folder (mode {mode:04o}).")


def _writable(folder: Path) -> Step:
    """Write and flush a file that has no name, so that nothing is left of it."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"polydex doctor\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        mend = "Make room or mount the file system for writing (mount, dmesg and df -h say more), then run polydex doctor again."
        return failed(
            "folder.writable", f"A file in the data folder cannot be written and flushed: {error.strerror}.", mend
        )
    return ok("folder.writable", "Files in the data folder can be written and flushed to the disk.")


def _file_system(folder: Path) -> Step:
    name = "folder.file-system"
    try:
        kind = file_system(folder.resolve(), _MOUNTS.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return skipped(name, "This system does not tell what the folder lies on.")
    return (
        skipped(name, "This system does not tell what the folder lies on.") if kind is None else judge_file_system(kind)
    )


def judge_file_system(kind: str) -> Step:
    """Whether a database may lie on a file system of this type."""
    name = "folder.file-system"
    if _FOREIGN.fullmatch(kind):
        said = f"The data folder lies on {kind}, where the locks of SQLite do not hold: the database may be damaged."
        mend = (
            "Stop the server, move the data folder to a local disk and name it in POLYDEX_DATA_DIR, "
            "or use PostgreSQL (POLYDEX_DATABASE_URL)."
        )
        return failed(name, said, mend)
    return ok(name, f"The data folder lies on {kind}.")


def file_system(folder: Path, mounts: str) -> str | None:
    """The type of the file system that a folder is on, as the kernel calls it; None when the table does not tell.

    Args:
        folder: absolute, without symbolic links.
        mounts: the text of ``/proc/self/mountinfo`` (proc(5)).
    """
    best: tuple[int, str] | None = None
    for line in mounts.splitlines():
        before, dash, after = line.partition(" - ")
        fields = before.split(" ")
        if not dash or len(fields) < 5 or not after:
            continue
        point = Path(re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), fields[4]))
        # Of two mounts on one point the later one is seen.
        if folder.is_relative_to(point) and (best is None or len(point.parts) >= best[0]):
            best = len(point.parts), after.split(" ")[0]
    return None if best is None else best[1]


def _room(folder: Path, found: Room, database_bytes: int) -> Step:
    free = found.f_bavail * found.f_frsize
    shown = shlex.quote(str(folder.absolute()))
    # A copy of the database is made before each migration, and by each backup.
    wanted = max(LOW_BYTES, database_bytes)
    if free < LOW_BYTES // 10:
        return failed(
            "folder.room",
            f"The disk is full: {size(free)} are free.",
            f"Make room on the disk of {shown} (df -h {shown}).",
        )
    if found.f_files and found.f_favail < LOW_INODES:
        said = f"The file system has room for {found.f_favail} more files only."
        return warning("folder.room", said, f"Remove files that nobody needs (df -i {shown}).")
    if free < wanted:
        said = f"{size(free)} are free, and {size(wanted)} should be: a backup copies the whole database ({size(database_bytes)})."
        return warning(
            "folder.room",
            said,
            f"Make room on the disk of {shown} (df -h {shown}); old copies lie in its folder backups.",
        )
    return ok("folder.room", f"{size(free)} are free; the database has {size(database_bytes)}.")
