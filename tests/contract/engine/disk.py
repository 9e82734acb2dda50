"""A disk that is full for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from polydex.core.errors import StoreFailed
from polydex.store.db import Database, Tx

P = ParamSpec("P")
T = TypeVar("T")


class Full:
    """A database whose disk is full for a while."""

    def __init__(self, db: Database) -> None:
        self._db, self.full = db, False

    async def write(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        if self.full:
            raise StoreFailed
        return await self._db.write(fn, *args, **kwargs)

    async def read(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._db.read(fn, *args, **kwargs)

    async def look(self, fn: Callable[Concatenate[Tx, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._db.look(fn, *args, **kwargs)

    async def close(self) -> None:
        await self._db.close()
