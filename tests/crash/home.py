"""A whole installation of processes that may be killed: a data folder, the server, the command line, an address book."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin

import httpx

from tests.crash.book import Book
from tests.servers import warm
from tests.servers.dav import DavAccount
from tests.servers.process import LOOPBACK, free_port

POLYDEX = [sys.executable, "-m", "polydex"]
NO_CACHE = {"Cache-Control": "no-cache"}


@dataclass
class Home:
    """One installation with one account.

    Attributes:
        folder: holds the data folder, and the server's log.
        data: the data folder.
        url: where Polydex reaches the provider; may lead through a proxy.
        more: added to the environment of the processes.
        token: of the account.
        role: of the server.
        process: the server, while it runs; the leader of a process group of its own.
    """

    folder: Path
    book: Book
    url: str = ""
    data: Path = Path()
    more: dict[str, str] = field(default_factory=dict)
    token: str = ""
    role: str = "all"
    port: int = field(default_factory=free_port)
    process: warm.Process | None = None
    client: httpx.AsyncClient | None = None

    @property
    def env(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("POLYDEX_")}
        mine = {"POLYDEX_DATA_DIR": str(self.data), "POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8"}
        provider = self.book.settings(self.url or self.book.server)
        return {**clean, **mine, "POLYDEX_FRESHNESS": "0", **provider, **self.more}

    @property
    def database(self) -> Path:
        return self.data / "polydex.db"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def events(self, *names: str) -> list[dict[str, Any]]:
        """What the server has logged, of these events; all of them without a name."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        found = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [event for event in found if not names or event.get("event") in names]

    # Commands

    async def run(self, *words: str, stdin: str = "", prefix: Sequence[str] = ()) -> tuple[int, str, str]:
        """One command: exit code, standard output, standard error."""
        done = await asyncio.to_thread(warm.run, [*prefix, *POLYDEX, *words], env=self.env, stdin=stdin)
        return done.returncode, done.stdout, done.stderr

    async def command(self, *words: str, stdin: str = "") -> Any:
        """The result of a command that has to succeed."""
        code, out, err = await self.run(*words, "--json", stdin=stdin)
        assert code == 0, err
        return json.loads(out)

    async def connect(self) -> Self:
        """Connect the account, without any pull."""
        words, stdin = self.book.login(self.url or self.book.server)
        added = await self.command("accounts", "add", *words, stdin=stdin)
        self.token = str(added["accessToken"])
        return self

    @property
    def default_book(self) -> str:
        """The URL of the address book that was chosen, where the login has several."""
        return urljoin(self.book.server, str(self.look("SELECT key FROM source WHERE is_default = 1")[0][0]))

    async def another_account(self, app: dict[str, str], account: DavAccount, url: str) -> Home:
        """Connect one more account while the server runs; as seen by it."""
        body = {"serviceType": "CardDAV", "serverUrl": url, "loginString": account.user, "password": account.password}
        credentials = base64.b64encode(f"{app['clientId']}:{app['clientSecret']}".encode()).decode()
        saved = await self.ask("POST", "/v1/am/accounts", body, {"Authorization": f"Basic {credentials}"})
        assert saved.status in (200, 201), saved
        return replace(self, token=saved.json["accessToken"], client=None)

    def take(self, other: Home) -> Self:
        """Become a copy of another installation, whose server must not run."""
        shutil.copytree(other.data, self.data)
        self.token = other.token
        return self

    def beside(self, role: str = "all") -> Home:
        """Another server on the same data folder."""
        return replace(self, folder=self.folder, process=None, client=None, port=free_port(), role=role)

    # The server

    async def start(self, prefix: Sequence[str] = (), *, stderr: Path | None = None) -> bool:
        """Start the server; False when it ended before it listened. ``prefix``: a program that runs it."""
        assert self.process is None
        with (stderr or self.log).open("ab") as log:
            self.process = warm.start(
                [*prefix, *POLYDEX, "serve", "--role", self.role, "--port", str(self.port), "--json"],
                env=self.env, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
            )  # fmt: skip
        line = await asyncio.to_thread(self.process.stdout.readline)
        return bool(line)

    async def kill(self) -> None:
        """SIGKILL to the whole process group."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            await self._ended()
        await self.hang_up()

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        code = await self._ended()
        await self.hang_up()
        return code

    async def _ended(self) -> int:
        assert self.process is not None
        process, self.process = self.process, None
        with process.stdout:
            return await asyncio.to_thread(process.wait)

    async def hang_up(self) -> None:
        # Nobody who asks meanwhile gets one that is being closed.
        client, self.client = self.client, None
        if client is not None:
            await client.aclose()

    async def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Answer:
        """One request of the account's. Raises httpx.TransportError when there is no answer."""
        if self.client is None:
            self.client = httpx.AsyncClient(
                base_url=f"http://{LOOPBACK}:{self.port}",
                headers={"Authorization": f"Bearer {self.token}"},
                timeout=40,
                transport=httpx.AsyncHTTPTransport(),
            )
        content = None if body is None else json.dumps(body).encode()
        answer = await self.client.request(method, path, content=content, headers=headers)
        return Answer(answer.status_code, answer.json(), dict(answer.headers))

    # The database, looked at from outside

    def look(self, sql: str, *params: object) -> list[tuple[Any, ...]]:
        """Rows, read on a connection of our own."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)) as connection:
            return connection.execute(sql, params).fetchall()

    def change(self, sql: str, *params: object, patience: float = 30) -> None:
        """Change the database behind the server's back. ``patience``: seconds to wait for others."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=patience)) as connection, connection:
            connection.execute(sql, params)


@dataclass(frozen=True)
class Answer:
    """An answer of the API."""

    status: int
    json: Any
    headers: dict[str, str]

    @property
    def code(self) -> str:
        return str(self.json.get("code", ""))
