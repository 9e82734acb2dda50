"""An answer without an end: handed out as it comes, for as long as somebody wants to hear it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Final

import aiohttp

from polydex.core.errors import ProviderMalformed, ProviderTimeout
from polydex.net.bound import Proof
from polydex.net.failures import failure
from polydex.net.journey import Journey
from polydex.net.message import Answer, Call
from polydex.net.sessions import Sessions

_OK: Final = 200


class Stream:
    """An answer that is under way.

    Attributes:
        answer: its status and headers. The whole of it where the status is not 200: then nothing follows.
    """

    def __init__(self, answer: Answer, response: aiohttp.ClientResponse | None, idle: float, host: str) -> None:
        self.answer = answer
        self._response, self._idle, self._host = response, idle, host

    async def read(self) -> bytes:
        """The next piece, as soon as there is one; empty at the end.

        Raises:
            ProviderTimeout: nothing has come for too long.
            ProviderUnavailable: the connection broke.
        """
        if self._response is None:
            return b""
        try:
            async with asyncio.timeout(self._idle):
                return await self._response.content.readany()
        except TimeoutError:
            raise ProviderTimeout("Nothing comes over the connection any more", detail=self._host) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise failure(error, self._host) from error


class _Opening(Journey):
    """A journey that ends where the answer begins."""

    response: aiohttp.ClientResponse | None = None
    held: contextlib.AsyncExitStack | None = None

    async def _content(self, response: aiohttp.ClientResponse, stack: contextlib.AsyncExitStack) -> bytes:
        if response.status != _OK or self._sending.bare:
            return await super()._content(response, stack)
        self.response, self.held = response, stack.pop_all()
        return b""


@contextlib.asynccontextmanager
async def streamed(
    sessions: Sessions, call: Call, now: Callable[[], int], idle: float, proof: Proof | None = None
) -> AsyncIterator[Stream]:
    """Send a call, and hand out its answer as it comes. Until it begins, errors are those of ``Net.send``.

    Args:
        sessions: its connections. One is taken for as long as the answer is heard, and closed after that.
        call: ``deadline`` counts until the answer begins, ``max_bytes`` for one that is no 200.
        now: unix milliseconds.
        idle: seconds without a single byte, after which the answer is given up.
        proof: as for a journey.
    """
    headers = {"Accept-Encoding": "identity", **call.headers}
    journey = _Opening(sessions, replace(call, headers=headers), now, proof)
    try:
        answer = await journey.run()
        if journey.response is not None and answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise ProviderMalformed("The provider's answer has an encoding that was not asked for")
        yield Stream(answer, journey.response, idle, journey.host)
    finally:
        if journey.held is not None:
            await journey.held.aclose()
