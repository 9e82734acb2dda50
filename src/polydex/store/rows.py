"""Reading the rows of contacts: for planning, for serving, and for look-ups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from polydex.core.ids import AccountId, ContactId, RemoteKey, Rev, RowId, SourceId
from polydex.core.plan import Known, by_stable, by_uid
from polydex.store.db import Row, Tx

T = TypeVar("T")
CHUNK = 400
"""Values in one IN list: below every engine's limit of parameters."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A contact with its documents, as one row of the mirror.

    Attributes:
        body: the ready-to-serve JSON; None for a tombstone and for a record that is not a contact.
        raw: the provider's document; None for a tombstone.
        checked_at: unix milliseconds of the start of the newest single read of it from the provider, 0 for never.
    """

    row: RowId
    source: SourceId
    key: RemoteKey
    stable_key: str
    public_id: ContactId | None
    live: bool
    rev: Rev | None
    etag: str | None
    photo_hash: str | None
    photo_mime: str | None
    mark: str | None
    uid: str | None
    seq: int | None
    created_seq: int | None
    created_ms: int | None
    modified_ms: int | None
    touch: int
    wrote_at: int
    checked_at: int
    pending: int | None
    verify_due: int | None
    body: bytes | None
    raw: bytes | None


@dataclass(frozen=True, slots=True)
class Head:
    """What changing a row needs to know of it."""

    public_id: ContactId | None
    stable_key: str
    created_ms: int | None
    body: bytes | None


_KNOWN = (
    "row_id, key, live, seq IS NOT NULL, rev, etag, uid, touch, wrote_at, gone_walk, pending_delete, "
    "verify_due IS NOT NULL, stable_key"
)
BY_STABLE = ("(stable_key <> key OR current = 0) AND stable_key", "current = 1 AND stable_key = key AND key")
"""To be followed by IN: together, all rows of stable keys. Each is what one index holds (contact_stable,
contact_key_current); as one condition, neither engine would use them."""
_STORED = (
    "c.row_id, c.source_id, c.key, c.stable_key, c.public_id, c.live, c.rev, c.etag, c.photo_hash, c.photo_mime, "
    "c.mark, c.uid, c.seq, c.created_seq, c.created_ms, c.modified_ms, c.touch, c.wrote_at, c.checked_at, "
    "c.pending_delete, c.verify_due, d.body, d.raw"
)


def chunks(values: Iterable[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The values in lists of at most ``size``."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk


def marks(values: Sequence[object]) -> str:
    """``?, ?, ?`` for an IN list."""
    return ", ".join("?" * len(values))


def _known(row: Row) -> Known:
    return Known(
        row=RowId(row[0]),
        key=RemoteKey(row[1]),
        live=bool(row[2]),
        shown=bool(row[3]),
        rev=row[4],
        etag=row[5],
        uid=row[6],
        touch=row[7],
        wrote_at=row[8],
        gone_walk=row[9],
        pending=row[10],
        verify=bool(row[11]),
        stable=row[12] if row[12] != row[1] else None,
    )


def _stored(row: Row) -> Stored:
    values = list(row)
    values[5] = bool(values[5])
    return Stored(*values)


def by_keys(tx: Tx, source: SourceId, keys: Iterable[RemoteKey]) -> dict[RemoteKey, Known]:
    """The current rows of these keys."""
    found: dict[RemoteKey, Known] = {}
    for chunk in chunks(dict.fromkeys(keys)):
        sql = f"SELECT {_KNOWN} FROM contact WHERE source_id = ? AND current = 1 AND key IN ({marks(chunk)})"
        for row in tx.all(sql, source, *chunk):
            found[RemoteKey(row[1])] = _known(row)
    return found


def revisions(tx: Tx, source: SourceId, keys: Sequence[RemoteKey]) -> dict[RemoteKey, Rev]:
    """The revisions of those keys that are live and have their document (J1: a tombstone has forgotten its own)."""
    found: dict[RemoteKey, Rev] = {}
    for chunk in chunks(keys):
        sql = (
            "SELECT key, rev FROM contact WHERE source_id = ? AND current = 1 AND live = 1 AND rev IS NOT NULL "
            f"AND verify_due IS NULL AND key IN ({marks(chunk)})"
        )
        found.update((RemoteKey(key), Rev(rev)) for key, rev in tx.all(sql, source, *chunk))
    return found


def same_uid(tx: Tx, source: SourceId, walk: int, uids: Iterable[str]) -> dict[str, Known]:
    """Live rows that this walk has reported as removed; a uid that two of them share joins nothing."""
    found: dict[str, Known] = {}
    shared: set[str] = set()
    for chunk in chunks(dict.fromkeys(uids)):
        sql = (
            f"SELECT {_KNOWN} FROM contact WHERE source_id = ? AND current = 1 AND live = 1 AND gone_walk = ? "
            f"AND uid IN ({marks(chunk)})"
        )
        for row in tx.all(sql, source, walk, *chunk):
            known = _known(row)
            name = by_uid(str(known.uid))
            if name in found:
                shared.add(name)
            found[name] = known
    return {name: known for name, known in found.items() if name not in shared}


def same_stable(tx: Tx, source: SourceId, stables: Iterable[str]) -> dict[str, Known]:
    """Live rows of these stable keys, whatever their addresses."""
    found: dict[str, Known] = {}
    for chunk in chunks(dict.fromkeys(stables)):
        for where in BY_STABLE:
            sql = (
                f"SELECT {_KNOWN} FROM contact WHERE source_id = ? AND current = 1 AND live = 1 "
                f"AND {where} IN ({marks(chunk)})"
            )
            found.update((by_stable(row[12]), _known(row)) for row in tx.all(sql, source, *chunk))
    return found


def live_keys(tx: Tx, source: SourceId) -> list[RemoteKey]:
    """Every live key, hidden records included."""
    return [RemoteKey(key) for (key,) in tx.all(
        "SELECT key FROM contact WHERE source_id = ? AND current = 1 AND live = 1", source
    )]  # fmt: skip


def gone_in_walk(tx: Tx, source: SourceId, walk: int) -> tuple[list[Known], dict[RemoteKey, int]]:
    """Live rows that a walk has reported as removed, with the counter that each absence was noted at."""
    rows = tx.all(
        f"SELECT {_KNOWN}, gone_asked FROM contact WHERE source_id = ? AND gone_walk = ? AND current = 1 AND live = 1",
        source,
        walk,
    )
    return [_known(row) for row in rows], {RemoteKey(row[1]): row[13] for row in rows}


def unseen(tx: Tx, source: SourceId, walk: int) -> list[Known]:
    """Live rows that a complete snapshot did not bring."""
    rows = tx.all(
        f"SELECT {_KNOWN} FROM contact WHERE source_id = ? AND current = 1 AND live = 1 AND seen_walk <> ?",
        source,
        walk,
    )
    return [_known(row) for row in rows]


def unlisted(tx: Tx, source: SourceId) -> list[RowId]:
    """Live rows of whom no list has told since they came, by a write or by a fetch, or none since the last snapshot."""
    found = tx.all(
        "SELECT row_id FROM contact WHERE source_id = ? AND seen_walk = 0 AND live = 1 AND current = 1", source
    )
    return [RowId(row[0]) for row in found]


def count_live(tx: Tx, source: SourceId) -> int:
    """Live rows, hidden records included."""
    return _count(tx, "SELECT count(*) FROM contact WHERE source_id = ? AND current = 1 AND live = 1", source)


def count_shown(tx: Tx, source: SourceId) -> int:
    """Contacts that a consumer can see."""
    return _count(tx, "SELECT count(*) FROM contact WHERE source_id = ? AND live = 1 AND seq IS NOT NULL", source)


def count_doubtful(tx: Tx, source: SourceId) -> int:
    """Rows that wait for a fetch: unreadable records and observations that were not believed."""
    return _count(tx, "SELECT count(*) FROM contact WHERE source_id = ? AND verify_due IS NOT NULL", source)


def count_pending(tx: Tx, source: SourceId) -> int:
    """Rows whose deletion waits for approval."""
    return _count(tx, "SELECT count(*) FROM contact WHERE source_id = ? AND pending_delete IS NOT NULL", source)


def heads(tx: Tx, row_ids: Iterable[RowId]) -> dict[RowId, Head]:
    """The heads of these rows."""
    found: dict[RowId, Head] = {}
    for chunk in chunks(row_ids):
        sql = (
            "SELECT c.row_id, c.public_id, c.stable_key, c.created_ms, d.body FROM contact c "
            f"LEFT JOIN document d ON d.row_id = c.row_id WHERE c.row_id IN ({marks(chunk)})"
        )
        for row_id, *head in tx.all(sql, *chunk):
            found[RowId(row_id)] = Head(*head)
    return found


def _count(tx: Tx, sql: str, *params: object) -> int:
    row = tx.one(sql, *params)
    return int(row[0]) if row else 0


def find(tx: Tx, account: int, public_id: str) -> Stored | None:
    """The row with this public id, tombstones included."""
    row = tx.one(
        f"SELECT {_STORED} FROM contact c LEFT JOIN document d ON d.row_id = c.row_id "
        "WHERE c.account_id = ? AND c.public_id = ?",
        account,
        public_id,
    )
    return _stored(row) if row else None


def at(tx: Tx, row_id: int) -> Stored | None:
    """The row with this number."""
    row = tx.one(
        f"SELECT {_STORED} FROM contact c LEFT JOIN document d ON d.row_id = c.row_id WHERE c.row_id = ?", row_id
    )
    return _stored(row) if row else None


def by_key(tx: Tx, source: SourceId, key: RemoteKey) -> Stored | None:
    """The current row of a key."""
    row = tx.one(
        f"SELECT {_STORED} FROM contact c LEFT JOIN document d ON d.row_id = c.row_id "
        "WHERE c.source_id = ? AND c.key = ? AND c.current = 1",
        source,
        key,
    )
    return _stored(row) if row else None


def by_mark(tx: Tx, source: SourceId, mark: str) -> Stored | None:
    """The live row that carries an idempotency mark, be there a doubt about it or not."""
    row = tx.one(
        f"SELECT {_STORED} FROM contact c LEFT JOIN document d ON d.row_id = c.row_id "
        "WHERE c.source_id = ? AND c.mark = ? AND c.current = 1 AND c.live = 1",
        source,
        mark,
    )
    return _stored(row) if row else None


def unmarked(tx: Tx, account: AccountId, source: SourceId, begun: int, until: int, asked: int) -> list[Stored]:
    """Rows that no create of ours is known to have made: live ones without a mark that came to the provider in a span of
    time, and those that are not live, were heard of since ``asked``, and are still in doubt.

    Args:
        tx: the transaction.
        account: whose intents.
        source: whose rows.
        begun, until: the span, unix milliseconds.
        asked: the account's counter.
    """
    found = tx.all(
        f"SELECT {_STORED} FROM contact c LEFT JOIN document d ON d.row_id = c.row_id "
        "WHERE c.source_id = ? AND c.current = 1 AND ((c.live = 1 AND c.mark IS NULL AND c.created_ms BETWEEN ? AND ?) "
        "OR (c.live = 0 AND c.verify_due IS NOT NULL AND c.touch > ?)) AND NOT EXISTS "
        "(SELECT 1 FROM intent i WHERE i.account_id = ? AND i.verb = 'create' AND i.row_id = c.row_id)",
        source,
        begun,
        until,
        asked,
        account,
    )
    return [_stored(row) for row in found]


def indexed(tx: Tx, row_id: int) -> tuple[int | None, int, bytes | None]:
    """(account, source, body) of a row whose words are in the search index; the body is None for any other row."""
    row = tx.one(
        "SELECT c.account_id, c.source_id, CASE WHEN c.live = 1 AND c.seq IS NOT NULL THEN d.body END FROM contact c "
        "LEFT JOIN document d ON d.row_id = c.row_id WHERE c.row_id = ?",
        row_id,
    )
    return (row[0], row[1], row[2]) if row else (None, 0, None)


def live(tx: Tx, source: SourceId, after: RowId, limit: int) -> list[Stored]:
    """Live rows with a number above ``after``, in order, hidden records included."""
    rows = tx.all(
        f"SELECT {_STORED} FROM contact c LEFT JOIN document d ON d.row_id = c.row_id "
        "WHERE c.source_id = ? AND c.current = 1 AND c.live = 1 AND c.row_id > ? ORDER BY c.row_id LIMIT ?",
        source,
        after,
        limit,
    )
    return [_stored(row) for row in rows]


def unread(tx: Tx, source: SourceId) -> list[RemoteKey]:
    """Keys of records that are there, as far as is known, but were never read."""
    return [RemoteKey(key) for (key,) in tx.all(
        "SELECT key FROM contact WHERE source_id = ? AND current = 1 AND live = 0 AND verify_due IS NOT NULL "
        "AND public_id IS NULL ORDER BY row_id",
        source,
    )]  # fmt: skip


def to_verify(tx: Tx, source: SourceId, now: int, limit: int) -> list[Stored]:
    """Rows whose fetch is due, the longest waiting first."""
    rows = tx.all(
        f"SELECT {_STORED} FROM contact c LEFT JOIN document d ON d.row_id = c.row_id "
        "WHERE c.source_id = ? AND c.verify_due <= ? AND c.current = 1 ORDER BY c.verify_due, c.row_id LIMIT ?",
        source,
        now,
        limit,
    )
    return [_stored(row) for row in rows]


def next_verify(tx: Tx, source: SourceId) -> int | None:
    """When the next fetch is due."""
    row = tx.one(
        "SELECT min(verify_due) FROM contact WHERE source_id = ? AND verify_due IS NOT NULL AND current = 1", source
    )
    return row[0] if row else None


def pending(tx: Tx, source: SourceId, limit: int) -> list[Stored]:
    """Rows whose deletion waits for approval."""
    rows = tx.all(
        f"SELECT {_STORED} FROM contact c LEFT JOIN document d ON d.row_id = c.row_id "
        "WHERE c.source_id = ? AND c.pending_delete IS NOT NULL ORDER BY c.row_id LIMIT ?",
        source,
        limit,
    )
    return [_stored(row) for row in rows]


def outdated(tx: Tx, source: SourceId, mapping_version: int, after: int, limit: int) -> list[Stored]:
    """Live rows whose document was mapped by an older version, in the order of their numbers."""
    rows = tx.all(
        f"SELECT {_STORED} FROM contact c LEFT JOIN document d ON d.row_id = c.row_id "
        "WHERE c.source_id = ? AND c.current = 1 AND c.live = 1 AND c.mapping_version <> ? AND c.row_id > ? "
        "ORDER BY c.row_id LIMIT ?",
        source,
        mapping_version,
        after,
        limit,
    )
    return [_stored(row) for row in rows]
