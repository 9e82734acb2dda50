"""A terminal in which the shell blocks of a page run one after the other, as a reader pastes them.

Variables and functions stay from block to block. Passwords that are asked for are typed in. A server that a block starts
goes on in the background, as in another terminal, until the end.
"""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

_TOKEN = re.compile(r"Access token +(\S+)")
_PROMPT = re.compile(rb"assword[^\r\n]*: \Z")
_SERVE = re.compile(r"^(\S*polydex serve.*)$", re.MULTILINE)
_OWN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execvp(sys.argv[1], sys.argv[1:])"
)
_BEGIN = "set -ea\n[ ! -f .state ] || . ./.state\ntrap '{ export -p; declare -f; } > .state' EXIT\n"


class Terminal:
    """Bash in a scratch folder.

    Attributes:
        folder: where the blocks run; the data folder, polydex-data, lies in it.
        password: typed when a password is asked for.
        port: where the server of this page listens.
        given: what stands in the blocks -> what is put in its place: addresses and logins, nothing else.
    """

    def __init__(self, folder: Path, password: str, port: int, given: Mapping[str, str]) -> None:
        self.folder, self.password, self.port = folder, password, port
        self.given = {"http://127.0.0.1:8080": f"http://127.0.0.1:{port}", **given}
        clean = {name: value for name, value in os.environ.items() if not name.startswith("POLYDEX_")}
        self.env = {
            **clean,
            "PATH": f"{Path(sys.prefix) / 'bin'}:{clean['PATH']}",
            "PASSWORD": password,
            "POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
            "POLYDEX_PORT": str(port),
        }
        (folder / ".venv").symlink_to(sys.prefix)

    def run(self, code: str) -> str:
        """Run a block, which has to succeed; what it wrote."""
        for before, after in self.given.items():
            code = code.replace(before, after)
        code = _SERVE.sub(self._behind, code)
        (self.folder / ".block").write_text(_BEGIN + code, encoding="utf-8")
        status, shown = self._type(["bash", ".block"])
        assert status == 0, f"{code}\n--- ended with {status}:\n{shown}"
        if found := _TOKEN.search(shown):
            self.env["TOKEN"] = found[1]
            with (self.folder / ".state").open("a", encoding="utf-8") as state:
                state.write(f"export TOKEN={found[1]}\n")
        return shown

    def _behind(self, line: re.Match[str]) -> str:
        return (
            f"nohup {line[1]} > serve.log 2>&1 &\necho $! >> .servers\n"
            f"for i in $(seq 600); do curl -sf http://127.0.0.1:{self.port}/health && break; sleep 0.1; done"
        )

    def _type(self, argv: list[str]) -> tuple[int, str]:
        """Run a program in a terminal of its own, which types the password when it is asked for one."""
        screen, inside = pty.openpty()
        try:
            process = subprocess.Popen(
                [sys.executable, "-c", _OWN_TERMINAL, *argv],
                stdin=inside, stdout=inside, stderr=inside, cwd=self.folder, env=self.env, start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(inside)
        shown = b""
        with process, contextlib.suppress(OSError):  # the end of a terminal
            while chunk := os.read(screen, 65536):
                shown += chunk
                if _PROMPT.search(shown):
                    os.write(screen, self.password.encode() + b"\n")
        os.close(screen)
        return process.returncode, shown.decode().replace("\r\n", "\n")

    def end(self) -> None:
        """Stop the servers that blocks have started."""
        servers = self.folder / ".servers"
        if servers.exists():
            for line in servers.read_text().split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(line), signal.SIGTERM)
            for line in servers.read_text().split():
                subprocess.run(["tail", "--pid", line, "-f", "/dev/null"], check=True, timeout=60)


@contextlib.contextmanager
def terminal(folder: Path, password: str, port: int, given: Mapping[str, str]) -> Iterator[Terminal]:
    shell = Terminal(folder, password, port, given)
    try:
        yield shell
    finally:
        shell.end()
