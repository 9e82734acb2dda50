"""What refresh tokens have become that were tried before they belonged to an account."""

from __future__ import annotations

from polydex.store.db import Tx


def find(tx: Tx, digest: bytes) -> bytes | None:
    """What came in the place of a refresh token, sealed. ``digest``: SHA-256 of that token."""
    row = tx.one("SELECT secret FROM successor WHERE digest = ?", digest)
    return None if row is None else bytes(row[0])


def keep(tx: Tx, digest: bytes, secret: bytes, until: int) -> None:
    """Keep what came in its place until then, unix milliseconds; in place of what was kept before."""
    tx.run(
        "INSERT INTO successor (digest, secret, kept_until) VALUES (?, ?, ?) "
        "ON CONFLICT (digest) DO UPDATE SET secret = excluded.secret, kept_until = excluded.kept_until",
        digest,
        secret,
        until,
    )


def remove(tx: Tx, digest: bytes) -> None:
    """It belongs to an account from now on."""
    tx.run("DELETE FROM successor WHERE digest = ?", digest)


def forget(tx: Tx, now: int) -> None:
    """Remove those that nobody came for."""
    tx.run("DELETE FROM successor WHERE kept_until <= ?", now)
