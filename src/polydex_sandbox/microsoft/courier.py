"""How notifications get to who subscribed: several in one request, and again until they are taken.

Source: https://learn.microsoft.com/graph/change-notifications-delivery-webhooks. Times are those of the sandbox's clock,
but for how long an answer takes.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from urllib.parse import quote_plus

import aiohttp

Notice = dict[str, Any]

TRIES = 4 * 3_600_000
"""Milliseconds after which a notification that nobody takes is given up."""
DELAYS = (10_000, 30_000, 60_000, 300_000, 600_000)
"""Milliseconds until the next try; the last for all further ones. Only the ten minutes are documented."""
SLOW = 2.9 / 3
"""Part of the patience that makes an answer slow."""
WINDOW, JUDGED, DELAYED, DROPPED = 600_000, 100, 0.10, 0.15
"""Every ten minutes it is counted anew; after a hundred notifications, with this part of slow answers, those to the
endpoint come ten minutes late, or not at all."""
LATE = 600_000
MOST = 100
"""Notifications in one request; unconfirmed."""
POLL = 0.05
"""Real seconds between looks at the clock, while something waits."""
HANDSHAKE = 10.0
"""Real seconds that an endpoint has to answer the validation."""


@dataclass
class Item:
    """A notification on its way.

    Attributes:
        subscription: id.
        notice: what is told.
        since: Unix milliseconds of the change.
        due: Unix milliseconds of the next try.
        tries: how many there were.
    """

    subscription: str
    notice: Notice
    since: int
    due: int
    tries: int = 0


@dataclass
class Endpoint:
    """What is known of a URL.

    Attributes:
        waiting: its notifications, each under a number of its own.
        answers: time of each answer in the window, and whether it was slow.
    """

    waiting: dict[int, Item] = field(default_factory=dict)
    answers: deque[tuple[int, bool]] = field(default_factory=deque)

    def slowness(self, now: int) -> float:
        """Part of slow answers; 0 as long as there are few."""
        while self.answers and not now - WINDOW < self.answers[0][0] <= now:
            self.answers.popleft()
        if len(self.answers) < JUDGED:
            return 0.0
        return sum(slow for _, slow in self.answers) / len(self.answers)


class Courier:
    """Brings notifications.

    Args:
        now: the sandbox's clock.
        given_up: called with the id of the subscription when a notification was lost.

    Attributes:
        patience: real seconds that an endpoint has to answer.
        delivered: notifications that were taken.
        lost: notifications that were given up.
    """

    def __init__(self, now: Callable[[], int], given_up: Callable[[str, Notice], None]) -> None:
        self.now, self._given_up = now, given_up
        self.patience = 3.0
        self.delivered = self.lost = self._count = 0
        self._endpoints: dict[str, Endpoint] = {}
        self._lock = asyncio.Lock()
        self._worker: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        return sum(len(endpoint.waiting) for endpoint in self._endpoints.values())

    def send(self, url: str, subscription: str, notice: Notice, *, delay: int = 0) -> None:
        """Deliver from now on, or after `delay` milliseconds of the clock. Needs a running event loop."""
        now = self.now()
        endpoint = self._endpoints.setdefault(url, Endpoint())
        slowness = endpoint.slowness(now)
        if slowness >= DROPPED:
            self._lose(Item(subscription, notice, now, now))
            return
        late = LATE if slowness >= DELAYED else 0
        self._count += 1
        endpoint.waiting[self._count] = Item(subscription, notice, now, now + delay + late)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    def forget(self, subscription: str) -> None:
        """What waits for a subscription is not told any more."""
        for endpoint in self._endpoints.values():
            endpoint.waiting = {
                number: item for number, item in endpoint.waiting.items() if item.subscription != subscription
            }

    def holds(self, subscription: str, event: str) -> bool:
        """Whether this event of the lifecycle waits to be told already."""
        return any(
            item.subscription == subscription and item.notice.get("lifecycleEvent") == event
            for endpoint in self._endpoints.values()
            for item in endpoint.waiting.values()
        )

    async def settle(self) -> None:
        """Try everything that is due."""
        while await self._round():
            pass

    async def shake(self, url: str, token: str) -> str | None:
        """Whether an endpoint answers the validation: None, or what is wrong."""
        target = f"{url}{'&' if '?' in url else '?'}validationToken={quote_plus(token)}"
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        try:
            status, media, body = await self._post(target, b"", headers, HANDSHAKE)
        except TimeoutError:
            return "Subscription validation request timed out."
        except (aiohttp.ClientError, OSError, ValueError):
            return f"{_FAILED} {_DEMAND}"
        if status != 200:
            return f"{_FAILED} HTTP status code is '{status}'. {_DEMAND}"
        if media.partition(";")[0].strip().lower() != "text/plain" or body != token.encode():
            return f"{_FAILED} Response must match validationToken query parameter."
        return None

    async def _work(self) -> None:
        while self.waiting:
            if not await self._round():
                await asyncio.sleep(POLL)

    async def _round(self) -> bool:
        """One request to each endpoint for which something is due; whether there was any."""
        async with self._lock:
            now = self.now()
            due = {
                url: items
                for url, endpoint in self._endpoints.items()
                if (items := dict(islice(_due(endpoint, now), MOST)))
            }
            await asyncio.gather(*(self._bring(url, items) for url, items in due.items()))
            return bool(due)

    async def _bring(self, url: str, items: dict[int, Item]) -> None:
        endpoint = self._endpoints[url]
        taken, slow = await self._taken(url, [item.notice for item in items.values()])
        now = self.now()
        endpoint.answers.extend((now, slow) for _ in items)
        for number, item in items.items():
            # What was forgotten meanwhile is not there any more.
            if number not in endpoint.waiting:
                continue
            if taken:
                del endpoint.waiting[number]
                self.delivered += 1
                continue
            item.due = now + DELAYS[min(item.tries, len(DELAYS) - 1)]
            item.tries += 1
            if item.due > item.since + TRIES:
                del endpoint.waiting[number]
                self._lose(item)

    async def _taken(self, url: str, notices: list[Notice]) -> tuple[bool, bool]:
        """Whether an endpoint took notifications, and whether it was slow."""
        began = time.monotonic()
        try:
            body = json.dumps({"value": notices}).encode()
            headers = {"Content-Type": "application/json; charset=utf-8"}
            status, _, _ = await self._post(url, body, headers, self.patience)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError):
            status = 0
        return 200 <= status < 300, time.monotonic() - began > SLOW * self.patience

    def _lose(self, item: Item) -> None:
        self.lost += 1
        self._given_up(item.subscription, item.notice)

    @staticmethod
    async def _post(url: str, body: bytes, headers: dict[str, str], seconds: float) -> tuple[int, str, bytes]:
        """Raises TimeoutError, aiohttp.ClientError, OSError, ValueError (the URL is none)."""
        timeout = aiohttp.ClientTimeout(total=seconds)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status, answer.headers.get("Content-Type", ""), await answer.read()


def _due(endpoint: Endpoint, now: int) -> Iterator[tuple[int, Item]]:
    return ((number, item) for number, item in endpoint.waiting.items() if item.due <= now)


_FAILED = "Subscription validation request failed."
_DEMAND = "Notification endpoint must respond with 200 OK to validation request."
