"""The whole connector contract on Exchange's sandbox: the default folder and another one, and the oldest server."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from polydex.core.contact import Photo
from polydex.core.patch import Patch
from polydex.testing.contract import ALICE, BOB, ConnectorContract, UnreadableContract, World, content, seen
from tests.exchange.world import ExchangeWorld, exchange_world
from tests.pictures import jpeg


class TestExchange(ConnectorContract, UnreadableContract):
    @pytest.fixture(params=["default", "folder", "oldest"])
    async def world(self, request: pytest.FixtureRequest) -> AsyncIterator[ExchangeWorld]:
        folder = "Friends" if request.param == "folder" else None
        server = "2013" if request.param == "oldest" else "2016"
        async with exchange_world(folder=folder, server=server) as world:
            yield world

    async def test_nothing_is_lost_of_a_plain_contact(self, world: World) -> None:
        """As in the contract, but that nobody else sees types of e-mail addresses, which are announced to be kept apart."""
        assert [loss.path for loss in world.connector.losses(ALICE) if loss.kept] == ["$.emailAddresses[0].type"]
        record = await world.connector.create(BOB, None)
        assert (record.losses, world.connector.losses(BOB)) == ((), ())

    async def test_a_photo_can_be_set_replaced_and_removed(self, world: World) -> None:
        """As in the contract, but that a photo is known by what Exchange says of its attachment."""
        with_photo = msgspec.structs.replace(BOB, photo=Photo.of(jpeg("red"), "image/jpeg"))
        record = await world.connector.create(with_photo, None)
        assert record.losses == ()
        hashes: set[str] = set()
        for picture in (jpeg("red"), jpeg("blue")):
            base = await world.connector.fetch(record.key)
            changed = await world.connector.update(base, Patch(photo=Photo.of(picture, "image/jpeg")))
            assert changed.losses == ()
            base = await world.connector.fetch(record.key)
            assert base.contact is not None
            assert base.contact.photo is not None
            assert base.contact.photo.content is None, "a record carries the photo by its hash"
            hashes.add(base.contact.photo.hash)
            photo = await world.connector.photo(base)
            assert photo is not None
            assert photo.content == picture
        assert len(hashes) == 2
        await world.connector.update(await world.connector.fetch(record.key), Patch(photo=None))
        after = await world.connector.fetch(record.key)
        assert seen(world, after.contact, BOB) == content(BOB)
        assert await world.connector.photo(after) is None

    async def test_a_photo_outlives_an_update_of_something_else(self, world: World) -> None:
        with_photo = msgspec.structs.replace(BOB, photo=Photo.of(jpeg("red"), "image/jpeg"))
        record = await world.connector.create(with_photo, None)
        before = content((await world.connector.fetch(record.key)).contact)
        assert before is not None
        assert before.photo is not None
        await world.connector.update(await world.connector.fetch(record.key), Patch(notes="new"))
        after = content((await world.connector.fetch(record.key)).contact)
        assert after == msgspec.structs.replace(before, notes="new")
