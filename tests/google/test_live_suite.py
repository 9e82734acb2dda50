"""The suite for a real account, on the sandbox: so it works on the day that somebody has one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.google.users import CLIENT, SECRET, User
from tests.servers.sandbox import SandboxServer

ROOT = Path(__file__).parents[2]


def run(*options: str, **more: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("POLYDEX_LIVE_")}
    command = [sys.executable, "-m", "pytest", "tests/live", "-p", "no:cacheprovider", "-p", "no:xdist", *options]
    return subprocess.run(command, cwd=ROOT, env=clean | more, capture_output=True, text=True, check=False)


def test_without_an_account_nothing_is_collected() -> None:
    done = run("--collect-only", "-q")
    assert done.returncode == 5, done.stdout  # pytest's code for "no tests"
    assert "skipped" not in done.stdout


def test_the_suite_passes_and_leaves_nothing_behind(sandbox_server: SandboxServer) -> None:
    user = User.new(sandbox_server)
    user.control("POST", "/google/contacts", {"people": [{"names": [{"givenName": "Old", "familyName": "Friend"}]}]})
    given = {
        "CLIENT_ID": CLIENT,
        "CLIENT_SECRET": SECRET,
        "REFRESH_TOKEN": user.grants(),
        "API_URL": sandbox_server.url,
        "TOKEN_URL": f"{sandbox_server.url}/token",
        "ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
    }
    done = run("-q", **{f"POLYDEX_LIVE_GOOGLE_{name}": value for name, value in given.items()})
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    left = user.control("GET", "/google/contacts")["people"]
    assert [person["names"][0]["familyName"] for person in left] == ["Friend"]
