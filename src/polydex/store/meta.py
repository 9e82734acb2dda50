"""What the database knows about the installation that it belongs to."""

from __future__ import annotations

from polydex.core.errors import StoreFailed
from polydex.store.db import Tx


def probe(tx: Tx) -> None:
    """Change nothing, in a way that has to reach the disk."""
    tx.run("UPDATE meta SET schema_version = schema_version")


def bind_keys(tx: Tx, key_mark: str) -> None:
    """Remember the key file that this database was made with, or compare with it.

    With another key file every public id would change and every stored secret would be unreadable.

    Args:
        tx: the transaction.
        key_mark: recognises the keys without giving them away.

    Raises:
        StoreFailed: the database was made with other keys.
    """
    known = tx.all("SELECT key_mark FROM meta")[0][0]
    if known is None:
        tx.run("UPDATE meta SET key_mark = ?", key_mark)
    elif known != key_mark:
        raise StoreFailed(
            "The database was made with another key file: put back the one that was beside it (see POLYDEX_KEYS_FILE)"
        )
