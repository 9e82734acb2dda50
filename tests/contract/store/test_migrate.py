"""Migrations: from nothing, with data, failing half way, from the future, and by two processes at once."""

import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from polydex.core.errors import StoreFailed
from polydex.core.ids import AccountId
from polydex.store import accounts, migrate, schema
from polydex.store.db import Tx
from tests.contract.store import seed
from tests.fixtures import OpenDatabase, clock

OURS = Path(migrate.__file__).with_name("migrations")

NEXT = """
-- A second migration; with a semicolon; and a 'quote in a comment.
CREATE TABLE note (id {id}, app_id BIGINT NOT NULL REFERENCES app (id), text TEXT NOT NULL, data {blob});
INSERT INTO note (app_id, text) SELECT id, 'from; ' || name || ' -- it''s' FROM app;
UPDATE app SET name = upper(name);
"""


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """The product's migrations and one more."""
    directory = tmp_path / "newer"
    shutil.copytree(OURS, directory)
    number = len(migrate.load()) + 1
    (directory / f"{number:04}_notes.sql").write_text(NEXT)
    return directory


def apps(tx: Tx) -> list[str]:
    return [row[0] for row in tx.all("SELECT name FROM app ORDER BY id")]


async def test_a_migration_keeps_and_changes_what_is_there(open_db: OpenDatabase, newer: Path) -> None:
    old = open_db()
    app = await old.write(seed.app)
    await old.close()
    db = open_db(migrations=newer)
    assert await db.read(apps) == ["SHOP"]
    assert await db.read(lambda tx: tx.all("SELECT app_id, text, data FROM note")) == [
        (app, "from; shop -- it's", None)
    ]
    assert await db.read(lambda tx: tx.one("SELECT schema_version FROM meta")) == (len(migrate.load()) + 1,)
    await db.close()
    again = open_db(migrations=newer)
    assert len(await again.read(lambda tx: tx.all("SELECT * FROM note"))) == 1
    await again.close()


async def test_all_migrations_apply_to_an_empty_database(open_db: OpenDatabase, newer: Path) -> None:
    db = open_db(migrations=newer)
    assert await db.read(lambda tx: tx.all("SELECT * FROM note")) == []
    await db.close()


def first_schema(tmp_path: Path) -> Path:
    """The first migration alone."""
    directory = tmp_path / "first"
    directory.mkdir()
    shutil.copyfile(OURS / "0001_first.sql", directory / "0001_first.sql")
    return directory


def first_account(tx: Tx) -> AccountId:
    """An account as the first schema has it."""
    (number,) = tx.all(
        "INSERT INTO account (app_id, provider, service_type, subject, scopes, secret, created_at, updated_at, "
        "obtained_at) VALUES (?, 'carddav', 'CardDAV', 'ada', 'Contacts.Read', ?, 1, 1, 1) RETURNING id",
        seed.app(tx),
        b"sealed",
    )[0]
    return AccountId(number)


async def test_a_database_of_the_first_schema_keeps_all_it_holds(tmp_path: Path, open_db: OpenDatabase) -> None:
    old = open_db(migrations=first_schema(tmp_path))
    account = await old.write(first_account)
    source = await old.write(seed.source, account)
    rows = [await old.write(seed.contact, account, source, ["ada", f"w{seq}"], seq) for seq in range(1, 4)]
    held = (
        "SELECT c.row_id, c.stable_key, d.body, k.kind, k.value FROM contact c JOIN document d ON d.row_id = c.row_id "
    )
    held += "JOIN contact_key k ON k.row_id = c.row_id ORDER BY c.row_id"
    before = await old.read(lambda tx: tx.all(held))
    assert "contact_key_row" in {name for (name,) in await old.read(lambda tx: tx.all(tx.dialect.indexes))}
    await old.close()
    db = open_db()
    assert len(before) == 3
    assert await db.read(lambda tx: tx.all(held)) == before
    assert await db.read(seed.find, source, "ada") == rows
    assert await db.read(lambda tx: tx.one("SELECT schema_version FROM meta")) == (len(migrate.load()),)
    assert "contact_key_row" not in {name for (name,) in await db.read(lambda tx: tx.all(tx.dialect.indexes))}
    assert await db.read(schema.missing) == []
    kept = await db.read(accounts.get, account)
    assert kept is not None
    assert (kept.secret, kept.credentials, kept.token_status) == (b"sealed", 0, "active")
    assert await db.write(accounts.take_refresh, account, "me", 5, 10)
    await db.close()


async def test_a_newer_database_is_refused_and_left_alone(open_db: OpenDatabase, newer: Path) -> None:
    db = open_db(migrations=newer)
    await db.write(seed.app)
    await db.close()
    with pytest.raises(StoreFailed, match="made by a newer version of Polydex"):
        open_db()
    db = open_db(migrations=newer)
    assert await db.read(apps) == ["shop"]
    await db.close()


async def test_a_migration_that_fails_changes_nothing(open_db: OpenDatabase, newer: Path) -> None:
    old = open_db()
    await old.write(seed.app)
    await old.close()
    script = next(newer.glob("*_notes.sql"))
    script.write_text(NEXT + "DROP TABLE nowhere;")
    with pytest.raises(Exception, match="nowhere"):
        open_db(migrations=newer)
    db = open_db()
    assert await db.read(apps) == ["shop"]
    await db.close()
    script.write_text(NEXT)
    db = open_db(migrations=newer)
    assert await db.read(apps) == ["SHOP"]
    await db.close()


async def test_a_migration_that_breaks_a_reference_is_undone(
    tmp_path: Path, newer: Path, open_db: OpenDatabase
) -> None:
    old = open_db()
    await old.write(seed.new_account)
    await old.close()
    script = next(newer.glob("*_notes.sql"))
    script.write_text("DELETE FROM app;")
    with pytest.raises(Exception, match=r"(?i)references|foreign key"):
        open_db(migrations=newer)
    db = open_db()
    assert await db.read(apps) == ["shop"]
    await db.close()


async def test_several_processes_that_start_at_once_migrate_once(open_db: OpenDatabase, newer: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        opened = list(pool.map(lambda _: open_db(migrations=newer), range(4)))
    epochs = {await db.read(lambda tx: tx.all("SELECT schema_version, epoch FROM meta")[0]) for db in opened}
    assert len(epochs) == 1
    for db in opened:
        await db.close()


async def test_sqlite_is_backed_up_before_each_migration(tmp_path: Path, newer: Path) -> None:
    from polydex.store.sqlite import open_sqlite

    path = tmp_path / "data" / "polydex.db"
    db = open_sqlite(path, clock=clock)
    await db.write(seed.app)
    assert not (path.parent / "backups").exists()
    # The write is still in the log, beside the file: a copy of the file would not have it.
    upgraded = open_sqlite(path, clock=clock, migrations=newer)
    await upgraded.close()
    await db.close()
    (backup,) = (path.parent / "backups").iterdir()
    version = len(migrate.load())
    assert backup.name == f"polydex-schema{version}-20260921T141320000Z.db"
    assert backup.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(backup)) as copy:
        assert copy.execute("SELECT name FROM app").fetchall() == [("shop",)]
        assert copy.execute("SELECT schema_version FROM meta").fetchall() == [(version,)]
        assert copy.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    restored = open_sqlite(tmp_path / "restored" / "polydex.db", clock=clock)
    await restored.close()


def test_numbers_with_a_gap_are_refused(tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").touch()
    (tmp_path / "0003_c.sql").touch()
    with pytest.raises(ValueError, match="gap"):
        migrate.load(tmp_path)
    (tmp_path / "0002_b.sql").touch()
    (tmp_path / "README.md").touch()
    assert [migration.name for migration in migrate.load(tmp_path)] == ["a", "b", "c"]
    (tmp_path / "0002_d.sql").touch()
    with pytest.raises(ValueError, match="double"):
        migrate.load(tmp_path)
