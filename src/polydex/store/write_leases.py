"""The order of writes: one write at a time for each account, across processes (J11)."""

from __future__ import annotations

from polydex.core.ids import AccountId
from polydex.store.db import Tx


def take(tx: Tx, account: AccountId, owner: str, now: int, until: int) -> bool:
    """Take the account's write lease until ``until`` (unix milliseconds), if nobody else holds it."""
    tx.run(
        "INSERT INTO write_lease (account_id, owner, until_ms, fence) VALUES (?, NULL, 0, 0) "
        "ON CONFLICT (account_id) DO NOTHING",
        account,
    )
    taken = tx.run(
        "UPDATE write_lease SET owner = ?, until_ms = ?, fence = fence + 1 WHERE account_id = ? "
        "AND (owner IS NULL OR until_ms <= ?)",
        owner,
        until,
        account,
        now,
    )
    return taken == 1


def release(tx: Tx, account: AccountId, owner: str) -> None:
    """Let go of the lease, if it is still ours."""
    tx.run("UPDATE write_lease SET owner = NULL, until_ms = 0 WHERE account_id = ? AND owner = ?", account, owner)


def renew(tx: Tx, account: AccountId, owner: str, until: int) -> bool:
    """Keep the lease; False when somebody else has it."""
    return tx.run("UPDATE write_lease SET until_ms = ? WHERE account_id = ? AND owner = ?", until, account, owner) == 1
