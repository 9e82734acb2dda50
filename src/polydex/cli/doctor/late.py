"""A database that is only looked at, until something has to be stored."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from polydex.core.errors import StoreFailed
from polydex.store.db import Database, Tx

P = ParamSpec("P")
T = TypeVar("T")


class Late:
    """See ``store.db.Database``.

    Args:
        reading: reads.
        writing: opens it for writing, and blocks; called by the first ``write``. None: nothing may be stored.
    """

    def __init__(self, reading: Database, writing: Callable[[], Database] | None) -> None:
        self._reading, self._open = reading, writing
        self._writing: Database | None = None
        self._opening = asyncio.Lock()

    async def write(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self._open is None:
            raise StoreFailed("Nothing is stored while something is wrong with the database")
        async with self._opening:
            if self._writing is None:
                self._writing = await asyncio.to_thread(self._open)
        return await self._writing.write(fn, *args, **kwargs)

    async def read(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._reading.read(fn, *args, **kwargs)

    async def look(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._reading.look(fn, *args, **kwargs)

    async def close(self) -> None:
        """Close what was opened here; what reads belongs to the caller."""
        if self._writing is not None:
            await self._writing.close()
