"""The schema that a database has, and the one that it should have."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

from polydex.store.db import Tx
from polydex.store.dialect import SQLITE
from polydex.store.migrate import META, load


def columns(tx: Tx) -> dict[str, set[str]]:
    """The columns of every table that is here."""
    found: dict[str, set[str]] = {}
    for table, column in tx.all(tx.dialect.columns):
        found.setdefault(str(table), set()).add(str(column))
    return found


def newest() -> int:
    """The schema that this version of Polydex makes."""
    return len(load())


@cache
def expected() -> tuple[dict[str, set[str]], set[str]]:
    """The columns of every table, and the indexes, that a database of this version has."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as made:
        for script in (META, *(migration.script for migration in load())):
            for statement in SQLITE.ddl(script):
                made.execute(statement)
        tables = made.execute(SQLITE.columns).fetchall()
        indexes = made.execute(SQLITE.indexes).fetchall()
    found: dict[str, set[str]] = {}
    for table, column in tables:
        found.setdefault(table, set()).add(column)
    return found, {name for (name,) in indexes}


def missing(tx: Tx) -> list[str]:
    """What a database of this version has, and this one has not."""
    tables, indexes = expected()
    here = columns(tx)
    gone = [f"the table {table}" for table in tables if table not in here]
    gone += [f"the column {table}.{name}" for table in here for name in sorted(tables.get(table, set()) - here[table])]
    return gone + [f"the index {name}" for name in sorted(indexes - {name for (name,) in tx.all(tx.dialect.indexes)})]
