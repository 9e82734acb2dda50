"""Lists of a contact: merging a new list into a card entry by entry.

An entry that is in the new list as it was keeps its line byte for byte. An entry that changed (the same address with
another type, or another value of the same type at the same place) keeps its line's group and unknown parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from polydex.core.vcard.card import Card
from polydex.core.vcard.lines import Line
from polydex.core.vcard.params import NO_PREFERENCE, Params

T = TypeVar("T")
_PREFERABLE = frozenset({"EMAIL", "TEL", "ADR", "URL"})


@dataclass(slots=True, eq=False)
class Entry(Generic[T]):
    """A list entry on a card.

    Attributes:
        line: the property that holds it.
        value: what it means, in normal form.
        twins: other properties that say the same in another convention; they go when the entry changes.
        loose: the line only counts while the list stays as it is; with any change it is written anew.
    """

    line: Line
    value: T
    twins: list[Line] = field(default_factory=list)
    loose: bool = False


class Kind(Protocol[T]):
    """How the entries of one list stand on a card."""

    def entries(self, card: Card) -> list[Entry[T]]:
        """The entries in reading order."""
        ...

    def plain(self, value: T) -> T:
        """The value as it would be read back (a missing type filled in, nothing derived)."""
        ...

    def key(self, value: T) -> str:
        """What makes two entries the same one even when their types differ."""
        ...

    def type(self, value: T) -> object:
        """What makes another value at the same place a changed entry, and not a new one."""
        ...

    def build(self, card: Card, value: T) -> tuple[Line, str | None]:
        """The line and the label of a new entry; neither is on the card yet."""
        ...

    def revise(self, card: Card, line: Line, before: T, after: T) -> Line:
        """Change the entry's line on the card; returns the line that stands there now."""
        ...


def merge(card: Card, kind: Kind[T], wanted: Sequence[T]) -> None:
    """Make the list on the card the wanted one, in the wanted order."""
    target = [kind.plain(value) for value in wanted]
    stored = kind.entries(card)
    if [entry.value for entry in stored] == target:
        return
    matched = _match(kind, stored, target)
    lines: list[Line | None] = []
    leaving: dict[Line, None] = {}
    for entry, value in zip(matched, target, strict=True):
        if entry is None:
            lines.append(None)
        elif entry.value == value and not entry.loose:
            lines.append(entry.line)
        else:
            lines.append(kind.revise(card, entry.line, entry.value, value))
            leaving |= dict.fromkeys(entry.twins)
    kept = {id(entry) for entry in matched}
    for entry in stored:
        if id(entry) not in kept:
            leaving |= dict.fromkeys((entry.line, *entry.twins))
    placed = _place(card, kind, target, lines, stored[-1].line if stored else None)
    for line in leaving:
        card.remove(line)
    _order(card, kind, placed)


def _match(kind: Kind[T], stored: list[Entry[T]], target: list[T]) -> list[Entry[T] | None]:
    """For each wanted value the stored entry that it is, or that becomes it."""
    matched: list[Entry[T] | None] = [None] * len(target)
    free = dict(enumerate(stored))

    def take(same: Callable[[int, Entry[T], int, T], bool]) -> None:
        for at, value in enumerate(target):
            if matched[at] is None:
                for place, entry in free.items():
                    if same(place, entry, at, value):
                        matched[at] = free.pop(place)
                        break

    take(lambda place, entry, at, value: place == at and entry.value == value)
    take(lambda _place, entry, _at, value: entry.value == value)
    take(lambda _place, entry, _at, value: kind.key(entry.value) == kind.key(value))
    take(lambda place, entry, at, value: place == at and kind.type(entry.value) == kind.type(value))
    return matched


def _place(card: Card, kind: Kind[T], target: list[T], lines: list[Line | None], last: Line | None) -> list[Line]:
    """Put the new entries on the card, each after the one before it. ``last``: the last line of the list so far."""
    placed: list[Line] = []
    first = next((line for line in lines if line is not None), None)
    if first is not None:
        last = None
    for value, line in zip(target, lines, strict=True):
        if line is None:
            fresh, label = kind.build(card, value)
            if placed or last is not None:
                before = placed[-1] if placed else last
                assert before is not None  # noqa: S101 - for the type checker
                card.insert(fresh, after=card.label_line(before) if card.labelled(before) else before)
            else:
                card.insert(fresh, before=first)
            placed.append(card.set_label(fresh, label) if label is not None else fresh)
        else:
            placed.append(line)
    return placed


def _order(card: Card, kind: Kind[T], lines: list[Line]) -> None:
    """Make the entries read in this order: as they stand, else by moving lines, else by preference."""

    def reads() -> bool:
        return [entry.line for entry in kind.entries(card)] == lines

    if reads():
        return
    card.arrange(lines)
    if reads():
        return
    follows = 0
    for at, line in enumerate(lines):
        params = _preference(card, lines, at, follows)
        follows = params.pref
        if str(params) != str(line.params):
            card.replace(line, line.revised(card.version, params=params))


def _preference(card: Card, lines: list[Line], at: int, follows: int) -> Params:
    """The parameters of a line for its place: the first is preferred; the others keep their preference where they can.

    ``follows``: the preference of the line before it.
    """
    line = lines[at]
    params = line.params
    least = max(follows, 2)  # 1 is for the first alone
    most = min((other.pref for other in lines[at + 1 :] if other.pref >= least), default=NO_PREFERENCE)
    if at == 0:
        if params.pref != NO_PREFERENCE and all(params.pref <= other.pref for other in lines[1:]):
            return params
        return params.with_pref(card.version) if line.name in _PREFERABLE else params.without_pref()
    if least <= params.pref <= most:
        return params
    params = params.without_pref()
    return params.having("PREF", str(most)) if card.version == "4.0" and most != NO_PREFERENCE else params
