"""Tokens and restored storage (J15): a token from a lost future is refused, an older one stays good."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from polydex.core.errors import SyncTokenExpired
from polydex.store import epochs
from polydex.store.db import Database, Tx
from polydex.store.sqlite import open_sqlite
from tests.contract.store import seed
from tests.fixtures import OpenDatabase, clock


def advance(tx: Tx, by: int = 1) -> int:
    row = tx.one("UPDATE account SET seq = seq + ? RETURNING seq", by)
    assert row is not None
    return int(row[0])


def epoch(tx: Tx) -> int:
    return epochs.current(tx)


def accepted(tx: Tx, account: int, token_epoch: int, lo: int, hi: int | None = None) -> bool:
    try:
        epochs.check_token(tx, account, token_epoch, lo, lo if hi is None else hi)
    except SyncTokenExpired:
        return False
    return True


def reroll(tx: Tx, number: int) -> int:
    return epochs.reroll(tx, lambda size: (number << 1).to_bytes(size, "big"))


async def test_a_token_above_the_journal_is_refused(db: Database) -> None:
    account = await db.write(seed.new_account)
    await db.write(advance, 5)
    now = await db.read(epoch)
    assert await db.read(accepted, account, now, 0)
    assert await db.read(accepted, account, now, 5)
    assert await db.read(accepted, account, now, 2, 5)
    assert not await db.read(accepted, account, now, 6)
    assert not await db.read(accepted, account, now, 2, 6)
    assert not await db.read(accepted, account, now + 1, 0)
    assert not await db.read(accepted, account + 1, now, 0)


async def test_tokens_of_older_epochs_are_good_up_to_what_was_restored(db: Database) -> None:
    account = await db.write(seed.new_account)
    first = await db.read(epoch)
    await db.write(advance, 5)
    second = await db.write(reroll, 77)
    await db.write(advance, 5)
    third = await db.write(reroll, 78)
    await db.write(advance, 5)
    good = {
        name: [seq for seq in range(20) if await db.read(accepted, account, number, seq)]
        for name, number in (("first", first), ("second", second), ("third", third), ("unknown", 79))
    }
    assert good == {"first": [*range(6)], "second": [*range(11)], "third": [*range(16)], "unknown": []}
    assert not await db.read(accepted, account, first, 5, 6)
    assert (second, third) == (77, 78)


async def test_an_account_younger_than_the_epoch_of_the_token_never_gave_it(db: Database) -> None:
    """Account numbers can come again after a restore: the token is that of another account, which is lost."""
    app = await db.write(seed.app)
    old = await db.read(epoch)
    await db.write(reroll, 77)
    young = (await db.write(seed.account, app)).id
    assert not await db.read(accepted, young, old, 0)
    assert await db.read(accepted, young, 77, 0)


async def test_epochs_are_random_63_bit_numbers_and_never_the_one_before(db: Database) -> None:
    sizes: list[int] = []
    answers = iter([b"\x00" * 8, b"\x00" * 7 + b"\x02", b"\x00" * 7 + b"\x02", b"\xff" * 8])

    def random_bytes(size: int) -> bytes:
        sizes.append(size)
        return next(answers)

    assert await db.write(epochs.reroll, random_bytes) == 1
    assert await db.write(epochs.reroll, random_bytes) == 2**63 - 1
    assert sizes == [8, 8, 8, 8]


async def test_opening_again_keeps_the_epoch(open_db: OpenDatabase) -> None:
    seen = set()
    for number in range(3):
        db = open_db()
        seen.add(await db.read(epoch))
        await db.write(seed.app, f"shop-{number}")
        await db.close()
    assert len(seen) == 1


class Shop:
    """A SQLite database with one account, opened and closed as a server does it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.account = 0

    def open(self) -> Database:
        return open_sqlite(self.path, clock=clock)

    async def found(self) -> int:
        """Create the account; gives the epoch."""
        db = self.open()
        self.account = await db.write(seed.new_account)
        now = await db.read(epoch)
        await db.close()
        return now

    async def sell(self, count: int) -> None:
        db = self.open()
        for _ in range(count):
            await db.write(advance)
        await db.close()

    async def ask(self, token_epoch: int) -> tuple[int, list[int]]:
        """The epoch now, and which sequence numbers of a token are accepted."""
        db = self.open()
        good = [seq for seq in range(20) if await db.read(accepted, self.account, token_epoch, seq)]
        now = await db.read(epoch)
        await db.close()
        return now, good

    def backup(self, to: Path) -> None:
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(to)) as copy:
            source.backup(copy)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path / "data" / "polydex.db")


async def test_an_old_file_over_a_newer_one_begins_a_new_epoch(shop: Shop, tmp_path: Path) -> None:
    first = await shop.found()
    await shop.sell(3)
    shop.backup(tmp_path / "backup.db")
    await shop.sell(4)
    assert await shop.ask(first) == (first, [*range(8)])
    shutil.copyfile(tmp_path / "backup.db", shop.path)
    second, good = await shop.ask(first)
    assert second != first
    assert good == [*range(4)]
    # The journal grows past the lost numbers: tokens of the lost future stay refused, and nothing is re-rolled again.
    await shop.sell(10)
    assert await shop.ask(first) == (second, [*range(4)])
    assert await shop.ask(second) == (second, [*range(14)])


async def test_two_restores_of_one_backup_do_not_share_an_epoch(shop: Shop, tmp_path: Path) -> None:
    first = await shop.found()
    shop.backup(tmp_path / "backup.db")
    await shop.sell(4)
    seen = {first}
    for _ in range(3):
        shutil.copyfile(tmp_path / "backup.db", shop.path)
        await shop.sell(4)
        now, good = await shop.ask(first)
        assert good == [0]
        seen.add(now)
    assert len(seen) == 4


async def test_the_mark_of_another_restore_counts_as_foreign(shop: Shop, tmp_path: Path) -> None:
    """A file of the second branch put in place of the first: its commits are more, its history is another."""
    first = await shop.found()
    shop.backup(tmp_path / "backup.db")
    await shop.sell(5)
    shop.backup(tmp_path / "branch.db")
    shutil.copyfile(tmp_path / "backup.db", shop.path)
    await shop.sell(2)
    second, _ = await shop.ask(first)
    shutil.copyfile(tmp_path / "branch.db", shop.path)
    third, good = await shop.ask(first)
    assert good == [*range(6)]
    assert third not in (first, second)
    assert await shop.ask(second) == (third, [])


async def test_a_copy_in_another_place_begins_a_new_epoch(shop: Shop, tmp_path: Path) -> None:
    first = await shop.found()
    await shop.sell(2)
    other = Shop(tmp_path / "other" / "polydex.db")
    other.path.parent.mkdir()
    other.account = shop.account
    shop.backup(other.path)
    second, good = await other.ask(first)
    assert second != first
    assert good == [0, 1, 2]
    assert await shop.ask(first) == (first, [0, 1, 2])


@pytest.mark.parametrize("content", [None, b"", b"rubbish", b"1" * 42, b"00000000000000000001 0000000000000000000x\n"])
async def test_a_mark_that_is_lost_or_damaged_is_no_proof(shop: Shop, content: bytes | None) -> None:
    first = await shop.found()
    await shop.sell(2)
    mark = shop.path.with_name("polydex.db.high-water")
    if content is None:
        mark.unlink()
    else:
        mark.write_bytes(content)
    second, good = await shop.ask(first)
    assert second != first
    assert good == [0, 1, 2]
    assert await shop.ask(second) == (second, [0, 1, 2])


async def test_a_mark_that_lags_behind_is_no_restore(shop: Shop) -> None:
    """The process died between a commit and its mark, or the power failed before the mark reached the disk."""
    first = await shop.found()
    mark = shop.path.with_name("polydex.db.high-water")
    before = mark.read_bytes()
    await shop.sell(3)
    mark.write_bytes(before)
    assert await shop.ask(first) == (first, [*range(4)])


async def test_a_second_process_does_not_disturb_a_running_one(shop: Shop) -> None:
    first = await shop.found()
    server = shop.open()
    for _ in range(5):
        await server.write(advance)
        command = shop.open()
        await command.write(advance)
        await command.close()
    assert await server.read(epoch) == first
    assert await server.read(accepted, shop.account, first, 10)
    await server.close()
    assert (await shop.ask(first))[0] == first


async def test_a_mark_deleted_under_a_running_server_comes_back(shop: Shop) -> None:
    first = await shop.found()
    server = shop.open()
    mark = shop.path.with_name("polydex.db.high-water")
    mark.unlink()
    await server.write(advance)
    assert mark.exists()
    await server.close()
    assert (await shop.ask(first))[0] == first


async def test_another_storage_of_postgresql_begins_a_new_epoch(postgres_url: str) -> None:
    """A replica was promoted, or a dump restored: the storage's names are not those in the database."""
    from polydex.store.postgres import open_postgres

    db = open_postgres(postgres_url, connections=2)
    account = await db.write(seed.new_account)
    await db.write(advance, 5)
    first = await db.read(epoch)
    lineage = await db.read(lambda tx: tx.all("SELECT lineage FROM meta")[0][0])
    await db.write(lambda tx: tx.run("UPDATE meta SET lineage = 'another server'"))
    # A connection that is there already sees no other storage; a new one compares.
    assert await db.read(epoch) == first

    def cut(tx: Tx) -> None:
        tx.all("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
               "AND pid <> pg_backend_pid() AND backend_type = 'client backend'")  # fmt: skip

    other = open_postgres(postgres_url, connections=1)
    second = await other.read(epoch)
    assert second != first
    assert await other.read(lambda tx: tx.all("SELECT lineage FROM meta")[0][0]) == lineage
    await other.write(lambda tx: tx.run("UPDATE meta SET lineage = 'a third server'"))
    await other.write(cut)
    # Cut off while idle, each connection of the first is made anew, without an error, and compares.
    third = await db.read(epoch)
    assert third not in (first, second)
    assert [seq for seq in range(9) if await db.read(accepted, account, first, seq)] == [*range(6)]
    await db.close()
    await other.close()
