"""Comparing an index with the contacts that it finds, in bounded memory and without a long snapshot.

The index is read entry by entry, the contacts one by one. Of each row a sum over its entries is kept: what the contact
says is added, what the index holds is taken away. A row that does not come out even may have been written meanwhile, so
it is looked at once more, by itself, in one snapshot: that decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable, Iterable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from polydex.store.db import Database, Tx

_MASK = 2**64 - 1
_DECIDED = 100
"""Rows decided in one snapshot."""

E = TypeVar("E", bound=Hashable)
P = TypeVar("P")

Decided = list[tuple[int, int | None, str]]
"""(row, account, what is wrong) of each row that an index has other entries for."""


class Index(Protocol[E, P]):
    """What is compared. E: an entry; P: a place to read on at.

    Attributes:
        start: before the first entry.
    """

    @property
    def start(self) -> P: ...

    def readable(self, tx: Tx) -> bool:
        """Whether this is an index that is read like this."""
        ...

    def slice_after(self, tx: Tx, place: P, after: int, upto: int) -> tuple[Sequence[tuple[E, int]], P | None]:
        """The next (entry, row) for rows with ``after`` < number <= ``upto``; and where to read on, None at the end."""
        ...

    def decide(self, tx: Tx, held: Mapping[int, set[E]]) -> Decided:
        """Compare rows with the index as both are in this snapshot. ``held``: what the index held for each."""
        ...


class Tally(Generic[E, P]):
    """The entries of the rows with ``after`` < number <= ``upto``."""

    def __init__(self, db: Database, index: Index[E, P], after: int, upto: int) -> None:
        self._db, self._index, self._after, self._upto = db, index, after, upto
        self._sums: dict[int, int] = {}
        self._left_out: set[int] = set()

    def expect(self, row: int, entries: Iterable[E]) -> None:
        """The index should hold exactly these for the row."""
        total = sum(map(hash, entries)) & _MASK
        if total:
            self._sums[row] = total

    def leave_out(self, row: int) -> None:
        """Nobody knows what the index should hold for the row."""
        self._left_out.add(row)

    async def compare(self) -> Decided:
        """The rows that the index has other entries for."""
        if not await self._db.read(self._index.readable):
            return []
        sums = self._sums
        async for pairs in self._slices():
            for entry, row in pairs:
                sums[row] = (sums.get(row, 0) - hash(entry)) & _MASK
        uneven = sorted(row for row, total in sums.items() if total and row not in self._left_out)
        sums.clear()
        if not uneven:
            return []
        held: dict[int, set[E]] = {row: set() for row in uneven}
        async for pairs in self._slices():
            for entry, row in pairs:
                if row in held:
                    held[row].add(entry)
        found: Decided = []
        for start in range(0, len(uneven), _DECIDED):
            some = {row: held[row] for row in uneven[start : start + _DECIDED]}
            found += await self._db.read(self._index.decide, some)
            await asyncio.sleep(0)
        return found

    async def _slices(self) -> AsyncIterator[Sequence[tuple[E, int]]]:
        place: P | None = self._index.start
        while place is not None:
            pairs, place = await self._db.read(self._index.slice_after, place, self._after, self._upto)
            yield pairs
            await asyncio.sleep(0)
