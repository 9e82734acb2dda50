"""What a child process takes: seconds of wall and processor, and the largest memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
_MIB = 1024 * 1024


class Usage(NamedTuple):
    """Seconds of wall and CPU (user and system), and peak memory in MiB."""

    wall: float
    cpu: float
    peak: float


def usage(argv: Sequence[str]) -> Usage:
    """Run a program to its end, by the operating system's own accounting. Raises CalledProcessError."""
    began = time.perf_counter()
    process = subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, taken = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, argv)
    return Usage(wall, taken.ru_utime + taken.ru_stime, taken.ru_maxrss / 1024)


def child(module: str, *arguments: object) -> dict[str, Any]:
    """Run a module of this package in a process of its own; the JSON that it prints."""
    argv = [sys.executable, "-m", f"bench.{module}", *map(str, arguments)]
    done = subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a running process has taken so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_of(pid: int) -> float:
    """MiB of memory that a running process holds (Linux)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / _MIB
