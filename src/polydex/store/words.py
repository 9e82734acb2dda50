"""Reading SQLite's search index backwards: which words it holds for which rows (for the check of a database).

The index finds rows by words and does not know the words of a row, so it is read from its first word to its last, in
slices: no snapshot is held for long. SQLite gives the words through a virtual table of the connection's own, which a
connection may make that does not refuse to write altogether.
"""

from __future__ import annotations

from collections.abc import Sequence

from polydex.store.db import Tx

SLICE = 50_000
"""Pairs of a word and a row read at once."""
_VOCABULARY = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.held_word USING fts5vocab('main', 'contact_words', 'instance')"


def slice_after(tx: Tx, word: str, after: int, upto: int) -> tuple[list[tuple[str, int]], str | None]:
    """The pairs of the next words, for rows with ``after`` < number <= ``upto``; and the last word, None at the end.

    The pairs of a word are never torn apart.
    """
    tx.run(_VOCABULARY)
    where = "doc > ? AND doc <= ?"
    pairs = tx.all(f"SELECT term, doc FROM temp.held_word WHERE term > ? AND {where} LIMIT ?", word, after, upto, SLICE)
    if len(pairs) < SLICE:
        return [(term, doc) for term, doc in pairs], None
    last = pairs[-1][0]
    whole = [(term, doc) for term, doc in pairs if term != last]
    if whole:
        return whole, whole[-1][0]
    every = tx.all(f"SELECT term, doc FROM temp.held_word WHERE term = ? AND {where}", last, after, upto)
    return [(term, doc) for term, doc in every], last


def holds(tx: Tx, row_id: int, words: Sequence[str]) -> set[str]:
    """Those of these words under which the index finds the row. ``words`` are as the dialect's ``tokens`` gives them."""
    sql = "SELECT 1 FROM contact_words WHERE contact_words MATCH ? AND rowid = ?"
    return {word for word in words if tx.one(sql, f'"{word}"', row_id) is not None}


def readable(tx: Tx) -> bool:
    """Whether this is an index that is read like this."""
    return tx.dialect.name == "sqlite"
