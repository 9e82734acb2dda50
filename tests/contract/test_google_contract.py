"""The whole connector contract on Google's sandbox, good and odd."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from polydex.core.contact import Photo
from polydex.core.patch import Patch
from polydex.testing.contract import ALICE, PNG, ConnectorContract, UnreadableContract, World, content
from polydex.testing.contract.samples import OTHER_PNG
from tests.google.world import GoogleWorld, google_world

ODD: dict[str, dict[str, dict[str, Any]]] = {
    "good": {},
    "odd": {
        "google-propagation-delay": {"seconds": 300},
        "google-etag-changes": {},
        "google-duplicate-between-pages": {},
        "google-source-etag-refused": {},
    },
}


class TestGoogle(ConnectorContract, UnreadableContract):
    @pytest.fixture(params=ODD)
    async def world(self, request: pytest.FixtureRequest) -> AsyncIterator[GoogleWorld]:
        async with google_world() as world:
            for name, given in ODD[request.param].items():
                await world.quirk(name, **given)
            yield world

    async def test_a_photo_can_be_set_replaced_and_removed(self, world: World) -> None:
        """As in the contract, but that a photo is known by its address: Google's bytes are not those that were sent."""
        record = await world.connector.create(msgspec.structs.replace(ALICE, photo=Photo.of(PNG, "image/png")), None)
        assert record.losses == ()
        seen: set[str] = set()
        for picture in (PNG, OTHER_PNG):
            base = await world.connector.fetch(record.key)
            await world.connector.update(base, Patch(photo=Photo.of(picture, "image/png")))
            base = await world.connector.fetch(record.key)
            assert base.contact is not None
            assert base.contact.photo is not None
            assert base.contact.photo.content is None, "a record carries the photo by its hash"
            seen.add(base.contact.photo.hash)
            photo = await world.connector.photo(base)
            assert photo is not None
            assert photo.content == picture
        assert len(seen) == 2
        await world.connector.update(await world.connector.fetch(record.key), Patch(photo=None))
        after = await world.connector.fetch(record.key)
        assert content(after.contact) == content(ALICE)
        assert await world.connector.photo(after) is None
