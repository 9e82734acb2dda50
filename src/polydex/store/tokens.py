"""Access tokens of accounts: only a hash of the secret half is stored."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from polydex.core.ids import AccountId
from polydex.store.db import Tx


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token that is in force.

    Attributes:
        scopes: as granted, for example ``Contacts.ReadWrite``.
        created_at: unix milliseconds.
    """

    id: int
    account: AccountId
    scopes: frozenset[str]
    created_at: int


def create(tx: Tx, account: AccountId, secret_hash: bytes, scopes: frozenset[str], now: int) -> AccessToken:
    """Store a new token; its number goes into the token's text. ``secret_hash``: SHA-256, 32 bytes."""
    row = tx.all(
        "INSERT INTO token (account_id, hash, scopes, created_at) VALUES (?, ?, ?, ?) RETURNING id",
        account,
        secret_hash,
        " ".join(sorted(scopes)),
        now,
    )[0]
    return AccessToken(row[0], account, scopes, now)


def authenticate(tx: Tx, token_id: int, secret_hash: bytes) -> AccessToken | None:
    """The token, if it is in force and its secret is this one. Its account may not be deleted."""
    row = tx.one(
        "SELECT t.hash, t.account_id, t.scopes, t.created_at FROM token t JOIN account a ON a.id = t.account_id "
        "WHERE t.id = ? AND t.revoked_at IS NULL AND a.deleted_at IS NULL",
        token_id,
    )
    if row is None or not hmac.compare_digest(row[0], secret_hash):
        return None
    return AccessToken(token_id, AccountId(row[1]), frozenset(row[2].split()), row[3])


def revoke_all(tx: Tx, account: AccountId, now: int) -> int:
    """End every token of an account; how many were in force."""
    return tx.run("UPDATE token SET revoked_at = ? WHERE account_id = ? AND revoked_at IS NULL", now, account)


def count(tx: Tx, account: AccountId) -> int:
    """How many tokens of an account are in force."""
    row = tx.all("SELECT count(*) FROM token WHERE account_id = ? AND revoked_at IS NULL", account)[0]
    return int(row[0])
