"""What has to be true after every misfortune."""

from __future__ import annotations

import asyncio
from typing import Any

from polydex.connectors import registry
from polydex.engine.keys import Keys
from tests.crash.book import Book
from tests.crash.consumer import Consumer, Interrupted, listed, shown
from tests.crash.home import Home
from tests.soundness import demand_sound

PATIENCE = 60
"""Tries, half a second apart: a lease of a killed process lasts up to ten seconds for writes, a minute for pulls."""


async def database_is_sound(home: Home) -> None:
    """No rule of ``polydex check`` is broken."""
    keys = Keys.load(home.database.parent, {}, create=False)
    await demand_sound(home.database, keys, registry.load())


async def agreed(home: Home, book: Book, *consumers: Consumer) -> dict[str, dict[str, Any]]:
    """The provider, the list and every consumer have the same contacts in the end; these by their ids.

    Nobody may change anything meanwhile.
    """
    last: AssertionError | Interrupted | None = None
    for _ in range(PATIENCE):
        try:
            there = await book.shown()
            mirror = await listed(home)
            assert sorted(map(shown, mirror.values())) == there
            for consumer in consumers:
                await consumer.follow(fresh=True)
                assert consumer.copy == mirror
            await database_is_sound(home)
            return mirror
        except (AssertionError, Interrupted) as error:
            last = error
            await asyncio.sleep(0.5)
    assert last is not None
    raise last
