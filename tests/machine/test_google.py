"""The state machine over Google's sandbox: random runs (``POLYDEX_SEED``, a number, plays other ones), and every crash."""

import os
from collections import Counter
from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.machine.deaths import WRITES, die_at_every_point
from tests.machine.google import LASTING, PASSING, GoogleMachine
from tests.soak import MET, MUST_MEET, SEED, SOAK

SHARES, RUNS = (125, 80) if SOAK else (4, 26)
"""A share has a seed of its own, which its name tells."""
ALWAYS = {
    "process died", "401 list", "404 fetch", "lost list", "unreadable",
    "google-drop-after", "google-propagation-delay", "google-sync-token-expired",
}  # fmt: skip
"""What every share of the short run meets; proof that the machine gets where it is sent."""
QUIRKS = ({*PASSING, *LASTING} - {"google-group-rename-is-silent", "google-sync-token-expires"}) | {
    "google-propagation-delay", "google-sync-token-expired"
}  # fmt: skip
"""Those that strike calls."""
CREATES = {"lost create", "lost create_many"}
"""One of these, too."""
IN_THE_LONG_RUN = ALWAYS | CREATES | QUIRKS | {
    "restored", "token of a lost future refused", "deletions approved", "deletions refused",
    "400 list", "410 list", "429 list", "403 list", "503 list", "404 update", "409 create_label",
    *(f"{what} {verb}" for what in ("lost", "unreachable")
      for verb in ("find_mark", "labels", "fetch", "create", "update", "delete", "create_many", "update_many", "delete_many")),
}  # fmt: skip


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
    record_property(MUST_MEET, sorted(IN_THE_LONG_RUN))
    if not SOAK and "POLYDEX_RUNS" not in os.environ:
        assert set(+Seeded.happened) >= ALWAYS
        assert set(+Seeded.happened) & CREATES


def pull_with_a_new_token(machine: GoogleMachine) -> None:
    """Of everything, after changes of many kinds, and with an access token that has ended."""
    machine.phone_does_all_kinds_of_things(number=0, to=1)
    machine.phone_renames_a_label(number=0, to=2)
    machine.sync_token_dies(given={})
    machine.access_tokens_end(revoked=True)
    machine.push_arrives(process=0)


def begun() -> GoogleMachine:
    machine = GoogleMachine()
    machine.begin(shape="pages of two", first=3, warm=True)
    return machine


@pytest.mark.parametrize("scenario", [*WRITES, pull_with_a_new_token])
def test_a_crash_at_every_point_loses_and_doubles_nothing(scenario: Callable[[GoogleMachine], None]) -> None:
    """Before and after every call to Google and every transaction; each client then asks again."""
    die_at_every_point(begun, scenario)
