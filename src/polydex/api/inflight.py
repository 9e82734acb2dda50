"""Writes that have begun: they are finished whether or not the caller still waits."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Self

from starlette.types import Receive

from polydex.api.reply import Reply


class Inflight:
    """The writes that run. A caller that goes away, a time limit or a shutdown never cuts one in half."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Reply]] = set()

    async def run(self, work: Coroutine[Any, Any, Reply]) -> Reply:
        """The outcome of ``work``, which goes on when the waiting for it is cancelled."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Reply]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # retrieved: when nobody waits any more, the engine's own state tells the outcome

    async def drain(self, seconds: float) -> bool:
        """Wait for what runs; whether everything was finished in time."""
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=seconds)
        return not self._tasks


class Listener:
    """Notices that the caller has gone, so that an answer into the void does not count as delivered."""

    def __init__(self, receive: Receive) -> None:
        self._task = asyncio.create_task(_gone(receive))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    @property
    def gone(self) -> bool:
        """Whether the caller has closed the connection."""
        return self._task.done()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
