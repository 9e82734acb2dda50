"""A clock that stands until it is told to go."""

from __future__ import annotations

START = 1_700_000_000_000
"""2023-11-14T22:13:20Z, in unix milliseconds."""


class FakeClock:
    """Called like the real clock: unix milliseconds. Moves only by :meth:`advance`."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass; never backwards."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self.now += round(seconds * 1000)
