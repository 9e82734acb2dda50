"""The whole way of a notification: Microsoft's sandbox tries our address, tells of a change, and it is in the mirror."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from polydex.app import Polydex, open_app
from polydex.config import Config
from polydex.connectors.tokens import Grant
from polydex.core.errors import NotFound
from polydex.core.ids import AccountId
from polydex.engine.accounts import AccountSpec
from polydex.engine.push import Push
from polydex.engine.watches import Watches
from polydex.testing.contract import ALICE, BOB
from tests.microsoft.world import TOKEN, GraphWorld, graph_world
from tests.providers.serving import serving

NEVER = 80_000.0
"""Seconds between polls: what comes, has been told of."""


@dataclass
class Way:
    """Microsoft at one end, an account here at the other."""

    world: GraphWorld
    polydex: Polydex
    account: AccountId

    async def contacts(self) -> int:
        return (await self.polydex.accounts.status(self.account)).sources[0].contacts

    async def push(self) -> Push | None:
        return (await self.polydex.accounts.status(self.account)).sources[0].push

    async def active(self) -> bool:
        push = await self.push()
        return push is not None and push.active

    async def deliver(self) -> dict[str, int]:
        """Have everything told that is to be told by now; what has become of notifications."""
        answer = await self.world.control.post("http://sandbox/control/microsoft/notifications", json={})
        assert answer.status_code == 200, answer.text
        counts: dict[str, int] = answer.json()
        return counts


async def so(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(60):
        while not await holds():  # noqa: ASYNC110 - what is waited for happens in other threads and tasks
            await asyncio.sleep(0.05)


@pytest.fixture
async def way(tmp_path: Path) -> AsyncIterator[Way]:
    async def forward(scope: Any, receive: Any, send: Any) -> None:
        await ours[0](scope, receive, send)

    ours: list[Any] = []
    async with graph_world(frozen=False) as world, serving(forward) as url:
        config = Config(
            data_dir=tmp_path,
            allow_private_networks="127.0.0.0/8",
            graph_api_url=world.url,
            public_url=url,
            poll_interval=NEVER,
            watched_poll_interval=NEVER,
            shutdown_timeout=5.0,
        )
        async with open_app(config, clock=world.sandbox.clock.now) as polydex:
            ours.append(polydex.asgi())
            app = await polydex.accounts.create_app("tests")
            saved = await polydex.accounts.upsert(app.id, AccountSpec(service_type="Office365", grant=Grant(TOKEN)))
            found = Way(world, polydex, saved.account_id)
            await so(found.active)
            yield found


async def test_a_change_is_told_of_and_pulled(way: Way) -> None:
    [channel] = await way.world.subscriptions()
    assert channel["notificationUrl"].endswith("/push/microsoft")
    first = await way.world.put(ALICE)
    await way.deliver()

    async def has(count: int) -> bool:
        return await way.contacts() == count

    await so(lambda: has(1))
    await way.world.put(BOB)
    await way.deliver()
    await so(lambda: has(2))
    await way.world.remove(first)
    await way.world.ask("POST", "lifecycle", {"event": "missed"})
    await way.deliver()
    await so(lambda: has(1))


async def test_a_subscription_that_microsoft_removes_is_made_anew(way: Way) -> None:
    [before] = await way.world.channels()
    await way.world.ask("POST", "lifecycle", {"event": "subscriptionRemoved"})
    await way.deliver()

    async def told() -> bool:
        return not await way.active()

    await so(told)
    await way.world.end_channels()
    way.world.sandbox.clock.advance(60_000)

    async def anew() -> bool:
        return await way.active() and before not in await way.world.channels()

    await so(anew)
    assert len(await way.world.channels()) == 1


async def test_with_the_account_its_subscription_ends(way: Way) -> None:
    await way.polydex.accounts.delete(way.account)
    assert await way.world.channels() == set()


async def test_without_microsoft_the_account_goes_and_what_its_subscription_tells_is_ignored(way: Way) -> None:
    silence = asyncio.Event()

    async def silent(method: str, path: str) -> None:
        if method == "DELETE" and "/subscriptions/" in path:
            await silence.wait()

    way.world.spoiler.before = silent
    async with asyncio.timeout(20):
        await way.polydex.accounts.delete(way.account)
    with pytest.raises(NotFound):
        await way.polydex.accounts.get(way.account)
    assert len(await way.world.channels()) == 1  # until it ends by itself
    asked = [entry.number for entry in way.world.sandbox.log]
    await way.world.put(ALICE)
    await way.world.ask("POST", "lifecycle", {"event": "reauthorizationRequired"})
    delivered = await way.deliver()
    assert (delivered["waiting"], delivered["lost"]) == (0, 0)
    assert delivered["delivered"] >= 2

    async def written_down() -> bool:
        return way.polydex.hints.waiting == 0

    await so(written_down)
    assert await way.polydex.pulls.run_due() == 0
    assert await Watches(way.polydex.ctx).run_due() == 0
    assert [entry.number for entry in way.world.sandbox.log] == asked
    silence.set()
