"""Reading the journal: what changed in a source between two numbers, and the pages of a list."""

from __future__ import annotations

from dataclasses import dataclass

from polydex.core.ids import AccountId, RowId, SourceId
from polydex.store.db import Tx


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deleted contact."""

    seq: int
    public_id: str
    deleted_at: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What a list is narrowed to; None leaves a filter out.

    Attributes:
        words: each of them begins a word of the contact; folded.
        email: exact, folded.
        phone: last digits to look candidates up by.
        modified_since: unix milliseconds.
    """

    words: tuple[str, ...] = ()
    email: str | None = None
    phone: str | None = None
    modified_since: int | None = None


def head(tx: Tx, account: AccountId) -> int:
    """The newest number of an account's journal."""
    row = tx.one("SELECT seq FROM account WHERE id = ?", account)
    return int(row[0]) if row else 0


def updated(tx: Tx, source: SourceId, after: int, hi: int, limit: int) -> list[tuple[int, bytes]]:
    """Live contacts with ``after`` < number <= ``hi``, in order: number in the journal and served bytes."""
    return tx.all(
        "SELECT c.seq, d.body FROM contact c JOIN document d ON d.row_id = c.row_id "
        "WHERE c.source_id = ? AND c.live = 1 AND c.seq > ? AND c.seq <= ? ORDER BY c.seq LIMIT ?",
        source,
        after,
        hi,
        limit,
    )


def deleted(tx: Tx, source: SourceId, after: int, hi: int, limit: int) -> list[Deletion]:
    """Tombstones with ``after`` < number <= ``hi``, in order."""
    rows = tx.all(
        "SELECT seq, public_id, deleted_at FROM contact "
        "WHERE source_id = ? AND live = 0 AND seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
        source,
        after,
        hi,
        limit,
    )
    return [Deletion(*row) for row in rows]


def page(tx: Tx, source: SourceId, filters: Filters, after: int, limit: int) -> list[tuple[RowId, bytes]]:
    """Visible contacts with a row number above ``after``, in order; an immutable order, so paging skips nothing."""
    where = ["contact.source_id = ?", "contact.live = 1", "contact.seq IS NOT NULL", "contact.row_id > ?"]
    params: list[object] = [source, after]
    for kind, value in (("e", filters.email), ("p", filters.phone)):
        if value is not None:
            where.append(
                "contact.row_id IN (SELECT row_id FROM contact_key WHERE source_id = ? AND kind = ? AND value = ?)"
            )
            params += [source, kind, value]
    if filters.modified_since is not None:
        where.append("contact.modified_ms >= ?")
        params.append(filters.modified_since)
    if filters.words:
        clause, values = tx.dialect.search_clause(source, filters.words)
        where.append(clause)
        params += values
    rows = tx.all(
        "SELECT contact.row_id, document.body FROM contact JOIN document ON document.row_id = contact.row_id "
        f"WHERE {' AND '.join(where)} ORDER BY contact.row_id LIMIT ?",
        *params,
        limit,
    )
    return [(RowId(row_id), bytes(body)) for row_id, body in rows]
