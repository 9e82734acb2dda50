"""A transaction that notes what it is asked."""

from __future__ import annotations

from polydex.store.db import Row, Tx


class Noting:
    """Passes every question on, and notes it."""

    def __init__(self, tx: Tx) -> None:
        self.tx, self.asked = tx, list[tuple[str, tuple[object, ...]]]()
        self.dialect = tx.dialect

    def all(self, sql: str, *params: object) -> list[Row]:
        self.asked.append((sql, params))
        return self.tx.all(sql, *params)

    def one(self, sql: str, *params: object) -> Row | None:
        self.asked.append((sql, params))
        return self.tx.one(sql, *params)

    def run(self, sql: str, *params: object) -> int:
        self.asked.append((sql, params))
        return self.tx.run(sql, *params)
