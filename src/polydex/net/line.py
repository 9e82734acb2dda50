"""A connection of its own, for a login that belongs to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

from polydex.net.bound import BoundAuth, Proof
from polydex.net.journey import Journey
from polydex.net.message import Answer, Call
from polydex.net.sessions import Sessions
from polydex.net.streaming import Stream, streamed


class Line:
    """One connection, made at the first request and made again when it is gone. See ``Net.line``."""

    def __init__(self, sessions: Sessions, auth: BoundAuth, now: Callable[[], int]) -> None:
        self._sessions, self._now = sessions, now
        self._proof = Proof(auth)
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._sessions.close()

    async def send(self, call: Call) -> Answer:
        """As ``Net.send``, one after the other. The call's ``auth`` is not looked at.

        Raises:
            ProviderUnauthorized: the server offers no way to log in that could be used. (A refused password is a 401.)
            otherwise as ``Net.send``.
        """
        async with self._turn:
            return await Journey(self._sessions, call, self._now, self._proof).run()

    @contextlib.asynccontextmanager
    async def stream(self, call: Call, idle: float) -> AsyncIterator[Stream]:
        """As ``Net.stream``; nothing else is sent meanwhile."""
        async with self._turn, streamed(self._sessions, call, self._now, idle, self._proof) as stream:
            yield stream
