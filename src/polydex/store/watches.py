"""Watches: the channels by which providers tell that something has changed, and the work that keeps them alive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from polydex.core.errors import FenceLost
from polydex.core.ids import AccountId, SourceId
from polydex.store import accounts, sources
from polydex.store.db import Row, Tx

STREAM = "stream"
"""What stands in the place of an address, and of a channel's id, where a connection is held open instead."""


@dataclass(frozen=True, slots=True)
class Watched:
    """One row of ``watch``. Times are unix milliseconds.

    Attributes:
        channel: the provider's id of the channel; None: there is none. STREAM: a connection is held open.
        url: of this installation, that the channel was made for; without a channel, that the row was settled for.
            STREAM: the provider tells over a connection that is held open (``store.streams``).
        made_at: when the channel was made or renewed.
        ended: the provider has said that the channel is no more, or our access to it is.
        fails: attempts that failed in a row; ``error_*`` tell of the last one.
        due_at: when it is to be made, renewed or ended; None: nothing is to be done.
    """

    source: SourceId
    channel: str | None
    url: str
    made_at: int
    expires_at: int
    ended: bool
    fails: int
    error_code: str | None
    error_message: str | None
    due_at: int | None
    wake: int
    lease_owner: str | None
    lease_until: int
    fence: int

    def lives(self, url: str, now: int) -> bool:
        """Whether changes are told of by it, to the address ``url``."""
        return self.channel is not None and not self.ended and self.url == url and self.expires_at > now


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a watch, for whoever knows the fence."""

    source: SourceId
    fence: int
    wake: int


_COLUMNS = ", ".join({"source": "source_id"}.get(f.name, f.name) for f in fields(Watched))
_NO_LEASE = "lease_owner = NULL, lease_until = 0, fence = fence + 1"
_NO_ERROR = "fails = 0, error_code = NULL, error_message = NULL"
_SOONER = (
    "wake = watch.wake + 1, "
    "due_at = CASE WHEN watch.due_at IS NULL OR watch.due_at > {at} THEN {at} ELSE watch.due_at END"
)


def _watched(row: Row) -> Watched:
    values = list(row)
    values[5] = bool(values[5])
    return Watched(*values)


def get(tx: Tx, source: SourceId) -> Watched | None:
    """The watch of a source; None for one that nobody can watch."""
    row = tx.one(f"SELECT {_COLUMNS} FROM watch WHERE source_id = ?", source)
    return _watched(row) if row else None


def want(tx: Tx, source: SourceId, at: int) -> None:
    """Have a source watched: at ``at`` it is due to be looked at, whatever came of it before."""
    sooner = _SOONER.format(at="excluded.due_at")
    tx.run(
        "INSERT INTO watch (source_id, due_at) VALUES (?, ?) "
        f"ON CONFLICT (source_id) DO UPDATE SET {sooner}, {_NO_ERROR}",
        source,
        at,
    )


def settle_for(tx: Tx, providers: Sequence[str], url: str, now: int) -> list[SourceId]:
    """Make due what is not settled for this address, at the start of a process; those that have a channel of another.

    Args:
        tx: the transaction.
        providers: registry names of those whose default sources can be watched.
        url: the address of this installation; empty: nothing is to be watched.
        now: unix milliseconds.
    """
    if providers and url:
        tx.run(
            "INSERT INTO watch (source_id) SELECT s.id FROM source s JOIN account a ON a.id = s.account_id "
            "WHERE s.is_default = 1 AND s.due_at IS NOT NULL AND a.deleted_at IS NULL "
            f"AND a.provider IN ({', '.join('?' * len(providers))}) ON CONFLICT (source_id) DO NOTHING",
            *providers,
        )
    unsettled = "SELECT source_id, channel FROM watch WHERE url NOT IN (?, ?)"
    had_channel = []
    for source, _ in tx.all(f"{unsettled} ORDER BY source_id", url, STREAM):
        # In one order, and before its watch, so that no two processes wait for each other; and then asked once more, for
        # another process may have settled it meanwhile.
        sources.lock(tx, source)
        row = tx.one(f"{unsettled} AND source_id = ?", url, STREAM, source)
        if row is not None:
            want(tx, source, now)
            if row[1] is not None:
                had_channel.append(SourceId(source))
    return had_channel


def missed(tx: Tx, providers: Sequence[str]) -> list[SourceId]:
    """Sources that nobody has settled for an address: connected, or looked at, by a process of before, or without one.

    Args:
        tx: the transaction.
        providers: registry names of those whose default sources can be watched.
    """
    if not providers:
        return []
    rows = tx.all(
        "SELECT s.id FROM account a JOIN source s ON s.account_id = a.id LEFT JOIN watch w ON w.source_id = s.id "
        f"WHERE a.provider IN ({', '.join('?' * len(providers))}) AND a.deleted_at IS NULL AND a.token_status <> ? "
        "AND s.is_default = 1 AND s.due_at IS NOT NULL "
        "AND (w.source_id IS NULL OR (w.url = '' AND w.channel IS NULL AND w.due_at IS NULL)) ORDER BY s.id",
        *providers,
        accounts.DEAD,
    )
    return [SourceId(source) for (source,) in rows]


def wake(tx: Tx, source: SourceId, now: int, gap: int, *, ended: bool) -> None:
    """The provider wants its channel renewed, or (``ended``) says that it is no more.

    At most once in ``gap`` milliseconds; and no notification breaks the back-off of attempts that fail, or begins
    anything where nothing is to be done, as for an account without credentials.
    """
    if ended:
        tx.run("UPDATE watch SET ended = 1 WHERE source_id = ? AND channel IS NOT NULL", source)
    row = tx.one("SELECT made_at FROM watch WHERE source_id = ? AND due_at IS NOT NULL AND fails = 0", source)
    if row is not None:
        at = max(now, min(int(row[0]), now) + gap)
        tx.run(f"UPDATE watch SET {_SOONER.format(at='?')} WHERE source_id = ?", at, at, source)


def stop(tx: Tx, account: AccountId) -> list[Watched]:
    """Nothing more is to be done about an account's watches: its access has ended. Those with a channel."""
    rows = tx.all(
        "UPDATE watch SET due_at = NULL, ended = 1, "
        + _NO_LEASE
        + f" WHERE source_id IN (SELECT id FROM source WHERE account_id = ?) RETURNING {_COLUMNS}",
        account,
    )
    return [watched for watched in map(_watched, rows) if watched.channel is not None]


def bring_forward(tx: Tx, now: int, latest: int) -> int:
    """Make due what is due later than ``latest`` (unix milliseconds): a clock that was wrong has said so. Their number."""
    return tx.run("UPDATE watch SET due_at = ? WHERE due_at > ?", now, latest)


def any_due(tx: Tx, now: int) -> bool:
    """Whether there may be something to claim."""
    sql = "SELECT 1 FROM watch WHERE due_at IS NOT NULL AND due_at <= ? AND url <> ? LIMIT 1"
    return tx.one(sql, now, STREAM) is not None


def claim(tx: Tx, owner: str, now: int, lease: int, limit: int) -> list[Lease]:
    """Take the leases of due watches for ``lease`` milliseconds, the longest waiting first.

    A lease that goes on for more than twice as long was taken by a clock that was wrong, and holds nobody up.
    """
    return claim_those(tx, owner, now, lease, limit, "url <> ?")


def claim_those(tx: Tx, owner: str, now: int, lease: int, limit: int, which: str) -> list[Lease]:
    """As ``claim``, of those alone for which ``which`` holds: a condition with one parameter, which is STREAM."""
    rows = tx.all(
        "SELECT source_id FROM watch WHERE due_at IS NOT NULL AND due_at <= ? "
        f"AND (lease_until <= ? OR lease_until > ?) AND {which} ORDER BY due_at LIMIT ?" + tx.dialect.skip_locked,
        now,
        now,
        now + 2 * lease,
        STREAM,
        limit,
    )
    leases = []
    for (source,) in rows:
        taken = tx.one(
            "UPDATE watch SET lease_owner = ?, lease_until = ?, fence = fence + 1 WHERE source_id = ? "
            "RETURNING fence, wake",
            owner,
            now + lease,
            source,
        )
        if taken:
            leases.append(Lease(SourceId(source), int(taken[0]), int(taken[1])))
    return leases


def check(tx: Tx, lease: Lease) -> Watched:
    """The watch, locked, for a transaction under this lease. Raises FenceLost."""
    if tx.run("UPDATE watch SET fence = fence WHERE source_id = ? AND fence = ?", lease.source, lease.fence) == 0:
        raise FenceLost
    watched = get(tx, lease.source)
    if watched is None:
        raise FenceLost
    return watched


def keep(tx: Tx, source: SourceId, channel: str, url: str, made_at: int, expires_at: int) -> None:
    """There is a channel: a new one, or the one of before for some time more."""
    tx.run(
        f"UPDATE watch SET channel = ?, url = ?, made_at = ?, expires_at = ?, ended = 0, {_NO_ERROR} WHERE source_id = ?",
        channel,
        url,
        made_at,
        expires_at,
        source,
    )


def drop(tx: Tx, source: SourceId, url: str) -> None:
    """There is no channel any more, and this is what the row is settled for."""
    tx.run(
        f"UPDATE watch SET channel = NULL, url = ?, ended = 0, {_NO_ERROR} WHERE source_id = ?",
        url,
        source,
    )


def failed(tx: Tx, source: SourceId, url: str, code: str, message: str) -> None:
    """An attempt failed; where there is no channel, it was for this address."""
    tx.run(
        "UPDATE watch SET fails = fails + 1, error_code = ?, error_message = ?, "
        "url = CASE WHEN channel IS NULL THEN ? ELSE url END WHERE source_id = ?",
        code,
        message,
        url,
        source,
    )


def finish(tx: Tx, lease: Lease, next_due: int | None, soon: int) -> None:
    """Let go of a lease. What was made due meanwhile is due at ``soon`` at the latest (J5)."""
    tx.run(
        "UPDATE watch SET due_at = CASE WHEN wake > ? AND coalesce(?, ?) >= ? THEN ? ELSE ? END, "
        + _NO_LEASE
        + " WHERE source_id = ? AND fence = ?",
        lease.wake,
        next_due,
        soon,
        soon,
        soon,
        next_due,
        lease.source,
        lease.fence,
    )


def owners(tx: Tx) -> list[str]:
    """The processes that hold leases, or held them when they ended."""
    return [str(owner) for (owner,) in tx.all("SELECT DISTINCT lease_owner FROM watch WHERE lease_owner IS NOT NULL")]


def release_all(tx: Tx, owner: str) -> int:
    """Let go of every lease of a process that ends, or has ended; their number. The watches stay due."""
    return tx.run(f"UPDATE watch SET {_NO_LEASE} WHERE lease_owner = ?", owner)


def hint(tx: Tx, source: SourceId, now: int, gap: int, *, last: bool = False) -> int | None:
    """Have a source pulled because a provider has told of a change; at most once in ``gap`` milliseconds, in all.

    ``last``: nobody will ask again. Then the pull that runs is followed by another at once, be it sooner than that.

    Returns when to ask again (unix milliseconds), or None: a pull that begins from now on will bring the change. That
    is the one that this makes due; or the next attempt of one that fails, for no notification breaks its back-off.
    Nothing is pulled because of a source that nobody can watch, or whose pulls have been stopped.
    """
    sources.lock(tx, source)  # one after the other, across processes
    row = tx.one(
        "SELECT w.pull_at, s.due_at, s.lease_until, s.fails FROM watch w JOIN source s ON s.id = w.source_id "
        "WHERE w.source_id = ?",
        source,
    )
    if row is None or row[1] is None:
        return None
    pulled, _, lease_until, fails = map(int, row)
    running = lease_until > now
    if fails and not running:
        return None
    if fails and not last:
        return now + gap
    if pulled > now + gap:  # by a clock that was wrong
        pulled = 0
    at = pulled if pulled > now else max(now, pulled + gap)
    if running and at > now and not last:
        return at
    tx.run(
        "UPDATE source SET wake = wake + 1, due_at = CASE WHEN due_at > ? THEN ? ELSE due_at END WHERE id = ?",
        at,
        at,
        source,
    )
    tx.run("UPDATE watch SET pull_at = ? WHERE source_id = ?", at, source)
    return None


def states(tx: Tx, url: str, now: int) -> dict[str, int]:
    """How many watches live, wait to be made, failed at the last attempt, or are off, as those of dead accounts are."""
    found = dict.fromkeys(("active", "failed", "waiting", "off"), 0)
    for state, number in tx.all(
        "SELECT CASE WHEN s.due_at IS NULL OR a.token_status = ? THEN 'off' "
        "WHEN w.channel IS NOT NULL AND w.ended = 0 AND w.url IN (?, ?) AND w.expires_at > ? THEN 'active' "
        "WHEN w.fails > 0 THEN 'failed' WHEN w.due_at IS NOT NULL THEN 'waiting' ELSE 'off' END AS state, count(*) "
        "FROM watch w JOIN source s ON s.id = w.source_id JOIN account a ON a.id = s.account_id GROUP BY 1",
        accounts.DEAD,
        url,
        STREAM,
        now,
    ):
        found[str(state)] = int(number)
    return found
