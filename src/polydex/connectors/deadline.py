"""The time of one write."""

from __future__ import annotations

import asyncio


class Deadline:
    """The time that several requests have together, in seconds."""

    def __init__(self, seconds: float) -> None:
        self._end = asyncio.get_running_loop().time() + seconds

    @property
    def left(self) -> float:
        """Never less than a second, so that what must be known after a slow write can still be asked."""
        return max(1.0, self._end - asyncio.get_running_loop().time())

    @property
    def over(self) -> bool:
        """The time is up: nothing else should be begun."""
        return asyncio.get_running_loop().time() >= self._end
