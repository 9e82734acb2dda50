"""The two indexes that are read backwards: SQLite's search index, and the look-ups of both engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from polydex.engine.check.tally import Decided
from polydex.engine.content import old_look_ups
from polydex.store import look_ups, rows, words
from polydex.store.db import Tx
from polydex.store.dialect import tokens
from polydex.store.look_ups import Key, Place


class SearchIndex:
    """The words of the search; see Index."""

    start = ""

    def readable(self, tx: Tx) -> bool:
        return words.readable(tx)

    def slice_after(self, tx: Tx, place: str, after: int, upto: int) -> tuple[Sequence[tuple[str, int]], str | None]:
        return words.slice_after(tx, place, after, upto)

    def decide(self, tx: Tx, held: Mapping[int, set[str]]) -> Decided:
        found: Decided = []
        for row, before in held.items():
            account, source, body = rows.indexed(tx, row)
            try:
                right = set(tokens(source, old_look_ups(body)[0]))
            except (msgspec.DecodeError, ValueError):
                continue
            there = words.holds(tx, row, sorted(before | right))
            if right - there:
                found.append((row, account, f"{len(right - there)} of its words do not find it"))
            if there - right:
                found.append((row, account, f"{len(there - right)} words find it that it does not have"))
        return found


class LookUps:
    """The exact look-ups; see Index."""

    start = look_ups.START

    def readable(self, tx: Tx) -> bool:
        del tx
        return True

    def slice_after(self, tx: Tx, place: Place, after: int, upto: int) -> tuple[list[tuple[Key, int]], Place | None]:
        return look_ups.slice_after(tx, place, after, upto)

    def decide(self, tx: Tx, held: Mapping[int, set[Key]]) -> Decided:
        found: Decided = []
        for row, before in held.items():
            account, source, body = rows.indexed(tx, row)
            try:
                right = {(source, kind, value) for kind, value in old_look_ups(body)[1]}
            except (msgspec.DecodeError, ValueError):
                continue
            if look_ups.holds(tx, row, before | right) != right:
                what = (
                    "look-ups of a contact that there is not"
                    if account is None
                    else "found by other addresses or numbers than it has"
                )
                found.append((row, account, what))
        return found
