"""Streams: the watches of sources whose provider tells of changes over a connection that a process holds open.

They are rows of ``watch`` as others are. One that is due and has a lease is open, or about to be; one that is due and has
none waits for a process that has room.
"""

from __future__ import annotations

from collections.abc import Sequence

from polydex.core.ids import SourceId
from polydex.store import accounts, watches
from polydex.store.db import Tx
from polydex.store.rows import marks
from polydex.store.watches import STREAM, Lease

OFF = "push.off"
"""The code of those that nobody is to open."""
_FREE = "(lease_until <= ? OR lease_until > ?)"
_ALIVE = "s.due_at IS NOT NULL AND a.deleted_at IS NULL AND a.token_status = 'active'"
_OPENED = (
    "url = ? AND source_id IN (SELECT s.id FROM source s JOIN account a ON a.id = s.account_id "
    f"WHERE s.fails = 0 AND {_ALIVE})"
)
"""Who can be listened to: what is told of a source whose pulls fail breaks no back-off, so nobody need tell it."""


def want(tx: Tx, source: SourceId, at: int) -> None:
    """Have a stream of the source opened: at ``at`` it is due, whatever came of it before."""
    watches.want(tx, source, at)
    tx.run("UPDATE watch SET url = ? WHERE source_id = ?", STREAM, source)


def missed(tx: Tx, providers: Sequence[str]) -> list[SourceId]:
    """Sources that have no row yet, or one that was put off while nobody was to open any.

    Args:
        tx: the transaction.
        providers: registry names of those that tell over streams.
    """
    if not providers:
        return []
    rows = tx.all(
        "SELECT s.id FROM account a JOIN source s ON s.account_id = a.id LEFT JOIN watch w ON w.source_id = s.id "
        f"WHERE a.provider IN ({marks(providers)}) AND a.deleted_at IS NULL AND a.token_status <> ? "
        "AND s.is_default = 1 AND s.due_at IS NOT NULL "
        "AND (w.source_id IS NULL OR w.url <> ? OR (w.due_at IS NULL AND w.error_code = ?)) ORDER BY s.id",
        *providers,
        accounts.DEAD,
        STREAM,
        OFF,
    )
    return [SourceId(source) for (source,) in rows]


def any_due(tx: Tx, now: int, lease: int) -> bool:
    """Whether there may be something to claim. ``lease``: how long one lasts, milliseconds."""
    sql = f"SELECT 1 FROM watch WHERE due_at IS NOT NULL AND due_at <= ? AND {_FREE} AND {_OPENED} LIMIT 1"
    return tx.one(sql, now, now, now + 2 * lease, STREAM) is not None


def claim(tx: Tx, owner: str, now: int, lease: int, limit: int) -> list[Lease]:
    """As ``watches.claim``, of those that can be listened to."""
    return watches.claim_those(tx, owner, now, lease, limit, _OPENED)


def opened(tx: Tx, source: SourceId, now: int, until: int) -> None:
    """The provider listens, for as long as ``until`` is put off; unix milliseconds."""
    tx.run(
        "UPDATE watch SET channel = ?, made_at = ?, expires_at = ?, ended = 0 WHERE source_id = ?",
        STREAM,
        now,
        until,
        source,
    )


def renew(tx: Tx, lease: Lease, until: int, *, is_open: bool) -> bool:
    """Keep a lease until ``until``; whether it is ours, and the stream may stay as it is."""
    row = tx.one(
        "UPDATE watch SET lease_until = ?, expires_at = CASE WHEN ? = 1 THEN ? ELSE expires_at END, "
        "channel = CASE WHEN ? = 1 THEN ? ELSE channel END WHERE source_id = ? AND fence = ? RETURNING wake",
        until,
        int(is_open),
        until,
        int(is_open),
        STREAM,
        lease.source,
        lease.fence,
    )
    return row is not None and int(row[0]) == lease.wake


def alive(tx: Tx, owner: str) -> set[SourceId]:
    """Of the sources that a process has leases of, those that are still to be listened to."""
    rows = tx.all(
        "SELECT w.source_id FROM watch w JOIN source s ON s.id = w.source_id JOIN account a ON a.id = s.account_id "
        f"WHERE w.lease_owner = ? AND {_ALIVE}",
        owner,
    )
    return {SourceId(source) for (source,) in rows}


def closed(tx: Tx, source: SourceId, *, well: bool) -> None:
    """The connection has ended. ``well``: nothing is held against it."""
    tx.run("UPDATE watch SET channel = NULL, ended = 0 WHERE source_id = ?", source)
    if well:
        tx.run("UPDATE watch SET fails = 0, error_code = NULL, error_message = NULL WHERE source_id = ?", source)


def lapsed(tx: Tx, now: int) -> list[SourceId]:
    """Those that were open until their process died, and that nobody has opened again."""
    sql = "SELECT source_id FROM watch WHERE url = ? AND channel IS NOT NULL AND expires_at <= ? ORDER BY source_id"
    return [SourceId(source) for (source,) in tx.all(sql, STREAM, now)]


def idle(tx: Tx, now: int, lease: int) -> list[SourceId]:
    """Those that wait to be opened, now or later, and that nobody has a lease of."""
    sql = f"SELECT source_id FROM watch WHERE url = ? AND due_at IS NOT NULL AND {_FREE} ORDER BY source_id"
    return [SourceId(source) for (source,) in tx.all(sql, STREAM, now, now + 2 * lease)]


def lapse(tx: Tx, source: SourceId, now: int) -> bool:
    """Note that one has lapsed, unless somebody has opened it since; whether it has."""
    sql = "UPDATE watch SET channel = NULL WHERE source_id = ? AND url = ? AND channel IS NOT NULL AND expires_at <= ?"
    return tx.run(sql, source, STREAM, now) > 0


def put_off(tx: Tx, source: SourceId, why: str) -> None:
    """Nobody is to open this one. ``why``: for the account's owner."""
    tx.run(
        "UPDATE watch SET channel = NULL, due_at = NULL, ended = 0, fails = 0, error_code = ?, error_message = ?, "
        "lease_owner = NULL, lease_until = 0, fence = fence + 1 WHERE source_id = ?",
        OFF,
        why,
        source,
    )
