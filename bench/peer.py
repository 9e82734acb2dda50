"""vdirsyncer as the peer: the same collection, to one file for each card."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.processes import Usage, usage
from bench.servers import Book

_CONFIG = """
[general]
status_path = "{folder}/status/"
[pair bench]
a = "server"
b = "files"
collections = null
[storage server]
type = "carddav"
url = "{book.url}"
username = "{book.login}"
password = "{book.password}"
[storage files]
type = "filesystem"
path = "{folder}/cards/"
fileext = ".vcf"
"""


class Vdirsyncer:
    """One pair of collections in a folder; its own start is taken off what it uses."""

    def __init__(self, folder: Path, book: Book) -> None:
        config = folder / "config"
        (folder / "cards").mkdir()
        config.write_text(_CONFIG.format(folder=folder, book=book), encoding="utf-8")
        self._folder = folder
        self._argv = [sys.executable, "-m", "vdirsyncer", "--verbosity", "WARNING", "--config", str(config)]
        usage([*self._argv, "discover"])

    def sync(self) -> Usage:
        """Synchronise; the second time there is nothing to do."""
        start = usage([*self._argv, "--version"])
        whole = usage([*self._argv, "sync"])
        return Usage(whole.wall - start.wall, whole.cpu - start.cpu, whole.peak)

    @property
    def cards(self) -> int:
        """Cards that it has."""
        return len(list((self._folder / "cards").iterdir()))
