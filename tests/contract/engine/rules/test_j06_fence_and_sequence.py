"""J6: the fence comes first, the account's row lock second, and the journal's order is the order of commits."""

from __future__ import annotations

import asyncio
import threading

from polydex.connectors.base import Record
from polydex.core.ids import RemoteKey, Rev
from polydex.engine import apply
from polydex.engine.news import News
from polydex.store import journal
from polydex.store.db import Tx
from polydex.testing import document as documents
from tests.contract.engine.conftest import Furnish
from tests.contract.engine.home import Home, named
from tests.contract.engine.rules.test_j01_order import second_page


def record(number: int) -> Record:
    contact = named(f"n{number}")
    raw = documents.encode(documents.new(contact, uid=f"u{number}"))
    return Record(RemoteKey(f"k{number}"), Rev("1"), raw, contact)


async def test_a_zombie_that_overwrites_rows_and_the_cursor(make_home: Furnish) -> None:
    """Its lease was taken over while its last page was on the way: nothing of that page is written."""
    home = await make_home(page_size=1)
    home.world.put(named("old"), "k1")
    await home.pull()
    home.world.gates.hold("list", "answer")
    zombie = asyncio.create_task(home.pulls.ensure((await home.source()).id, home.clock() + 1, 60))
    await home.world.gates.reached("list", "answer")
    held = list(home.world.gates.waiting)
    home.clock.advance(home.ctx.settings.lease + 1)
    home.world.put(named("newer"), "k1")
    second = home.sibling()
    home.world.gates._held.clear()  # only what waits already stays
    await second.pull()
    after = await home.source()
    for waiting in held:
        home.world.gates.release(waiting)
    await home.pulls.wait_idle()
    zombie.cancel()
    now = await home.source()
    assert now == after
    assert list(await home.records()) == ["newer"]


async def test_a_process_that_gave_its_leases_back_and_still_writes(make_home: Furnish) -> None:
    home = await make_home(page_size=1)
    for number in range(2):
        home.world.put(named(f"n{number}"), f"k{number}")
    lease_of = asyncio.create_task(home.pull())
    await second_page(home)
    before = await home.source()
    await home.db.write(lambda tx: tx.run("UPDATE source SET lease_owner = NULL, lease_until = 0, fence = fence + 1"))
    lease_of.cancel()  # the pull goes on; who waits for it would begin another one
    await asyncio.wait({lease_of})
    home.world.gates.open()
    await home.pulls.wait_idle()
    assert list(await home.records()) == ["n0"]
    after = await home.source()
    assert (after.walk_cursor, after.cursor, after.pulled_at) == (before.walk_cursor, None, None)


async def test_two_writers_that_take_the_same_number_or_commit_out_of_order(home: Home) -> None:
    """Whatever is committed when a page is read has the numbers below all that comes later."""
    await home.pull()
    target = home.ctx.target(home.account, await home.source())
    consumer = await home.consumer()

    def work(tx: Tx, number: int) -> None:
        asked = apply.stamp(tx, home.account.id, home.account.generation)
        apply.apply(tx, target, News(asked=asked, asked_ms=0, changed=(record(number),)), home.clock())

    async def follow() -> None:
        for _ in range(10):
            await consumer.follow(limit=3)

    await asyncio.gather(follow(), *(home.db.write(work, number) for number in range(30)))
    await consumer.follow()
    assert len(consumer.copy) == 30
    numbers = await home.db.read(lambda tx: [seq for (seq,) in tx.all("SELECT seq FROM contact ORDER BY seq")])
    assert numbers == list(range(1, 31))


async def test_a_number_given_out_while_a_lower_one_is_not_committed(home: Home) -> None:
    """The second writer waits for the first one's commit, else a page would read past the first for ever."""
    await home.pull()
    target = home.ctx.target(home.account, await home.source())
    inside, go_on = threading.Event(), threading.Event()
    heads: list[int] = []

    def first(tx: Tx) -> None:
        apply.apply(tx, target, News(asked=10, asked_ms=0, changed=(record(1),)), home.clock())
        inside.set()
        assert go_on.wait(60)

    def second(tx: Tx) -> None:
        apply.apply(tx, target, News(asked=10, asked_ms=0, changed=(record(2),)), home.clock())
        heads.append(journal.head(tx, home.account.id))

    slow = asyncio.create_task(home.db.write(first))
    await asyncio.to_thread(inside.wait, 60)
    quick = asyncio.create_task(home.db.write(second))
    assert await home.db.read(journal.head, home.account.id) == 0
    assert heads == []
    go_on.set()
    await asyncio.gather(slow, quick)
    assert heads == [2]
    source = await home.source()
    entries = await home.db.read(journal.updated, source.id, 0, 2, 10)
    assert [seq for seq, _ in entries] == [1, 2]
    assert b'"n1"' in entries[0][1]


async def test_a_page_and_its_end_read_from_two_states(home: Home) -> None:
    """A contact written between the two would be below the end, and in no page."""
    await home.pull()
    target = home.ctx.target(home.account, await home.source())
    reading, written = threading.Event(), threading.Event()

    def read(tx: Tx) -> tuple[int, int]:
        before = journal.head(tx, home.account.id)
        reading.set()
        assert written.wait(60)
        return before, journal.head(tx, home.account.id)

    def write(tx: Tx) -> None:
        apply.apply(tx, target, News(asked=10, asked_ms=0, changed=(record(1),)), home.clock())

    page = asyncio.create_task(home.db.read(read))
    await asyncio.to_thread(reading.wait, 60)
    await home.db.write(write)
    written.set()
    before, after = await page
    assert before == after == 0
