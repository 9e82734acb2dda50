"""Polydex's command line as a process of its own, on a data folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers import warm

POLYDEX = [sys.executable, "-m", "polydex"]


@dataclass
class Shell:
    """Runs commands.

    Attributes:
        folder: the data folder.
        more: added to the environment of the commands.
        prefix: command line of a program that runs them, such as setpriv.
    """

    folder: Path
    more: dict[str, str] = field(default_factory=lambda: {"POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8"})
    prefix: tuple[str, ...] = ()

    @property
    def env(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("POLYDEX_")}
        return {**clean, "POLYDEX_DATA_DIR": str(self.folder), **self.more}

    def run(self, *command: str | bytes, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return warm.run([*self.prefix, *POLYDEX, *command], env=self.env | more, stdin=stdin)

    def json(self, *command: str, stdin: str = "") -> Any:
        done = self.run(*command, "--json", stdin=stdin)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def fails(self, code: int, *command: str | bytes, stdin: str = "", **more: str) -> str:
        """Run a command that has to end with this exit code and one JSON object on standard error; its message."""
        done = self.run(*command, "--json", stdin=stdin, **more)
        assert done.returncode == code, done.stdout + done.stderr
        assert done.stdout == ""
        told = json.loads(done.stderr)
        assert told["code"]
        message: str = told["message"]
        assert "\n" not in message
        return message
