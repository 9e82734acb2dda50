"""Connections that are held open: what GetStreamingEvents sends, one envelope after the other (MS-OXWSSNTIF, 3.1.4).

See https://learn.microsoft.com/exchange/client-developer/exchange-web-services/how-to-stream-notifications-about-mailbox-events-by-using-ews-in-exchange.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from polydex_sandbox.exchange.events import Event
from polydex_sandbox.exchange.subscriptions import MINUTE, Subscription, Subscriptions

HEARTBEAT: Final = 45_000
"""Milliseconds after which something is sent although nothing has happened."""
_TICK = 0.1
"""Seconds after which the clock of the sandbox is looked at: it may have been moved."""


@dataclass(frozen=True)
class Notice:
    """One envelope.

    Attributes:
        told: what happened, by subscription: each event with its watermark.
        lost: ids of subscriptions that are no more.
        taken: ids of those that another connection was opened for.
        status: of the connection: OK, Closed.
    """

    told: Sequence[tuple[Subscription, Sequence[tuple[str, Event]]]] = ()
    lost: Sequence[str] = ()
    taken: Sequence[str] = ()
    status: str | None = None


class Streams:
    """All connections that are open.

    Args:
        subscriptions: what they are for.
        now: Unix milliseconds.
    """

    def __init__(self, subscriptions: Subscriptions, now: Callable[[], int]) -> None:
        self._subscriptions, self._now = subscriptions, now
        self._open: dict[str, int] = {}

    def open(self, account: str) -> int:
        """How many of the account's are open: of ``HangingConnectionLimit``, 3 in Exchange 2013 and 10 after it."""
        return self._open.get(account, 0)

    def response(
        self, account: str, chosen: Sequence[Subscription], minutes: int, written: Callable[[Notice], bytes], media: str
    ) -> Held:
        """The answer for some of an account's subscriptions, which goes on for so many minutes."""
        return Held(self, account, self._notices(chosen, minutes), written, media)

    def opened(self, account: str) -> None:
        self._open[account] = self.open(account) + 1

    def closed(self, account: str) -> None:
        self._open[account] -= 1

    async def _notices(self, chosen: Sequence[Subscription], minutes: int) -> AsyncGenerator[Notice, None]:
        subscriptions, reader = self._subscriptions, asyncio.Event()
        end, said = self._now() + minutes * MINUTE, self._now()
        for one in chosen:
            subscriptions.connect(one, reader)
        left = list(chosen)
        try:
            yield Notice(status="OK")
            while left:
                reader.clear()
                lost = [one for one in left if not subscriptions.alive(one)]
                taken = [one for one in left if one not in lost and one.reader is not reader]
                left = [one for one in left if one not in lost and one not in taken]
                told = [(one, found) for one in left if (found := subscriptions.take(one))]
                if told or lost or taken:
                    said = self._now()
                    if told or lost:
                        yield Notice(told=told, lost=[one.id for one in lost])
                    if taken:
                        yield Notice(taken=[one.id for one in taken])
                elif self._now() >= end:
                    break
                elif self._now() - said >= HEARTBEAT:
                    said = self._now()
                    yield Notice(status="OK")
                else:
                    await _either(reader)
            yield Notice(status="Closed")
        finally:
            for one in chosen:
                subscriptions.disconnect(one, reader)


class Held(StreamingResponse):
    """An answer that is held open; it counts as an open connection of its account from its beginning to its end."""

    def __init__(
        self,
        streams: Streams,
        account: str,
        notices: AsyncGenerator[Notice, None],
        written: Callable[[Notice], bytes],
        media: str,
    ) -> None:
        super().__init__((written(notice) async for notice in notices), media_type=media)
        self._streams, self._account, self._notices = streams, account, notices
        streams.opened(account)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            async with aclosing(self._notices):
                await super().__call__(scope, receive, send)
        finally:
            self._streams.closed(self._account)


async def _either(reader: asyncio.Event) -> None:
    """Until there is something to tell, but not longer than a moment."""
    try:
        async with asyncio.timeout(_TICK):
            await reader.wait()
    except TimeoutError:
        pass
