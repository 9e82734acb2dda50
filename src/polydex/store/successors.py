"""What refresh tokens have become that were tried before they belonged to an account."""

from __future__ import annotations

from polydex.store.db import Tx


def find(tx: Tx, digest: bytes) -> bytes | None:
    """What came in the place of a refresh token, sealed. ``digest``: SHA-256 of that token."""
    row = tx.one("SELECT secret FROM successor WHERE digest = ?", digest)
    return None if row is None else bytes(row[0]) or None


def announce(tx: Tx, digest: bytes, now: int, until: int) -> bool:
    """Something may come in its place until then, unix milliseconds: an empty secret.

    False: somebody has announced it already, or it has come. What a clock that was wrong has announced for more than
    twice as long holds nobody up.
    """
    return (
        tx.run(
            "INSERT INTO successor (digest, secret, kept_until) VALUES (?, ?, ?) "
            "ON CONFLICT (digest) DO UPDATE SET kept_until = excluded.kept_until "
            "WHERE successor.secret = ? AND (successor.kept_until <= ? OR successor.kept_until > ?)",
            digest,
            b"",
            until,
            b"",
            now,
            until + (until - now),
        )
        == 1
    )


def announced(tx: Tx, digest: bytes, now: int) -> bool:
    """Whether something may still come in its place, unix milliseconds, and is not there yet."""
    return (
        tx.one("SELECT 1 FROM successor WHERE digest = ? AND secret = ? AND kept_until > ?", digest, b"", now)
        is not None
    )


def withdraw(tx: Tx, digest: bytes) -> None:
    """Nothing will come in its place; what has come stays."""
    tx.run("DELETE FROM successor WHERE digest = ? AND secret = ?", digest, b"")


def keep(tx: Tx, digest: bytes, secret: bytes, until: int) -> None:
    """Keep what came in its place until then, unix milliseconds; in place of what was kept before."""
    tx.run(
        "INSERT INTO successor (digest, secret, kept_until) VALUES (?, ?, ?) "
        "ON CONFLICT (digest) DO UPDATE SET secret = excluded.secret, kept_until = excluded.kept_until",
        digest,
        secret,
        until,
    )


def take(tx: Tx, digest: bytes) -> bytes | None:
    """The same as ``find``, for an account, to which it belongs from now on: for one alone, however many ask at once."""
    row = tx.one("DELETE FROM successor WHERE digest = ? AND secret <> ? RETURNING secret", digest, b"")
    return None if row is None else bytes(row[0])


def forget(tx: Tx, now: int) -> None:
    """Remove those that nobody came for."""
    tx.run("DELETE FROM successor WHERE kept_until <= ?", now)
