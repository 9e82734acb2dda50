"""Applications: the developers' back ends that own accounts."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from polydex.store.db import Tx

_COLUMNS = "id, name, client_id, secret_hash, signing_secret, created_at"


@dataclass(frozen=True, slots=True)
class App:
    """An application.

    Attributes:
        client_id: the public half of its credentials.
        secret_hash: SHA-256 of the client secret, 32 bytes.
        signing_secret: what webhooks are signed with, encrypted.
        created_at: unix milliseconds.
    """

    id: int
    name: str
    client_id: str
    secret_hash: bytes = field(repr=False)
    signing_secret: bytes = field(repr=False)
    created_at: int


def create(tx: Tx, name: str, client_id: str, secret_hash: bytes, signing_secret: bytes, now: int) -> App:
    """Store a new application. The client id must be new."""
    row = tx.all(
        "INSERT INTO app (name, client_id, secret_hash, signing_secret, created_at) VALUES (?, ?, ?, ?, ?) "
        f"RETURNING {_COLUMNS}",
        name,
        client_id,
        secret_hash,
        signing_secret,
        now,
    )[0]
    return App(*row)


def all_apps(tx: Tx) -> list[App]:
    """Every application, the oldest first."""
    return [App(*row) for row in tx.all(f"SELECT {_COLUMNS} FROM app ORDER BY id")]


def get(tx: Tx, app_id: int) -> App | None:
    """The application with this number."""
    row = tx.one(f"SELECT {_COLUMNS} FROM app WHERE id = ?", app_id)
    return App(*row) if row else None


def authenticate(tx: Tx, client_id: str, secret_hash: bytes) -> App | None:
    """The application with these credentials; None when the id is unknown or the secret is another."""
    row = tx.one(f"SELECT {_COLUMNS} FROM app WHERE client_id = ?", client_id)
    if row is None:
        return None
    app = App(*row)
    return app if hmac.compare_digest(app.secret_hash, secret_hash) else None
