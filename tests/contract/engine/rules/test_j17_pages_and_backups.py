"""J17: lists are paged in an order that never changes, and backups are whole."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from polydex.core.errors import TokenNotValid
from polydex.store.sqlite import open_sqlite
from polydex.testing.clock import FakeClock
from tests.contract.engine.home import Home, furnish, named


async def test_contacts_skipped_or_repeated_because_they_change_between_two_pages(home: Home) -> None:
    keys = [home.world.put(named(f"n{number}")) for number in range(9)]
    await home.pull()
    first = await home.reader.page(home.account, limit=4)
    home.world.put(named("n1 changed"), keys[1])
    home.world.put(named("n7 changed"), keys[7])
    home.world.put(named("new"))
    home.world.remove(keys[3])
    await home.pull()
    names = [json.loads(body)["nickName"] for body in first.bodies]
    token = first.next_page
    while token:
        page = await home.reader.page(home.account, limit=4, page_token=token)
        names += [json.loads(body)["nickName"] for body in page.bodies]
        token = page.next_page
    assert names == ["n0", "n1", "n2", "n3", "n4", "n5", "n6", "n7 changed", "n8", "new"]


async def test_a_page_token_used_with_other_filters(home: Home) -> None:
    for number in range(3):
        home.world.put(named(f"n{number}"))
    await home.pull()
    first = await home.reader.page(home.account, limit=2)
    with pytest.raises(TokenNotValid):
        await home.reader.page(home.account, limit=2, page_token=first.next_page, q="other")


async def test_a_backup_without_what_lies_beside_the_file(tmp_path: Path, clock: FakeClock) -> None:
    """The newest commits are in the write-ahead log: the backup API brings them, a copy of the file would not."""
    path = tmp_path / "polydex.db"
    home = await furnish(open_sqlite(path, clock=clock), clock)
    for number in range(3):
        home.world.put(named(f"n{number}"))
    await home.pull()
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(tmp_path / "backup.db")) as copy:
        source.backup(copy)
    (tmp_path / "copied.db").write_bytes(path.read_bytes())
    await home.db.close()
    counts = {}
    for name in ("backup.db", "copied.db"):
        with closing(sqlite3.connect(tmp_path / name)) as opened:
            try:
                counts[name] = opened.execute("SELECT count(*) FROM contact").fetchone()[0]
            except sqlite3.DatabaseError:
                counts[name] = -1
    assert counts["backup.db"] == 3
    assert counts["copied.db"] != 3
