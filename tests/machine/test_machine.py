"""Random runs of the state machine. ``POLYDEX_SEED`` (a number) plays other ones; POLYDEX_SOAK=1 plays 20,000."""

import os

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.machine import Machine

SEED = int(os.environ.get("POLYDEX_SEED", "20261124"))
SOAK = os.environ.get("POLYDEX_SOAK") == "1"
SHARES = 8
RUNS = 20_000 if SOAK else 336

ALWAYS = {"cursor refused", "process died", "refused list", "resumed", "restored"}
"""What every share meets; proof that the machine gets where it is sent."""
IN_THE_LONG_RUN = ALWAYS | {
    "deferred", "deletions approved", "deletions refused", "list lags", "not found yet", "page repeated",
    "page token refused", "renamed", "stale", "token of a lost future refused",
    *(f"{fault} {verb}" for fault in ("refused", "failed", "lost", "denied")
      for verb in ("list", "fetch", "create", "update", "delete")),
}  # fmt: skip


@pytest.mark.soak
@pytest.mark.parametrize("share", range(SHARES))
def test_every_copy_equals_the_provider(share: int) -> None:
    """Whatever happened in between."""
    number = SEED + share

    class Seeded(Machine):
        """The machine, with a seed of its own."""

    print(f"POLYDEX_SEED={SEED}, share {share}, {RUNS // SHARES} runs")  # noqa: T201 - the seed, to play a run again
    run_state_machine_as_test(
        seed(number)(Seeded),
        settings=settings(
            max_examples=int(os.environ.get("POLYDEX_RUNS", RUNS // SHARES)),
            stateful_step_count=int(os.environ.get("POLYDEX_STEPS", "60")),
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
            print_blob=True,
            phases=[Phase.generate, Phase.shrink] if SOAK or os.environ.get("POLYDEX_SHRINK") else [Phase.generate],
        ),
    )
    print(dict(sorted(Machine.happened.items())))  # noqa: T201 - what was met
    met = {name for name, times in Machine.happened.items() if times}
    if "POLYDEX_RUNS" not in os.environ:
        assert met >= (IN_THE_LONG_RUN if SOAK else ALWAYS)
