"""Child processes: started on loopback, awaited, and stopped at the end."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from polydex.core.errors import ConfigInvalid

_START_SECONDS = 30.0
_STOP_SECONDS = 15.0


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


@contextlib.contextmanager
def running(
    argv: Sequence[str], name: str, host: str, port: int, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Run a server until the end of the block; its process id. It is told to end with SIGTERM.

    Raises:
        ConfigInvalid: it ends or does not listen in time; the message has the end of its log.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**_inherited(), **(environment or {})},
            # Ctrl-C is for us: we end the servers in our own order.
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _listens(host, port):
            if process.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace").strip()[-600:]
                raise ConfigInvalid(f"{name} did not start: {tail or f'it ended with {process.returncode}'}")
            time.sleep(0.02)
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _inherited() -> dict[str, str]:
    """Our environment without settings of Polydex: the demonstration must never touch the operator's own database."""
    return {name: value for name, value in os.environ.items() if not name.startswith("POLYDEX_")}


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
