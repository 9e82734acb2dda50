"""Runs ``polydex`` and ends the process, as ``kill -9`` does, right before the Nth thing that it does to a file.

Called as ``python -m tests.cli.reaper N COMMAND...``. What it does is told by Python's audit events (the interpreter's
own hook, PEP 578): opening, linking, renaming and removing files, and every connection to a database. Exit code 0: the
command came to its end first.
"""

from __future__ import annotations

import os
import signal
import sys

EVENTS = {"os.link", "os.rename", "os.remove", "os.mkdir", "os.truncate", "sqlite3.connect", "sqlite3.connect/handle"}


def main() -> None:
    left = int(sys.argv[1])
    folder = os.environ["POLYDEX_DATA_DIR"]

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        about = event in EVENTS or (event == "open" and folder in str(arguments[0]))
        if about:
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    from polydex.cli import main as polydex

    sys.addaudithook(watch)
    polydex(sys.argv[2:])


if __name__ == "__main__":
    main()
