"""A server that does not answer takes no place from the others, nor is it asked by more and more pulls."""

from __future__ import annotations

import asyncio

from polydex.core.ids import AccountId, SourceId
from polydex.engine.keys import secret_context
from polydex.engine.places import MOST, Places
from polydex.store import accounts, sources
from polydex.store.accounts import Details
from polydex.store.db import Tx
from polydex.testing.world import MemoryWorld
from tests.contract.engine.home import SCOPES, Home, named


async def neighbour(home: Home, name: str, server: str) -> tuple[AccountId, MemoryWorld]:
    """One more account, with one contact at a server of its own; due after those that are there."""
    world = home.provider.books[name] = MemoryWorld(home.clock, subject=name)
    world.put(named(name))
    home.clock.advance(1)

    def connect(tx: Tx) -> AccountId:
        details = Details("Memory", SCOPES, login=name, server_url=server)
        account = accounts.upsert(tx, home.account.app, home.account.provider, name, details, home.clock()).id
        secret = home.ctx.keys.encrypt(b"secret", secret_context(account))
        accounts.set_secret(tx, account, secret, home.clock())
        source = sources.add(tx, account, name, name, is_default=True, read_only=False)
        sources.make_due(tx, source, home.clock())
        return account

    return await home.db.write(connect), world


async def ready(home: Home, account: AccountId) -> None:
    async with asyncio.timeout(30):
        while True:
            source = await home.db.read(sources.default, account)
            if source is not None and source.ready_at is not None:
                return
            await asyncio.sleep(0.005)


async def test_who_waits_for_a_silent_server_leaves_its_place(home: Home) -> None:
    first, silent = await neighbour(home, "first", "https://silent.example.com")
    second, _ = await neighbour(home, "second", "https://silent.example.com")
    third, _ = await neighbour(home, "third", "https://well.example.com")
    await home.pull()  # the account that every installation has is out of the way
    home = home.sibling(parallel_pulls=1, silent=0.0)
    silent.gates.hold("list", "ask")
    assert await home.pulls.run_due() == 1
    held = await silent.gates.reached("list", "ask")
    # The second is due before the third, but its server has as many pulls as there are places.
    assert await home.pulls.run_due() == 1
    await ready(home, third)
    assert await home.pulls.run_due() == 0
    silent.gates.release(held)
    await ready(home, first)
    await home.pulls.wait_idle()
    assert await home.pulls.run_due() == 1
    await ready(home, second)


async def test_who_works_keeps_its_place(home: Home) -> None:
    _, busy = await neighbour(home, "busy", "https://one.example.com")
    await neighbour(home, "next", "https://two.example.com")
    await home.pull()
    home = home.sibling(parallel_pulls=1, silent=3600.0)
    busy.gates.hold("list", "ask")
    assert await home.pulls.run_due() == 1
    held = await busy.gates.reached("list", "ask")
    assert await home.pulls.run_due() == 0
    busy.gates.release(held)
    await home.pulls.wait_idle()
    assert await home.pulls.run_due() == 1
    await home.pulls.wait_idle()


def test_room() -> None:
    places = Places()
    assert places.room(2, 3600.0) == 2
    for number in range(2):
        places.take(SourceId(number), "a")
    assert places.room(2, 3600.0) == 0
    assert places.room(2, 0.0) == 2
    assert places.full(2) == ["a"]
    for number in range(2, MOST):
        places.take(SourceId(number), str(number))
    assert places.room(2, 0.0) == 0, "connections are not without end"
    places.leave(SourceId(0))
    places.leave(SourceId(0))
    assert places.room(2, 0.0) == 1
    assert places.full(2) == []
    places.heard(SourceId(0))
    assert places.room(2, 0.0) == 1, "what has left does not come back"
