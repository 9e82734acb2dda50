"""A program that is forked is as one that was started: its answers, its streams, its end."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import warm

POLYDEX = [sys.executable, "-m", "polydex"]
FORKED = pytest.mark.skipif(not warm.FORKS, reason="everything is started in the plain way here")


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        (["--version"], ""),
        (["config"], ""),
        (["nonsense"], ""),
        (["apps", "create", "tests", "--nonsense", "--json"], ""),
        (["accounts", "show", "7"], ""),
        (["apps", "create", b"\xff"], ""),
        (["contacts", "create", "7"], '{"nickName": "Zoë"}'),
    ],
)
def test_it_answers_as_one_that_was_started(words: list[str | bytes], stdin: str, tmp_path: Path) -> None:
    env = {**os.environ, "POLYDEX_DATA_DIR": str(tmp_path / "data"), "POLYDEX_LOG_LEVEL": "error"}
    begun = subprocess.run([*POLYDEX, *words], env=env, input=stdin, capture_output=True, text=True, check=False)
    forked = warm.run([*POLYDEX, *words], env=env, stdin=stdin)
    assert (forked.returncode, forked.stdout, forked.stderr) == (begun.returncode, begun.stdout, begun.stderr)


@FORKED
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -9)])
def test_it_ends_as_one_that_was_started(sent: int, code: int, tmp_path: Path) -> None:
    env = {**os.environ, "POLYDEX_DATA_DIR": str(tmp_path)}
    server = warm.start(
        [*POLYDEX, "serve", "--port", "0", "--json"], env=env, stdout=subprocess.PIPE, start_new_session=True
    )
    assert isinstance(server, warm.Forked)
    assert server.stdout is not None
    with server.stdout:
        assert b"http://127.0.0.1:" in server.stdout.readline()
        assert os.getpgid(server.pid) == server.pid
        assert Path(f"/proc/{server.pid}/cwd").readlink() == Path.cwd()
        for file in Path(f"/proc/{server.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):  # it has just been closed
                assert "pidfd" not in str(file.readlink()), "of the warm process nothing is left open in it"
        assert server.poll() is None
        os.killpg(server.pid, sent)
        assert server.wait(60) == code
    assert not Path(f"/proc/{server.pid}").exists()


@pytest.mark.parametrize("forked", [False, pytest.param(True, marks=FORKED)])
def test_a_log_that_cannot_be_written_is_no_failure(forked: bool, tmp_path: Path) -> None:
    env = {**os.environ, "POLYDEX_DATA_DIR": str(tmp_path)} | ({} if forked else {"PYTHONUNBUFFERED": ""})
    with Path("/dev/full").open("ab") as full:
        server = warm.start([*POLYDEX, "serve", "--port", "0", "--json"], env=env, stdout=subprocess.PIPE, stderr=full)
    assert isinstance(server, warm.Forked) is forked
    assert server.stdout is not None
    with server.stdout:
        assert server.stdout.readline()
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0


@FORKED
def test_what_concerns_the_interpreter_is_started_in_the_plain_way(tmp_path: Path) -> None:
    env = {**os.environ, "POLYDEX_DATA_DIR": str(tmp_path), "PYTHONIOENCODING": "ascii"}
    begun = warm.start([*POLYDEX, "--version"], env=env)
    assert isinstance(begun, subprocess.Popen)
    assert begun.wait(60) == 0
