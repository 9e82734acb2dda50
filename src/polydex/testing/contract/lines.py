"""What telling over a connection must do, where ``caps.streams`` says that a provider does it (``Listening``)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Protocol

import pytest

from polydex.connectors.base import Listening
from polydex.testing.contract.samples import ALICE, BOB
from polydex.testing.contract.world import World

SECONDS = 20.0
"""In which what is told has to come."""


class LineWorld(World, Protocol):
    """A world that tells over connections."""

    async def lines(self, wanted: int) -> None:
        """Return once so many connections are open at the provider."""
        ...

    async def end_lines(self) -> None:
        """Have the provider end every connection in good order."""
        ...


class LineContract:
    """Of a connector with ``caps.streams``."""

    async def test_the_first_word_says_that_the_provider_listens(self, world: LineWorld) -> None:
        async with listening(world) as told:
            await soon(told)
            await world.lines(1)

    async def test_every_change_is_told(self, world: LineWorld) -> None:
        async with listening(world) as told:
            await soon(told)
            key = await world.put(ALICE)
            await soon(told)
            await world.put(BOB, key)
            await soon(told)
            await world.remove(key)
            await soon(told)

    async def test_what_we_write_ourselves_may_be_told_and_ends_nothing(self, world: LineWorld) -> None:
        async with listening(world) as told:
            await soon(told)
            await world.connector.create(ALICE, "mark-1", fresh=True)
            await world.put(BOB)
            await soon(told)
            await world.lines(1)

    async def test_who_hears_no_more_hangs_up(self, world: LineWorld) -> None:
        async with listening(world) as told:
            await soon(told)
        await world.lines(0)
        await world.put(ALICE)

    async def test_it_ends_when_the_provider_wants_it_so(self, world: LineWorld) -> None:
        async with listening(world) as told:
            await soon(told)
            await world.end_lines()
            with pytest.raises(StopAsyncIteration):
                await soon(told)
        await world.lines(0)

    async def test_after_one_comes_another(self, world: LineWorld) -> None:
        for name in (ALICE, BOB):
            async with listening(world) as told:
                await soon(told)
                await world.put(name)
                await soon(told)


def listening(world: LineWorld) -> contextlib.aclosing[AsyncGenerator[None, None]]:
    """One connection of the connector's."""
    connector = world.connector
    assert connector.caps.streams
    assert isinstance(connector, Listening)
    return contextlib.aclosing(connector.listen())


async def soon(told: AsyncGenerator[None, None]) -> None:
    """The next word."""
    async with asyncio.timeout(SECONDS):
        await anext(told)
