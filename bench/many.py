"""Installations with any number of contacts, made by the engine itself without a server to read them from."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench.bulk_apply import TOGETHER
from bench.cards import card
from bench.installation import Installation, connect
from bench.servers import static
from polydex.connectors.base import Record
from polydex.connectors.carddav.mapping import record
from polydex.core.ids import AccountId, RemoteKey, Rev, SourceId
from polydex.engine import apply, content
from polydex.engine.keys import Keys
from polydex.engine.news import News
from polydex.engine.target import Target
from polydex.store import sources
from polydex.store.db import Tx
from polydex.store.sqlite_session import SqliteSession

PAGE = 100 * TOGETHER


@contextlib.contextmanager
def synchronised_with(count: int) -> Iterator[Installation]:
    """An account with so many contacts that counts as synchronised just now, and is due for no pull."""
    with tempfile.TemporaryDirectory(prefix="polydex-bench-") as name:
        folder = Path(name)
        with static(1) as book:
            made = connect(folder, book)
        _fill(folder, AccountId(made.account), count)
        yield made


def _fill(folder: Path, account: AccountId, count: int) -> None:
    keys = Keys.load(folder, {}, create=False)
    with contextlib.closing(SqliteSession(folder / "polydex.db", None, busy_seconds=5)) as session:
        source = session.read(lambda tx: sources.default(tx, account))
        assert source is not None
        target = Target(account, source.id, source.key, 1, 1, keys.ids)
        for start in range(0, count, PAGE):
            numbers = range(start, min(start + PAGE, count))
            page = [record(card(n), RemoteKey(f"{source.key}{n}.vcf"), Rev(f"e{n}"), None) for n in numbers]
            session.write(lambda tx, page=page: _apply(tx, target, page))
        session.write(lambda tx: _complete(tx, source.id))


def _apply(tx: Tx, target: Target, page: list[Record]) -> None:
    asked = apply.stamp(tx, target.account, target.generation)
    news = News(asked=asked, asked_ms=0, walk=1, changed=page, ready=[content.ready(each) for each in page])
    apply.apply(tx, target, news, 0)


def _complete(tx: Tx, source: SourceId) -> None:
    now = time.time_ns() // 1_000_000
    tx.run("UPDATE source SET ready_at = ?, pulled_at = ?, due_at = NULL WHERE id = ?", now, now, source)
