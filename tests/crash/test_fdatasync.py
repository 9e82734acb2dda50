"""Killed at the n-th flush of the database to the disk, in the middle of a commit, for every n of a whole scenario."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from random import Random

import pytest

from tests.crash.book import Book, Shown
from tests.crash.checks import agreed
from tests.crash.clients import Client
from tests.crash.conftest import Places
from tests.crash.consumer import Consumer, Interrupted, shown, until_ready
from tests.crash.home import Home
from tests.crash.strace import tracing
from tests.soak import SOAK

Homes = Callable[[Book], Home]
LONGEST = 200
"""Flushes; a scenario that has more does not end."""
SAMPLE = 6


async def scenario(home: Home, book: Book, consumer: Consumer, client: Client, seed: Random) -> bool:
    """A first synchronisation, writes of every kind, changes of others, a pull; whether the server has survived it."""
    try:
        for _ in range(50):
            if await consumer.begin():
                break
        await consumer.follow()
        for _ in range(6):
            if not await client.step():
                return False
        for _ in range(3):
            await book.work(seed)
        await consumer.follow()
        for _ in range(6):
            if not await client.step():
                return False
    except Interrupted:
        return False
    return True


@pytest.mark.soak
async def test_killed_at_a_flush_of_the_database(place: Places, homes: Homes, seed: Random) -> None:
    book = place("radicale")
    await book.fill(f"Person {number}" for number in range(120))
    fresh = await homes(book).connect()
    numbers = range(1, LONGEST) if SOAK else [1, 2, 3, *sorted(seed.sample(range(4, 60), SAMPLE - 3))]
    killed = []
    for number in numbers:
        home = homes(book).take(fresh)
        consumer = Consumer(home, limit=50)
        client = Client(home, f"Client {number}", seed, patient=seed.random() < 0.7)
        listens = await home.start(tracing(f"fdatasync:signal=KILL:when={number}"))
        survived = listens and await scenario(home, book, consumer, client, seed)
        await home.kill()
        killed += [] if survived else [number]
        assert await home.start()
        home.change("UPDATE write_lease SET until_ms = 0")  # a dead process' turn is over, which lasts ten seconds
        if not consumer.updated:
            await until_ready(consumer)
        for _ in range(100):
            if client.waiting is None or not client.patient or await client.step():
                break
        contacts = await agreed(home, book, consumer)
        looks: dict[str, list[Shown]] = defaultdict(list)
        for record in contacts.values():
            looks[shown(record).name].append(shown(record))
        client.check(contacts, looks)
        await home.kill()
        if survived and SOAK:
            break
    print(f"killed at {killed} of {list(numbers)}")  # noqa: T201 - what was met
    assert len(killed) >= 3
