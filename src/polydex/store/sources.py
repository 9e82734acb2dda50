"""Sources: one address book each, with its cursors, its walk, and its lease."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from polydex.core.errors import FenceLost
from polydex.core.ids import AccountId, Cursor, SourceId
from polydex.store.db import Row, Tx

BEGUN = "begun"
"""The mode of a walk none of whose pages has been applied."""
_FREE = "(lease_until <= ? OR lease_until > ?)"
_LATER = 2**63 - 1
"""A time after all others, in milliseconds."""


@dataclass(frozen=True, slots=True)
class Source:
    """One row of ``source``. Times are unix milliseconds; counters are the account's.

    Attributes:
        cursor: of the last complete walk; replaced only with its last page (J3).
        walk_*: the walk in progress: its mode (None: no walk), resume cursor, the counter and the time of its start,
            and its progress.
        last_sweep: the counter when the last walk was complete.
        ready_at: when the first walk was complete; None until then (J14).
        pulled_at: the START of the last successful pull (J5); tried_at: that of the last finished attempt.
        full_at: the start of the last complete snapshot.
        halted_walk, halted_count: a mass deletion that waits for approval (J13).
    """

    id: SourceId
    account: AccountId
    key: str
    name: str | None
    is_default: bool
    read_only: bool
    cursor: Cursor | None
    context: bytes | None
    walk_id: int
    walk_mode: str | None
    walk_cursor: Cursor | None
    walk_start: int
    walk_start_ms: int
    walk_done: int
    walk_total: int | None
    last_sweep: int
    mapping_version: int
    ready_at: int | None
    pulled_at: int | None
    tried_at: int | None
    full_at: int | None
    halted_walk: int | None
    halted_count: int
    error_code: str | None
    error_message: str | None
    fails: int
    due_at: int | None
    wake: int
    lease_owner: str | None
    lease_until: int
    fence: int


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to pull a source for whoever knows the fence. ``server``: the address that its account has, else its provider."""

    source: SourceId
    fence: int
    wake: int
    server: str = ""


_TAKEN = "fence, wake, (SELECT coalesce(server_url, provider) FROM account WHERE account.id = source.account_id)"
_COLUMNS = ", ".join({"account": "account_id"}.get(f.name, f.name) for f in fields(Source))


def _source(row: tuple[object, ...]) -> Source:
    values = list(row)
    values[4], values[5] = bool(values[4]), bool(values[5])
    return Source(*values)  # type: ignore[arg-type]  # the columns are the fields, in their order


def get(tx: Tx, source: SourceId) -> Source | None:
    """The source with this number."""
    row = tx.one(f"SELECT {_COLUMNS} FROM source WHERE id = ?", source)
    return _source(row) if row else None


def of_account(tx: Tx, account: AccountId) -> list[Source]:
    """The account's sources, the default one first."""
    rows = tx.all(f"SELECT {_COLUMNS} FROM source WHERE account_id = ? ORDER BY is_default DESC, id", account)
    return [_source(row) for row in rows]


def default(tx: Tx, account: AccountId) -> Source | None:
    """The source that the compatible API shows; chosen once and stored (J8)."""
    row = tx.one(f"SELECT {_COLUMNS} FROM source WHERE account_id = ? AND is_default = 1", account)
    return _source(row) if row else None


def add(tx: Tx, account: AccountId, key: str, name: str | None, *, is_default: bool, read_only: bool) -> SourceId:
    """Add a source, or refresh the name of one that is known; never changes which is the default."""
    row = tx.one(
        "INSERT INTO source (account_id, key, name, is_default, read_only) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (account_id, key) DO UPDATE SET name = excluded.name, read_only = excluded.read_only RETURNING id",
        account,
        key,
        name,
        int(is_default),
        int(read_only),
    )
    return SourceId(row[0] if row else 0)


def make_due(tx: Tx, source: SourceId, at: int) -> None:
    """Make a source due at ``at`` at the latest; never lost, even while a pull of it is finishing (J5)."""
    tx.run(
        "UPDATE source SET wake = wake + 1, due_at = CASE WHEN due_at IS NULL OR due_at > ? THEN ? ELSE due_at END "
        "WHERE id = ?",
        at,
        at,
        source,
    )


def bring_forward(tx: Tx, now: int, latest: int) -> int:
    """Make due what is due later than ``latest`` (unix milliseconds): a clock that was wrong has said so. Their number."""
    return tx.run("UPDATE source SET due_at = ? WHERE due_at > ?", now, latest)


def lock(tx: Tx, source: SourceId) -> None:
    """Let nobody change the source's row before the end of the transaction; what is read of it then is the newest."""
    tx.run("UPDATE source SET wake = wake WHERE id = ?", source)


def stop(tx: Tx, account: AccountId) -> None:
    """No more pulls of an account; a running one loses its fence."""
    tx.run("UPDATE source SET due_at = NULL, fence = fence + 1, lease_until = 0 WHERE account_id = ?", account)


def claim(tx: Tx, owner: str, now: int, until: int, limit: int, without: Sequence[str] = ()) -> list[Lease]:
    """Take the leases of due sources, the longest waiting first; none of accounts at the servers ``without``.

    A lease that goes on for more than twice as long was taken by a clock that was wrong, and holds nobody up.
    """
    others = ""
    if without:
        others = f"AND account_id NOT IN (SELECT id FROM account WHERE coalesce(server_url, provider) IN ({', '.join('?' * len(without))})) "
    rows = tx.all(
        f"SELECT id FROM source WHERE due_at IS NOT NULL AND due_at <= ? AND {_FREE} {others}"
        "ORDER BY due_at LIMIT ?" + tx.dialect.skip_locked,
        now,
        now,
        until + (until - now),
        *without,
        limit,
    )
    leases = []
    for (source,) in rows:
        taken = tx.one(
            f"UPDATE source SET lease_owner = ?, lease_until = ?, fence = fence + 1 WHERE id = ? RETURNING {_TAKEN}",
            owner,
            until,
            source,
        )
        if taken:
            leases.append(_lease(SourceId(source), taken))
    return leases


def claim_one(
    tx: Tx, source: SourceId, owner: str, now: int, until: int, not_before: int | None = None
) -> Lease | None:
    """Take the lease of one source, due or not, unless somebody holds it (see ``claim``).

    Nor when a pull that began at ``not_before`` or later has ended meanwhile, well or not: it served whoever asks (J5).
    """
    taken = tx.one(
        "UPDATE source SET lease_owner = ?, lease_until = ?, fence = fence + 1 "
        f"WHERE id = ? AND {_FREE} AND coalesce(tried_at, -1) < ? RETURNING {_TAKEN}",
        owner,
        until,
        source,
        now,
        until + (until - now),
        _LATER if not_before is None else not_before,
    )
    return _lease(source, taken) if taken else None


def _lease(source: SourceId, taken: Row) -> Lease:
    fence, wake, server = taken
    return Lease(source, int(fence), int(wake), str(server))


def renew(tx: Tx, lease: Lease, until: int) -> None:
    """Keep a lease. Raises FenceLost."""
    if tx.run("UPDATE source SET lease_until = ? WHERE id = ? AND fence = ?", until, lease.source, lease.fence) == 0:
        raise FenceLost


def check(tx: Tx, lease: Lease) -> Source:
    """The source, locked, for a transaction under this lease. Raises FenceLost (J6)."""
    if tx.run("UPDATE source SET fence = fence WHERE id = ? AND fence = ?", lease.source, lease.fence) == 0:
        raise FenceLost
    source = get(tx, lease.source)
    if source is None:
        raise FenceLost
    return source


def finish(tx: Tx, lease: Lease, now: int, next_due: int) -> None:
    """Let go of a lease, whose fence is void then; what was made due meanwhile is due at once (J5)."""
    tx.run(
        "UPDATE source SET due_at = CASE WHEN wake > ? THEN ? ELSE ? END, lease_owner = NULL, lease_until = 0, "
        "fence = fence + 1 "
        "WHERE id = ? AND fence = ?",
        lease.wake,
        now,
        next_due,
        lease.source,
        lease.fence,
    )


def owners(tx: Tx) -> list[str]:
    """The processes that hold leases, or held them when they ended."""
    return [str(owner) for (owner,) in tx.all("SELECT DISTINCT lease_owner FROM source WHERE lease_owner IS NOT NULL")]


def release_all(tx: Tx, owner: str) -> int:
    """Let go of every lease of a process that ends, or has ended; the number of leases. The sources stay due."""
    return tx.run(
        "UPDATE source SET lease_owner = NULL, lease_until = 0, fence = fence + 1 WHERE lease_owner = ?", owner
    )


def begin_walk(tx: Tx, source: SourceId, start: int, start_ms: int) -> int:
    """A new walk, from the start; its id. ``start`` is the account's counter before its first request."""
    row = tx.one(
        "UPDATE source SET walk_id = walk_id + 1, walk_mode = ?, walk_cursor = NULL, walk_start = ?, "
        "walk_start_ms = ?, walk_done = 0, walk_total = NULL WHERE id = ? RETURNING walk_id",
        BEGUN,
        start,
        start_ms,
        source,
    )
    return int(row[0]) if row else 0


def set_context(tx: Tx, source: SourceId, context: bytes) -> None:
    """Store what mapping needs besides the documents."""
    tx.run("UPDATE source SET context = ? WHERE id = ?", context, source)


def step_walk(tx: Tx, source: SourceId, mode: str, cursor: Cursor | None, done: int, total: int | None) -> None:
    """A page of the walk was applied; ``cursor`` resumes the walk after it, if the provider can."""
    tx.run(
        "UPDATE source SET walk_mode = ?, walk_cursor = ?, walk_done = walk_done + ?, "
        "walk_total = coalesce(?, walk_total) WHERE id = ?",
        mode,
        cursor,
        done,
        total,
        source,
    )


def end_walk(tx: Tx, source: SourceId, cursor: Cursor | None, sweep: int, now: int, *, full: bool) -> None:
    """The walk is complete: its cursor counts, and the source is ready (J3, J14)."""
    tx.run(
        "UPDATE source SET cursor = ?, walk_mode = NULL, walk_cursor = NULL, last_sweep = ?, "
        "ready_at = coalesce(ready_at, ?), pulled_at = walk_start_ms, tried_at = walk_start_ms, "
        "full_at = CASE WHEN ? = 1 THEN walk_start_ms ELSE full_at END, "
        "error_code = NULL, error_message = NULL, fails = 0 WHERE id = ?",
        cursor,
        sweep,
        now,
        int(full),
        source,
    )


def drop_walk(tx: Tx, source: SourceId) -> None:
    """Abandon the walk in progress; the cursor of the last complete one stays."""
    tx.run("UPDATE source SET walk_mode = NULL, walk_cursor = NULL WHERE id = ?", source)


def forget_cursor(tx: Tx, source: SourceId) -> None:
    """The provider no longer accepts the cursor: the next walk is a snapshot."""
    tx.run("UPDATE source SET cursor = NULL, walk_mode = NULL, walk_cursor = NULL WHERE id = ?", source)


def failed(tx: Tx, source: SourceId, started_ms: int, code: str, message: str) -> int:
    """A pull failed; the number of failures in a row."""
    row = tx.one(
        "UPDATE source SET fails = fails + 1, tried_at = ?, error_code = ?, error_message = ? WHERE id = ? "
        "RETURNING fails",
        started_ms,
        code,
        message,
        source,
    )
    return int(row[0]) if row else 0


def halt(tx: Tx, source: SourceId, walk: int, count: int) -> None:
    """A mass deletion waits for approval."""
    tx.run("UPDATE source SET halted_walk = ?, halted_count = ? WHERE id = ?", walk, count, source)


def resume(tx: Tx, source: SourceId) -> None:
    """Nothing waits for approval any more."""
    tx.run("UPDATE source SET halted_walk = NULL, halted_count = 0 WHERE id = ?", source)


def mapped(tx: Tx, source: SourceId, version: int) -> None:
    """Every stored document of the source was mapped by this version."""
    tx.run("UPDATE source SET mapping_version = ? WHERE id = ?", version, source)
