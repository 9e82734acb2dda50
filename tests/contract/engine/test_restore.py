"""Backup and restore in process (J15, J17): what is copied, what is kept, and what becomes of tokens and intents."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from polydex.core.errors import BadRequest, StoreFailed, StoreTooNew, SyncTokenExpired
from polydex.engine import backup, restore
from polydex.engine.backup import Copy
from polydex.engine.keys import Keys
from polydex.engine.restore import Restored
from polydex.store import audit, backup as copying, intents, lock, meta, schema
from polydex.store.files import partial_of
from polydex.store.sqlite import open_sqlite
from polydex.testing.clock import FakeClock
from tests.contract.engine.home import Home, furnish, named
from tests.soundness import demand_sound


def quiet(what: str, done: int, total: int) -> None:
    assert what
    assert 0 <= done <= max(total, done)


def agree(copy: Copy) -> None:
    assert copy.report.sound


@dataclass
class House:
    """An installation with a data folder, whose database is opened and closed."""

    home: Home
    folder: Path

    @property
    def database(self) -> Path:
        return self.folder / "polydex.db"

    async def back_up(self, name: str = "backup.db") -> Path:
        ctx = self.home.ctx
        final = self.folder / name
        copy = await backup.back_up(self.database, final, keys=ctx.keys, providers=ctx.providers, progress=quiet)
        assert copy.report.sound
        assert copy.size == final.stat().st_size
        return final

    async def restore(self, file: Path, kept: str = "kept.db", keys: Keys | None = None) -> Restored:
        """Close, restore, and open again."""
        ctx = self.home.ctx
        await self.home.db.close()
        try:
            return await restore.restore(
                self.database,
                file,
                self.folder / "backups" / kept,
                keys=keys or ctx.keys,
                providers=ctx.providers,
                confirm=agree,
                progress=quiet,
                clock=self.home.clock,
            )
        finally:
            self.home = await self.home.restored(open_sqlite(self.database, clock=self.home.clock))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    clock = FakeClock()
    home = await furnish(open_sqlite(tmp_path / "polydex.db", clock=clock), clock)
    await home.db.write(meta.bind_keys, home.ctx.keys.mark)
    for number in range(5):
        home.world.put(named(f"n{number}"))
    await home.pull()
    found = House(home, tmp_path)
    yield found
    await found.home.db.close()
    await demand_sound(found.database, home.ctx.keys, home.ctx.providers)


async def test_a_backup_is_one_file_that_only_its_owner_reads(house: House) -> None:
    """What the newest commits have left in the write-ahead log is in it."""
    before = {path.name for path in house.folder.iterdir()}
    file = await house.back_up()
    assert {path.name for path in house.folder.iterdir()} - before - {"polydex.db.lock"} == {"backup.db"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro&immutable=1", uri=True)) as opened:
        assert opened.execute("SELECT count(*) FROM contact").fetchone() == (5,)
        assert opened.execute("PRAGMA journal_mode").fetchone() == ("delete",)


async def test_a_backup_never_overwrites(house: House) -> None:
    file = await house.back_up()
    before = file.read_bytes()
    await house.home.create(nickName="later")
    with pytest.raises(BadRequest, match="already"):
        await house.back_up()
    assert file.read_bytes() == before
    assert not list(house.folder.glob("*partial*"))


async def test_writers_do_not_make_a_backup_begin_anew(house: House) -> None:
    """One snapshot from the first page to the last: what is written meanwhile is not in it, and does not disturb it."""
    steps: list[int] = []
    with partial_of(house.folder / "copy.db") as partial, closing(sqlite3.connect(house.database)) as writer:
        writer.execute("CREATE TABLE bulk (x)")
        writer.executemany("INSERT INTO bulk VALUES (?)", [(bytes(4000),)] * 6000)
        writer.commit()

        def step(done: int, total: int) -> None:
            steps.append(done)
            writer.execute("INSERT INTO bulk VALUES ('meanwhile')")
            writer.commit()

        copying.copy(house.database, partial, step)
        assert len(steps) > 2
        assert steps == sorted(steps)
        with closing(sqlite3.connect(partial)) as copied:
            assert copied.execute("SELECT count(*) FROM bulk").fetchone() == (6000,)
            assert copied.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert writer.execute("SELECT count(*) FROM bulk").fetchone() == (6000 + len(steps),)
        writer.execute("DROP TABLE bulk")


async def test_a_destination_that_is_too_slow_ends_the_backup(house: House) -> None:
    """Before the write-ahead log, which cannot be used again meanwhile, fills the disk."""
    with closing(sqlite3.connect(house.database)) as writer:
        writer.execute("CREATE TABLE bulk (x)")
        writer.executemany("INSERT INTO bulk VALUES (?)", [(bytes(4000),)] * 6000)
        writer.commit()
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        def step(done: int, total: int) -> None:
            writer.executemany("INSERT INTO bulk VALUES (?)", [(bytes(4000),)] * 100)
            writer.commit()

        with partial_of(house.folder / "copy.db") as partial, pytest.raises(StoreFailed, match="too slow"):
            copying.copy(house.database, partial, step, log_bytes=100_000)
        writer.execute("DROP TABLE bulk")
        writer.commit()
    assert not list(house.folder.glob("*partial*"))


async def test_what_killed_backups_have_left_is_swept_and_what_others_write_is_not(tmp_path: Path) -> None:
    left = tmp_path / "polydex-1.db.77.polydex-partial"
    left.write_bytes(b"cut off")
    left.with_name(left.name + "-journal").write_bytes(b"cut off")
    with partial_of(tmp_path / "one.db") as one:
        assert not list(tmp_path.glob("polydex-1*"))
        with partial_of(tmp_path / "two.db") as two:
            assert one.exists()
            assert two.exists()
    assert not list(tmp_path.iterdir())


async def test_tokens_from_before_the_backup_stay_good_and_later_ones_are_refused(house: House) -> None:
    before = await (await house.home.consumer()).follow()
    file = await house.back_up()
    await house.home.create(nickName="after the backup")
    after = await (await house.home.consumer()).follow()
    restored = await house.restore(file)
    await house.home.pull()
    for consumer in (before, after):
        consumer.home = house.home
    with pytest.raises(SyncTokenExpired):
        await after.follow()
    await before.follow()
    assert before.names == sorted([*(f"n{number}" for number in range(5)), "after the backup"])
    assert restored.kept is not None
    fresh = await (await house.home.consumer()).follow()
    assert fresh.copy == before.copy


async def test_a_mark_that_the_power_has_taken_back_does_not_hide_a_restore(house: House) -> None:
    """The mark is never flushed: one that is older than the backup would take the lost future for the present."""
    mark = house.database.with_name("polydex.db.high-water")
    old = mark.read_bytes()
    file = await house.back_up()
    await house.home.create(nickName="after the backup")
    after = await (await house.home.consumer()).follow()
    mark.write_bytes(old)
    await house.restore(file)
    await house.home.pull()
    after.home = house.home
    with pytest.raises(SyncTokenExpired):
        await after.follow()


async def test_a_restore_is_undone_by_restoring_what_was_kept(house: House) -> None:
    """Nothing is lost by a restore: not even by the wrong one."""
    file = await house.back_up()
    await house.home.create(nickName="after the backup")
    after = await (await house.home.consumer()).follow()
    kept = (await house.restore(file)).kept
    assert kept is not None
    await house.home.pull()
    await house.home.create(nickName="between")
    between = await (await house.home.consumer()).follow()
    await house.restore(kept, "kept-2.db")
    await house.home.pull()
    for consumer in (after, between):
        consumer.home = house.home
    await after.follow()
    assert "between" in after.names
    assert "after the backup" in after.names
    with pytest.raises(SyncTokenExpired):
        await between.follow()


async def test_what_the_killed_server_had_committed_is_in_the_database_that_is_kept(house: House) -> None:
    file = await house.back_up()
    await house.home.create(nickName="in the log")
    # As after kill -9: the log is there, and nobody has taken it into the file.
    for suffix in ("", "-wal"):
        name = house.database.name + suffix
        shutil.copyfile(house.database.with_name(name), house.folder / f"killed-{name}")
    await house.home.db.close()
    for suffix in ("", "-wal"):
        name = house.database.name + suffix
        (house.folder / f"killed-{name}").replace(house.database.with_name(name))
    restored = await restore.restore(
        house.database, file, house.folder / "backups" / "kept.db", keys=house.home.ctx.keys,
        providers=house.home.ctx.providers, confirm=agree, progress=quiet, clock=house.home.clock,
    )  # fmt: skip
    assert restored.kept is not None
    with closing(sqlite3.connect(restored.kept)) as opened:
        assert opened.execute("SELECT count(*) FROM contact WHERE live = 1").fetchone() == (6,)
    with closing(sqlite3.connect(house.database)) as opened:
        assert opened.execute("SELECT count(*) FROM contact WHERE live = 1").fetchone() == (5,)


async def test_a_database_that_is_damaged_beyond_opening_is_kept_as_it_is(house: House) -> None:
    """That is when people restore."""
    file = await house.back_up()
    await house.home.db.close()
    house.database.write_bytes(b"the disk has lost its mind")
    log = house.database.with_name("polydex.db-wal")
    log.write_bytes(b"and its log")
    kept = (await house.restore(file)).kept
    assert kept is not None
    assert kept.read_bytes() == b"the disk has lost its mind"
    assert kept.with_name(kept.name + "-wal").read_bytes() == b"and its log"
    assert len(await house.home.records()) == 5


async def test_a_link_that_a_killed_restore_has_left_is_no_second_name_of_the_database(house: House) -> None:
    await house.home.db.close()
    left = house.folder / "backups" / "polydex-replaced-20260309T123000.250Z.db"
    left.parent.mkdir()
    left.hardlink_to(house.database)
    house.home = await house.home.restored(open_sqlite(house.database, clock=house.home.clock))
    assert not left.exists()
    assert len(await house.home.records()) == 5


async def test_what_root_makes_belongs_to_whom_the_folder_belongs_to(house: House) -> None:
    """Who restores with sudo must not lock the server out."""
    owner = 65534 if os.geteuid() == 0 else os.geteuid()  # only root can give files away
    for path in (house.folder, *house.folder.iterdir()):
        os.chown(path, owner, -1)
    file = await house.back_up()
    await house.restore(file)
    made = [*house.folder.glob("polydex.db*"), file, house.folder / "backups"]
    assert len(made) >= 4
    assert {path.name: path.stat().st_uid for path in made} == {path.name: owner for path in made}


async def test_open_writes_of_the_backup_are_not_sent_again(house: House) -> None:
    """What became of them was decided in the future that is lost; the next pull brings it."""
    home = house.home
    source = await home.source()
    await home.db.write(
        lambda tx: intents.begin(
            tx, account=home.account.id, source=source.id, generation=home.account.generation, verb="create",
            body_hash=bytes(32), body=b'{"nickName": "twice"}', asked=0, now=home.clock(), due_at=home.clock(),
            mark="mark",
        )
    )  # fmt: skip
    file = await house.back_up()
    await house.restore(file)
    await house.home.later(3600)
    states = await house.home.db.read(lambda tx: tx.all("SELECT state FROM intent"))
    assert states == [(intents.ABANDONED,)]
    assert not [call for call in house.home.world.calls if call[0] == "create"]


async def test_files_that_are_no_backup_of_this_installation_are_refused(house: House, tmp_path: Path) -> None:
    file = await house.back_up()
    whole = file.read_bytes()
    before = await house.home.records()

    def made(name: str, content: bytes, sql: str = "") -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        if sql:
            with closing(sqlite3.connect(path)) as opened:
                opened.execute(sql)
                opened.commit()
        return path

    damaged = whole[: len(whole) // 2] + bytes(8192) + whole[len(whole) // 2 + 8192 :]
    for path, error, match in (
        (tmp_path / "nothing.db", BadRequest, "There is no file"),
        (tmp_path, BadRequest, "There is no file"),
        (made("text.db", b"Dear diary"), BadRequest, "not even a SQLite"),
        (made("empty.db", b""), BadRequest, "not even a SQLite"),
        (made("other.db", b"", "CREATE TABLE songs (x)"), BadRequest, "something else"),
        (made("newer.db", whole, "UPDATE meta SET schema_version = 99"), StoreTooNew, "newer version"),
        (made("keys.db", whole, "UPDATE meta SET key_mark = 'x'"), BadRequest, "another key file"),
        (made("damaged.db", damaged), BadRequest, "damaged"),
        (made("cut.db", whole[: len(whole) // 8192 * 4096]), BadRequest, "damaged"),
        (made("head.db", whole[:100]), BadRequest, "damaged"),
        (made("unsound.db", whole, "UPDATE contact SET created_seq = NULL"), BadRequest, "breaks 1 of"),
        (house.database, BadRequest, "the database itself"),
    ):
        with pytest.raises(error, match=match):
            await house.restore(path)
        assert not list(house.folder.glob("**/*partial*"))
        assert not list(house.folder.glob("backups/*"))
        assert await house.home.records() == before


async def test_whoever_says_no_has_changed_nothing(house: House) -> None:
    file = await house.back_up()
    await house.home.create(nickName="later")
    await house.home.db.close()

    def refuse(copy: Copy) -> None:
        assert copy.contacts == 5
        raise BadRequest("no")

    with pytest.raises(BadRequest, match="no"):
        await restore.restore(
            house.database, file, house.folder / "backups" / "kept.db", keys=house.home.ctx.keys,
            providers=house.home.ctx.providers, confirm=refuse, progress=quiet, clock=house.home.clock,
        )  # fmt: skip
    house.home = await house.home.restored(open_sqlite(house.database, clock=house.home.clock))
    assert "later" in await house.home.records()


async def test_a_database_in_use_is_not_replaced(house: House) -> None:
    file = await house.back_up()
    with pytest.raises(StoreFailed, match="in use"):
        await restore.restore(
            house.database, file, house.folder / "backups" / "kept.db", keys=house.home.ctx.keys,
            providers=house.home.ctx.providers, confirm=agree, progress=quiet, clock=house.home.clock,
        )  # fmt: skip


async def test_who_starts_while_a_backup_is_put_in_place_waits(house: House) -> None:
    await house.home.db.close()
    held = lock.alone(house.database)
    with pytest.raises(StoreFailed, match="being put in its place"):
        open_sqlite(house.database, clock=house.home.clock, busy_seconds=0.1)
    threading.Timer(0.3, held.release).start()
    house.home = await house.home.restored(open_sqlite(house.database, clock=house.home.clock, busy_seconds=30))
    assert len(await house.home.records()) == 5


async def test_a_backup_of_the_first_schema_is_brought_up_to_date(house: House) -> None:
    file = await house.back_up()
    with closing(sqlite3.connect(file)) as old:  # as that version made it
        old.execute("DROP INDEX contact_unlisted")
        old.execute("DROP INDEX contact_stable")
        old.execute("CREATE INDEX contact_stable ON contact (source_id, stable_key)")
        old.execute("CREATE INDEX contact_key_row ON contact_key (row_id)")
        for column in ("credentials", "refresh_owner", "refresh_until", "mailbox", "auth_method"):
            old.execute(f"ALTER TABLE account DROP COLUMN {column}")
        old.execute("ALTER TABLE intent DROP COLUMN halves")
        for column in ("next_owner", "next_since", "next_until"):
            old.execute(f"ALTER TABLE write_lease DROP COLUMN {column}")
        for table in ("watch", "successor"):
            old.execute(f"DROP TABLE {table}")
        old.execute("UPDATE meta SET schema_version = 1")
        old.commit()
    before = await house.home.records()
    await house.home.create(nickName="later")
    await house.restore(file)
    assert await house.home.records() == before
    assert await house.home.db.read(schema.missing) == []
    assert (await house.home.db.read(audit.meta))[0] == schema.newest() > 1
