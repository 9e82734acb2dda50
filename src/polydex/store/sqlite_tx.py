"""Transactions of SQLite, and what a connection remembers between those that only read."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, TypeVar

from polydex.store.db import A, Row, Tx
from polydex.store.dialect import SQLITE, Dialect

T = TypeVar("T")

MEMORY = 4096
"""Values that a connection remembers of one state of the database, at most."""
INSERT_ROWS = 50
"""Rows in one INSERT; with the widest table that is far below SQLite's limit of 32,766 parameters."""


class SqliteTx:
    """A transaction of SQLite; see Tx."""

    dialect: Dialect = SQLITE

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._open = True

    def recall(self, fn: Callable[[Tx, A], T], arg: A) -> T:
        return fn(self, arg)

    def all(self, sql: str, *params: object) -> list[Row]:
        return self._execute(sql, params).fetchall()

    def one(self, sql: str, *params: object) -> Row | None:
        cursor = self._execute(sql, params)
        row: Row | None = cursor.fetchone()
        cursor.close()  # a statement with RETURNING must be over before the commit
        return row

    def run(self, sql: str, *params: object) -> int:
        return self._execute(sql, params).rowcount

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        self._check()
        self._connection.executemany(sql, rows)

    def insert(self, into: str, rows: Sequence[Sequence[object]]) -> None:
        # Python's lock is given up once for each statement and waited for after it: with a statement for each row a
        # busy event loop let one row pass every 5 ms. Batches of one size, so that each statement is prepared once.
        if not rows:
            return
        one = f"({', '.join('?' * len(rows[0]))})"
        whole = len(rows) - len(rows) % INSERT_ROWS
        if whole:
            batch = f"INSERT INTO {into} VALUES {', '.join([one] * INSERT_ROWS)}"
            for start in range(0, whole, INSERT_ROWS):
                self._execute(batch, tuple(chain.from_iterable(rows[start : start + INSERT_ROWS])))
        if whole < len(rows):
            self.many(f"INSERT INTO {into} VALUES {one}", rows[whole:])

    def end(self) -> None:
        self._open = False

    def _execute(self, sql: str, params: tuple[object, ...]) -> sqlite3.Cursor:
        self._check()
        return self._connection.execute(sql, params)

    def _check(self) -> None:
        # After some errors SQLite rolls back by itself; a statement that came then would commit on its own.
        if not (self._open and self._connection.in_transaction):
            raise sqlite3.ProgrammingError("the transaction is over")


class Recalling(SqliteTx):
    """A transaction that only reads, and remembers between transactions what ``recall`` is asked for."""

    def __init__(self, connection: sqlite3.Connection, memory: Memory) -> None:
        super().__init__(connection)
        # Begins the snapshot, and is another number when anybody has committed since the last one.
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        self._known = memory.at(version)

    def recall(self, fn: Callable[[Tx, A], T], arg: A) -> T:
        key = (fn, arg)
        if key not in self._known:
            self._known[key] = fn(self, arg)
        found: T = self._known[key]
        return found


class Memory:
    """What was read of one state of the database, by one connection."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._known: dict[object, Any] = {}

    def at(self, version: int) -> dict[object, Any]:
        """What is known of the state with this number; nothing, when it is a new one."""
        if version != self._version or len(self._known) >= MEMORY:
            self._version, self._known = version, {}
        return self._known
