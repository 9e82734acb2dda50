"""Child processes of the tests: started on a free loopback port, awaited, and stopped by their process id."""

import contextlib
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tests.servers import warm

LOOPBACK = "127.0.0.1"
PORTS = range(20_000, 32_000)
MEMORY = Path("/dev/shm")  # noqa: S108 - a directory of ours is made in it
START_SECONDS = 60.0
STOP_SECONDS = 10.0


ENOUGH_MEMORY = 4 << 30  # bytes; a whole run of the tests needs a fraction of it


class ServerUnavailableError(Exception):
    """A server cannot run here: a program is missing, or it did not answer; the text says which and why."""


def in_memory() -> bool:
    """Whether there is a place in memory that may take all that tests write: where a flush costs nothing.

    On a disk of this decade a transaction's flush takes some milliseconds, and most of the time of a test is flushes.
    """
    if not MEMORY.is_dir():
        return False
    place = os.statvfs(MEMORY)
    return place.f_bavail * place.f_frsize >= ENOUGH_MEMORY and not place.f_flag & os.ST_NOEXEC


def free_port() -> int:
    """A port of the loopback interface that was free a moment ago.

    It lies below the ports that systems hand to outgoing connections, so that none of those takes it meanwhile.
    """
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
    raise ServerUnavailableError(f"100 ports out of {PORTS} are all in use")


def program(name: str, *directories: str) -> str:
    """The path of an installed program.

    Raises:
        ServerUnavailableError: it is neither in PATH nor in one of the directories.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin", *directories])
    found = shutil.which(name, path=path)
    if found is None:
        raise ServerUnavailableError(f"{name} is not installed")
    return found


def unprivileged(*names: str) -> str | None:
    """The first of these users that exists, for a server that refuses to run as root; None when not root anyway."""
    if os.geteuid() != 0:
        return None
    for name in names:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise ServerUnavailableError(f"running as root, and none of the users {', '.join(names)} exists")


@contextlib.contextmanager
def workspace(name: str, user: str | None = None, *, memory: bool = False) -> Iterator[Path]:
    """A temporary directory that belongs to the user; removed with everything in it.

    It is not pytest's tmp_path, whose parents are closed to every user but the one who runs pytest.

    Args:
        name: goes into the directory's name.
        user: the owner; None for the one who runs the tests.
        memory: where the system has a place in memory, take that: a server that flushes every file is ten times faster.
    """
    place = MEMORY if memory and MEMORY.is_dir() else None
    directory = Path(tempfile.mkdtemp(prefix=f"polydex-{name}-", dir=place))
    try:
        if user is not None:
            shutil.chown(directory, user, pwd.getpwnam(user).pw_gid)
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def run(argv: Sequence[str], *, user: str | None = None, stdin: str = "") -> str:
    """Run a helper program to its end and give its output; CalledProcessError carries stderr as a note."""
    uid, gid, groups = _identity(user)
    try:
        done = subprocess.run(
            argv,
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
            timeout=START_SECONDS,
            user=uid,
            group=gid,
            extra_groups=groups,
        )
    except subprocess.CalledProcessError as error:
        error.add_note(f"{error.stdout}\n{error.stderr}")
        raise
    return done.stdout


@contextlib.contextmanager
def running(
    argv: Sequence[str],
    *,
    log: Path,
    answers: Callable[[], bool],
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Iterator[int]:
    """Start a server, wait until `answers()` is true, give its process id, and stop it at the end.

    Args:
        argv: program and arguments.
        log: file that takes stdout and stderr; its end is in the error when the server does not come up.
        answers: asks the server once; OSError counts as no.
        user: name of the user to run as (only root may give one).
        environment: added to that of the tests.
        stop_signal: what ends the server in an orderly way.

    Raises:
        ServerUnavailableError: it ended or did not answer within START_SECONDS.
    """
    uid, gid, groups = _identity(user)
    with log.open("wb") as output:
        env = {**os.environ, **(environment or {})}
        process = (
            warm.start(argv, stdout=output, stderr=output, cwd="/", env=env, start_new_session=True)
            if user is None
            else subprocess.Popen(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd="/",
                env=env,
                start_new_session=True,
                user=uid,
                group=gid,
                extra_groups=groups,
            )
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(answers):
            if process.poll() is not None or time.monotonic() > deadline:
                tail = log.read_text(errors="replace")[-2000:]
                state = "does not answer" if process.returncode is None else f"ended with {process.returncode}"
                raise ServerUnavailableError(f"{argv[0]} {state}:\n{tail}")
            time.sleep(0.02)
        yield process.pid
    finally:
        _stop(process, stop_signal)


def listening(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    with socket.create_connection((LOOPBACK, port), timeout=1):
        return True


def _answers(answers: Callable[[], bool]) -> bool:
    try:
        return answers()
    except OSError:
        return False


def _stop(process: warm.Process, stop_signal: signal.Signals) -> None:
    """End a server, then whatever is left of the process group that it was started in."""
    if process.poll() is None:
        process.send_signal(stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_SECONDS)


def _identity(user: str | None) -> tuple[int | None, int | None, list[int] | None]:
    """User, group and further groups of a child process; nothing changes without a user."""
    if user is None:
        return None, None, None
    entry = pwd.getpwnam(user)
    return entry.pw_uid, entry.pw_gid, []
