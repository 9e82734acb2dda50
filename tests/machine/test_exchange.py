"""The state machine over Exchange's sandbox: random runs (``POLYDEX_SEED``, a number, plays other ones), and every crash."""

import os
from collections import Counter
from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.deaths import WRITES, die_at_every_point
from tests.machine.exchange import LASTING, PASSING, ExchangeMachine
from tests.machine.exchange_sandbox import VERBS
from tests.soak import MET, MUST_MEET, SEED, SOAK

SHARES, RUNS = (125, 80) if SOAK else (4, 30)
"""A share has a seed of its own, which its name tells."""
ALWAYS = {"process died", "unreadable", "distribution list"}
ONE_OF = (
    {"401 list", "401 fetch", "401 create", "401 update", "401 delete", "401 find_mark"},
    {"lost list", "lost fetch", "lost create", "lost update", "lost delete"},
    {"ErrorInvalidSyncStateData list", "ErrorServerBusy list", "ErrorItemNotFound fetch"},
)
"""What every share of the short run meets; proof that the machine gets where it is sent."""
IN_THE_LONG_RUN = ALWAYS | set[str]().union(*ONE_OF) | {*PASSING, *LASTING} | {
    "restored", "token of a lost future refused", "deletions approved", "deletions refused",
    "503 list", "500 fetch", "ErrorItemNotFound update", "ErrorIrresolvableConflict update", "ErrorStaleObject update",
    "ErrorBatchProcessingStopped fetch", "ErrorBatchProcessingStopped create", "ErrorItemCorrupt fetch",
    *(f"ErrorServerBusy {verb}" for verb in VERBS.values()),
    *(f"{what} {verb}" for what in ("lost", "unreachable") for verb in VERBS.values()),
}  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize("number", range(SEED, SEED + SHARES), ids="seed-{}".format)
def test_every_copy_equals_exchange(number: int, record_property: Callable[[str, object], None]) -> None:
    """Whatever happened in between."""

    class Seeded(ExchangeMachine):
        """The machine, with a seed of its own."""

        happened: ClassVar[Counter[str]] = Counter()

    run_state_machine_as_test(
        seed(number)(Seeded),
        settings=settings(
            max_examples=int(os.environ.get("POLYDEX_RUNS", RUNS)),
            stateful_step_count=int(os.environ.get("POLYDEX_STEPS", "60")),
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            print_blob=True,
            phases=[Phase.generate, Phase.shrink] if SOAK or os.environ.get("POLYDEX_SHRINK") else [Phase.generate],
        ),
    )
    print(dict(sorted(Seeded.happened.items())))  # noqa: T201 - what was met
    record_property(MET, dict(Seeded.happened))
    record_property(MUST_MEET, sorted(IN_THE_LONG_RUN))
    if not SOAK and "POLYDEX_RUNS" not in os.environ:
        met = set(+Seeded.happened)
        assert met >= ALWAYS
        assert all(met & some for some in ONE_OF)


def pull_of_everything(machine: ExchangeMachine) -> None:
    """After changes of many kinds, with a state that is lost."""
    machine.phone_does_all_kinds_of_things(number=0, to=1)
    machine.state_of_synchronisation_is_lost()
    machine.push_arrives(process=0)


def begun() -> ExchangeMachine:
    machine = ExchangeMachine()
    machine.begin(page_size=2, first=3, warm=True)
    return machine


@pytest.mark.parametrize("scenario", [*WRITES, pull_of_everything])
def test_a_crash_at_every_point_loses_and_doubles_nothing(scenario: Callable[[ExchangeMachine], None]) -> None:
    """Before and after every call to Exchange and every transaction; each client then asks again."""
    die_at_every_point(begun, scenario)
