"""For providers whose records can be made unreadable by a test."""

from __future__ import annotations

from typing import Protocol

import pytest

from polydex.core.errors import ProviderError, RecordNotFound
from polydex.core.ids import RemoteKey
from polydex.testing.contract.mirror import Mirror
from polydex.testing.contract.samples import ALICE, BOB, content
from polydex.testing.contract.world import World, seen


class UnreadableWorld(World, Protocol):
    """A world that can spoil a document."""

    async def spoil(self, key: RemoteKey) -> None:
        """Make a record's document unreadable."""
        ...

    async def heal(self, key: RemoteKey) -> None:
        """Make it readable again."""
        ...


class UnreadableContract:
    """J4: one unreadable record neither blocks nor vanishes."""

    async def test_a_snapshot_defers_an_unreadable_record(self, world: UnreadableWorld) -> None:
        bad, good = await world.put(ALICE), await world.put(BOB)
        await world.spoil(bad)
        await world.settle()
        pulled = await Mirror(world.connector).pull()
        assert pulled.deferred == {bad}
        assert set(pulled.changed) == {good}

    async def test_a_delta_defers_an_unreadable_record_and_brings_the_others(self, world: UnreadableWorld) -> None:
        bad, good = await world.put(ALICE), await world.put(BOB)
        mirror = Mirror(world.connector)
        await world.settle()
        await mirror.pull()
        await world.put(BOB, bad)
        await world.put(ALICE, good)
        await world.spoil(bad)
        await world.settle()
        pulled = await mirror.pull()
        assert bad in pulled.deferred
        assert bad not in pulled.removed
        assert seen(world, mirror.records[good].contact, ALICE) == content(ALICE)

    async def test_an_unreadable_record_is_not_missing(self, world: UnreadableWorld) -> None:
        key = await world.put(ALICE)
        await world.spoil(key)
        await world.settle()
        with pytest.raises(ProviderError) as caught:
            await world.connector.fetch(key)
        assert not isinstance(caught.value, RecordNotFound)
        await world.heal(key)
        assert seen(world, (await world.connector.fetch(key)).contact, ALICE) == content(ALICE)
