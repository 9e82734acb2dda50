"""What an operator meets: memory at rest, disk, and pages during a bulk write."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from statistics import quantiles

import aiohttp

from bench.installation import connect, serving, synchronised
from bench.processes import resident_of
from bench.servers import static
from bench.table import Goal, table

COUNT = 10_000
IDLE_SECONDS = 3.0
CALM_SECONDS = 3.0


def idle() -> None:
    """Resident memory of ``polydex serve`` with one account, at rest."""
    with static(1) as book, synchronised(book) as made, serving(made.folder) as (url, pid):
        asyncio.run(_ids(url, {"Authorization": f"Bearer {made.token}"}))
        time.sleep(IDLE_SECONDS)
        memory = resident_of(pid)
    table(
        "polydex serve at rest", ("resident memory, MiB",), [(memory,)], [Goal("resident memory", memory, 80, " MiB")]
    )


async def _ids(url: str, head: Mapping[str, str]) -> list[str]:
    async with aiohttp.ClientSession(headers=head) as session, session.get(url + "/v1/contacts?limit=200") as answer:
        answer.raise_for_status()
        return [record["id"] for record in (await answer.json())["records"]]


def disk() -> None:
    """Bytes of the database for each byte that it has to keep: the cards, and the contacts as they are served."""
    with static(COUNT) as book, synchronised(book) as made:
        path = made.folder / "polydex.db"
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            kept = database.execute("SELECT sum(length(body)), sum(length(raw)) FROM document").fetchone()
        size = path.stat().st_size
    rows = [("contacts as served", kept[0]), ("cards as they came", kept[1]), ("the database", size)]
    table(f"Disk for {COUNT:,} contacts", ("", "bytes"), [(what, f"{count:,}") for what, count in rows], [
        Goal("database to the stored payloads", size / sum(kept), 1.4)
    ])  # fmt: skip


def busy() -> None:
    """Pages of 50, one after the other, while another account's first synchronisation is written."""
    with static(COUNT) as book, static(COUNT) as second, synchronised(book) as made, serving(made.folder) as (url, _):
        rest = asyncio.run(_while(url, made.token, lambda: asyncio.sleep(CALM_SECONDS)))
        added = connect(made.folder, second)
        if added.account == made.account:
            raise RuntimeError("the second account is the first one")
        written = asyncio.run(_while(url, made.token, lambda: _ready(url, added.token)))
    rows = [_spread("at rest", rest), _spread("while it is written", written)]
    goal = Goal("99th percentile, written to at rest", rows[1][3] / rows[0][3], 10)
    columns = ("", "pages", "median, ms", "99th percentile, ms")
    table(f"A page of 50 while {COUNT:,} contacts of another account are written", columns, rows, [goal])


async def _while(url: str, token: str, event: Callable[[], Awaitable[None]]) -> list[float]:
    """Seconds that each page took, one after the other, until the event."""
    head = {"Authorization": f"Bearer {token}"}
    times: list[float] = []
    async with aiohttp.ClientSession(headers=head) as session:
        waiting = asyncio.ensure_future(event())
        while not waiting.done():
            began = time.perf_counter()
            async with session.get(url + "/v1/contacts?limit=50") as answer:
                answer.raise_for_status()
                await answer.read()
            times.append(time.perf_counter() - began)
        await waiting
    return times


async def _ready(url: str, token: str) -> None:
    """Return when the first synchronisation of an account is complete."""
    head = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=head) as session:
        while True:
            async with session.get(url + "/v1/account") as answer:
                if (await answer.json())["sync"]["sources"][0]["ready"]:
                    return
            await asyncio.sleep(0.1)


def _spread(what: str, times: Sequence[float]) -> tuple[str, int, float, float]:
    cuts = quantiles(times, n=100)
    return what, len(times), cuts[49] * 1000, cuts[98] * 1000
