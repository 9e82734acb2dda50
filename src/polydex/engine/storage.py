"""Whether the storage can be used, asked by writing to it: reading alone goes on with a full disk."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from polydex.core.errors import StoreFailed
from polydex.store import epochs, meta
from polydex.store.db import Database

LEAST_FREE = 4 * 2**20
"""Bytes: with less room the next large transaction may fail, although small ones find place in files that are there."""
_PAUSE_MS = 1000
"""A probe is a write that reaches the disk: whoever asks more often gets the last outcome."""


class Storage:
    """Args:
    db: the database.
    folder: where it lies, to see how much room there is; None when that is another machine's business.
    clock: unix milliseconds.
    """

    def __init__(self, db: Database, folder: Path | None, clock: Callable[[], int]) -> None:
        self._db, self._folder, self._clock = db, folder, clock
        self._lock = asyncio.Lock()
        self._asked = 0
        self._outcome: StoreFailed | None = None

    async def check(self) -> None:
        """Raises StoreFailed, which names the cause."""
        async with self._lock:
            now = self._clock()
            if abs(now - self._asked) >= _PAUSE_MS:
                self._outcome = await self._probe()
                self._asked = now
            if self._outcome is not None:
                raise StoreFailed(self._outcome.message, detail=self._outcome.detail)

    async def _probe(self) -> StoreFailed | None:
        try:
            await self._db.read(epochs.current)
            await self._db.write(meta.probe)
        except StoreFailed as error:
            return error
        if self._folder is None:
            return None
        free = shutil.disk_usage(self._folder).free
        if free >= LEAST_FREE:
            return None
        cause = f"the disk is full, or nearly: {free // 1024} KiB are free"
        return StoreFailed(f"{StoreFailed.default_message}: {cause}", detail=f"{cause} in {self._folder}")
