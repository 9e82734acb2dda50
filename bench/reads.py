"""Reads over HTTP: pages of a delta and contacts by id, beside a floor and a peer; and with a hundred times the contacts."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.installation import Installation, serving, synchronised
from bench.load import Load, load
from bench.many import synchronised_with
from bench.processes import ROOT, resident_of
from bench.servers import static
from bench.table import Goal, table
from polydex.core.ids import AccountId
from polydex.core.tokens import PageToken, Stream, Tokens
from polydex.engine.keys import Keys
from tests.servers.process import LOOPBACK, free_port, listening, running, workspace

COUNT = 10_000
PLACES = 500
"""Pages and contacts that are asked for in turn, spread over the whole account."""
FEW, MANY = 1_000, 1_000_000
MIRROR = {"POLYDEX_FRESHNESS": "86400", "POLYDEX_POLL_INTERVAL": "604800"}
"""Nothing is asked of the provider meanwhile."""


class Places(NamedTuple):
    """Where to read: the journal's numbers that pages begin after, and contacts' ids; the account's newest number."""

    after: Sequence[int]
    ids: Sequence[str]
    head: int
    epoch: int


def reads() -> None:
    """Pages of 50 and 200 and contacts by id, over 1 and 32 connections."""
    rows: list[tuple[object, ...]] = []
    goals: list[Goal] = []
    with static(COUNT) as book, synchronised(book) as made:
        database = made.folder / "polydex.db"
        places = _places(database)
        with (
            serving(made.folder, **MIRROR) as ours,
            _peer("bare", database) as bare,
            _peer("twin", database) as twin,
        ):
            for what, size in (("page of 50", 50), ("page of 200", 200), ("contact by id", 0)):
                plain = _plain(places, size)
                for connections in (1, 32):
                    done = (
                        load(ours[0], _polydex(made, places, size), ours[1], connections, _head(made)),
                        load(bare[0], plain, bare[1], connections),
                        load(twin[0], plain, twin[1], connections),
                    )
                    rows += _rows(what, connections, done)
                    goals += _goals(what, connections, done)
    columns = ("GET", "connections", "", "answers/s", "CPU, us", "p50, ms", "p99, ms", "bytes", "rate to bare")
    table(f"Reads over HTTP, SQLite, {COUNT:,} contacts", columns, rows, goals)


def size() -> None:
    """The same pages with few and with many contacts in the database."""
    rows: list[tuple[object, ...]] = []
    found: dict[int, tuple[float, Load, Load]] = {}
    for count in (FEW, MANY):
        with synchronised_with(count) as made:
            places = _places(made.folder / "polydex.db")
            with serving(made.folder, **MIRROR) as (url, pid):
                page = load(url, _polydex(made, places, 50), pid, 1, _head(made))
                one = load(url, _polydex(made, places, 0), pid, 1, _head(made))
                found[count] = resident_of(pid), page, one
            size = (made.folder / "polydex.db").stat().st_size
        memory = found[count][0]
        for what, done in (("page of 50", page), ("contact by id", one)):
            rows.append((f"{count:,}", what, done.p50, done.p99, f"{done.rate:,.0f}", memory, f"{size / 1e6:,.0f}"))
    few, many = found[FEW], found[MANY]
    goals = [
        Goal("p50 of a page, many to few", many[1].p50 / few[1].p50, 1.3),
        Goal("p50 of a contact by id, many to few", many[2].p50 / few[2].p50, 1.3),
        Goal("resident memory, more", many[0] - few[0], 60, " MiB"),
    ]
    columns = ("contacts", "GET", "p50, ms", "p99, ms", "answers/s", "resident memory, MiB", "database, MB")
    table("Reads with many contacts in the database", columns, rows, goals)


def _places(path: Path) -> Places:
    rng = random.Random(1)
    with contextlib.closing(sqlite3.connect(path)) as database:
        head, epoch = database.execute("SELECT a.seq, m.epoch FROM account a, meta m WHERE a.id = 1").fetchone()
        after = [rng.randrange(max(1, head - 200)) for _ in range(PLACES)]
        ids = [
            str(
                database.execute("SELECT public_id FROM contact WHERE seq > ? ORDER BY seq LIMIT 1", (n,)).fetchone()[0]
            )
            for n in after
        ]
    return Places(after, ids, head, epoch)


def _polydex(made: Installation, places: Places, size: int) -> list[str]:
    """What is asked of Polydex: pages in the middle of a run, each by its own token."""
    if not size:
        return [f"/v1/contacts/{each}" for each in places.ids]
    tokens = Tokens(Keys.load(made.folder, {}, create=False).tokens)
    account = AccountId(made.account)
    pages = (PageToken(account, Stream.UPDATED, places.epoch, 0, places.head, n, size) for n in places.after)
    return [f"/v1/contacts/sync/updated?pageToken={tokens.encode(page)}" for page in pages]


def _plain(places: Places, size: int) -> list[str]:
    if not size:
        return [f"/contacts/{each}" for each in places.ids]
    return [f"/updated?after={n}&limit={size}" for n in places.after]


def _head(made: Installation) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {made.token}"}


@contextlib.contextmanager
def _peer(module: str, database: Path) -> Iterator[tuple[str, int]]:
    port = free_port()
    with workspace(module) as folder:
        argv = [sys.executable, "-m", f"bench.{module}", str(port), str(database)]
        environment = {"PYTHONPATH": str(ROOT)}
        with running(argv, log=folder / "log", answers=lambda: listening(port), environment=environment) as pid:
            yield f"http://{LOOPBACK}:{port}", pid


def _rows(what: str, connections: int, done: Sequence[Load]) -> Iterator[tuple[object, ...]]:
    names = ("Polydex", "bare Starlette", "FastAPI and pydantic")
    for name, each in zip(names, done, strict=True):
        rate = each.rate / done[1].rate
        yield what, connections, name, f"{each.rate:,.0f}", each.cpu, each.p50, each.p99, each.size, rate


def _goals(what: str, connections: int, done: Sequence[Load]) -> Iterator[Goal]:
    ours, bare, twin = done
    where = f"{what}, {connections} connections"
    yield Goal(f"{where}: rate of the bare one to ours", bare.rate / ours.rate, 1 / 0.7)
    if what != "contact by id":
        yield Goal(f"{where}: rate of the twin to ours", twin.rate / ours.rate, 1 / 4)
