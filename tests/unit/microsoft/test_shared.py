import asyncio

from polydex.connectors.microsoft.shared import AT_ONCE, Accounts, Room
from polydex.testing.clock import FakeClock


async def test_four_at_once_and_nobody_beside_a_batch() -> None:
    room = Room()
    inside, most = 0, 0
    crowded = False

    async def one() -> None:
        nonlocal inside, most
        async with room.one():
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0)
            inside -= 1

    async def batch() -> None:
        nonlocal crowded
        async with room.all():
            crowded = crowded or inside > 0
            await asyncio.sleep(0)
            crowded = crowded or inside > 0

    await asyncio.gather(*(batch() if number % 5 == 0 else one() for number in range(40)))
    assert most == AT_ONCE
    assert not crowded
    assert room.is_empty


async def test_who_gives_up_leaves_its_room() -> None:
    room = Room()
    async with room.one():
        waiting = asyncio.create_task(_batch(room))
        await asyncio.sleep(0)
        assert not room.is_empty
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    async with asyncio.timeout(5), room.all():
        pass
    assert room.is_empty


async def _batch(room: Room) -> None:
    async with room.all():
        pass


def test_accounts_have_nothing_in_common() -> None:
    clock = FakeClock()
    accounts = Accounts()
    first = accounts.of("1", clock)
    first.pause.refused(30)
    assert accounts.of("1", clock) is first
    accounts.of("2", clock).pause.check()
    assert accounts.of("", clock) is not accounts.of("", clock)


def test_accounts_at_rest_are_forgotten() -> None:
    clock = FakeClock()
    accounts = Accounts()
    held = accounts.of("held", clock)
    held.pause.refused(30)
    at_rest = accounts.of("at rest", clock)
    for number in range(1000):
        accounts.of(str(number), clock)
    assert accounts.of("held", clock) is held
    assert accounts.of("at rest", clock) is not at_rest
