"""A data folder with one account, made by the command line as anybody would."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from bench.processes import ROOT
from bench.servers import Book
from tests.servers.process import LOOPBACK, free_port, listening, running

POLYDEX = (sys.executable, "-m", "polydex")


class Installation(NamedTuple):
    """A data folder, its account, and the account's access token."""

    folder: Path
    account: int
    token: str


def settings(folder: Path) -> dict[str, str]:
    """The settings of a process on a data folder."""
    return {
        "POLYDEX_DATA_DIR": str(folder),
        "POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
        "POLYDEX_LOG_LEVEL": "error",
    }


@contextlib.contextmanager
def installation(book: Book) -> Iterator[Installation]:
    """An account that has not been synchronised yet."""
    with tempfile.TemporaryDirectory(prefix="polydex-bench-") as folder:
        yield connect(Path(folder), book)


def connect(folder: Path, book: Book) -> Installation:
    """One more account."""
    command = ["accounts", "add", "carddav", "--server", book.server, "--login", book.login, "--password-stdin"]
    added = json.loads(run(settings(folder), *command, stdin=book.password))
    return Installation(folder, int(added["accountId"]), str(added["accessToken"]))


@contextlib.contextmanager
def synchronised(book: Book) -> Iterator[Installation]:
    """An account that is up to date."""
    with installation(book) as made:
        run(settings(made.folder), "sync", str(made.account))
        yield made


@contextlib.contextmanager
def serving(folder: Path, **more: str) -> Iterator[tuple[str, int]]:
    """``polydex serve``: its URL and its process id. ``more``: settings."""
    port = free_port()
    argv = [*POLYDEX, "serve", "--host", LOOPBACK, "--port", str(port)]
    with running(argv, log=folder / "log", answers=lambda: listening(port), environment=settings(folder) | more) as pid:
        yield f"http://{LOOPBACK}:{port}", pid


def run(environment: Mapping[str, str], *command: str, stdin: str = "") -> str:
    """Run a command of the command line with ``--json``; what it prints. Raises CalledProcessError."""
    done = subprocess.run(
        [*POLYDEX, *command, "--json"],
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    return done.stdout
