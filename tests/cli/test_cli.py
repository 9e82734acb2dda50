"""The command line as a process, against a real Radicale; the demonstration; and the tutorial's lines."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dav import DavServer
from tests.servers.process import free_port

ROOT = Path(__file__).parents[2]
POLYDEX = [sys.executable, "-m", "polydex"]


@dataclass
class Shell:
    folder: Path

    @property
    def env(self) -> dict[str, str]:
        return {
            **os.environ,
            "POLYDEX_DATA_DIR": str(self.folder),
            "POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
        }

    def run(self, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*POLYDEX, *command], input=stdin, capture_output=True, text=True, check=False, env=self.env
        )

    def json(self, *command: str, stdin: str = "") -> dict[str, object]:
        done = self.run(*command, "--json", stdin=stdin)
        assert done.returncode == 0, done.stdout + done.stderr
        found: dict[str, object] = json.loads(done.stdout)
        return found


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - loopback
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server does not answer")


@dataclass
class Connected:
    shell: Shell
    account: str
    token: str


@pytest.fixture
def connected(shell: Shell, radicale: DavServer) -> Connected:
    account = radicale.new_account()
    radicale.create_book(account)
    app = shell.json("apps", "create", "tests")
    assert set(app) == {"clientId", "clientSecret", "signingSecret"}
    added = shell.json(
        "accounts", "add", "carddav", "--server", radicale.url, "--login", account.user, "--password-stdin",
        stdin=account.password + "\n",
    )  # fmt: skip
    assert set(added) == {"accountId", "accessToken"}
    return Connected(shell, str(added["accountId"]), str(added["accessToken"]))


def test_a_contact_from_its_creation_to_its_end(connected: Connected) -> None:
    shell, account = connected.shell, connected.account
    shell.json("sync", account)
    body = json.dumps({"nickName": "Ada", "emailAddresses": [{"address": "ada@example.com"}]})
    created = shell.json("contacts", "create", account, stdin=body)
    number = str(created["id"])
    listed = json.dumps(shell.json("contacts", "list", account, "--query", "ada"))
    assert number in listed
    updated = shell.json("contacts", "update", account, number, stdin='{"notes": "hello"}')
    assert updated["etag"] != created["etag"]
    assert "hello" in json.dumps(shell.json("contacts", "get", account, number))
    shell.json("contacts", "delete", account, number)
    gone = shell.run("contacts", "get", account, number, "--json")
    assert gone.returncode != 0
    assert json.loads(gone.stderr or gone.stdout)["code"] == "notFound"


def test_accounts_are_shown_without_secrets_and_removed(connected: Connected, radicale: DavServer) -> None:
    shell, account = connected.shell, connected.account
    shown = json.dumps([shell.json("accounts", "show", account), shell.json("accounts", "list")])
    assert account in shown
    assert connected.token not in shown
    assert shell.run("accounts", "approve", account).returncode == 0
    assert shell.run("apps", "list").returncode == 0
    assert shell.run("accounts", "remove", account, "--yes").returncode in (0, 2)
    del radicale


def test_a_wrong_password_stores_nothing(shell: Shell, radicale: DavServer) -> None:
    shell.json("apps", "create", "tests")
    done = shell.run(
        "accounts", "add", "carddav", "--server", radicale.url, "--login", "nobody", "--password-stdin",
        stdin="not-the-password\n",
    )  # fmt: skip
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "not-the-password" not in done.stdout + done.stderr
    assert "nobody" not in json.dumps(shell.json("accounts", "list"))


@pytest.fixture
def served(connected: Connected) -> Iterator[tuple[str, str]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(
        [*POLYDEX, "serve", "--port", str(port)],
        env=connected.shell.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(f"{url}/health")
        yield url, connected.token
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_lines_of_the_tutorial(served: tuple[str, str]) -> None:
    url, token = served
    page = (ROOT / "docs/tutorials/first-sync.md").read_text(encoding="utf-8")
    start, updated, deleted, patch = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)
    env = {**os.environ, "API": url, "TOKEN": token}

    def curl(line: str, **more: str) -> dict[str, Any]:
        done = subprocess.run(["sh", "-c", line], env=env | more, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    started = curl(start)
    assert started["ready"]
    made = urllib.request.Request(  # noqa: S310 - loopback
        f"{url}/v1/contacts",
        data=b'{"nickName": "Bob"}',
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(made) as answer:  # noqa: S310 - loopback
        created = json.loads(answer.read())
    feed = curl(updated, UPDATED=started["syncUpdatedToken"])
    assert [record["id"] for record in feed["records"]] == [created["id"]]
    assert "nextDeltaToken" in feed
    changed = curl(patch, ID=created["id"], ETAG=created["etag"])
    assert changed["record"]["nickName"] == "Ada"
    assert curl(patch, ID=created["id"], ETAG=created["etag"])["code"] == "precondition.failed"
    assert curl(deleted, DELETED=started["syncDeletedToken"])["records"] == []


def test_the_demonstration_verifies_itself(tmp_path: Path) -> None:
    done = subprocess.run(
        [*POLYDEX, "demo", "--once", "--port", "0", "--data-dir", str(tmp_path / "demo")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything verified" in done.stdout + done.stderr
