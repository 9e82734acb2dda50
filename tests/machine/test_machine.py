"""Random runs of the state machine. ``POLYDEX_SEED`` (a number) plays other ones; ``make soak`` plays 20,000."""

import os
from collections import Counter
from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.memory import MemoryMachine
from tests.soak import MET, MUST_MEET, SEED, SOAK

FOUND = (600_052, 700_027, 20_261_354)
"""Seeds that have found something once, in a share of the long run."""
LONG = 80
# A share has a seed of its own, which its name tells.
SHARES, RUNS = (250, LONG) if SOAK else (5, 68)

ALWAYS = {"cursor refused", "process died", "resumed", "restored"}
"""What every share of the short run meets; proof that the machine gets where it is sent."""
IN_THE_LONG_RUN = ALWAYS | {
    "deferred", "deletions approved", "deletions refused", "list lags", "not found yet", "page repeated",
    "page token refused", "renamed", "stale", "token of a lost future refused",
    *(f"{fault} {verb}" for fault in ("refused", "failed", "lost", "denied")
      for verb in ("list", "fetch", "create", "update", "delete", "create_many", "update_many", "delete_many")),
    "create together", "update together", "delete together", "mapped anew",
    "partly create", "partly create_many", "refused labels", "refused create_photo",
}  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize("number", sorted({*FOUND, *range(SEED, SEED + SHARES)}), ids="seed-{}".format)
def test_every_copy_equals_the_provider(number: int, record_property: Callable[[str, object], None]) -> None:
    """Whatever happened in between."""

    class Seeded(MemoryMachine):
        """The machine, with a seed of its own."""

        happened: ClassVar[Counter[str]] = Counter()

    run_state_machine_as_test(
        seed(number)(Seeded),
        settings=settings(
            max_examples=int(os.environ.get("POLYDEX_RUNS", LONG if number in FOUND else RUNS)),
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
    if not SOAK and "POLYDEX_RUNS" not in os.environ:  # of many shares one has no luck: together they are judged
        assert set(+Seeded.happened) >= ALWAYS
        assert any(Seeded.happened[f"{fault} list"] for fault in ("refused", "failed", "lost"))
