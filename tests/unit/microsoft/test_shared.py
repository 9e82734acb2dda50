import asyncio

import pytest

from polydex.connectors.microsoft.shared import AT_ONCE, CEILING_SECONDS, FLOOR_SECONDS, Accounts, Pause, Room
from polydex.core.errors import ProviderThrottled
from polydex.testing.clock import FakeClock


def test_a_refusal_holds_everybody_back() -> None:
    clock = FakeClock()
    pause = Pause(clock)
    pause.check()
    assert pause.refused(30) == 30
    with pytest.raises(ProviderThrottled) as caught:
        pause.check()
    assert caught.value.retry_after == pytest.approx(30)
    assert not caught.value.sent
    clock.advance(29.9)
    with pytest.raises(ProviderThrottled):
        pause.check()
    clock.advance(0.1)
    pause.check()


@pytest.mark.parametrize("wanted", [None, 0, 1])
def test_a_refusal_that_says_nothing_or_too_little_is_answered_with_patience(wanted: float | None) -> None:
    clock = FakeClock()
    pause = Pause(clock)
    waited = []
    for _ in range(9):
        waited.append(pause.refused(wanted))
        clock.advance(waited[-1])
    assert waited[0] == FLOOR_SECONDS
    assert waited == sorted(waited)
    assert waited[-1] == waited[-2] == CEILING_SECONDS
    pause.granted()
    assert pause.refused(wanted) == FLOOR_SECONDS


def test_the_refusals_of_requests_that_were_sent_together_count_once() -> None:
    clock = FakeClock()
    pause = Pause(clock)
    for _ in range(4):
        assert pause.refused(None) == FLOOR_SECONDS
    pause.granted()  # the answer of another one that was under way
    clock.advance(FLOOR_SECONDS)
    assert pause.refused(None) == 2 * FLOOR_SECONDS


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
