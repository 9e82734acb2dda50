"""A terminal with a real CardDAV server at hand, and the description that a running server gives."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from polydex.app import open_app
from polydex.config import Config
from tests.docs.terminal import Terminal, terminal
from tests.servers.dav import DavServer
from tests.servers.process import free_port
from tests.servers.sandbox import SandboxServer

_CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:{0}\r\nFN:{0} Example\r\nN:Example;{0};;;\r\nEMAIL:{0}@example.com\r\nEND:VCARD\r\n"


@pytest.fixture
def shell(tmp_path: Path, radicale: DavServer) -> Iterator[Terminal]:
    login = radicale.new_account()
    book = radicale.create_book(login)
    for name in ("ada", "bob", "grace"):
        radicale.request("PUT", f"{book}{name}.vcf", _CARD.format(name), {"Content-Type": "text/vcard"}, login)
    given = {
        "https://dav.example.com/": radicale.url,
        "https://cloud.example.com": radicale.url.rstrip("/"),
        "--login you\n": f"--login {login.user}\n",
        "--login you ": f"--login {login.user} ",
    }
    with terminal(tmp_path, login.password, free_port(), given) as found:
        yield found


@pytest.fixture
def account(shell: Terminal) -> Terminal:
    """One account, as connect-carddav.md makes it, synchronised."""
    shell.run("polydex accounts add carddav --server https://dav.example.com/ --login you\npolydex sync 1\n")
    return shell


@pytest.fixture
def served(account: Terminal) -> Terminal:
    """The same with a running server; API and TOKEN are set."""
    account.env["API"] = f"http://127.0.0.1:{account.port}"
    account.run("export API\npolydex serve\n")
    return account


@pytest.fixture
def sandboxed(tmp_path: Path, sandbox_server: SandboxServer) -> Iterator[Terminal]:
    """A terminal beside a running sandbox, which forgets afterwards what the page has made: pages have users of one name."""

    def users() -> set[str]:
        return {account["id"] for account in sandbox_server.control("GET", "/accounts")["accounts"]}

    before = users()
    with terminal(tmp_path, "none", free_port(), {"http://127.0.0.1:8090": sandbox_server.url}) as found:
        yield found
    for made in users() - before:
        sandbox_server.control("DELETE", f"/accounts/{made}")


@pytest.fixture(scope="session")
def description() -> dict[str, Any]:
    """The OpenAPI document."""

    async def ask() -> dict[str, Any]:
        with tempfile.TemporaryDirectory() as folder:
            async with open_app(Config.load({"POLYDEX_DATA_DIR": folder})) as app:
                transport = httpx.ASGITransport(app=app.asgi())
                async with httpx.AsyncClient(transport=transport, base_url="http://polydex") as client:
                    found: dict[str, Any] = (await client.get("/openapi.json")).json()
                    return found

    return asyncio.run(ask())
