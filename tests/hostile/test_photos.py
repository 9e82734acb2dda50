"""Photos at providers that write them by a call of its own: one may be carried out without the other."""

import json
from typing import Any

import pytest

from polydex.core.errors import PolydexError, ProviderTimeout
from tests.hostile.sides import LOST, Side, each_side, patiently


@each_side
async def test_a_create_whose_photo_is_not_taken_now_gets_it_later(side: Side) -> None:
    async with side.home() as home:
        await home.consumer()
        await home.world.quirk(side.quirk("unavailable"), methods=[side.photo_put], count=4)
        await patiently(home, nickName="ada", photo=side.photo)
        assert len(await home.there()) == 1
        assert await home.photos() == 1


@each_side
async def test_a_create_whose_photo_is_refused_says_so(side: Side) -> None:
    async with side.home() as home:
        await home.consumer()
        await home.world.quirk(side.refused, methods=[side.photo_put])
        written = await home.create(nickName="ada", photo=side.photo)
        assert [loss.path for loss in written.losses] == ["$.photo"]
        assert await home.nicknames() == ["ada"]
        assert await home.photos() == 0


@each_side
async def test_a_photo_that_is_refused_leaves_all_as_it_was(side: Side) -> None:
    async with side.home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        await home.world.quirk(side.refused, methods=[side.photo_put])
        with pytest.raises(PolydexError):
            await home.update(key, record["etag"], nickName="Countess", photo=side.photo)
        assert await home.nicknames() == ["ada"]
        assert await home.photos() == 0
        await home.world.calm()
        await home.update(key, record["etag"], nickName="Countess", photo=side.photo)
        assert await home.nicknames() == ["Countess"]
        assert await home.photos() == 1
        await home.rest()
        await home.assert_same(consumer)


@each_side
@pytest.mark.parametrize("removed", [False, True])
@pytest.mark.parametrize("call", ["update", "photo"])
@pytest.mark.parametrize("fault", LOST)
async def test_a_photo_and_more_of_which_an_answer_is_lost(fault: str, call: str, side: Side, *, removed: bool) -> None:
    """Two calls, of which one may have been carried out alone: the same request again ends what it has begun."""
    method = side.update if call == "update" else side.photo_gone if removed else side.photo_put
    async with side.home() as home:
        await home.seed("ada")
        consumer = await (await home.consumer()).follow()
        [(key, record)] = consumer.copy.items()
        etag = (await home.update(key, record["etag"], photo=side.photo)).etag if removed else record["etag"]
        wanted: dict[str, Any] = {"nickName": "Countess", "photo": None if removed else side.photo}
        # What may be sent twice - a removal, Microsoft's photo - is repeated at once.
        times = 1 if call == "update" or method in side.once else 2
        await home.world.quirk(side.quirk(fault), methods=[method], count=times)
        with pytest.raises(ProviderTimeout):
            await home.update(key, etag, **wanted)
        await home.later(70)
        written = await home.update(key, etag, **wanted)
        assert json.loads(written.record)["nickName"] == "Countess"
        assert json.loads(written.record)["hasPhoto"] is not removed
        assert await home.nicknames() == ["Countess"]
        assert await home.photos() == (0 if removed else 1)
        await home.rest()
        await home.assert_same(consumer)
