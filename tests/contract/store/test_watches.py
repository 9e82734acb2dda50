"""Watches as rows: made due by whoever causes it, claimed once, let go of with a fence; and hints, not too many."""

from __future__ import annotations

import pytest

from polydex.core.errors import FenceLost
from polydex.core.ids import AccountId, SourceId
from polydex.store import accounts, sources, watches
from polydex.store.db import Database, Tx
from polydex.store.watches import Lease, Watched
from tests.contract.store import seed
from tests.contract.store.noting import Noting
from tests.fixtures import NOW

URL = "https://polydex.example.com"
LEASE, GAP = 60_000, 5_000
WEEK = 7 * 86_400_000


@pytest.fixture
async def account(db: Database) -> AccountId:
    return await db.write(seed.new_account)


@pytest.fixture
async def source(db: Database, account: AccountId) -> SourceId:
    def add(tx: Tx) -> SourceId:
        found = sources.add(tx, account, "/ada/contacts/", "Contacts", is_default=True, read_only=False)
        sources.make_due(tx, found, NOW + 300_000)
        watches.want(tx, found, NOW)
        return found

    return await db.write(add)


async def of(db: Database, source: SourceId) -> Watched:
    found = await db.read(watches.get, source)
    assert found is not None
    return found


async def claimed(db: Database, now: int = NOW, owner: str = "one") -> list[Lease]:
    return await db.write(watches.claim, owner, now, LEASE, 10)


async def alive(db: Database, source: SourceId, *, until: int = NOW + WEEK) -> None:
    """The channel is made, and to be renewed half-way."""
    [lease] = await claimed(db)
    await db.write(watches.keep, source, "channel-1", URL, NOW, until)
    await db.write(watches.finish, lease, NOW + WEEK // 2, NOW)


async def due_at(db: Database, source: SourceId) -> int | None:
    found = await db.read(sources.get, source)
    assert found is not None
    return found.due_at


async def pulling(db: Database, source: SourceId, now: int) -> sources.Lease:
    lease = await db.write(sources.claim_one, source, "one", now, now + LEASE)
    assert lease is not None
    return lease


async def test_a_due_watch_is_claimed_once(db: Database, source: SourceId) -> None:
    [lease] = await claimed(db)
    assert lease.source == source
    assert await claimed(db, NOW + 1) == []
    [again] = await claimed(db, NOW + LEASE)
    assert again.fence > lease.fence
    with pytest.raises(FenceLost):
        await db.write(watches.check, lease)
    await db.write(watches.finish, lease, NOW + WEEK, NOW)  # changes nothing any more
    assert (await of(db, source)).due_at == NOW
    await db.write(watches.check, again)


async def test_a_lease_of_a_clock_that_was_wrong_holds_nobody_up(db: Database, source: SourceId) -> None:
    await db.write(watches.want, source, NOW + WEEK)  # it is due already: no later than before
    assert len(await claimed(db, NOW + 10 * WEEK)) == 1
    assert len(await claimed(db, NOW)) == 1


async def test_what_is_made_due_meanwhile_is_not_lost(db: Database, source: SourceId) -> None:
    [lease] = await claimed(db)
    await db.write(watches.want, source, NOW)
    await db.write(watches.finish, lease, NOW + WEEK, NOW + GAP)
    assert (await of(db, source)).due_at == NOW + GAP
    [lease] = await claimed(db, NOW + GAP)
    await db.write(watches.want, source, NOW)
    await db.write(watches.finish, lease, None, NOW + GAP)
    assert (await of(db, source)).due_at == NOW + GAP
    [lease] = await claimed(db, NOW + GAP)
    await db.write(watches.finish, lease, None, NOW + GAP)
    assert (await of(db, source)).due_at is None


async def test_leases_of_a_process_are_let_go_of(db: Database, source: SourceId) -> None:
    [lease] = await claimed(db, owner="killed")
    assert await db.read(watches.owners) == ["killed"]
    assert await db.write(watches.release_all, "killed") == 1
    assert len(await claimed(db, NOW + 1)) == 1
    with pytest.raises(FenceLost):
        await db.write(watches.check, lease)


async def test_a_channel_lives_until_it_ends(db: Database, source: SourceId) -> None:
    assert not (await of(db, source)).lives(URL, NOW)
    await alive(db, source)
    watched = await of(db, source)
    assert watched.lives(URL, NOW)
    assert not watched.lives(URL, NOW + WEEK)
    assert not watched.lives("https://other.example.com", NOW)
    await db.write(watches.wake, source, NOW + GAP, GAP, ended=True)
    assert not (await of(db, source)).lives(URL, NOW)
    await db.write(watches.drop, source, "")
    assert (await of(db, source)).channel is None


async def test_notices_about_a_channel_have_it_looked_at_now_and_then(db: Database, source: SourceId) -> None:
    await alive(db, source)
    await db.write(watches.wake, source, NOW + 1, GAP, ended=False)
    assert (await of(db, source)).due_at == NOW + GAP
    [lease] = await claimed(db, NOW + GAP)
    await db.write(watches.failed, source, URL, "provider.unavailable", "The provider is unavailable")
    await db.write(watches.finish, lease, NOW + WEEK, NOW + GAP)
    await db.write(watches.wake, source, NOW + 2 * GAP, GAP, ended=True)
    failing = await of(db, source)
    assert (failing.due_at, failing.ended, failing.error_code) == (NOW + WEEK, True, "provider.unavailable")


async def test_a_clock_that_was_wrong_puts_off_no_notice(db: Database, source: SourceId) -> None:
    [lease] = await claimed(db)
    await db.write(watches.keep, source, "channel-1", URL, NOW + WEEK, NOW + 2 * WEEK)
    await db.write(watches.finish, lease, NOW + 2 * WEEK, NOW)
    await db.write(watches.wake, source, NOW, GAP, ended=True)
    assert (await of(db, source)).due_at == NOW + GAP


async def test_no_notice_wakes_what_is_stopped(db: Database, account: AccountId, source: SourceId) -> None:
    await alive(db, source)
    [stopped] = await db.write(watches.stop, account)
    assert stopped.channel == "channel-1"
    await db.write(watches.wake, source, NOW + GAP, GAP, ended=True)
    assert (await of(db, source)).due_at is None
    await db.write(watches.want, source, NOW)
    assert (await of(db, source)).due_at == NOW


async def test_another_address_makes_due_what_was_made_for_one(db: Database, source: SourceId) -> None:
    await alive(db, source)
    assert await db.write(watches.settle_for, ["carddav"], URL, NOW + 1) == []
    assert (await of(db, source)).due_at == NOW + WEEK // 2
    assert await db.write(watches.settle_for, ["carddav"], "", NOW + 1) == [source]
    assert (await of(db, source)).due_at == NOW + 1


async def test_failures_for_an_address_say_nothing_about_another(db: Database, source: SourceId) -> None:
    [lease] = await claimed(db)
    await db.write(watches.failed, source, URL, "provider.rejected", "No")
    await db.write(watches.finish, lease, NOW + WEEK, NOW)
    await db.write(watches.settle_for, ["carddav"], URL, NOW + 1)
    assert (await of(db, source)).due_at == NOW + WEEK
    assert await db.write(watches.settle_for, ["carddav"], "https://other.example.com", NOW + 1) == []
    watched = await of(db, source)
    assert (watched.due_at, watched.fails, watched.error_code) == (NOW + 1, 0, None)


async def test_accounts_of_before_are_watched(db: Database, account: AccountId) -> None:
    def add(tx: Tx) -> tuple[SourceId, SourceId]:
        first = sources.add(tx, account, "/ada/contacts/", None, is_default=True, read_only=False)
        sources.make_due(tx, first, NOW)
        return first, sources.add(tx, account, "/ada/other/", None, is_default=False, read_only=False)

    default, other = await db.write(add)
    await db.write(watches.settle_for, ["google"], URL, NOW)
    assert await db.read(watches.get, default) is None
    await db.write(watches.settle_for, ["carddav"], "", NOW)
    assert await db.read(watches.get, default) is None
    await db.write(watches.settle_for, ["google", "carddav"], URL, NOW)
    assert (await of(db, default)).due_at == NOW
    assert await db.read(watches.get, other) is None


async def test_a_deleted_account_has_no_watches(db: Database, account: AccountId, source: SourceId) -> None:
    await db.write(accounts.delete, account, NOW)
    assert await db.read(watches.get, source) is None
    assert await db.write(watches.hint, source, NOW, GAP) is None
    await db.write(
        lambda tx: tx.run("INSERT INTO watch (source_id) VALUES (?)", source)
    )  # as of a process of the version before that deleted it
    assert await db.write(accounts.erase, account, seed.look_ups)
    assert await db.read(sources.get, source) is None


async def test_a_hint_makes_the_source_due_at_once(db: Database, source: SourceId) -> None:
    assert await db.write(watches.hint, source, NOW, GAP) is None
    assert await due_at(db, source) == NOW


async def test_hints_in_a_row_are_one_pull_at_once_and_one_after(db: Database, source: SourceId) -> None:
    await db.write(watches.hint, source, NOW, GAP)
    lease = await pulling(db, source, NOW)
    await db.write(sources.finish, lease, NOW, NOW + 300_000)
    for later in (1, 2, 1000, GAP - 1):
        assert await db.write(watches.hint, source, NOW + later, GAP) is None
        assert await due_at(db, source) == NOW + GAP
    assert await db.write(watches.hint, source, NOW + GAP + 1, GAP) is None  # it has not begun yet
    assert await due_at(db, source) == NOW + GAP


async def test_a_hint_during_a_pull_leads_to_another_after_it(db: Database, source: SourceId) -> None:
    lease = await pulling(db, source, NOW)
    assert await db.write(watches.hint, source, NOW, GAP) is None
    await db.write(sources.finish, lease, NOW + 1, NOW + 300_000)
    assert await due_at(db, source) == NOW + 1


async def test_a_hint_too_early_during_a_pull_waits(db: Database, source: SourceId) -> None:
    """Written down, it would have the pull begin again the moment that it ends."""
    await db.write(watches.hint, source, NOW, GAP)
    lease = await pulling(db, source, NOW)
    assert await db.write(watches.hint, source, NOW + 1, GAP) == NOW + GAP
    await db.write(sources.finish, lease, NOW + 2, NOW + 300_000)
    assert await due_at(db, source) == NOW + 300_000
    assert await db.write(watches.hint, source, NOW + GAP, GAP) is None
    assert await due_at(db, source) == NOW + GAP


async def test_no_hint_breaks_a_back_off(db: Database, source: SourceId) -> None:
    lease = await pulling(db, source, NOW)
    await db.write(sources.failed, source, NOW, "tooManyRequests", "Wait")
    assert await db.write(watches.hint, source, NOW, GAP) == NOW + GAP  # what comes of the pull is not known yet
    await db.write(sources.finish, lease, NOW, NOW + 600_000)
    assert await db.write(watches.hint, source, NOW + GAP, GAP) is None
    assert await due_at(db, source) == NOW + 600_000


async def test_a_hint_pulls_nothing_that_was_stopped(db: Database, account: AccountId, source: SourceId) -> None:
    await db.write(sources.stop, account)
    assert await db.write(watches.hint, source, NOW, GAP) is None
    assert await due_at(db, source) is None


async def test_a_clock_that_was_wrong_puts_off_no_hint(db: Database, source: SourceId) -> None:
    await db.write(watches.hint, source, NOW + WEEK, GAP)
    lease = await pulling(db, source, NOW)
    await db.write(sources.finish, lease, NOW, NOW + 300_000)
    await db.write(watches.hint, source, NOW + 1, GAP)
    assert await due_at(db, source) == NOW + 1


async def test_states_are_counted(db: Database, account: AccountId, source: SourceId) -> None:
    def more(tx: Tx) -> None:
        for key in ("waiting", "failed", "off"):
            added = sources.add(tx, account, key, None, is_default=False, read_only=False)
            watches.want(tx, added, NOW + 1)
            tx.run("UPDATE source SET due_at = ? WHERE id = ?", NOW, added)
            if key == "failed":
                watches.failed(tx, added, URL, "provider.rejected", "No")
            if key == "off":
                tx.run("UPDATE watch SET due_at = NULL WHERE source_id = ?", added)

    assert await db.read(watches.states, URL, NOW) == {"active": 0, "waiting": 1, "failed": 0, "off": 0}
    await alive(db, source)
    await db.write(more)
    assert await db.read(watches.states, URL, NOW) == {"active": 1, "waiting": 1, "failed": 1, "off": 1}
    await db.write(accounts.set_status, account, accounts.DEAD, "The access was revoked", NOW)
    assert await db.read(watches.states, URL, NOW) == {"active": 0, "waiting": 0, "failed": 0, "off": 4}


async def test_the_source_is_locked_before_its_watch_and_in_one_order(db: Database, account: AccountId) -> None:
    """As by every other transaction: on PostgreSQL those of two processes would wait for each other."""

    def several(tx: Tx) -> list[tuple[str, int]]:
        for number in (3, 1, 2):
            found = sources.add(tx, account, f"/{number}/", None, is_default=number == 3, read_only=False)
            watches.want(tx, found, NOW)
        noting = Noting(tx)
        watches.settle_for(noting, [], URL, NOW)  # type: ignore[arg-type]  # a double
        changes = [(sql.split(), int(str(params[0]))) for sql, params in noting.asked if not sql.startswith("SELECT")]
        return [(words[1] if words[0] == "UPDATE" else words[2], number) for words, number in changes]

    found = await db.write(several)
    numbers = list(dict.fromkeys(number for _, number in found))
    assert numbers == sorted(numbers)
    assert len(numbers) == 3
    assert found == [(table, number) for number in numbers for table in ("source", "watch")]


async def test_due_watches_are_found_by_an_index(sqlite_db: Database) -> None:
    def plans(tx: Tx) -> list[str]:
        noting = Noting(tx)
        watches.claim(noting, "one", NOW, LEASE, 10)  # type: ignore[arg-type]  # a double
        return [str(tx.all(f"EXPLAIN QUERY PLAN {sql}", *params)) for sql, params in noting.asked]

    [plan] = await sqlite_db.write(plans)
    assert "INDEX watch_due" in plan
