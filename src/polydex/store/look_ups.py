"""Reading the look-ups backwards: which rows are found by what (for the check of a database).

They are found by themselves and not by their row, so they are read from the first to the last, in slices: no snapshot is
held for long.
"""

from __future__ import annotations

from collections.abc import Iterable

from polydex.store.contacts import ONE_KEY
from polydex.store.db import Tx

Key = tuple[int, str, str]
"""Source, kind, value."""
Place = tuple[int, str, str, int]
"""A look-up and its row: where a slice ends."""

SLICE = 50_000
"""Look-ups read at once."""
START: Place = (-1, "", "", 0)
_ORDER = "source_id, kind, value, row_id"


def slice_after(tx: Tx, place: Place, after: int, upto: int) -> tuple[list[tuple[Key, int]], Place | None]:
    """The next look-ups of rows with ``after`` < number <= ``upto``; and the last one's place, None at the end."""
    found = tx.all(
        f"SELECT {_ORDER} FROM contact_key WHERE ({_ORDER}) > (?, ?, ?, ?) AND row_id > ? AND row_id <= ? "
        f"ORDER BY {_ORDER} LIMIT ?",
        *place,
        after,
        upto,
        SLICE,
    )
    pairs = [((source, kind, value), row) for source, kind, value, row in found]
    if len(found) < SLICE:
        return pairs, None
    source, kind, value, row = found[-1]
    return pairs, (source, kind, value, row)


def holds(tx: Tx, row_id: int, keys: Iterable[Key]) -> set[Key]:
    """Those of these look-ups by which the row is found."""
    sql = f"SELECT 1 FROM contact_key WHERE {ONE_KEY}"
    return {key for key in keys if tx.one(sql, *key, row_id) is not None}
