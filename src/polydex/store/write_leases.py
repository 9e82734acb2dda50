"""The order of writes: one write at a time for each account, across processes (J11)."""

from __future__ import annotations

from polydex.core.ids import AccountId
from polydex.store.db import Tx

WAITS_ON = 1000
"""Milliseconds after which one that has not asked again waits no longer: it has given up or ended."""

_NOBODY_BEFORE = "(next_owner IS NULL OR next_owner = ? OR next_until <= ? OR next_since > ?)"


def take(tx: Tx, account: AccountId, owner: str, now: int, until: int, since: int) -> bool:
    """Take the account's write lease, if nobody else holds it, or has waited for it longer; else wait for it.

    Who waits asks again and again, more often than ``WAITS_ON``. Otherwise whoever lets go of it, and has more to write,
    would take it again before any other process asks.

    Args:
        tx: the transaction.
        account: whose.
        owner: who asks.
        now, until: unix milliseconds; it lasts until then.
        since: when the owner began to wait, unix milliseconds.
    """
    tx.run(
        "INSERT INTO write_lease (account_id, owner, until_ms, fence) VALUES (?, NULL, 0, 0) "
        "ON CONFLICT (account_id) DO NOTHING",
        account,
    )
    taken = tx.run(
        "UPDATE write_lease SET owner = ?, until_ms = ?, fence = fence + 1, next_owner = NULL WHERE account_id = ? "
        f"AND (owner IS NULL OR until_ms <= ?) AND {_NOBODY_BEFORE}",
        owner,
        until,
        account,
        now,
        owner,
        now,
        since,
    )
    if not taken:
        tx.run(
            "UPDATE write_lease SET next_owner = ?, next_since = ?, next_until = ? WHERE account_id = ? "
            f"AND {_NOBODY_BEFORE}",
            owner,
            since,
            now + WAITS_ON,
            account,
            owner,
            now,
            since,
        )
    return taken == 1


def release(tx: Tx, account: AccountId, owner: str) -> None:
    """Let go of the lease, if it is still ours."""
    tx.run("UPDATE write_lease SET owner = NULL, until_ms = 0 WHERE account_id = ? AND owner = ?", account, owner)


def give_up(tx: Tx, account: AccountId, owner: str) -> None:
    """Neither hold the lease nor wait for it."""
    release(tx, account, owner)
    tx.run("UPDATE write_lease SET next_owner = NULL WHERE account_id = ? AND next_owner = ?", account, owner)


def renew(tx: Tx, account: AccountId, owner: str, until: int) -> bool:
    """Keep the lease; False when somebody else has it."""
    return tx.run("UPDATE write_lease SET until_ms = ? WHERE account_id = ? AND owner = ?", until, account, owner) == 1
