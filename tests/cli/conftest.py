"""A shell with an empty data folder, and one with an account on a real Radicale."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.shell import Shell
from tests.servers.dav import DavAccount, DavServer


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path / "data")


@dataclass
class Connected:
    """An account with one empty address book.

    Attributes:
        book: URL of the address book at the server.
    """

    shell: Shell
    account: str
    token: str
    login: DavAccount
    book: str


@pytest.fixture
def connected(shell: Shell, radicale: DavServer) -> Connected:
    login = radicale.new_account()
    book = radicale.create_book(login)
    app = shell.json("apps", "create", "tests")
    assert set(app) == {"clientId", "clientSecret", "signingSecret"}
    added = shell.json(
        "accounts", "add", "carddav", "--server", radicale.url, "--login", login.user, "--password-stdin",
        stdin=login.password + "\n",
    )  # fmt: skip
    assert set(added) == {"accountId", "accessToken"}
    return Connected(shell, str(added["accountId"]), str(added["accessToken"]), login, book)
