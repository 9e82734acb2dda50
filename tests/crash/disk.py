"""A disk of a few megabytes, in memory, that can be filled to the last byte."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = 4096


@dataclass(frozen=True)
class Disk:
    """Attributes: path: where it is mounted."""

    path: Path

    @property
    def free(self) -> int:
        """Bytes."""
        return shutil.disk_usage(self.path).free

    def fill(self, *, leave: int = 0) -> None:
        """Take all its room, but for so many bytes."""
        with (self.path / "filler").open("ab") as file, contextlib.suppress(OSError):
            while self.free > leave:
                file.write(bytes(min(self.free - leave, 2**20) // PAGE * PAGE or PAGE))
                file.flush()

    def make_room(self) -> None:
        (self.path / "filler").unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[Disk]:
    """Mount one. Raises OSError where that is not allowed."""
    path.mkdir()
    sudo = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    options = f"size={megabytes}m,mode=700,uid={os.geteuid()},gid={os.getegid()}"
    done = subprocess.run(
        [*sudo, "mount", "-t", "tmpfs", "-o", options, "polydex-test", str(path)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise OSError(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield Disk(path)
    finally:
        subprocess.run([*sudo, "umount", "--lazy", str(path)], check=True)
