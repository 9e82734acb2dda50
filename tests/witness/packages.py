"""Clients for JavaScript, from the registry that npm is set up with."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.process import ServerUnavailableError, program, workspace

FILES = ("package.json", "package-lock.json", ".npmrc", "calls.mjs")


@contextlib.contextmanager
def installed(source: Path) -> Iterator[Path]:
    """A copy of a folder with the packages of its lock; skips the test when they cannot be had.

    ``source``: has `FILES`.
    """
    try:
        npm, _ = program("npm"), program("node")
    except ServerUnavailableError as error:
        pytest.skip(str(error))
    with workspace("witness-js") as folder:
        for name in FILES:
            shutil.copy(source / name, folder)
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode:
            pytest.skip(f"npm cannot install the client: {done.stderr[-500:]}")
        yield folder
