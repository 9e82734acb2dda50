"""Writing the rows of contacts: what they hold, engine/execution.py alone; reading is in rows.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from polydex.core.ids import AccountId, ContactId, RemoteKey, Rev, RowId, SourceId
from polydex.store.db import Tx
from polydex.store.rows import BY_STABLE, chunks, marks

UNMAPPED = -1
"""The mapping version of what is to be mapped anew."""


class Content(msgspec.Struct, frozen=True, gc=False):
    """What a record says, ready for the columns.

    Attributes:
        etag: None for a record that is not a contact; then there is no body and nothing to look up.
        words: search words, folded.
        keys: (kind, value) for exact look-ups.
    """

    rev: Rev | None
    raw: bytes
    mapping_version: int
    uid: str | None = None
    mark: str | None = None
    etag: str | None = None
    body: bytes | None = None
    photo_hash: str | None = None
    photo_mime: str | None = None
    created_ms: int | None = None
    modified_ms: int | None = None
    words: Sequence[str] = ()
    keys: frozenset[tuple[str, str]] = frozenset()


_NO_CONTENT = Content(rev=None, raw=b"", mapping_version=0)


class Change(msgspec.Struct, frozen=True, gc=False):
    """A row that gets new content.

    Attributes:
        seq: its new number in the journal, or None when the content is the same or is not a contact.
        n, public_id: set when the row is shown for the first time.
        old_words: what the search index holds for it.
        stable_key: set when the row was made for a key whose record had not been read.
    """

    row: RowId
    content: Content
    seq: int | None = None
    n: int | None = None
    public_id: ContactId | None = None
    stable_key: str | None = None
    old_words: Sequence[str] = ()
    old_keys: frozenset[tuple[str, str]] = frozenset()


class Arrival(msgspec.Struct, frozen=True, gc=False):
    """A new row. ``content`` is None for one that is only a tombstone or a doubt."""

    key: RemoteKey
    stable_key: str
    content: Content | None = None
    seq: int | None = None
    n: int | None = None
    public_id: ContactId | None = None
    verify_due: int | None = None
    verify_error: str | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every write of a row leaves on it (J1). ``observed``: the provider was heard, which settles open questions."""

    touch: int
    walk: int | None
    wrote_at: int | None
    checked_at: int | None
    now: int
    observed: bool = True


def highest_n(tx: Tx, source: SourceId, stable_keys: Iterable[str]) -> dict[str, int]:
    """The largest n ever used for each stable key; tombstones count (J7)."""
    found: dict[str, int] = {}
    for chunk in chunks(dict.fromkeys(stable_keys)):
        for where in BY_STABLE:
            sql = (
                "SELECT stable_key, max(n) FROM contact WHERE source_id = ? AND n IS NOT NULL "
                f"AND {where} IN ({marks(chunk)}) GROUP BY stable_key"
            )
            for key, n in tx.all(sql, source, *chunk):
                found[key] = max(int(n), found.get(key, -1))
    return found


def next_row_ids(tx: Tx, count: int) -> list[int]:
    """Row numbers never used before, ascending."""
    return tx.dialect.next_ids(tx, "contact", count)


def insert(tx: Tx, account: AccountId, source: SourceId, stamp: Stamp, arrivals: Sequence[Arrival]) -> list[RowId]:
    """Insert new rows with their documents, look-up keys and words."""
    if not arrivals:
        return []
    ids = next_row_ids(tx, len(arrivals))
    rows: list[tuple[object, ...]] = []
    documents: list[tuple[object, ...]] = []
    keys: list[tuple[object, ...]] = []
    words: list[tuple[int, int, Sequence[str], Sequence[str]]] = []
    touch, wrote_at, checked_at, walk = stamp.touch, stamp.wrote_at or 0, stamp.checked_at or 0, stamp.walk or 0
    for row_id, new in zip(ids, arrivals, strict=True):
        live, content = new.content is not None, new.content or _NO_CONTENT
        told = live or new.verify_due is not None
        rows.append(
            (
                row_id, account, source, new.key, new.stable_key, new.n, new.public_id, int(live),
                content.rev, content.etag, content.photo_hash, content.photo_mime, content.uid, content.mark,
                new.seq, new.seq, content.created_ms, content.modified_ms, touch, wrote_at, checked_at, walk if told else 0,
                new.verify_due, new.verify_error, content.mapping_version,
            )
        )  # fmt: skip
        if live:
            documents.append((row_id, content.body, content.raw))
            for kind, value in content.keys:
                keys.append((source, kind, value, row_id))
            if content.words:
                words.append((row_id, int(source), (), content.words))
    tx.insert(
        "contact (row_id, account_id, source_id, key, stable_key, n, public_id, live, rev, etag, photo_hash, "
        "photo_mime, uid, mark, seq, created_seq, created_ms, modified_ms, touch, wrote_at, checked_at, seen_walk, "
        "verify_due, verify_error, mapping_version)",
        rows,
    )
    tx.insert("document (row_id, body, raw)", documents)
    tx.insert("contact_key (source_id, kind, value, row_id)", keys)
    if words:
        tx.dialect.index_many(tx, words)
    return [RowId(row_id) for row_id in ids]


_STAMPED = (
    "touch = ?, seen_walk = coalesce(?, seen_walk), wrote_at = coalesce(?, wrote_at), "
    "checked_at = coalesce(?, checked_at)"
)
_SETTLED = (
    f"{_STAMPED}, gone_walk = NULL, pending_delete = NULL, verify_due = NULL, verify_fails = 0, verify_error = NULL"
)
"""An observation that is believed settles every open question about the row."""


def _settled(stamp: Stamp) -> tuple[object, ...]:
    return stamp.touch, stamp.walk, stamp.wrote_at, stamp.checked_at


def change(tx: Tx, source: SourceId, stamp: Stamp, changes: Sequence[Change]) -> None:
    """Give rows new content; those with a number also enter the journal under it."""
    if not changes:
        return
    tx.many(
        f"UPDATE contact SET {_SETTLED if stamp.observed else _STAMPED}, live = 1, deleted_at = NULL, rev = ?, etag = ?, photo_hash = ?, "
        "photo_mime = ?, uid = ?, mark = ?, mapping_version = ?, seq = coalesce(?, seq), "
        "created_seq = coalesce(created_seq, ?), n = coalesce(n, ?), public_id = coalesce(public_id, ?), "
        "stable_key = coalesce(?, stable_key), "
        "created_ms = coalesce(created_ms, ?), modified_ms = coalesce(?, modified_ms) WHERE row_id = ?",
        [
            (
                *_settled(stamp), c.content.rev, c.content.etag, c.content.photo_hash, c.content.photo_mime,
                c.content.uid, c.content.mark, c.content.mapping_version, c.seq, c.seq, c.n, c.public_id, c.stable_key,
                c.content.created_ms, c.content.modified_ms if c.seq is not None else None, c.row,
            )
            for c in changes
        ],
    )  # fmt: skip
    # The served bytes change only with the content: a refresh keeps the body.
    tx.many(
        "INSERT INTO document (row_id, body, raw) VALUES (?, ?, ?) ON CONFLICT (row_id) DO UPDATE SET "
        "raw = excluded.raw, body = coalesce(excluded.body, document.body)",
        [(c.row, c.content.body if c.seq is not None else None, c.content.raw) for c in changes],
    )
    reindexed = [c for c in changes if c.seq is not None]
    _replace_keys(tx, source, [(c.row, c.old_keys, c.content.keys) for c in reindexed])
    tx.dialect.index_many(tx, [(int(c.row), int(source), c.old_words, c.content.words) for c in reindexed])


ONE_KEY = "source_id = ? AND kind = ? AND value = ? AND row_id = ?"
"""Look-ups have no index by row: those of a row are known from its body."""


def _replace_keys(
    tx: Tx,
    source: SourceId,
    rows: Iterable[tuple[RowId, frozenset[tuple[str, str]], frozenset[tuple[str, str]]]],
) -> None:
    gone: list[tuple[object, ...]] = []
    new: list[tuple[object, ...]] = []
    for row, old_keys, new_keys in rows:
        gone.extend((source, kind, value, row) for kind, value in old_keys - new_keys)
        new.extend((source, kind, value, row) for kind, value in new_keys - old_keys)
    if gone:
        tx.many(f"DELETE FROM contact_key WHERE {ONE_KEY}", gone)
    if new:
        tx.many(
            "INSERT INTO contact_key (source_id, kind, value, row_id) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", new
        )


def touch(tx: Tx, stamp: Stamp, rows: Iterable[RowId]) -> None:
    """Stamp rows that were seen with nothing new."""
    values = _settled(stamp)
    for chunk in chunks(rows):
        tx.run(f"UPDATE contact SET {_SETTLED} WHERE row_id IN ({marks(chunk)})", *values, *chunk)


def bury(
    tx: Tx,
    source: SourceId,
    stamp: Stamp,
    rows: Sequence[tuple[RowId, int | None, Sequence[str], frozenset[tuple[str, str]]]],
    *,
    verify_due: int | None = None,
) -> None:
    """Turn live rows into tombstones: (row, its journal number or None when never shown, its words, its look-ups).

    A tombstone forgets its revision (J1), its documents and everything to look it up by.
    """
    tx.many(
        f"UPDATE contact SET {_SETTLED}, live = 0, rev = NULL, etag = NULL, photo_hash = NULL, photo_mime = NULL, "
        "mark = NULL, deleted_at = ?, seq = coalesce(?, seq) WHERE row_id = ?",
        [(*_settled(stamp), stamp.now, seq, row) for row, seq, _, _ in rows],
    )
    ids = [row for row, *_ in rows]
    for chunk in chunks(ids):
        tx.run(f"DELETE FROM document WHERE row_id IN ({marks(chunk)})", *chunk)
        if verify_due is not None:
            tx.run(f"UPDATE contact SET verify_due = ? WHERE row_id IN ({marks(chunk)})", verify_due, *chunk)
    _replace_keys(tx, source, [(row, keys, frozenset()) for row, _, _, keys in rows])
    tx.dialect.index_many(tx, [(int(row), int(source), words, ()) for row, _, words, _ in rows if words])


def detach(tx: Tx, rows: Iterable[RowId]) -> None:
    """Take the keys from tombstones, which stay in the journal under their public ids."""
    for chunk in chunks(rows):
        tx.run(
            f"UPDATE contact SET current = 0, verify_due = NULL, gone_walk = NULL WHERE row_id IN ({marks(chunk)})",
            *chunk,
        )


def move(tx: Tx, source: SourceId, stamp: Stamp, row: RowId, key: RemoteKey) -> None:
    """Give a live row another key; a tombstone that holds the key is detached."""
    tx.run(
        "UPDATE contact SET current = 0, verify_due = NULL WHERE source_id = ? AND key = ? AND current = 1 "
        "AND live = 0",
        source,
        key,
    )
    tx.run(f"UPDATE contact SET {_SETTLED}, key = ? WHERE row_id = ?", *_settled(stamp), key, row)


def mark_gone(tx: Tx, walk: int, touch: int, rows: Iterable[RowId]) -> None:
    """Note that a walk reported rows as removed; it is decided when the walk is complete (J13).

    That is a write of the row, and stamps it: what was asked for before must not pass over it (J1).
    """
    for chunk in chunks(rows):
        tx.run(
            f"UPDATE contact SET gone_walk = ?, gone_asked = ?, touch = ? WHERE row_id IN ({marks(chunk)})",
            walk,
            touch,
            touch,
            *chunk,
        )


def mark_absent(tx: Tx, source: SourceId, walk: int, asked: int, rows: Iterable[RemoteKey]) -> None:
    """The same by keys, for a listing that does not name them."""
    for chunk in chunks(rows):
        tx.run(
            "UPDATE contact SET gone_walk = ?, gone_asked = ? WHERE source_id = ? AND current = 1 AND live = 1 "
            f"AND touch <= ? AND key IN ({marks(chunk)})",
            walk,
            asked,
            source,
            asked,
            *chunk,
        )


def mark_pending(tx: Tx, walk: int, rows: Iterable[RowId]) -> None:
    """Deletions that wait for approval."""
    for chunk in chunks(rows):
        tx.run(
            "UPDATE contact SET pending_delete = coalesce(pending_delete, ?), gone_walk = NULL "
            f"WHERE row_id IN ({marks(chunk)})",
            walk,
            *chunk,
        )


def clear_pending(tx: Tx, source: SourceId) -> int:
    """Refuse deletions that wait for approval; the number of rows."""
    return tx.run("UPDATE contact SET pending_delete = NULL WHERE source_id = ? AND pending_delete IS NOT NULL", source)


def clear_gone(tx: Tx, source: SourceId) -> None:
    """Forget what an abandoned walk reported as removed."""
    tx.run("UPDATE contact SET gone_walk = NULL WHERE source_id = ? AND gone_walk IS NOT NULL", source)


def verify(tx: Tx, due: int, rows: Iterable[RowId]) -> None:
    """A fetch of these rows is due, and nothing else changes."""
    for chunk in chunks(rows):
        tx.run(
            f"UPDATE contact SET verify_due = ?, gone_walk = NULL WHERE row_id IN ({marks(chunk)}) "
            "AND verify_due IS NULL",
            due,
            *chunk,
        )


def verify_keys(tx: Tx, source: SourceId, due: int, keys: Iterable[RemoteKey]) -> None:
    """The same for the current rows of keys."""
    for chunk in chunks(keys):
        tx.run(
            f"UPDATE contact SET verify_due = ? WHERE source_id = ? AND current = 1 AND key IN ({marks(chunk)}) "
            "AND verify_due IS NULL",
            due,
            source,
            *chunk,
        )


def defer(tx: Tx, stamp: Stamp, due: int, rows: Iterable[tuple[RowId, str]]) -> None:
    """Rows that exist but could not be read: seen, kept as they are, and due for a fetch (J4)."""
    tx.many(
        "UPDATE contact SET touch = ?, seen_walk = coalesce(?, seen_walk), gone_walk = NULL, pending_delete = NULL, "
        "verify_due = ?, verify_error = ? WHERE row_id = ?",
        [(stamp.touch, stamp.walk, due, error, row) for row, error in rows],
    )


def wrote(tx: Tx, row: RowId, now: int) -> None:
    """A write of ours to this record turned out to have been carried out, by ``now`` (unix milliseconds) at the latest."""
    tx.run("UPDATE contact SET wrote_at = ? WHERE row_id = ?", now, row)


def seen_in_walk(tx: Tx, walk: int, rows: Iterable[RowId]) -> None:
    """A walk brought these rows, although what it said of them was not believed: they are not to be swept. 0: none has."""
    for chunk in chunks(rows):
        tx.run(f"UPDATE contact SET seen_walk = ? WHERE row_id IN ({marks(chunk)})", walk, *chunk)


def unlist(tx: Tx, source: SourceId, keys: Iterable[RemoteKey]) -> None:
    """No list has told that these are there, although they are: what becomes of them may never be told (rows.unlisted)."""
    for chunk in chunks(keys):
        tx.run(
            f"UPDATE contact SET seen_walk = 0 WHERE source_id = ? AND current = 1 AND key IN ({marks(chunk)})",
            source,
            *chunk,
        )


def unlist_walk(tx: Tx, source: SourceId, walk: int) -> None:
    """The same of all that a walk has brought which is abandoned: the cursor that is followed instead is from before it."""
    tx.run("UPDATE contact SET seen_walk = 0 WHERE source_id = ? AND current = 1 AND seen_walk = ?", source, walk)


def retry_verify(tx: Tx, row: RowId, due: int, error: str) -> None:
    """A fetch failed: try again later."""
    tx.run(
        "UPDATE contact SET verify_due = ?, verify_fails = verify_fails + 1, verify_error = ? "
        "WHERE row_id = ? AND verify_due IS NOT NULL",
        due,
        error,
        row,
    )


def mapped(tx: Tx, version: int, rows: Iterable[RowId]) -> None:
    """The documents of these rows give the same contact under this mapping version."""
    for chunk in chunks(rows):
        tx.run(f"UPDATE contact SET mapping_version = ? WHERE row_id IN ({marks(chunk)})", version, *chunk)


def unmap(tx: Tx, source: SourceId) -> int:
    """What mapping needs besides the documents has changed: every stored document is to be mapped anew; their number."""
    return tx.run(
        "UPDATE contact SET mapping_version = ? WHERE source_id = ? AND current = 1 AND live = 1", UNMAPPED, source
    )


def approve(tx: Tx, source: SourceId, now: int) -> int:
    """Deletions that waited are verified by a fetch each (J13); their number."""
    return tx.run(
        "UPDATE contact SET verify_due = coalesce(verify_due, ?) WHERE source_id = ? AND pending_delete IS NOT NULL",
        now,
        source,
    )
