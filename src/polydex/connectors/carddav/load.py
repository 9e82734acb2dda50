"""Cards in batches: multiget, in smaller pieces when it is refused, and one by one what it leaves out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from polydex.connectors.base import Deferred, Record
from polydex.connectors.carddav.book import Book, Card
from polydex.connectors.carddav.errors import refused
from polydex.core.errors import PolydexError, ProviderError, ProviderTimeout, ProviderUnavailable, RecordNotFound
from polydex.core.ids import RemoteKey, Rev

BATCH = 100
AT_ONCE = 10
"""Cards read between two turns of the event loop: a card takes some 50 us, and others wait for their answers."""
PARALLEL = 4
CARD_SECONDS = 20.0
PATIENCE = 50
"""So many cards in a row that the server fails to give one by one (one that it never answers counts for ten), and it is
the server that fails, not its cards."""


@dataclass(slots=True)
class Loaded:
    """What became of a batch: read, gone since it was listed (a GET said so), or there but unreadable."""

    records: list[Record] = field(default_factory=list)
    gone: list[RemoteKey] = field(default_factory=list)
    deferred: list[Deferred] = field(default_factory=list)

    def extend(self, other: Loaded) -> None:
        self.records += other.records
        self.gone += other.gone
        self.deferred += other.deferred


@dataclass(slots=True)
class Loader:
    """Loads the cards of one walk, and remembers how much this server takes at once.

    Args:
        book: where they are.
        size: cards per request; halved when the server refuses a batch.
    """

    book: Book
    size: int = BATCH
    _failures: int = 0
    _multiget: bool = True

    async def load(self, wanted: Mapping[RemoteKey, Rev | None]) -> Loaded:
        """Read these cards.

        Args:
            wanted: keys with the revisions that the listing showed.

        Raises:
            ProviderError: the server as a whole fails, throttles, or refuses the credentials.
        """
        loaded = Loaded()
        left = list(wanted)
        while left:
            batch, left = left[: self.size], left[self.size :]
            try:
                cards = await self.book.multiget(batch) if self._multiget else {}
            except ProviderError as error:
                if not refused(error):
                    raise
                if len(batch) > 1:
                    self.size = max(1, len(batch) // 2)
                    left = batch + left
                    continue
                # What is refused for one card will be refused for each, unless it is this card's own fault.
                self._multiget = not isinstance(error, RecordNotFound) and self._multiget
                cards = {}
            missing: list[RemoteKey] = []
            for at, key in enumerate(batch):
                if at % AT_ONCE == 0:
                    await asyncio.sleep(0)
                card = cards.get(key)
                if card is None:
                    missing.append(key)
                else:
                    self._add(loaded, card, wanted[key])
            loaded.extend(await self._one_by_one(missing, wanted))
        return loaded

    def _add(self, loaded: Loaded, card: Card, listed: Rev | None) -> None:
        self._failures = 0
        try:
            record = self.book.record(card, listed)
        except PolydexError as error:
            loaded.deferred.append(Deferred(card.key, card.rev or listed, error))
        else:
            loaded.records.append(record)

    async def _one_by_one(self, keys: Sequence[RemoteKey], wanted: Mapping[RemoteKey, Rev | None]) -> Loaded:
        loaded = Loaded()
        for start in range(0, len(keys), PARALLEL):
            group = keys[start : start + PARALLEL]
            for key, card in zip(group, await asyncio.gather(*map(self._read, group)), strict=True):
                if isinstance(card, Card):
                    self._add(loaded, card, wanted[key])
                elif isinstance(card, RecordNotFound):
                    loaded.gone.append(key)
                else:
                    self._failures += 10 if isinstance(card, ProviderTimeout) else isinstance(card, ProviderUnavailable)
                    if self._failures >= PATIENCE:
                        raise card
                    loaded.deferred.append(Deferred(key, wanted[key], card))
        return loaded

    async def _read(self, key: RemoteKey) -> Card | ProviderError:
        try:
            return await self.book.read(key, CARD_SECONDS)
        except RecordNotFound as error:
            return error
        except ProviderError as error:
            if refused(error):
                return error
            raise
