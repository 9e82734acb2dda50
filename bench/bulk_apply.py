"""Applying 10,000 new contacts beside a bare sqlite3 loop that runs the same statements with the same values."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from statistics import median

from bench.cards import card
from bench.table import Goal, table
from polydex.connectors.base import Record
from polydex.connectors.carddav.mapping import record
from polydex.core.ids import AccountId, RemoteKey, Rev, SourceId
from polydex.engine import apply, content
from polydex.engine.content import Ready
from polydex.engine.news import News
from polydex.engine.target import Target
from polydex.store import accounts, apps, sources
from polydex.store.accounts import Details
from polydex.store.db import A, Row, T, Tx
from polydex.store.dialect import SQLITE
from polydex.store.migrate import Hooks, load, migrate
from polydex.store.sqlite_session import SqliteSession

COUNT = 10_000
PAGE = 100
TOGETHER = 5
"""Pages in one transaction, as in a pull that the disk cannot follow."""
RUNS = 5
Work = tuple[float, float]
Statement = tuple[bool, str, Sequence[object]]
"""Whether it runs once for each row of parameters, the SQL, the parameters."""


def bulk_apply() -> None:
    """Rows a second, and the ratio of the CPU times; medians of runs in turn."""
    records = [record(card(n), RemoteKey(f"/dav/book/{n}.vcf"), Rev(f"e{n}"), None) for n in range(COUNT)]
    cpu = time.process_time()
    ready = [content.ready(each) for each in records]  # before the transaction, as in a pull
    before = time.process_time() - cpu
    statements = _recorded(records, ready)
    rounds = [
        (_timed(lambda s: _apply(s, records, ready)), _timed(lambda s: _replay(s, statements))) for _ in range(RUNS)
    ]
    rows = [("worked out before the transactions", "", before, "", f"{COUNT / before:,.0f}")]
    for who, place in (("apply", 0), ("the same statements alone", 1)):
        wall, cpu = (median(each[place][kind] for each in rounds) for kind in (0, 1))
        rows.append((who, wall, cpu, f"{COUNT / wall:,.0f}", f"{COUNT / cpu:,.0f}"))
    ratio = median(ours[1] / bare[1] for ours, bare in rounds)
    title = f"{COUNT:,} contacts into SQLite, synchronous=FULL, {PAGE * TOGETHER} in a transaction, medians of {RUNS}"
    columns = ("", "wall, s", "CPU, s", "rows/s", "rows/s of CPU")
    table(title, columns, rows, [Goal("CPU of apply to that of the statements", ratio, 1.6)])


class _Recorder:
    """A transaction that notes what it is asked for; see ``polydex.store.db.Tx``."""

    dialect = SQLITE

    def __init__(self, tx: Tx, noted: list[Statement]) -> None:
        self._tx, self._noted = tx, noted

    def recall(self, fn: Callable[[Tx, A], T], arg: A) -> T:
        return fn(self, arg)

    def all(self, sql: str, *params: object) -> list[Row]:
        self._noted.append((False, sql, params))
        return self._tx.all(sql, *params)

    def one(self, sql: str, *params: object) -> Row | None:
        self._noted.append((False, sql, params))
        return self._tx.one(sql, *params)

    def run(self, sql: str, *params: object) -> int:
        self._noted.append((False, sql, params))
        return self._tx.run(sql, *params)

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        kept = list(rows)
        self._noted.append((True, sql, kept))
        self._tx.many(sql, kept)

    def insert(self, into: str, rows: Sequence[Sequence[object]]) -> None:
        if rows:
            self._noted.append((True, f"INSERT INTO {into} VALUES ({', '.join('?' * len(rows[0]))})", rows))
        self._tx.insert(into, rows)


def _recorded(records: Sequence[Record], ready: Sequence[Ready]) -> list[list[Statement]]:
    found: list[list[Statement]] = []

    def noting(session: SqliteSession, fn: Callable[[Tx], None]) -> None:
        noted: list[Statement] = []
        session.write(lambda tx: fn(_Recorder(tx, noted)))
        found.append(noted)

    with _database() as session:
        _apply(session, records, ready, noting)
    return found


def _plainly(session: SqliteSession, fn: Callable[[Tx], None]) -> None:
    session.write(fn)


def _apply(
    session: SqliteSession,
    records: Sequence[Record],
    ready: Sequence[Ready],
    write: Callable[[SqliteSession, Callable[[Tx], None]], None] = _plainly,
) -> None:
    target = Target(AccountId(1), SourceId(1), "/dav/book/", 1, 1, b"k" * 32)
    for start in range(0, len(records), PAGE * TOGETHER):

        def pages(tx: Tx, start: int = start) -> None:
            for at in range(start, min(start + PAGE * TOGETHER, len(records)), PAGE):
                asked = apply.stamp(tx, target.account, target.generation)
                page = slice(at, at + PAGE)
                news = News(asked=asked, asked_ms=_now(), walk=1, changed=records[page], ready=ready[page])
                apply.apply(tx, target, news, _now())

        write(session, pages)


def _replay(session: SqliteSession, transactions: Sequence[Sequence[Statement]]) -> None:
    connection = session._connection
    for statements in transactions:
        connection.execute("BEGIN IMMEDIATE")
        for many, sql, params in statements:
            if many:
                connection.executemany(sql, params)
            else:
                connection.execute(sql, params).fetchall()
        connection.execute("COMMIT")


def _timed(work: Callable[[SqliteSession], None]) -> Work:
    with _database() as session:
        wall, cpu = time.perf_counter(), time.process_time()
        work(session)
        return time.perf_counter() - wall, time.process_time() - cpu


@contextlib.contextmanager
def _database() -> Iterator[SqliteSession]:
    """An empty database with one account and one source."""
    with tempfile.TemporaryDirectory(prefix="polydex-bench-") as folder:
        path = Path(folder) / "bench.db"
        path.touch()
        with contextlib.closing(SqliteSession(path, None, busy_seconds=5, foreign_keys=False)) as session:
            migrate(session, load(), Hooks())
        with contextlib.closing(SqliteSession(path, None, busy_seconds=5)) as session:
            session.write(_furnish)
            yield session


def _furnish(tx: Tx) -> None:
    app = apps.create(tx, "bench", "bench", b"hash", b"signing", _now())
    details = Details("CardDAV", frozenset({"Contacts.ReadWrite"}), login="bench", server_url="http://127.0.0.1/")
    account = accounts.upsert(tx, app.id, "carddav", "bench", details, _now())
    sources.add(tx, account.id, "/dav/book/", "Book", is_default=True, read_only=False)


def _now() -> int:
    return time.time_ns() // 1_000_000
