"""A whole installation that listens to Exchange's sandbox: what the user changes in Outlook comes without a poll."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from polydex.connectors.exchange.folders import DEFAULT
from polydex.connectors.exchange.provider import EXCHANGE
from polydex.core.errors import ProviderUnauthorized
from polydex.engine import status
from polydex.engine.hints import Hints
from polydex.engine.push import Push
from polydex.engine.streams import AGAIN, Streams
from polydex.store.accounts import Details
from polydex.store.sqlite import open_sqlite
from tests.contract.engine.home import SCOPES, Installation, install, until
from tests.exchange.world import PASSWORD, PATH, ExchangeWorld, exchange_world
from tests.providers.home import OneClock
from tests.providers.world import EMAIL
from tests.soundness import demand_sound

OPEN = Push(active=True, stream=True)


@dataclass
class Office:
    """One mailbox, and a process that listens to it."""

    world: ExchangeWorld
    home: Installation
    hints: Hints
    streams: Streams

    async def due(self) -> int:
        begun = await self.streams.run_due()
        await self.streams.settled()
        return begun

    async def later(self, seconds: float) -> int:
        self.home.clock.advance(seconds)
        return await self.due()

    async def told(self) -> None:
        """Wait until something is told, and pull."""
        await until(lambda: self.hints.waiting > 0)
        await self.hints.flush()
        await self.home.pulls.run_due()
        await self.home.pulls.wait_idle()

    async def names(self) -> list[str]:
        return sorted(await self.home.records())

    async def shown(self) -> Push | None:
        found = await self.home.db.read(status.read, self.home.account.id, self.home.clock())
        return found.sources[0].push

    def held(self) -> int:
        """Connections that are open at Exchange."""
        return self.world.exchange.notifying.streams.open(self.world.mailbox.account.id)


async def office_of(world: ExchangeWorld, folder: Path, password: str = PASSWORD) -> Office:
    clock = OneClock(world.sandbox.clock)
    details = Details("EWS", SCOPES, login=EMAIL, server_url=world.url + PATH, auth_method="basic")
    subject = (await world.connector.identify()).subject
    database = open_sqlite(folder / "polydex.db", clock=clock)
    provider = EXCHANGE.configured({})
    home: Any = await install(
        database, clock, provider, details, subject=subject, book=DEFAULT, net=world.net, password=password
    )
    home = home.sibling("process-1", streams=5)
    hints = Hints(home.ctx)
    return Office(world, home, hints, Streams(home.ctx, hints))


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    async with exchange_world() as world:
        made = await office_of(world, tmp_path)
        yield made
        await made.streams.stop(10.0)
        await world.lines(0)
        assert world.exchange.notifying.subscriptions.of(world.mailbox.account.id) == []
        await made.home.db.close()
    await demand_sound(tmp_path / "polydex.db", made.home.ctx.keys, made.home.ctx.providers)


async def test_what_changes_in_outlook_comes_without_a_poll(office: Office) -> None:
    await office.world.seed({"GivenName": "Ada", "Nickname": "Ada"})
    assert await office.due() == 1
    assert await office.shown() == OPEN
    await office.told()
    assert await office.names() == ["Ada"]
    [bob] = await office.world.seed({"GivenName": "Bob", "Nickname": "Bob"})
    await office.later(10)
    await office.told()
    assert await office.names() == ["Ada", "Bob"]
    await office.world.edit(bob, {"Nickname": "Bobby"})
    await office.later(10)
    await office.told()
    assert await office.names() == ["Ada", "Bobby"]
    await office.world.remove(bob)
    await office.later(10)
    await office.told()
    assert await office.names() == ["Ada"]


async def test_what_changes_between_two_connections_comes_with_the_next(office: Office) -> None:
    await office.due()
    await office.told()
    office.home.clock.advance(30 * 60)  # Exchange ends it
    await until(lambda: not office.streams.held)
    assert office.held() == 0
    await office.world.seed({"GivenName": "Ada", "Nickname": "Ada"})
    assert await office.later(AGAIN) == 1
    await office.told()
    assert await office.names() == ["Ada"]
    assert await office.shown() == OPEN


async def test_a_refused_password_is_not_tried_again_and_again(tmp_path: Path) -> None:
    async with exchange_world() as world:
        made = await office_of(world, tmp_path, "wrong")
        await made.due()
        await until(lambda: not made.streams.held)
        shown = await made.shown()
        assert shown is not None
        assert (shown.active, shown.code) == (False, ProviderUnauthorized.code)
        assert await made.due() == 0
        await made.home.pulls.run_due()
        await made.home.pulls.wait_idle()
        for _ in range(10):
            assert await made.later(600) == 0
        await made.home.db.close()


async def test_the_other_process_goes_on_when_one_ends(office: Office) -> None:
    await office.due()
    await office.told()
    other = replace(office, home=office.home.sibling("process-2", streams=5))
    other.hints = Hints(other.home.ctx)
    other.streams = Streams(other.home.ctx, other.hints)
    assert await other.due() == 0
    await office.streams.stop(10.0)
    await office.world.seed({"GivenName": "Ada", "Nickname": "Ada"})
    assert await other.later(10) == 1
    await other.told()
    assert await other.names() == ["Ada"]
    await other.streams.stop(10.0)
