"""A shell with an empty data folder, and one with an account on a real Radicale."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.cli.doctor import Installation
from tests.cli.shell import Shell
from tests.providers.users import SandboxUser, Service
from tests.servers.dav import DavAccount, DavServer
from tests.servers.sandbox import SandboxServer


@pytest.fixture
def service() -> Service | None:
    """Whose accounts the tests of a module connect with tokens; None: nobody's."""
    return None


@pytest.fixture
def settings(service: Service | None, request: pytest.FixtureRequest) -> dict[str, str]:
    """Those of all commands: where the service is to be found."""
    if service is None:
        return {"POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8"}
    return service.settings(request.getfixturevalue("sandbox_server"))


@pytest.fixture
def ada(service: Service, sandbox_server: SandboxServer) -> SandboxUser:
    return service.user.new(sandbox_server)


@pytest.fixture
def shell(tmp_path: Path, settings: dict[str, str]) -> Shell:
    return Shell(tmp_path / "data", settings)


@pytest.fixture
def place(tmp_path: Path, settings: dict[str, str]) -> Installation:
    made = Installation(tmp_path / "data")
    made.more |= settings
    return made


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
