"""The sandbox's time, which can be moved."""

from __future__ import annotations

import time
from datetime import UTC, datetime

DAY = 86_400_000
"""Milliseconds of a day."""
LATEST = 253_402_300_799_999
"""The last millisecond of the year 9999: times have four digits for the year."""


class Clock:
    """Unix time in milliseconds.

    It goes on by itself unless it is frozen; either way it can be moved, also back.

    Args:
        start: the time to begin at; None for the machine's.
        frozen: stand still but for `advance` and `set`.
    """

    def __init__(self, start: int | None = None, *, frozen: bool = False) -> None:
        self._frozen: int | None = None
        machine = _machine()
        self._offset = 0 if start is None else start - machine
        if frozen:
            self._frozen = machine + self._offset

    def now(self) -> int:
        """Unix milliseconds."""
        return self._frozen if self._frozen is not None else _machine() + self._offset

    def advance(self, milliseconds: int) -> None:
        if self._frozen is not None:
            self._frozen += milliseconds
        else:
            self._offset += milliseconds

    def set(self, milliseconds: int) -> None:
        self.advance(milliseconds - self.now())

    @property
    def frozen(self) -> bool:
        return self._frozen is not None

    def freeze(self) -> None:
        self._frozen = self.now()

    def run(self) -> None:
        """Go on from where it stands."""
        if self._frozen is not None:
            self._offset, self._frozen = self._frozen - _machine(), None


def rfc3339(milliseconds: int, fraction: int = 6) -> str:
    """``2026-01-02T03:04:05.678000Z``, with so many digits after the seconds (0 to 6)."""
    moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
    digits = f".{milliseconds % 1000:03}000"[: fraction + 1] if fraction else ""
    return f"{moment:%Y-%m-%dT%H:%M:%S}{digits}Z"


def _machine() -> int:
    return time.time_ns() // 1_000_000
