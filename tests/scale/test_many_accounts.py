"""Very many accounts on one server as it is installed: each is pulled, and none waits for another."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Coroutine, Iterable
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

from tests.scale.serving import SOAK, TLS, Served, connect, serving
from tests.servers import static

T = TypeVar("T")

ACCOUNTS = 1000 if SOAK else 40
CARDS = 3
SILENT = ACCOUNTS // 2
"""Accounts at a server that stops to answer: many more than are pulled at once."""
PATIENCE = 600.0
"""Seconds after which something is taken for stuck."""
POLL = 30.0 if SOAK else 3.0
"""Seconds between two polls of an account."""
MEMORY = 250
"""MiB: an account that nothing happens with takes none."""


@pytest.mark.soak
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is looked up in /proc")
async def test_each_is_pulled_sees_its_own_contacts_and_waits_for_no_other(tmp_path: Path) -> None:
    logins = [f"user{number}" for number in range(ACCOUNTS)]
    settings = {"POLYDEX_POLL_INTERVAL": str(POLL), "POLYDEX_FRESHNESS": "86400", "POLYDEX_SHUTDOWN_TIMEOUT": "1"}
    with static.serve(CARDS) as server, static.serve(CARDS) as other:
        tokens = await connect(tmp_path, server, logins[SILENT:])
        silent = await connect(tmp_path, other, logins[:SILENT])
        with serving(tmp_path, **settings) as polydex:
            deltas = await everyone(polydex, logins[SILENT:], tokens)
            await everyone(polydex, logins[:SILENT], silent)
            # A poll brings what somebody did at the provider, to every account.
            await elsewhere(server, logins[SILENT:])
            await everyone_learns(polydex, tokens, deltas)
        # A new process on the same folder: everything is due at once, and those that are due first hear nothing.
        await silence(other, logins[:SILENT])
        await elsewhere(server, logins[SILENT:])
        with serving(tmp_path, **settings) as polydex:
            await everyone_learns(polydex, tokens, deltas)
            assert polydex.peak < MEMORY


async def everyone(polydex: Served, logins: list[str], tokens: list[str]) -> list[str]:
    """Read all contacts of every account; their delta tokens."""

    async def one(login: str, token: str) -> str:
        async with polydex.client(token) as client:
            while not (begun := await client.begin())["ready"]:  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.5)
            page = await client.get("/v1/contacts/sync/updated", deltaToken=begun["syncUpdatedToken"], limit=1000)
            assert sorted(each["nickName"] for each in page["records"]) == [f"nick{n}of{login}" for n in range(CARDS)]
            return str(page["nextDeltaToken"])

    return await together(one(login, token) for login, token in zip(logins, tokens, strict=True))


async def everyone_learns(polydex: Served, tokens: list[str], deltas: list[str]) -> None:
    """Wait until each of these accounts has got one change, by its polls alone; ``deltas`` are moved on."""

    async def one(number: int, token: str) -> None:
        async with polydex.client(token) as client:
            records: list[object] = []
            while not records:
                await asyncio.sleep(1)
                page = await client.get("/v1/contacts/sync/updated", deltaToken=deltas[number])
                records, deltas[number] = page["records"], str(page["nextDeltaToken"])
            assert len(records) == 1

    await together(one(number, token) for number, token in enumerate(tokens))


async def elsewhere(server: str, logins: list[str]) -> None:
    """Somebody changes a contact of each account at the provider."""
    async with httpx.AsyncClient(verify=TLS) as phone:
        for login in logins:
            answer = await phone.put(f"{server}{login}/book/1.vcf", auth=(login, "secret"))
            assert answer.status_code == 204


async def silence(server: str, logins: list[str]) -> None:
    """From now on the provider does not answer these, and answers all others."""
    async with httpx.AsyncClient(verify=TLS) as client:
        assert (await client.post(f"{server}silence", content="\n".join(logins))).status_code == 204


async def together(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Run everything, a hundred at a time."""
    room = asyncio.Semaphore(100)

    async def one(each: Coroutine[Any, Any, T]) -> T:
        async with room:
            return await each

    async with asyncio.timeout(PATIENCE):
        return await asyncio.gather(*(one(each) for each in work))
