"""Telling over a connection on Exchange's sandbox: the contract, what is forgotten, and how many connections there may be."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from polydex.core.errors import ProviderThrottled, ProviderUnavailable
from polydex.testing.contract import ALICE, BOB, LineContract
from polydex.testing.contract.lines import listening, soon
from tests.exchange.world import ExchangeWorld, exchange_world


class TestExchangeLines(LineContract):
    @pytest.fixture(params=["default", "folder", "oldest"])
    async def world(self, request: pytest.FixtureRequest) -> AsyncIterator[ExchangeWorld]:
        folder = "Friends" if request.param == "folder" else None
        server = "2013" if request.param == "oldest" else "2016"
        async with exchange_world(folder=folder, server=server) as world:
            yield world


@pytest.fixture
async def world() -> AsyncIterator[ExchangeWorld]:
    async with exchange_world() as opened:
        yield opened


async def quirk(world: ExchangeWorld, name: str) -> None:
    """One occurrence of an oddity."""
    answer = await world.control.put(f"quirks/{name}", json={"count": 1})
    assert answer.status_code < 300, answer.text


async def test_nothing_that_moves_away_is_missed(world: ExchangeWorld) -> None:
    key = await world.put(ALICE)
    async with listening(world) as told:
        await soon(told)
        await world.move(key)
        await soon(told)


async def test_what_happens_in_another_folder_is_nobodys_business(world: ExchangeWorld) -> None:
    made = await world.ask("POST", "folders", {"name": "Friends"})
    async with listening(world) as told:
        await soon(told)
        await world.ask("POST", "contacts", {"contacts": [{"GivenName": "Ada"}], "folder": made["id"]})
        await world.put(BOB)
        await soon(told)
        await world.end_lines()
        with pytest.raises(StopAsyncIteration):  # and no word about the other one
            await soon(told)


async def test_a_subscription_that_vanishes_while_it_is_listened_to_is_replaced(world: ExchangeWorld) -> None:
    async with listening(world) as told:
        await soon(told)
        subscriptions = world.exchange.notifying.subscriptions
        [first] = subscriptions.of(world.mailbox.account.id)
        subscriptions.drop(first)
        await soon(told)  # whatever was missed is to be pulled
        [second] = subscriptions.of(world.mailbox.account.id)
        assert second.id != first.id
        await world.put(ALICE)
        await soon(told)
    assert subscriptions.of(world.mailbox.account.id) == []


@pytest.mark.parametrize("oddity", ["exchange-subscription-lost", "exchange-missed-events"])
async def test_one_that_vanishes_before_it_is_listened_to_is_a_failure(world: ExchangeWorld, oddity: str) -> None:
    await quirk(world, oddity)
    with pytest.raises(ProviderUnavailable):
        async with listening(world) as told:
            await soon(told)
    async with listening(world) as told:
        await soon(told)


async def test_there_are_only_so_many_connections_and_the_others_calls_go_on() -> None:
    async with exchange_world(server="2013") as world, contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            told = await stack.enter_async_context(listening(world))
            await soon(told)
        with pytest.raises(ProviderThrottled):
            await soon(await stack.enter_async_context(listening(world)))
        await world.connector.identify()
        assert len(world.exchange.notifying.subscriptions.of(world.mailbox.account.id)) == 3
