"""The loop behind all background work: due sources are pulled, lost answers found out, providers asked to tell of changes."""

from __future__ import annotations

import asyncio

from polydex.core.errors import StoreFailed
from polydex.engine import content
from polydex.engine.context import Context
from polydex.engine.pull import Pulls
from polydex.engine.recovery import Recovery
from polydex.engine.streams import Streams
from polydex.engine.watches import Watches
from polydex.log import logger
from polydex.store import accounts, intents, sources, watches as watch_rows
from polydex.store.db import Tx

_IDLE = 0.5
"""Seconds between two looks for due rows."""
_BRISK = 0.05
"""The same while there are any: most polls take less, and very many accounts may be due."""
_LONGEST_PAUSE = 10.0
"""Seconds between two looks while nothing can be done: it goes on so soon after the disk has room again."""
_KEEP_INTENTS = 24 * 3600 * 1000
_CLEAN_EVERY = 3600 * 1000
_LATEST = 8 * 24 * 3600 * 1000
"""Milliseconds: nothing is put off for longer. The longest interval that can be set is a week."""

log = logger(__name__)


class Worker:
    """Runs until it is stopped. Any number of processes may run one: the work is rows, claimed under leases."""

    def __init__(self, ctx: Context, pulls: Pulls, recovery: Recovery, watches: Watches, streams: Streams) -> None:
        self._ctx, self._pulls, self._recovery, self._watches, self._streams = ctx, pulls, recovery, watches, streams
        self._stopping = asyncio.Event()
        self._cleaned = 0

    async def run(self) -> None:
        """Work until ``stop``. A failure of the store is logged and tried again."""
        fault = _IDLE
        while not self._stopping.is_set():
            try:
                pause = _BRISK if await self._pulls.run_due() else _IDLE
                await self._recovery.run_due()
                await self._watches.run_due()
                await self._streams.run_due()
                await self._erase()
                await self._clean()
            except StoreFailed as error:  # the loop outlives a full disk or a restarted database
                log.warning("worker.storage", detail=error.detail)
                pause = fault = min(fault * 2, _LONGEST_PAUSE)
            except Exception:
                log.exception("worker.fault")
                pause = fault = min(fault * 2, _LONGEST_PAUSE)
            else:
                fault = _IDLE
            try:
                async with asyncio.timeout(pause):
                    await self._stopping.wait()
            except TimeoutError:
                continue

    async def stop(self, grace: float = 10.0) -> None:
        """Claim nothing more; let running pulls finish, or abandon them safely after ``grace`` seconds."""
        self._stopping.set()
        await asyncio.gather(self._pulls.stop(grace), self._stop_watching(grace))

    async def _stop_watching(self, grace: float) -> None:
        await self._streams.stop(grace)  # first: the other lets go of whatever this process still has leases of
        await self._watches.stop(grace)

    async def _erase(self) -> None:
        """Remove what is left of deleted accounts, step by step."""
        for account in await self._ctx.db.read(accounts.to_erase):
            while not await self._ctx.db.write(accounts.erase, account, content.old_look_ups):  # noqa: ASYNC110 - one step each
                await asyncio.sleep(0)

    async def _clean(self) -> None:
        now = self._ctx.clock()
        if not 0 <= now - self._cleaned < _CLEAN_EVERY:  # also when the clock was put back
            await self._ctx.db.write(_clean, now)
            self._cleaned = now


def _clean(tx: Tx, now: int) -> None:
    intents.forget_finished(tx, now - _KEEP_INTENTS)
    sources.bring_forward(tx, now, now + _LATEST)
    watch_rows.bring_forward(tx, now, now + _LATEST)
