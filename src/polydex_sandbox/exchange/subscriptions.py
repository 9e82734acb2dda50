"""Subscriptions: who asked to be told of changes, and what waits for him.

See https://learn.microsoft.com/exchange/client-developer/exchange-web-services/notification-subscriptions-mailbox-events-and-ews-in-exchange,
MS-OXWSNTIF (pull) and MS-OXWSSNTIF (streaming).
"""

from __future__ import annotations

import asyncio
import base64
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Final

from polydex_sandbox import sealed
from polydex_sandbox.exchange.events import Event

MINUTE: Final = 60_000
ALONE: Final = 30
"""Minutes that a streaming subscription lives while no connection is open for it."""
MOST: Final = 5_000
"""Subscriptions of one account (``EWSMaxSubscriptions``)."""


class SubscriptionNotFound(Exception):
    """ErrorSubscriptionNotFound: there is none of this id, or not any more."""


class SubscriptionAccessDenied(Exception):
    """ErrorSubscriptionAccessDenied: somebody else has made it."""


class ExpiredSubscription(Exception):
    """ErrorExpiredSubscription: nobody has asked for it in time."""


class InvalidWatermark(Exception):
    """ErrorInvalidWatermark: it is none of this subscription."""


class ExceededSubscriptionCount(Exception):
    """ErrorExceededSubscriptionCount: the account has as many as it may."""


@dataclass
class Subscription:
    """One of them.

    Attributes:
        id: opaque.
        account: id of the account that made it.
        mailbox: whose changes it is about, its GUID.
        folders: ids of the folders that it is about; None for all.
        kinds: of the events that it is about.
        streaming: it is told over a connection that is held open; else it is asked.
        life: milliseconds that it lives without being asked, or without a connection.
        expires: Unix milliseconds; None while a connection is open for it.
        first: number of the first event that waits.
        waiting: events that were not fetched, or not told yet.
        reader: set when there is something to tell; of the connection that is open for it.
    """

    id: str
    account: str
    mailbox: str
    folders: frozenset[str] | None
    kinds: frozenset[str]
    streaming: bool
    life: int
    expires: int | None
    first: int = 0
    waiting: list[Event] = field(default_factory=list)
    reader: asyncio.Event | None = None

    def hears(self, event: Event) -> bool:
        return event.kind in self.kinds and (self.folders is None or bool(self.folders & event.folders))

    def watermark(self, number: int) -> str:
        """Of the state before the event of this number."""
        return base64.b64encode(sealed.pack("exchange-watermark", self.id, {"n": number}).encode()).decode()

    def number(self, watermark: str) -> int:
        """Raises InvalidWatermark."""
        try:
            found = sealed.unpack("exchange-watermark", self.id, base64.b64decode(watermark, validate=True).decode())[
                "n"
            ]
        except (ValueError, TypeError, KeyError):
            raise InvalidWatermark(watermark) from None
        # What was confirmed with a newer watermark is kept no longer.
        if not self.first <= found <= self.first + len(self.waiting):
            raise InvalidWatermark(watermark)
        return int(found)


class Subscriptions:
    """All of them.

    Args:
        now: Unix milliseconds.
        random: for ids.
    """

    def __init__(self, now: Callable[[], int], random: Random) -> None:
        self._now, self._random = now, random
        self._by_id: dict[str, Subscription] = {}

    def subscribe(
        self,
        account: str,
        mailbox: str,
        folders: Iterable[str] | None,
        kinds: Iterable[str],
        minutes: int | None = None,
    ) -> Subscription:
        """A new one, of pull for so many minutes, or of streaming. Raises ExceededSubscriptionCount."""
        self._expire()
        if len(self.of(account)) >= MOST:
            raise ExceededSubscriptionCount
        name = uuid.UUID(int=self._random.getrandbits(128), version=4)
        life = (ALONE if minutes is None else minutes) * MINUTE
        made = Subscription(
            id=base64.b64encode(b"\x0f\x00mail.example.com\x10\x00\x00\x00" + name.bytes).decode(),
            account=account,
            mailbox=mailbox,
            folders=None if folders is None else frozenset(folders),
            kinds=frozenset(kinds),
            streaming=minutes is None,
            life=life,
            expires=self._now() + life,
        )
        self._by_id[made.id] = made
        return made

    def find(self, account: str, name: str, *, streaming: bool | None = None) -> Subscription:
        """One of the account's; of one kind, if it is told.

        Raises:
            SubscriptionNotFound, SubscriptionAccessDenied, ExpiredSubscription
        """
        found = self._by_id.get(name)
        if found is None or streaming not in (None, found.streaming):
            raise SubscriptionNotFound(name)
        if found.account != account:
            raise SubscriptionAccessDenied(name)
        if found.expires is not None and found.expires <= self._now():
            raise ExpiredSubscription(name)
        return found

    def of(self, account: str) -> list[Subscription]:
        return [one for one in self._by_id.values() if one.account == account]

    def drop(self, one: Subscription) -> None:
        """Nobody is told anything any more."""
        self._by_id.pop(one.id, None)
        _wake(one)

    def forget(self, account: str) -> None:
        """Those of an account that is gone."""
        for one in self.of(account):
            self.drop(one)

    def alive(self, one: Subscription) -> bool:
        return one.id in self._by_id

    def publish(self, mailbox: str, event: Event) -> None:
        """Something has happened."""
        self._expire()
        for one in self._by_id.values():
            if one.mailbox == mailbox and one.hears(event):
                one.waiting.append(event)
                _wake(one)

    def fetch(self, one: Subscription, watermark: str) -> list[tuple[str, Event]]:
        """Events after a watermark, each with the watermark after it; those before it are confirmed and forgotten.

        Raises InvalidWatermark.
        """
        number = one.number(watermark)
        del one.waiting[: number - one.first]
        one.first = number
        one.expires = self._now() + one.life
        return [(one.watermark(number + place), event) for place, event in enumerate(one.waiting, 1)]

    # -- connections

    def connect(self, one: Subscription, reader: asyncio.Event) -> None:
        """A connection is open for it; one that was before is told nothing any more."""
        _wake(one)
        one.reader, one.expires = reader, None
        reader.set()

    def disconnect(self, one: Subscription, reader: asyncio.Event) -> None:
        if one.reader is reader:
            one.reader, one.expires = None, self._now() + one.life

    def take(self, one: Subscription) -> list[tuple[str, Event]]:
        """What waits for a connection: told now, and told only once."""
        found = [(one.watermark(one.first + place), event) for place, event in enumerate(one.waiting, 1)]
        one.first += len(one.waiting)
        one.waiting.clear()
        return found

    def _expire(self) -> None:
        """Those that have been expired for as long as they lived are unknown from then on."""
        for one in list(self._by_id.values()):
            if one.expires is not None and one.expires + one.life <= self._now():
                self.drop(one)


def _wake(one: Subscription) -> None:
    if one.reader is not None:
        one.reader.set()
