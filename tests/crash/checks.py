"""What has to be true after every misfortune."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from typing import Any

from tests.crash.book import Book
from tests.crash.consumer import Consumer, Interrupted, listed, shown
from tests.crash.home import Home

PATIENCE = 60
"""Tries, half a second apart: a lease of a killed process lasts up to ten seconds for writes, a minute for pulls."""

_CLAIMS = {
    "a public id that two contacts have": "SELECT public_id FROM contact GROUP BY 1 HAVING count(*) > 1 AND public_id NOT NULL",
    "a key that two contacts have": "SELECT source_id, key FROM contact GROUP BY 1, 2 HAVING count(*) > 1",
    "a number of the journal that two contacts have": (
        "SELECT account_id, seq FROM contact WHERE seq IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1"
    ),
    "a number beyond the account's": (
        "SELECT 1 FROM contact JOIN account ON account.id = account_id WHERE contact.seq > account.seq"
    ),
}


def database_is_sound(home: Home) -> None:
    """The file as SQLite sees it, and what the schema alone does not demand."""
    with contextlib.closing(sqlite3.connect(f"file:{home.database}?mode=ro", uri=True, timeout=30)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        for claim, sql in _CLAIMS.items():
            assert connection.execute(sql).fetchall() == [], claim


async def agreed(home: Home, book: Book, *consumers: Consumer) -> dict[str, dict[str, Any]]:
    """The provider, the list and every consumer have the same contacts in the end; these by their ids.

    Nobody may change anything meanwhile.
    """
    last: AssertionError | Interrupted | None = None
    for _ in range(PATIENCE):
        try:
            there = await book.shown()
            mirror = await listed(home)
            assert sorted(map(shown, mirror.values())) == there
            for consumer in consumers:
                await consumer.follow(fresh=True)
                assert consumer.copy == mirror
            database_is_sound(home)
            return mirror
        except (AssertionError, Interrupted) as error:
            last = error
            await asyncio.sleep(0.5)
    assert last is not None
    raise last
