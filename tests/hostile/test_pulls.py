"""Pulls from a provider that behaves as it is seen to."""

from tests.hostile.sides import Side, each_side


@each_side
async def test_a_contact_that_cannot_be_read_neither_blocks_nor_vanishes(side: Side) -> None:
    async with side.home() as home:
        ada, _ = await home.seed("ada", "bo")
        consumer = await (await home.consumer()).follow()
        await home.world.spoil(ada)
        await home.nickname(ada, "ada, edited")
        await home.seed("cy")
        await home.pull()
        await consumer.follow()
        assert consumer.names == ["ada", "bo", "cy"]
        await home.world.heal(ada)
        await home.rest()
        await home.assert_same(consumer)
        assert consumer.gone == []
