"""The key file: there, readable by its owner only, well-formed, and not among the backups. Blocks."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Iterator
from pathlib import Path

from polydex.core.errors import ConfigInvalid
from polydex.engine.doctor.step import Step, failed, ok, sentence, skipped, warning
from polydex.engine.keys import FILE, Keys

_RESTORE = "Put back the key file from a backup, or name its place in POLYDEX_KEYS_FILE"


def examine(folder: Path, named: Path | None, *, new: bool) -> tuple[list[Step], Keys | None]:
    """The steps of the key file, and the keys when they can be used.

    Args:
        folder: the data folder.
        named: POLYDEX_KEYS_FILE.
        new: there is no database that needs the keys yet, so that a missing file is made at the first start.
    """
    path = folder / FILE if named is None else named
    if new and named is None and not os.path.exists(path):  # noqa: PTH110 - False also for a folder that is closed to us
        return [skipped("keys", "There is no key file yet; the first command that stores something makes it.")], None
    try:
        keys = Keys.load(folder, {"POLYDEX_KEYS_FILE": str(path)}, create=False)
    except ConfigInvalid as error:
        return [
            failed(
                "keys",
                sentence(error.message.removeprefix("POLYDEX_KEYS_FILE: ")),
                f"{_RESTORE}: {shlex.quote(str(path.absolute()))}",
            )
        ], None
    return [ok("keys", f"The key file {path.absolute()} can be used."), *_guarded(folder, path)], keys


def _guarded(folder: Path, path: Path) -> Iterator[Step]:
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        said = f"The key file can be read by other users of this machine (mode {mode:04o})."
        yield warning("keys.mode", said, f"chmod 600 {shlex.quote(str(path.absolute()))}")
    else:
        yield ok("keys.mode", f"Only its owner can read the key file (mode {mode:04o}).")
    backups = folder / "backups"
    inside = sorted(backups.rglob("*keys*.json")) if backups.is_dir() and os.access(backups, os.R_OK | os.X_OK) else []
    if path.resolve().is_relative_to(backups.resolve()) or inside:
        where = inside[0] if inside else path
        said = f"A key file lies among the backups ({where}): whoever gets a backup has every password."
        yield warning(
            "keys.place", said, f"Keep keys and backups apart: mv {shlex.quote(str(where))} to another medium."
        )
    else:
        yield ok("keys.place", "The key file does not lie among the backups.")
