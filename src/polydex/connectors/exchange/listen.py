"""Streaming notifications: Exchange tells over a connection that something in a folder has changed.

Source: learn.microsoft.com, How to stream notifications about mailbox events by using EWS in Exchange; the operations.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

from polydex.connectors.exchange.api import Api
from polydex.connectors.exchange.errors import FORGOTTEN
from polydex.connectors.exchange.operations import get_streaming_events, subscribe, unsubscribe
from polydex.core.errors import ProviderError, ProviderUnavailable

MINUTES: Final = 29
"""After which Exchange ends an answer; at most 30. Some proxies cut at exactly half an hour."""
_FAREWELL: Final = 5.0
_STEP: Final = "Exchange notifications"


async def listen(api: Api, folder: str) -> AsyncGenerator[None, None]:
    """See ``connectors.base.Listening.listen``. ``folder``: an id, or a distinguished name.

    A subscription that Exchange has forgotten while we listened is followed by another one, and that by a word to the
    caller, who pulls what went past in between. When Exchange forgets that one, too, the caller decides when to try again.
    """
    replaced = False
    while True:
        heard = False
        subscription = subscribe.parse(await api.one(subscribe.payload(folder), step=_STEP))
        try:
            request = get_streaming_events.payload(subscription, MINUTES)
            async with api.streamed(request, step=_STEP) as messages:
                async for message in messages:
                    news = get_streaming_events.parse(message)
                    if news.changed or not heard:
                        heard = True
                        yield
                    if news.closed:
                        break
        except ProviderUnavailable as error:
            if not heard or replaced or (error.original or {}).get("code") not in FORGOTTEN:
                raise
            subscription, replaced = "", True
        else:
            return
        finally:
            if subscription:
                await _end(api, subscription)


async def _end(api: Api, subscription: str) -> None:
    """End a subscription, which counts among those that a mailbox may have; else it runs out after half an hour."""
    with contextlib.suppress(ProviderError, TimeoutError):
        async with asyncio.timeout(_FAREWELL):
            await api.one(unsubscribe.payload(subscription), step=_STEP, seconds=_FAREWELL)
