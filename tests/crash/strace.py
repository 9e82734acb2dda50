"""Faults of system calls, by strace: killed at the n-th call, or told that the disk has failed."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.servers.process import ServerUnavailableError, program


@cache
def _unusable() -> str | None:
    """Why strace cannot be used here; None when it can."""
    try:
        strace = program("strace")
    except ServerUnavailableError as error:
        return str(error)
    argv = [strace, "-f", "--seccomp-bpf", "-e", "trace=fdatasync", "-e", "inject=fdatasync:error=EIO", sys.executable]
    done = subprocess.run([*argv, "-c", "pass"], capture_output=True, text=True, check=False)
    return f"strace does not work here: {done.stderr.strip()[-200:]}" if done.returncode else None


def tracing(*inject: str, only: Path | None = None) -> tuple[str, ...]:
    """What to put before a command line so that these faults happen; skips the test where strace cannot be used.

    Calls are counted for each thread by itself; the database has one thread that writes.

    Args:
        inject: as in strace(1), such as "fdatasync:signal=KILL:when=7".
        only: of calls on this file.
    """
    if reason := _unusable():
        pytest.skip(reason)
    calls = ",".join(each.partition(":")[0] for each in inject)
    faults = [word for each in inject for word in ("-e", f"inject={each}")]
    files = ["-P", str(only)] if only is not None else []
    # The kernel's filter stops the process at these calls alone; with it strace 6.1 sends no signals, and follows no paths.
    fast = [] if files or any("signal=" in each for each in inject) else ["--seccomp-bpf"]
    return ("strace", "-f", "-qq", *fast, "-o", "/dev/null", *files, "-e", f"trace={calls}", *faults)
