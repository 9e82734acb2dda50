import pytest

from polydex.connectors.google.budget import Budget
from polydex.connectors.google.shared import Accounts
from polydex.core.errors import ProviderThrottled
from polydex.testing.clock import FakeClock


def test_a_minutes_requests_may_be_sent_at_once_and_no_more() -> None:
    clock = FakeClock()
    budget = Budget(60, 10, clock)
    for _ in range(60):
        budget.take("read")
    with pytest.raises(ProviderThrottled) as caught:
        budget.take("read")
    assert caught.value.retry_after == pytest.approx(1)
    assert not caught.value.sent
    budget.take("write")
    clock.advance(1)
    budget.take("read")
    with pytest.raises(ProviderThrottled):
        budget.take("read")


def test_what_several_requests_need_is_asked_for_before_the_first() -> None:
    budget = Budget(60, 2, FakeClock())
    budget.demand(writes=2)
    budget.take("write")
    budget.demand(writes=1)
    with pytest.raises(ProviderThrottled):
        budget.demand(writes=2)


def test_more_than_a_minutes_requests_are_not_waited_for_without_end() -> None:
    Budget(60, 1, FakeClock()).demand(writes=2)


def test_a_refusal_of_googles_holds_everybody_back() -> None:
    clock = FakeClock()
    budget = Budget(90, 90, clock)
    budget.refused("read", 60)
    budget.take("write")
    with pytest.raises(ProviderThrottled) as caught:
        budget.take("read")
    assert caught.value.retry_after == pytest.approx(60)
    clock.advance(59.9)
    with pytest.raises(ProviderThrottled):
        budget.take("read")
    clock.advance(0.1)
    budget.take("read")


def test_a_clock_that_is_set_back_gives_and_takes_nothing() -> None:
    clock = FakeClock()
    budget = Budget(60, 60, clock)
    for _ in range(60):
        budget.take("read")
    clock.now -= 3_600_000
    with pytest.raises(ProviderThrottled) as caught:
        budget.take("read")
    assert caught.value.retry_after == pytest.approx(1)
    clock.advance(1)
    budget.take("read")


def test_accounts_have_budgets_of_their_own_and_the_same_one_each_time() -> None:
    clock = FakeClock()
    accounts = Accounts(2, 2)
    accounts.of("1", clock).budget.take("read")
    assert accounts.of("1", clock) is accounts.of("1", clock)
    assert accounts.of("2", clock) is not accounts.of("1", clock)
    assert accounts.of("", clock) is not accounts.of("", clock)


def test_quiet_accounts_are_forgotten_and_others_are_not() -> None:
    clock = FakeClock()
    accounts = Accounts(60, 60)
    busy = accounts.of("busy", clock)
    busy.budget.refused("read", 3600)
    quiet = accounts.of("quiet", clock)
    for number in range(1200):
        accounts.of(str(number), clock)
    assert accounts.of("busy", clock) is busy
    assert accounts.of("quiet", clock) is not quiet
