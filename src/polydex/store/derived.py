"""What is made of the bodies of contacts, and can be made anew: the search index and the exact look-ups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from polydex.store.db import Tx

_BATCH = 500


def clear(tx: Tx) -> None:
    """Empty the search index and the look-ups; others wait until the transaction ends."""
    for statement in tx.dialect.clear_index:
        tx.run(statement)
    tx.run("DELETE FROM contact_key")


def bodies(tx: Tx, after: int) -> list[tuple[int, int, bytes]]:
    """(row, source, body) of the next shown contacts."""
    rows = tx.all(
        "SELECT c.row_id, c.source_id, d.body FROM contact c JOIN document d ON d.row_id = c.row_id "
        "WHERE c.row_id > ? AND c.live = 1 AND c.seq IS NOT NULL AND d.body IS NOT NULL ORDER BY c.row_id LIMIT ?",
        after,
        _BATCH,
    )
    return [(row, source, bytes(body)) for row, source, body in rows]


def add(tx: Tx, rows: Iterable[tuple[int, int, Sequence[str], frozenset[tuple[str, str]]]]) -> None:
    """Put rows into both: (row, source, words, (kind, value) pairs)."""
    rows = list(rows)
    tx.dialect.index_many(tx, [(row, source, (), words) for row, source, words, _ in rows])
    keys = [(source, kind, value, row) for row, source, _, pairs in rows for kind, value in pairs]
    tx.insert("contact_key (source_id, kind, value, row_id)", keys)
