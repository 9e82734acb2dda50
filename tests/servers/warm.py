"""Python programs that are started from a process which has imported them already: the same process, a second sooner.

``python -m polydex`` spends nearly all of its time with imports, and the tests start it a thousand times. So one process
per test process imports what is run most and then forks itself for every start: what comes of it has its own process id,
environment, streams and working directory, ends as any other, and is signalled and killed as any other. What concerns
the start of the interpreter itself (PYTHON... and the locale in the environment, a program that runs it) is started in
the plain way, and so is everything in the long runs of ``make soak`` and on systems other than Linux.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import gc
import importlib
import io
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

from tests.soak import SOAK

PROGRAMS = {
    "polydex": (
        *(f"polydex.{name}" for name in ("app", "api.app", "api.connection", "store.sqlite", "engine.check")),
        *(f"polydex.connectors.{name}" for name in ("carddav.connector", "carddav.probe", "carddav.provider")),
        *(f"polydex.connectors.{name}.provider" for name in ("exchange", "google", "microsoft")),
        *(
            f"polydex.cli.{name}"
            for name in ("accounts", "apps", "contacts", "serve", "sync", "doctor.command", "doctor.examination")
        ),
        *("polydex_sandbox.app", "uvicorn", "uvloop", "rich.table", "rich.progress"),
    ),
    "tests.cli.reaper": (),
    "radicale": ("radicale.server", "radicale.app", "radicale.storage.multifilesystem"),
}
"""Modules that run as programs, and what each of them imports on its way."""
FORKS = sys.platform == "linux" and not SOAK
_LARGEST = 1 << 18  # bytes of the largest request: an environment, a command line


class Process(Protocol):
    """What ``start`` gives: as much of ``subprocess.Popen`` as the tests need."""

    pid: int
    stdout: Any

    @property
    def returncode(self) -> int | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def send_signal(self, sig: int) -> None: ...


class Forked:
    """A process that the warm one has forked; the same as of ``subprocess.Popen``.

    Attributes:
        stdout: reads what it writes there, when that is a pipe.
    """

    def __init__(self, link: socket.socket, stdout: IO[bytes] | None) -> None:
        self._link, self.stdout = link, stdout
        self.returncode: int | None = None
        self.pid = int(link.recv(64))

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._link.settimeout(timeout)
            try:
                self.returncode = int(self._link.recv(64))
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from None
            self._link.close()
        return self.returncode

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, sig)


def start(
    argv: Sequence[str | bytes],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    stdin: int | IO[Any] = subprocess.DEVNULL,
    stdout: int | IO[Any] = subprocess.DEVNULL,
    stderr: int | IO[Any] = subprocess.DEVNULL,
    start_new_session: bool = False,
) -> Process:
    """Start a program as ``subprocess.Popen`` does; only standard output may be a pipe."""
    env = os.environ if env is None else env
    if not _is_warm(argv, env):
        return subprocess.Popen(
            argv, env=env, cwd=cwd, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=start_new_session
        )
    request = {
        "module": argv[2],
        "words": [os.fsdecode(word) for word in argv[3:]],
        "env": dict(env),
        "cwd": str(cwd or Path.cwd()),
        "session": start_new_session,
    }
    with contextlib.ExitStack() as ours:
        reader: IO[bytes] | None = None
        if stdout == subprocess.PIPE:
            end, stdout = os.pipe()
            ours.callback(os.close, stdout)
            reader = os.fdopen(end, "rb")
        nowhere = ours.enter_context(Path(os.devnull).open("r+b"))
        streams = []
        for stream in (stdin, stdout, stdout if stderr == subprocess.STDOUT else stderr):
            file = nowhere if stream == subprocess.DEVNULL else stream
            streams.append(file if isinstance(file, int) else file.fileno())
        link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        link.connect(_warm_process())
        socket.send_fds(link, [json.dumps(request).encode()], streams)
        return Forked(link, reader)


def run(argv: Sequence[str | bytes], *, env: Mapping[str, str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program to its end, as ``subprocess.run`` does; what it writes is taken to be UTF-8."""
    if not _is_warm(argv, env):
        return subprocess.run(argv, env=env, input=stdin, capture_output=True, text=True, encoding="utf-8", check=False)
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(stdin.encode())
        given.seek(0)
        code = start(argv, env=env, stdin=given, stdout=out, stderr=err).wait()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(argv, code, out.read().decode(), err.read().decode())


def _is_warm(argv: Sequence[str | bytes], env: Mapping[str, str]) -> bool:
    if not FORKS or list(argv[:2]) != [sys.executable, "-m"] or argv[2] not in PROGRAMS:
        return False
    return _of_the_interpreter(env) == _of_the_interpreter(os.environ)


def _of_the_interpreter(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(("PYTHON", "LC_", "LANG", "LD_"))}


@functools.cache
def _warm_process() -> bytes:
    """The address of this test process' warm one; that ends when this one does."""
    address = f"\0polydex-warm-{os.getpid()}-{time.monotonic_ns()}"
    warm = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.warm", address[1:]],
        cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert warm.stdout is not None
    assert warm.stdout.readline() == b"warm\n"
    atexit.register(warm.communicate)
    return address.encode()


# --- the warm process -----------------------------------------------------------------------------------------------


def _serve(address: str) -> dict[str, Any] | None:
    """Fork for every request. Returns in the child, with the request; in the parent at the end, without."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    listener.bind(f"\0{address}")
    listener.listen(16)
    sys.stdout.write("warm\n")
    sys.stdout.flush()
    os.dup2(2, 1)
    ready = selectors.DefaultSelector()
    ready.register(0, selectors.EVENT_READ)  # closed by the end of the test process
    ready.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in ready.select():
            if key.fd == 0:
                return None
            if key.fileobj is listener:
                link, _ = listener.accept()
                message, streams, _, _ = socket.recv_fds(link, _LARGEST, 3)
                if (pid := os.fork()) == 0:
                    for one in ready.get_map().values():
                        if one.data:
                            one.data[0].close()
                            os.close(one.fd)
                    request: dict[str, Any] = json.loads(message)
                    if request["session"]:
                        os.setsid()
                    link.send(b"%d" % os.getpid())
                    for file in (listener, ready, link):
                        file.close()
                    for number, stream in enumerate(streams):
                        os.dup2(stream, number)
                        os.close(stream)
                    return request
                for stream in streams:
                    os.close(stream)
                ready.register(os.pidfd_open(pid), selectors.EVENT_READ, (link, pid))
            else:
                link, pid = key.data
                ready.unregister(key.fd)
                os.close(key.fd)
                code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                with link, contextlib.suppress(OSError):  # nobody may wait for it any more
                    link.send(b"%d" % code)


def _become(request: dict[str, Any]) -> None:
    """Be as an interpreter that has just been started for this."""
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.chdir(request["cwd"])
    sys.argv = ["", *request["words"]]
    sys.stdin = open(0, encoding=sys.stdin.encoding, errors=sys.stdin.errors, closefd=False)  # noqa: SIM115 - the stream itself
    sys.stdout, sys.stderr = _again(sys.stdout), _again(sys.stderr)


def _again(stream: Any) -> io.TextIOWrapper:
    """Standard output or error of the new process, as the interpreter has opened those of this one."""
    number: int = stream.fileno()
    raw = io.FileIO(number, "w", closefd=False)
    return io.TextIOWrapper(
        raw if isinstance(stream.buffer, io.FileIO) else io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering or os.isatty(number),
        write_through=stream.write_through,
    )


def _main() -> None:
    for modules in PROGRAMS.values():
        for name in modules:
            importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what is shared stays shared
    signal.signal(signal.SIGINT, signal.default_int_handler)
    request = _serve(sys.argv[1])
    if request is not None:
        _become(request)
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
