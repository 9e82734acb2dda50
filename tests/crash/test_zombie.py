"""A process that stands still (SIGSTOP) while another takes over its work, and then goes on: it overwrites nothing."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.crash.book import Book
from tests.crash.checks import agreed
from tests.crash.conftest import Places
from tests.crash.consumer import Consumer, until_ready
from tests.crash.home import Home
from tests.servers.proxy import Held, Proxy, proxy_to

Homes = Callable[[Book], Home]
LEASES_ARE_OVER = (
    "UPDATE source SET lease_until = 0",  # a minute
    "UPDATE write_lease SET until_ms = 0",  # ten seconds
)


async def _stand_still(home: Home) -> None:
    """Stop the server outside of any transaction: in one it would hold up everybody, as SQLite has one writer."""
    assert home.process is not None
    for _ in range(50):
        home.process.send_signal(signal.SIGSTOP)
        try:
            for sql in LEASES_ARE_OVER:
                home.change(sql, patience=0.2)
        except sqlite3.OperationalError:
            home.process.send_signal(signal.SIGCONT)
            await asyncio.sleep(0.05)
        else:
            return
    raise AssertionError("the server is in a transaction all the time")


@asynccontextmanager
async def overtaken(home: Home, proxy: Proxy) -> AsyncIterator[Home]:
    """While the first server stands still, with a request under way: another one on the same data folder.

    The first one goes on after the block, and gets its answer then.
    """
    assert home.process is not None
    other = home.beside()
    try:
        async with asyncio.timeout(30):
            while proxy.played == 0:  # noqa: ASYNC110 - the proxy tells by a number
                await asyncio.sleep(0.01)
        await _stand_still(home)
        proxy.heal()
        assert await other.start()
        yield other
        home.process.send_signal(signal.SIGCONT)
        proxy.release()
    finally:
        await other.stop()


# How the request begins that brings what contacts are.
READS = {"radicale": b"REPORT ", "microsoft": b"POST /v1.0/$batch", "exchange": b"<m:GetItem"}


@pytest.mark.parametrize("kind", sorted(READS))
async def test_a_pull_that_was_overtaken_changes_nothing(kind: str, place: Places, homes: Homes) -> None:
    book = place(kind)
    await book.fill(f"Person {number}" for number in range(500))
    async with proxy_to(book.server) as proxy:
        home = homes(book)
        home.url = proxy.url(book.server)
        await home.connect()
        proxy.play(Held(), request=READS[kind])
        assert await home.start()
        async with overtaken(home, proxy) as other:
            consumer = Consumer(other)
            await until_ready(consumer)
            for stored in (await book.cards())[:20]:
                await book.edit(stored, "newer")
            await book.remove((await book.cards())[30])
            before = await agreed(other, book, consumer)
            (state,) = home.look("SELECT cursor, fence, walk_id FROM source")
        # The answers that the first one waits for are from before the edits.
        mirror = Consumer(home)
        await until_ready(mirror)
        assert await agreed(home, book, mirror) == before
        assert home.look("SELECT fence > ?, walk_id >= ? FROM source", *state[1:]) == [(1, 1)]
        assert home.process is not None
        assert home.events("pull.fault", "worker.fault") == []


# How the read begins of what is changed next.
BASES = {
    "radicale": b"GET ",
    "microsoft": b"GET /v1.0/me/contactFolders/contacts/contacts/",
    "exchange": b"<m:UpdateItem",
}


@pytest.mark.parametrize("kind", sorted(BASES))
@pytest.mark.parametrize("guarded", [False, True])
async def test_a_write_that_was_overtaken_does_not_undo_the_newer_one(
    guarded: bool, kind: str, place: Places, homes: Homes
) -> None:
    book = place(kind)
    await book.fill(["Ada"])
    async with proxy_to(book.server) as proxy:
        home = homes(book)
        home.url = proxy.url(book.server)
        await home.connect()
        assert await home.start()
        consumer = Consumer(home)
        await until_ready(consumer)
        await consumer.follow()
        (ada,) = consumer.copy.values()
        headers = {"If-Match": ada["etag"]} if guarded else None
        proxy.play(Held(), times=1, request=BASES[kind])  # the base of the change, read just before it is written
        path = f"/v1/contacts/{ada['id']}"
        old = asyncio.create_task(home.ask("PATCH", path, {"notes": "of the one that stood still"}, headers))
        async with overtaken(home, proxy) as other:
            # First it finds out what became of the older one, and sends that in its place.
            newer = await other.ask("PATCH", path, {"nickName": "Countess"})
            assert newer.status == 200, newer
        answer = await old
        assert answer.status == 200, answer
        (after,) = (await agreed(home, book, consumer)).values()
        assert (after["nickName"], after["notes"]) == ("Countess", "of the one that stood still")
