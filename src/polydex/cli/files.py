"""Files that commands write: whole or not at all, for their owner's eyes only, and never over another one unasked."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from polydex.core.errors import BadRequest
from polydex.store.files import flush, publish


def check_absent(path: Path, *, force: bool) -> None:
    """Raise BadRequest when there is a file that may not be overwritten, or no folder for a new one."""
    if path.is_dir():
        raise BadRequest(f"{path} is a folder")
    if path.exists() and not force:
        raise BadRequest(f"{path} exists; --force overwrites it")
    if not path.absolute().parent.is_dir():
        raise BadRequest(f"There is no folder {path.absolute().parent}")


@contextlib.contextmanager
def written(path: Path | None, *, force: bool) -> Iterator[IO[bytes]]:
    """A file to write to, which appears under its name when all of it is on the disk; standard output for None.

    It is readable by its owner only. An error or Ctrl-C leaves nothing behind. Raises BadRequest when it exists and
    ``force`` is not given.
    """
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    check_absent(path, force=force)
    folder = path.absolute().parent
    descriptor, partial = tempfile.mkstemp(prefix=f".{path.name}.", dir=folder)  # mode 0600
    try:
        with os.fdopen(descriptor, "wb") as output:
            yield output
            output.flush()
            os.fsync(output.fileno())
        if force:
            os.replace(partial, path)  # noqa: PTH105 - beside os.unlink below
            flush(folder)
        else:
            try:
                publish(Path(partial), path)
            except FileExistsError:  # somebody else has taken the name meanwhile
                raise BadRequest(f"{path} exists; --force overwrites it") from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(partial)  # noqa: PTH108 - the same
