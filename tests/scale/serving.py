"""A ``polydex serve`` process, its accounts, and what is seen of it from outside."""

from __future__ import annotations

import contextlib
import os
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx

from polydex.app import Role, open_app
from polydex.config import Config
from polydex.engine.accounts import AccountSpec
from tests.servers.process import LOOPBACK, free_port, listening, running

TLS = ssl.create_default_context()
"""Made once: nothing here is encrypted, and a client makes its own otherwise, which takes longer than all it asks for."""
SOAK = os.environ.get("POLYDEX_SOAK") == "1"


def environment(folder: Path, **more: str) -> dict[str, str]:
    return {
        "POLYDEX_DATA_DIR": str(folder / "data"),
        "POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
        "POLYDEX_LOG_LEVEL": "warning",
        **more,
    }


async def connect(folder: Path, server: str, logins: list[str]) -> list[str]:
    """Connect an account for each login; their access tokens. Nothing is pulled."""
    async with open_app(Config.load(environment(folder)), Role.TOOL) as app:
        owner = next(iter(await app.accounts.list_apps()), None) or await app.accounts.create_app("tests")
        specs = [AccountSpec("CardDAV", login=login, password="secret", server_url=server) for login in logins]
        return [(await app.accounts.upsert(owner.id, spec)).access_token for spec in specs]


@dataclass
class Watch:
    """Asks ``/health`` all the time, as a supervisor does.

    Attributes:
        answered: how often there was an answer.
        missed: what happened in place of one within five seconds.
    """

    url: str
    answered: int = 0
    missed: list[str] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        with httpx.Client(timeout=5.0, verify=TLS) as client:
            while not self._over.wait(0.05):
                try:
                    self.answered += client.get(f"{self.url}/health").status_code == 200
                except httpx.HTTPError as error:
                    self.missed.append(repr(error))

    def end(self) -> None:
        self._over.set()


@dataclass
class Served:
    """A running server."""

    url: str
    pid: int
    watch: Watch

    @property
    def resident(self) -> int:
        """The memory that it holds now, in MiB (Linux)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) // 1024

    @property
    def peak(self) -> int:
        """The most memory that it has held so far, in MiB (Linux)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) // 1024

    def client(self, token: str) -> Client:
        headers = {"Authorization": f"Bearer {token}"}
        return Client(httpx.AsyncClient(base_url=self.url, headers=headers, timeout=60, verify=TLS))


@contextlib.contextmanager
def serving(folder: Path, **more: str) -> Iterator[Served]:
    """``polydex serve`` on the folder of ``connect``, watched. At the end it must have answered all the time."""
    port = free_port()
    url = f"http://{LOOPBACK}:{port}"
    # The switch of the long tests is no setting of the server.
    argv = [
        "env",
        "-u",
        "POLYDEX_SOAK",
        sys.executable,
        "-m",
        "polydex",
        "serve",
        "--host",
        LOOPBACK,
        "--port",
        str(port),
    ]
    log = folder / "log"
    with running(argv, log=log, answers=lambda: listening(port), environment=environment(folder, **more)) as pid:
        watch = Watch(url)
        thread = threading.Thread(target=watch.run)
        thread.start()
        try:
            yield Served(url, pid, watch)
        finally:
            watch.end()
            thread.join()
    assert watch.answered > 0
    assert watch.missed == []
    complaints = [line for line in log.read_text().splitlines() if line.startswith("{")]
    assert complaints == []


@dataclass
class Client:
    """One account's program."""

    http: httpx.AsyncClient

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def begin(self) -> dict[str, Any]:
        """Start a synchronisation without waiting."""
        answer = await self.http.post("/v1/contacts/sync", params={"awaitReady": "false"})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        answer = await self.http.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def pages(self, path: str, **parameters: str | int) -> AsyncIterator[dict[str, Any]]:
        """Every page, the last one with its ``nextDeltaToken`` if it is a feed."""
        while True:
            page = await self.get(path, **parameters)
            yield page
            if not page.get("nextPageToken"):
                return
            # A feed's token stands for everything; a list is told its filters again.
            kept = {} if "sync" in path else parameters
            parameters = {**kept, "pageToken": str(page["nextPageToken"])}
