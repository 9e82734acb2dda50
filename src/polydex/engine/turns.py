"""Turns: the writes of one account happen one after the other, in this process and across processes (J11)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from weakref import WeakValueDictionary

from polydex.core.errors import StoreFailed
from polydex.core.ids import AccountId
from polydex.engine.context import Context
from polydex.store import write_leases

_LEASE = 10.0
"""Seconds that a lease lasts without renewal: after a crash the account's writes wait no longer."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.01, 0.25


class Turns:
    """Hands out the right to write to an account."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._locks: WeakValueDictionary[AccountId, asyncio.Lock] = WeakValueDictionary()

    @contextlib.asynccontextmanager
    async def turn(self, account: AccountId) -> AsyncIterator[None]:
        """Hold the account's write order. The caller bounds the time."""
        lock = self._locks.setdefault(account, asyncio.Lock())
        async with lock:
            await self._take(account)
            beat = asyncio.create_task(self._keep(account))
            try:
                yield
            finally:
                beat.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await beat
                with contextlib.suppress(StoreFailed):  # the write has ended as it has; the lease runs out by itself
                    await self._ctx.db.write(write_leases.release, account, self._ctx.owner)

    async def _take(self, account: AccountId) -> None:
        pause, since = _FIRST_PAUSE, self._ctx.clock()
        while True:
            now = self._ctx.clock()
            until = now + int(_LEASE * 1000)
            write = self._ctx.db.write(write_leases.take, account, self._ctx.owner, now, until, since)
            taking = asyncio.create_task(write)
            try:
                if await asyncio.shield(taking):
                    return
                await asyncio.sleep(pause)
            except asyncio.CancelledError:  # a lease that nobody uses would keep the account's writes waiting
                await asyncio.gather(taking, return_exceptions=True)
                with contextlib.suppress(StoreFailed):
                    await self._ctx.db.write(write_leases.give_up, account, self._ctx.owner)
                raise
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _keep(self, account: AccountId) -> None:
        while True:
            await asyncio.sleep(_LEASE / 3)
            until = self._ctx.clock() + int(_LEASE * 1000)
            try:
                kept = await self._ctx.db.write(write_leases.renew, account, self._ctx.owner, until)
            except StoreFailed:  # the next time, perhaps; the work itself will meet the same
                continue
            if not kept:
                return  # taken over after a long stop of this process; the provider's guard still protects the record
