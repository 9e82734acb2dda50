"""What telling of changes must do, where ``caps.push`` says that a provider does it (``Watching``)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from polydex.connectors.base import Listening, Watch, Watching
from polydex.connectors.provider import Notice
from polydex.testing.contract.samples import ALICE, BOB
from polydex.testing.contract.world import World

SECRET = "a-secret." + "x" * 119
"""As long as one may be."""


class WatchWorld(World, Protocol):
    """A world that tells of changes."""

    @property
    def push_url(self) -> str:
        """An address that the provider accepts, where what it tells arrives; nothing of another test comes there."""
        ...

    async def channels(self) -> set[str]:
        """The ids of the channels that there are at the provider."""
        ...

    async def end_channels(self) -> None:
        """Have the provider end every channel."""
        ...

    async def told(self) -> Sequence[Notice]:
        """Everything that has arrived so far, as ``Pushing.notified`` reads it, once all that is on its way is there."""
        ...


class PushContract:
    """Of any connector."""

    async def test_what_it_says_about_push_is_so(self, world: World) -> None:
        assert not world.connector.caps.push or isinstance(world.connector, Watching)
        assert not world.connector.caps.streams or isinstance(world.connector, Listening)


class WatchContract:
    """Of a connector with ``caps.push``."""

    async def test_a_channel_is_made(self, world: WatchWorld) -> None:
        watch = await watching(world).watch(world.push_url, SECRET, None)
        assert await world.channels() == {watch.id}
        assert watch.expires_at > 0

    async def test_a_change_is_told_of_with_the_secret(self, world: WatchWorld) -> None:
        await watching(world).watch(world.push_url, SECRET, None)
        key = await world.put(ALICE)
        assert Notice(SECRET, "changed") in await world.told()
        before = len(await world.told())
        await world.put(BOB, key)
        later = (await world.told())[before:]
        assert Notice(SECRET, "changed") in later
        assert {notice.secret for notice in later} == {SECRET}

    async def test_a_channel_is_renewed(self, world: WatchWorld) -> None:
        connector = watching(world)
        first = await connector.watch(world.push_url, SECRET, None)
        await world.settle()
        renewed = await connector.watch(world.push_url, SECRET, first)
        assert renewed.id == first.id
        assert renewed.expires_at >= first.expires_at
        assert await world.channels() == {first.id}

    async def test_in_the_place_of_one_that_has_ended_comes_a_new_one(self, world: WatchWorld) -> None:
        connector = watching(world)
        first = await connector.watch(world.push_url, SECRET, None)
        await world.end_channels()
        assert await world.channels() == set()
        second = await connector.watch(world.push_url, SECRET, first)
        assert await world.channels() == {second.id} != {first.id}
        await world.put(ALICE)
        assert Notice(SECRET, "changed") in await world.told()

    async def test_a_channel_ends_once_and_for_all(self, world: WatchWorld) -> None:
        connector = watching(world)
        first = await connector.watch(world.push_url, SECRET, None)
        await connector.unwatch(first)
        assert await world.channels() == set()
        await connector.unwatch(first)
        await world.put(ALICE)
        assert await world.told() == []

    async def test_one_that_never_was_ends_as_well(self, world: WatchWorld) -> None:
        connector = watching(world)
        made = await connector.watch(world.push_url, SECRET, None)
        await connector.unwatch(Watch("00000000-0000-4000-8000-000000000000", made.expires_at))
        assert await world.channels() == {made.id}


def watching(world: WatchWorld) -> Watching:
    """The connector, which can watch."""
    connector = world.connector
    assert connector.caps.push
    assert isinstance(connector, Watching)
    return connector
