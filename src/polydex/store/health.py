"""What an operator wants to know of a database: its schema, its times, and what waits for too long. Reading only."""

from __future__ import annotations

from dataclasses import dataclass

from polydex.core.ids import AccountId
from polydex.store.db import Tx
from polydex.store.epochs import Mark


@dataclass(frozen=True, slots=True)
class Schema:
    """The row of ``meta``. ``version`` is 0 for a database in which nothing was made yet."""

    version: int
    mark: Mark
    key_mark: str | None


def schema(tx: Tx) -> Schema:
    """Which version of Polydex made the database, and for which keys."""
    if not _has_meta(tx):
        return Schema(0, Mark(0, 0), None)
    version, epoch, commits, key_mark = tx.all("SELECT schema_version, epoch, commits, key_mark FROM meta")[0]
    return Schema(int(version), Mark(int(epoch), int(commits)), key_mark)


def _has_meta(tx: Tx) -> bool:
    if tx.dialect.name == "sqlite":
        return tx.one("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'") is not None
    return tx.all("SELECT to_regclass('meta') IS NOT NULL")[0][0] in (True, 1)


def quick_check(tx: Tx) -> str | None:
    """What SQLite finds wrong with its pages and rows, the first of it; None for nothing, and on PostgreSQL."""
    if tx.dialect.name != "sqlite":
        return None
    found = str(tx.all("PRAGMA quick_check(1)")[0][0])
    return None if found == "ok" else found


def newest_time(tx: Tx) -> int:
    """The latest time that was written down by our own clock, unix milliseconds; 0 for none."""
    rows = tx.all(
        "SELECT coalesce(max(updated_at), 0) FROM account UNION ALL "
        "SELECT coalesce(max(tried_at), 0) FROM source UNION ALL "
        "SELECT coalesce(max(ready_at), 0) FROM source UNION ALL "
        "SELECT coalesce(max(created_at), 0) FROM intent UNION ALL "
        "SELECT coalesce(max(created_at), 0) FROM token"
    )
    return max(int(row[0]) for row in rows)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Work that nobody has taken up. Times are unix milliseconds.

    Attributes:
        sources: address books that have been due since before the time that was asked for.
        since: when the first of them was due; None for none.
        last_pull: when the newest pull of any address book began; None for never.
        leases: of those, how many somebody has taken and let run out: a process that ended without a word.
    """

    sources: int
    since: int | None
    last_pull: int | None
    leases: int


def waiting(tx: Tx, before: int) -> Waiting:
    """Address books that were due before ``before`` and are not being pulled, either."""
    count, since, leases = tx.all(
        "SELECT count(*), min(due_at), coalesce(sum(CASE WHEN lease_owner IS NOT NULL THEN 1 ELSE 0 END), 0) "
        "FROM source WHERE due_at IS NOT NULL AND due_at < ? AND lease_until < ?",
        before,
        before,
    )[0]
    last = tx.all("SELECT max(tried_at) FROM source")[0][0]
    return Waiting(int(count), since, last, int(leases))


def open_writes(tx: Tx, before: int) -> list[tuple[AccountId, int]]:
    """Accounts with writes whose outcome has been unknown since before ``before``, and how many those are."""
    rows = tx.all(
        "SELECT account_id, count(*) FROM intent WHERE state = 'open' AND created_at < ? "
        "GROUP BY account_id ORDER BY account_id",
        before,
    )
    return [(AccountId(account), int(count)) for account, count in rows]


def account_numbers(tx: Tx) -> list[AccountId]:
    """Every account that is not deleted."""
    return [AccountId(row[0]) for row in tx.all("SELECT id FROM account WHERE deleted_at IS NULL ORDER BY id")]
