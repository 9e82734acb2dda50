"""The clock: against those of the providers, and against itself."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from polydex.engine.doctor.step import Step, failed, ok, skipped, span, warning

TOLERATED_SECONDS = 60.0
_SET = "Set the clock: timedatectl set-ntp true"


def against_providers(offsets: Mapping[str, float]) -> Step:
    """Compare with the clocks of providers.

    Args:
        offsets: host -> seconds by which its clock was ahead of ours.
    """
    name = "clock.providers"
    if not offsets:
        return skipped(name, "No provider told its time.")
    far = {host: offset for host, offset in offsets.items() if abs(offset) > TOLERATED_SECONDS}
    if not far:
        return ok(name, "The clock agrees with those of the providers.")
    middle = median(offsets.values())
    if len(offsets) > 1 and abs(middle) > TOLERATED_SECONDS:
        return failed(
            name, f"The clock of this machine is {span(middle)} {_side(middle)} those of the providers.", _SET
        )
    host, offset = next(iter(far.items()))
    said = f"The clock of this machine is {span(offset)} {_side(offset)} that of {host}."
    if len(offsets) > 1:
        return warning(name, said + " Other providers agree with this machine.", "Tell the operator of that server.")
    return warning(name, said, f"See which of the two is right. {_SET}")


def against_itself(wall: float, monotonic: float) -> Step:
    """Compare the time that the examination took by both clocks, in seconds."""
    if abs(wall - monotonic) > 1.0:
        said = f"The clock was set by {span(wall - monotonic)} while this command ran."
        return warning("clock.steady", said, f"Let it be adjusted gently, not in jumps. {_SET}")
    return ok("clock.steady", "The clock runs steadily.")


def _side(offset: float) -> str:
    return "behind" if offset > 0 else "ahead of"
