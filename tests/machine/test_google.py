"""Random runs of the state machine over Google's sandbox. ``POLYDEX_SEED`` (a number) plays other ones."""

import os
from collections import Counter
from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.google import GoogleMachine
from tests.soak import MET, MUST_MEET, SEED, SOAK

SHARES, RUNS = (125, 80) if SOAK else (4, 12)
"""A share has a seed of its own, which its name tells."""
ALWAYS = {"process died"}


@pytest.mark.soak
@pytest.mark.parametrize("number", range(SEED, SEED + SHARES), ids="seed-{}".format)
def test_every_copy_equals_google(number: int, record_property: Callable[[str, object], None]) -> None:
    """Whatever happened in between."""

    class Seeded(GoogleMachine):
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
    record_property(MUST_MEET, sorted(ALWAYS))
    if not SOAK and "POLYDEX_RUNS" not in os.environ:
        assert set(+Seeded.happened) >= ALWAYS
