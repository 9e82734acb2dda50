"""Looking for open intents takes no longer when the account has had many others."""

from __future__ import annotations

from polydex.store import intents
from polydex.store.db import Database, Tx
from tests.contract.store.noting import Noting


async def test_open_intents_are_found_by_the_index_of_those(sqlite_db: Database) -> None:
    def plans(tx: Tx) -> list[str]:
        noting = Noting(tx)
        assert intents.open_of_account(noting, 1) == []  # type: ignore[arg-type]  # a double
        assert not intents.is_open(noting, 1, "mark")  # type: ignore[arg-type]  # a double
        return [str(tx.all(f"EXPLAIN QUERY PLAN {sql}", *params)) for sql, params in noting.asked]

    found = await sqlite_db.read(plans)
    assert len(found) == 2
    assert all("INDEX intent_open" in plan for plan in found), found
