import pytest

from polydex.connectors.pause import CEILING_SECONDS, FLOOR_SECONDS, Pause
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
