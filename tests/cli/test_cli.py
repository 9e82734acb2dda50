"""The command line as a process, against a real Radicale."""

from __future__ import annotations

import json
import shlex
import signal
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Connected
from tests.cli.shell import POLYDEX, Shell
from tests.servers import warm
from tests.servers.process import free_port


def _wait_for(url: str) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - loopback
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server does not answer")


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


def test_accounts_are_shown_without_secrets_and_removed(connected: Connected) -> None:
    shell, account = connected.shell, connected.account
    shown = json.dumps([shell.json("accounts", "show", account), shell.json("accounts", "list")])
    assert account in shown
    assert connected.token not in shown
    assert shell.run("accounts", "approve", account).returncode == 0
    assert shell.run("apps", "list").returncode == 0
    assert "confirm with y" in shell.fails(2, "accounts", "remove", account)
    shell.json("accounts", "remove", account, "--yes")
    assert shell.json("accounts", "list") == []


@pytest.fixture
def served(connected: Connected) -> Iterator[tuple[str, str]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    server = warm.start([*POLYDEX, "serve", "--port", str(port)], env=connected.shell.env)
    try:
        _wait_for(f"{url}/health")
        yield url, connected.token
    finally:
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0


def test_the_commands_that_a_server_names_can_be_pasted_into_a_shell(tmp_path: Path) -> None:
    shell = Shell(tmp_path / "Ada's data; $(id)")
    with (tmp_path / "log").open("w") as log:
        server = warm.start([*POLYDEX, "serve", "--port", "0"], env=shell.env, stderr=log)
    named: list[str] = []
    for _ in range(300):
        named = [line for line in (tmp_path / "log").read_text().splitlines() if "--data-dir" in line]
        if len(named) == 2:
            break
        time.sleep(0.1)
    server.send_signal(signal.SIGTERM)
    assert server.wait(30) == 0
    assert [shlex.split(line)[-2:] for line in named] == [["--data-dir", str(shell.folder)]] * 2


def test_the_server_answers_until_it_is_told_to_end(served: tuple[str, str]) -> None:
    """The end itself is in the fixture: SIGTERM, exit code 0."""
    url, token = served
    call = urllib.request.Request(  # noqa: S310 - loopback
        f"{url}/v1/contacts/sync", headers={"Authorization": f"Bearer {token}"}, method="POST"
    )
    with urllib.request.urlopen(call) as answer:  # noqa: S310 - loopback
        assert json.loads(answer.read())["ready"]


def test_watching_ends_with_ctrl_c(connected: Connected) -> None:
    """What changes is written while it goes on; piped, there is no progress bar and no escape code."""
    shell, account = connected.shell, connected.account
    with subprocess.Popen(
        [*POLYDEX, "sync", account, "--watch"], env=shell.env | {"POLYDEX_FRESHNESS": "0"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    ) as watching:  # fmt: skip
        assert watching.stdout is not None
        seen = [watching.stdout.readline(), watching.stdout.readline()]
        assert seen[0].startswith("0 contacts, up to date")
        assert seen[1].startswith("Watching")
        made = str(shell.json("contacts", "create", account, stdin='{"name": {"displayName": "Ada Example"}}')["id"])
        assert watching.stdout.readline() == f"updated  {made}  Ada Example\n"
        shell.json("contacts", "delete", account, made)
        assert watching.stdout.readline() == f"deleted  {made}\n"
        watching.send_signal(signal.SIGINT)
        assert watching.stdout.read() == ""
    assert watching.returncode == 0


def test_an_account_shows_whether_its_provider_tells_of_changes(connected: Connected) -> None:
    shell, account = connected.shell, connected.account
    assert "push" not in shell.json("accounts", "show", account)["sync"]["sources"][0]
    with closing(sqlite3.connect(shell.folder / "polydex.db")) as database, database:
        database.execute("INSERT INTO watch (source_id) VALUES (1)")
    assert (
        "does not tell of changes by itself: POLYDEX_PUBLIC_URL is not set"
        in shell.run("accounts", "show", account).stdout
    )
    with closing(sqlite3.connect(shell.folder / "polydex.db")) as database, database:
        database.execute(
            "UPDATE watch SET channel = 'c', url = 'https://polydex.example.com', expires_at = 4102444800000"
        )
    push = shell.json("accounts", "show", account)["sync"]["sources"][0]["push"]
    assert push == {"active": True, "until": "2100-01-01T00:00:00.000Z"}
    assert "tells of changes by itself, until 2100-01-01" in shell.run("accounts", "show", account).stdout
