"""Brings a database to this version's schema: numbered SQL files, each applied in one transaction, under a lock."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from polydex.core.errors import StoreTooNew
from polydex.store.db import Tx
from polydex.store.threads import Session

# One row. epoch: JOURNAL.md, J15. commits: SQLite only, raised by every transaction that changed something. lineage:
# PostgreSQL only, which storage the epoch belongs to. key_mark: recognises the key file that this database was made with.
META = """
CREATE TABLE IF NOT EXISTS meta (
    one            {key} CHECK (one = 1),
    schema_version BIGINT NOT NULL DEFAULT 0,
    epoch          BIGINT NOT NULL DEFAULT 0,
    commits        BIGINT NOT NULL DEFAULT 0,
    lineage        TEXT,
    key_mark       TEXT
);
INSERT INTO meta (one) VALUES (1) ON CONFLICT (one) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file ``NNNN_name.sql``: ``version`` is NNNN; ``script`` is SQL with the placeholders of ``Dialect.ddl``."""

    version: int
    name: str
    script: str


@dataclass(frozen=True, slots=True)
class Hooks:
    """What an engine adds to each migration, inside of its transaction.

    Attributes:
        lock: keeps other processes from migrating at the same time.
        before: called with the version that is there, when it is not 0.
        after: checks the result; its error rolls the migration back.
    """

    lock: Callable[[Tx], None] = lambda _: None
    before: Callable[[int], None] = lambda _: None
    after: Callable[[Tx], None] = lambda _: None


def load(directory: Path | None = None) -> list[Migration]:
    """The migrations of a directory, by default the product's own.

    Raises:
        ValueError: their numbers are not 1, 2, 3 and so on.
    """
    place: Traversable = resources.files("polydex.store") / "migrations" if directory is None else directory
    found = [
        Migration(int(match[1]), match[2], entry.read_text(encoding="utf-8"))
        for entry in place.iterdir()
        if (match := re.fullmatch(r"(\d{4})_(\w+)\.sql", entry.name))
    ]
    found.sort(key=lambda migration: migration.version)
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"{place}: the numbers of the migrations have a gap or a double")
    return found


def migrate(session: Session, migrations: Sequence[Migration], hooks: Hooks) -> bool:
    """Apply what is missing; whether the database was empty before.

    Raises:
        StoreTooNew: the database was made by a newer version; nothing is changed.
    """
    first = version = session.write(lambda tx: _step(tx, migrations, hooks))
    while version < len(migrations):
        version = session.write(lambda tx: _step(tx, migrations, hooks))
    return first == 0


def _step(tx: Tx, migrations: Sequence[Migration], hooks: Hooks) -> int:
    """Apply the next migration, if any; to an empty database all. Gives the version that was there before."""
    hooks.lock(tx)
    for statement in tx.dialect.ddl(META):
        tx.run(statement)
    row = tx.one("SELECT schema_version FROM meta")
    version = int(row[0]) if row else 0
    if version > len(migrations):
        raise StoreTooNew(
            f"The database was made by a newer version of Polydex (its schema is {version}, "
            f"this version knows {len(migrations)}): start that version, or restore a backup made before the upgrade"
        )
    if version == len(migrations):
        return version
    if version > 0:
        hooks.before(version)
    # From nothing in one transaction: a new database is never seen, nor copied, half made.
    following = version + 1 if version > 0 else len(migrations)
    for migration in migrations[version:following]:
        for statement in tx.dialect.ddl(migration.script):
            tx.run(statement)
    tx.run("UPDATE meta SET schema_version = ?, commits = commits + 1", following)
    hooks.after(tx)
    return version
