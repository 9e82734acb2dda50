"""SIGTERM, with writes and pulls that run: a real server process, a real CardDAV server, a network with faults."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers.dav import DavAccount, DavServer
from tests.servers.proxy import BlackHole, DropAnswer, Latency, Proxy, proxy_to

PROGRAM = [sys.executable, "-m", "polydex"]
BODY = {"nickName": "Ada"}


@dataclass
class Installation:
    """A data folder with one account, whose provider is reached through the proxy."""

    env: dict[str, str]
    proxy: Proxy
    book: str
    account: DavAccount
    radicale: DavServer
    token: str = ""

    async def command(self, *words: str, stdin: str = "") -> Any:
        process = await asyncio.create_subprocess_exec(
            *PROGRAM, *words, "--json", env=self.env, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate(stdin.encode())
        assert process.returncode == 0, said
        return json.loads(said)

    @contextlib.asynccontextmanager
    async def server(self, grace: str = "20") -> AsyncIterator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
        """A server process and a client of the account; the process has to end by itself."""
        process = await asyncio.create_subprocess_exec(
            *PROGRAM, "serve", "--port", "0", "--json",
            env={**self.env, "POLYDEX_SHUTDOWN_TIMEOUT": grace},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            assert process.stdout is not None
            url = json.loads(await process.stdout.readline())["url"]
            headers = {"Authorization": f"Bearer {self.token}"}
            async with httpx.AsyncClient(base_url=url, headers=headers, timeout=40) as client:
                yield process, client
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            assert await process.wait() == 0
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    def stored(self) -> int:
        """Contacts named Ada at the provider."""
        found = self.radicale.list_book(self.book, self.account)
        return sum(
            "NICKNAME:Ada" in self.radicale.request("GET", href, account=self.account).body.decode() for href in found
        )


@pytest.fixture
async def installation(tmp_path: Path, radicale: DavServer) -> AsyncIterator[Installation]:
    account = radicale.new_account()
    book = radicale.create_book(account)
    env = {
        **os.environ,
        "POLYDEX_DATA_DIR": str(tmp_path / "data"),
        "POLYDEX_ALLOW_PRIVATE_NETWORKS": "127.0.0.0/8",
    }
    async with proxy_to(radicale.url) as proxy:
        made = Installation(env, proxy, book, account, radicale)
        await made.command("apps", "create", "tests")
        added = await made.command(
            "accounts", "add", "carddav", "--server", proxy.url(radicale.url), "--login", account.user,
            "--password-stdin", stdin=account.password + "\n",
        )  # fmt: skip
        made.token = str(added["accessToken"])
        yield made


async def played(proxy: Proxy, times: int = 1) -> None:
    """Until the fault has hit."""
    for _ in range(1000):
        if proxy.played >= times:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the fault was not played")


async def test_a_write_that_runs_is_finished_and_answered(installation: Installation) -> None:
    async with installation.server() as (process, client):
        assert (await client.post("/v1/contacts/sync")).json()["ready"] is True
        installation.proxy.play(Latency(0.3), request=b"PUT ")
        write = asyncio.create_task(client.post("/v1/contacts", json=BODY))
        await played(installation.proxy)
        process.send_signal(signal.SIGTERM)
        answer = await write
        assert answer.status_code == 201, answer.text
        assert await process.wait() == 0
        with pytest.raises(httpx.ConnectError):
            await client.get("/health")
    assert installation.stored() == 1


@pytest.mark.parametrize("fault", [DropAnswer(close=False), BlackHole()], ids=["acted", "not-arrived"])
async def test_a_write_that_is_cut_off_is_found_out_afterwards(
    installation: Installation, fault: DropAnswer | BlackHole
) -> None:
    async with installation.server("1") as (process, client):
        assert (await client.post("/v1/contacts/sync")).json()["ready"] is True
        installation.proxy.play(fault, request=b"PUT ")
        write = asyncio.create_task(client.post("/v1/contacts", json=BODY))
        await played(installation.proxy)
        process.send_signal(signal.SIGTERM)
        answer = await write
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert set(answer.json()) == {"code", "message", "requestId"}
        # The provider's call would go on for longer than this; it is given up.
        async with asyncio.timeout(20):
            assert await process.wait() == 0
    installation.proxy.heal()
    async with installation.server() as (_, client):
        again = await client.post("/v1/contacts", json=BODY)
        if isinstance(fault, BlackHole):
            # It may still be on its way: that it did not arrive is not believed at once, so nothing is sent again yet.
            assert (again.status_code, again.json()["code"]) == (504, "provider.timeout")
            assert installation.stored() == 0
            return
        assert again.status_code == 201, again.text
        listed = (await client.get("/v1/contacts", headers={"Cache-Control": "no-cache"})).json()
        assert [record["id"] for record in listed["records"]] == [again.json()["id"]]
    assert installation.stored() == 1


async def test_a_pull_that_runs_does_not_hold_up_the_end(installation: Installation) -> None:
    async with installation.server("1") as (process, client):
        installation.proxy.play(BlackHole())
        waiting = asyncio.create_task(client.post("/v1/contacts/sync"))
        await played(installation.proxy)
        process.send_signal(signal.SIGTERM)
        answer = await waiting
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert await process.wait() == 0
    installation.proxy.heal()
    async with installation.server() as (_, client):
        assert (await client.post("/v1/contacts/sync")).json()["ready"] is True
