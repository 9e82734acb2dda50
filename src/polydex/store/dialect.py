"""What differs between SQLite and PostgreSQL: column types, locking words, and the index behind the search."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from polydex.store.db import Tx

WORD_LENGTH = 100
"""Characters of a word that are indexed and compared: PostgreSQL refuses a lexeme of more than 2046 bytes."""
INDEX_BYTES = 500_000
"""Bytes of words that are indexed for one contact: PostgreSQL refuses a tsvector of more than one megabyte."""

Words = tuple[int, int, Sequence[str], Sequence[str]]
"""Row id, source id, the words that the index holds for this row, and those that it is to hold."""


class Dialect(Protocol):
    """One engine's side of the differences.

    Attributes:
        name: ``sqlite`` or ``postgres``.
        for_update: appended to a SELECT inside ``write`` to lock its rows until the end of the transaction.
        skip_locked: the same, leaving out the rows that another transaction has locked.
        columns: a query for (table, column) of every table of ours, without the search index.
        indexes: a query for the name of every index that a migration has made.
        clear_index: statements that empty the search index, even a damaged one.
    """

    @property
    def name(self) -> str: ...

    @property
    def for_update(self) -> str: ...

    @property
    def skip_locked(self) -> str: ...

    @property
    def columns(self) -> str: ...

    @property
    def indexes(self) -> str: ...

    @property
    def clear_index(self) -> tuple[str, ...]: ...

    def ddl(self, script: str) -> list[str]:
        """The statements of a migration, with the placeholders ``{id} {key} {blob} {without_rowid} {search}`` filled."""
        ...

    def next_ids(self, tx: Tx, table: str, count: int) -> list[int]:
        """Numbers for new rows of a table with an identity column, ascending, never used before.

        Inside ``write``.
        """
        ...

    def damage(self, tx: Tx) -> list[str]:
        """What the engine's own check finds wrong with its files; at most a hundred lines."""
        ...

    def last_id(self, tx: Tx, table: str) -> int:
        """The highest number ever given out for a table with an identity column."""
        ...

    def held_words(self, tx: Tx, after: int, upto: int) -> dict[int, set[str]] | None:
        """What the search index holds for rows with ``after`` < number <= ``upto``.

        None on SQLite, whose index knows rows by words only: ``store/words.py`` reads that one.
        """
        ...

    def index_many(self, tx: Tx, rows: Iterable[Words]) -> None:
        """Put the words of contacts in place of what the index holds for them.

        Args:
            tx: a transaction that may write.
            rows: each (row, source, old words, new words). The source of a row never changes. The old words are exactly
                what was given as the new ones before, none for a new row: SQLite's index does not know its documents,
                so removing other words than those that were put in would damage it. The new ones are folded, each of
                letters and digits only; none to remove the row from the index.
        """
        ...

    def search_clause(self, source_id: int, words: Sequence[str]) -> tuple[str, tuple[object, ...]]:
        """A condition on ``contact.row_id``, with its parameters: the row has, for each word, a word that begins so.

        Args:
            source_id: rows of other sources are neither found nor looked at.
            words: at least one; folded, of letters and digits only.
        """
        ...


_SQLITE_INDEX = (
    "CREATE VIRTUAL TABLE contact_words USING fts5(words, content='', columnsize=0, detail=none, tokenize='ascii')"
)


class SqliteDialect:
    """SQLite 3.35 or newer, with FTS5.

    The index is contentless (the words are not stored a second time) and without positions (``detail=none``). Its
    tokenizer takes every byte above 127 as part of a word, whatever the version of Unicode, and splits at the spaces
    that we put in; so one of our words is one token.
    """

    name = "sqlite"
    for_update = ""
    skip_locked = ""
    columns = (
        "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' "
        "AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE 'contact_words%'"
    )
    indexes = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL"
    clear_index = ("DROP TABLE contact_words", _SQLITE_INDEX)

    def ddl(self, script: str) -> list[str]:
        return _statements(
            script,
            id="INTEGER PRIMARY KEY AUTOINCREMENT",
            key="INTEGER PRIMARY KEY",
            blob="BLOB",
            without_rowid=" WITHOUT ROWID",
            search=_SQLITE_INDEX,
        )

    def next_ids(self, tx: Tx, table: str, count: int) -> list[int]:
        # AUTOINCREMENT keeps the largest number ever used here; a row appears with the table's first row.
        row = tx.one("UPDATE sqlite_sequence SET seq = seq + ? WHERE name = ? RETURNING seq", count, table)
        if row is None:
            row = tx.one("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?) RETURNING seq", table, count)
        last = int(row[0]) if row else 0
        return list(range(last - count + 1, last + 1))

    def damage(self, tx: Tx) -> list[str]:
        return [str(line) for (line,) in tx.all("PRAGMA integrity_check(100)") if line != "ok"]

    def last_id(self, tx: Tx, table: str) -> int:
        row = tx.one("SELECT seq FROM sqlite_sequence WHERE name = ?", table)
        return int(row[0]) if row else 0

    def held_words(self, tx: Tx, after: int, upto: int) -> None:
        del tx, after, upto

    def index_many(self, tx: Tx, rows: Iterable[Words]) -> None:
        removed: list[tuple[int, str]] = []
        added: list[tuple[int, str]] = []
        for row_id, source_id, old_words, new_words in rows:
            old = _text(source_id, old_words) if old_words else ""
            new = _text(source_id, new_words) if new_words else ""
            if old == new:
                continue
            if old:
                removed.append((row_id, old))
            if new:
                added.append((row_id, new))
        if removed:
            tx.many("INSERT INTO contact_words (contact_words, rowid, words) VALUES ('delete', ?, ?)", removed)
        if added:
            tx.insert("contact_words (rowid, words)", added)

    def search_clause(self, source_id: int, words: Sequence[str]) -> tuple[str, tuple[object, ...]]:
        query = " AND ".join(f'"{token}" *' for token in _query(source_id, words))
        return "contact.row_id IN (SELECT rowid FROM contact_words WHERE contact_words MATCH ?)", (query,)


class PostgresDialect:
    """PostgreSQL 13 or newer. The words are the lexemes of a tsvector as they are: nothing is parsed or stemmed."""

    name = "postgres"
    for_update = " FOR UPDATE"
    skip_locked = " FOR UPDATE SKIP LOCKED"
    columns = (
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0 "
        "AND NOT a.attisdropped AND c.relname <> 'contact_words'"
    )
    indexes = (
        "SELECT c.relname FROM pg_class c JOIN pg_index i ON i.indexrelid = c.oid "
        "WHERE c.relnamespace = current_schema()::regnamespace AND i.indisvalid"
    )
    clear_index = ("LOCK TABLE contact_words, contact_key IN EXCLUSIVE MODE", "DELETE FROM contact_words")

    def ddl(self, script: str) -> list[str]:
        return _statements(
            script,
            id="BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY",
            key="BIGINT PRIMARY KEY",
            blob="BYTEA",
            without_rowid="",
            search=(
                "CREATE TABLE contact_words (row_id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL);"
                "CREATE INDEX contact_words_index ON contact_words USING GIN (words)"
            ),
        )

    def next_ids(self, tx: Tx, table: str, count: int) -> list[int]:
        column = {"contact": "row_id"}.get(table, "id")
        sql = "SELECT nextval(pg_get_serial_sequence(?, ?)) FROM generate_series(1, ?)"
        return sorted(int(row[0]) for row in tx.all(sql, table, column, count))

    def damage(self, tx: Tx) -> list[str]:
        del tx
        return []  # pg_amcheck and data checksums are the server's own means

    def last_id(self, tx: Tx, table: str) -> int:
        column = {"contact": "row_id"}.get(table, "id")
        row = tx.one("SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(?, ?)), 0)", table, column)
        return int(row[0]) if row else 0

    def held_words(self, tx: Tx, after: int, upto: int) -> dict[int, set[str]]:
        sql = "SELECT row_id, tsvector_to_array(words) FROM contact_words WHERE row_id > ? AND row_id <= ?"
        return {row_id: set(words) for row_id, words in tx.all(sql, after, upto)}

    def index_many(self, tx: Tx, rows: Iterable[Words]) -> None:
        removed: list[tuple[int]] = []
        changed: list[tuple[int, list[str]]] = []
        for row_id, source_id, old_words, new_words in rows:
            old, new = tokens(source_id, old_words), tokens(source_id, new_words)
            if old == new:
                continue
            if new:
                changed.append((row_id, new))
            else:
                removed.append((row_id,))
        if removed:
            tx.many("DELETE FROM contact_words WHERE row_id = ?", removed)
        if changed:
            tx.many(
                "INSERT INTO contact_words (row_id, words) VALUES (?, array_to_tsvector(?::text[])) "
                "ON CONFLICT (row_id) DO UPDATE SET words = excluded.words",
                changed,
            )

    def search_clause(self, source_id: int, words: Sequence[str]) -> tuple[str, tuple[object, ...]]:
        query = " & ".join(f"'{token}':*" for token in _query(source_id, words))
        return "contact.row_id IN (SELECT row_id FROM contact_words WHERE words @@ ?::tsquery)", (query,)


SQLITE = SqliteDialect()
POSTGRES = PostgresDialect()


def tokens(source_id: int, words: Sequence[str]) -> list[str]:
    """``<source id>x<word>``, sorted, each once. The source in front keeps a look-up within its source's words."""
    tokens: list[str] = []
    size = 0
    for word in sorted({word[:WORD_LENGTH] for word in words}):
        token = f"{source_id}x{word}"
        size += len(token.encode()) + 1
        if size > INDEX_BYTES:
            break
        tokens.append(token)
    return tokens


def _text(source_id: int, words: Sequence[str]) -> str:
    """The tokens with a space between them."""
    if len(words) > _FEW or max(map(len, words)) > WORD_LENGTH:
        return " ".join(tokens(source_id, words))
    # No word is cut and the limit cannot be met, so the tokens need not be looked at one by one, nor sorted: the index
    # has no positions, and gives a word back whatever stands beside it. A quarter of the time.
    return f"{source_id}x" + f" {source_id}x".join(dict.fromkeys(words))


_FEW = INDEX_BYTES // (4 * WORD_LENGTH + 24)
"""So many words fit at any rate: four bytes for a character, and the source and a space for each word."""


def _query(source_id: int, words: Sequence[str]) -> list[str]:
    # isalnum also keeps quotes and operators out of both query languages.
    if not words or not all(_is_word(word) for word in words):
        raise ValueError("search needs words of letters and digits")
    return [f"{source_id}x{word[:WORD_LENGTH]}" for word in words]


def _is_word(word: str) -> bool:
    """No ASCII but letters and digits: what lies above is one of core/search.py's letters, marks or digits."""
    return bool(word) and all(character.isalnum() or ord(character) > 127 for character in word)


_PIECES = re.compile(r"'(?:[^']|'')*'|--[^\n]*|;|[^';-]+|-")


def _statements(script: str, **fills: str) -> list[str]:
    """Split at the semicolons outside of strings and comments; comments are dropped."""
    for name, text in fills.items():
        script = script.replace("{" + name + "}", text)
    statements = [""]
    for piece in _PIECES.findall(script):
        if piece == ";":
            statements.append("")
        elif not piece.startswith("--"):
            statements[-1] += piece
    return [statement.strip() for statement in statements if statement.strip()]


_MARKS = re.compile(r"'(?:[^']|'')*'|\?|%")


@functools.lru_cache(maxsize=1024)
def format_style(sql: str) -> str:
    """SQL with ``?`` for parameters as psycopg wants it: ``%s``, and every other percent sign doubled."""
    return _MARKS.sub(_mark, sql)


def _mark(match: re.Match[str]) -> str:
    text = match.group()
    return "%s" if text == "?" else text.replace("%", "%%")
