"""What clients of the HTTP interface meet: pages and single contacts, memory at rest, disk, pages during a bulk write."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sqlite3
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from statistics import quantiles
from typing import NamedTuple

import aiohttp

from bench.installation import connect, serving, synchronised
from bench.processes import ROOT, cpu_of, resident_of
from bench.servers import static
from bench.table import Goal, table
from tests.servers.process import LOOPBACK, free_port, listening, running, workspace

COUNT = 10_000
AT_ONCE = 32
REQUESTS = 4_000
IDLE_SECONDS = 3.0
CALM_SECONDS = 3.0


class Load(NamedTuple):
    """Requests a second, CPU of the server for one request in microseconds, bytes of an answer."""

    rate: float
    cpu: float
    size: int


def pages() -> None:
    """Pages of 50 and contacts by id beside a bare application that answers as many bytes."""
    rows = []
    with static(COUNT) as book, synchronised(book) as made, serving(made.folder) as (url, pid):
        head = {"Authorization": f"Bearer {made.token}"}
        ids = asyncio.run(_ids(url, head))
        for what, paths in (
            ("pages of 50", ["/v1/contacts?limit=50"]),
            ("contacts by id", [f"/v1/contacts/{each}" for each in ids]),
        ):
            ours = asyncio.run(_load(url, paths, head, pid))
            with _bare(ours.size) as (bare_url, bare_pid):
                bare = asyncio.run(_load(bare_url, paths, {}, bare_pid))
            rows.append((what, "Polydex", ours.size, f"{ours.rate:,.0f}", ours.cpu, ours.cpu / bare.cpu))
            rows.append((what, "a constant", bare.size, f"{bare.rate:,.0f}", bare.cpu, 1.0))
    columns = ("GET", "", "bytes", "requests/s", "CPU of the server for one, us", "CPU to the constant")
    table(f"Reads over HTTP, SQLite, {COUNT:,} contacts, {AT_ONCE} connections", columns, rows)


async def _ids(url: str, head: Mapping[str, str]) -> list[str]:
    async with aiohttp.ClientSession(headers=head) as session, session.get(url + "/v1/contacts?limit=200") as answer:
        answer.raise_for_status()
        return [record["id"] for record in (await answer.json())["records"]]


async def _load(url: str, paths: Sequence[str], head: Mapping[str, str], pid: int) -> Load:
    """Ask for the paths in turn, many at once."""
    turn = itertools.cycle(paths)
    size = 0
    async with aiohttp.ClientSession(headers=head, connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:

        async def ask(times: int) -> None:
            nonlocal size
            for _ in range(times):
                async with session.get(url + next(turn)) as answer:
                    answer.raise_for_status()
                    size = len(await answer.read())

        async def crowd(requests: int) -> None:
            await asyncio.gather(*(ask(requests // AT_ONCE) for _ in range(AT_ONCE)))

        await crowd(REQUESTS // 8)
        wall, cpu = time.perf_counter(), cpu_of(pid)
        await crowd(REQUESTS)
        done = REQUESTS // AT_ONCE * AT_ONCE
        return Load(done / (time.perf_counter() - wall), (cpu_of(pid) - cpu) / done * 1e6, size)


@contextlib.contextmanager
def _bare(size: int) -> Iterator[tuple[str, int]]:
    port = free_port()
    with workspace("bare") as folder:
        argv = [sys.executable, "-m", "bench.bare", str(port), str(size)]
        environment = {"PYTHONPATH": str(ROOT)}
        with running(argv, log=folder / "log", answers=lambda: listening(port), environment=environment) as pid:
            yield f"http://{LOOPBACK}:{port}", pid


def idle() -> None:
    """Resident memory of ``polydex serve`` with one account, at rest."""
    with static(1) as book, synchronised(book) as made, serving(made.folder) as (url, pid):
        asyncio.run(_ids(url, {"Authorization": f"Bearer {made.token}"}))
        time.sleep(IDLE_SECONDS)
        memory = resident_of(pid)
    table(
        "polydex serve at rest", ("resident memory, MiB",), [(memory,)], [Goal("resident memory", memory, 80, " MiB")]
    )


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
