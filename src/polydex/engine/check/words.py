"""Comparing SQLite's search index with the words of the contacts, in bounded memory and without a long snapshot.

The index is read word by word, the contacts one by one. Of each row a sum over its words is kept: what the contact says
is added, what the index holds is taken away. A row that does not come out even may have been written meanwhile, so it is
looked at once more, by itself, in one snapshot: that decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import msgspec

from polydex.core.body import parse_body
from polydex.core.search import words as words_of
from polydex.store import rows, words
from polydex.store.db import Database, Tx
from polydex.store.dialect import tokens

_MASK = 2**64 - 1
_DECIDED = 100
"""Rows decided in one snapshot."""


class Words:
    """The words of the rows with ``after`` < number <= ``upto``."""

    def __init__(self, db: Database, after: int, upto: int) -> None:
        self._db, self._after, self._upto = db, after, upto
        self._sums: dict[int, int] = {}
        self._left_out: set[int] = set()
        self._used = False

    def expect(self, row: int, indexed: Iterable[str]) -> None:
        """The index should hold exactly these for the row."""
        self._used = True
        total = sum(map(hash, indexed)) & _MASK
        if total:
            self._sums[row] = total

    def leave_out(self, row: int) -> None:
        """Nobody knows what the index should hold for the row."""
        self._left_out.add(row)

    async def compare(self) -> list[tuple[int, int | None, str]]:
        """(row, account, what is wrong) of each row that the index has other words for."""
        if not self._used and not await self._db.read(words.readable):
            return []
        await self._take_away()
        uneven = sorted(row for row, total in self._sums.items() if total and row not in self._left_out)
        self._sums.clear()
        if not uneven:
            return []
        held = await self._held(set(uneven))
        found: list[tuple[int, int | None, str]] = []
        for start in range(0, len(uneven), _DECIDED):
            some = uneven[start : start + _DECIDED]
            found += await self._db.read(_decide, {row: held.get(row, set()) for row in some})
            await asyncio.sleep(0)
        return found

    async def _take_away(self) -> None:
        sums, after = self._sums, ""
        while True:
            pairs, last = await self._db.read(words.slice_after, after, self._after, self._upto)
            for word, row in pairs:
                sums[row] = (sums.get(row, 0) - hash(word)) & _MASK
            if last is None:
                return
            after = last
            await asyncio.sleep(0)

    async def _held(self, wanted: set[int]) -> dict[int, set[str]]:
        """The words that the index holds for these rows."""
        found: dict[int, set[str]] = {}
        after = ""
        while True:
            pairs, last = await self._db.read(words.slice_after, after, self._after, self._upto)
            for word, row in pairs:
                if row in wanted:
                    found.setdefault(row, set()).add(word)
            if last is None:
                return found
            after = last
            await asyncio.sleep(0)


def _decide(tx: Tx, held: dict[int, set[str]]) -> list[tuple[int, int | None, str]]:
    """Compare rows with the index as both are in this snapshot. ``held``: words that the index held for each."""
    found: list[tuple[int, int | None, str]] = []
    for row, before in held.items():
        account, source, body = rows.indexed(tx, row)
        try:
            right = set(tokens(source, words_of(parse_body(body)))) if body is not None else set()
        except (msgspec.DecodeError, ValueError):
            continue
        there = words.holds(tx, row, sorted(before | right))
        if right - there:
            found.append((row, account, f"{len(right - there)} of its words do not find it"))
        if there - right:
            found.append((row, account, f"{len(there - right)} words find it that it does not have"))
    return found
