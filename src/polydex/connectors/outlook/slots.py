"""Places for values of which Exchange has so many and no more: who gets one, and who goes to the bag.

Whoever is in a place and is still wanted keeps it, so that a change of one value does not move the others. Free
places are given in the order of the input. (MAPPING.md, 5: overflow policy.)
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")
P = TypeVar("P", bound=Hashable)


class Assigned(msgspec.Struct, Generic[P], frozen=True):
    """Who got what.

    Attributes:
        places: of every place, the indices of the wanted values in it, in the order of the input.
        rest: the indices of those that got none, in the order of the input.
    """

    places: dict[P, list[int]]
    rest: list[int]


def assign(
    native: Sequence[tuple[P, T]],
    wanted: Sequence[T],
    *,
    capacity: Mapping[P, int],
    place: Callable[[T], P | None],
    kind: Callable[[T], Hashable],
    near: Callable[[T], Hashable],
) -> Assigned[P]:
    """Give places to values, in one pass for each rule.

    Args:
        native: the values that are in places, as the contact shows them: in front of its other ones.
        wanted: the values that shall be.
        capacity: of every place; what is in one with none stays as it is, or goes.
        place: the place for a new value of this kind, or None.
        kind: what makes another value at the same index of the list a changed one, and not a new one.
        near: what makes two values the same one although they are written differently.
    """
    taken: dict[int, P] = {}
    free = dict(enumerate(native))
    _match(free, wanted, taken, lambda value: value)
    free = {at: (where, value) for at, (where, value) in free.items() if capacity[where]}
    _match(free, wanted, taken, near)
    for at, (where, value) in list(free.items()):
        if at < len(wanted) and at not in taken and kind(wanted[at]) == kind(value):
            taken[at] = where
            del free[at]
    places: dict[P, list[int]] = defaultdict(list)
    for at in sorted(taken):
        places[taken[at]].append(at)
    rest = []
    for where, members in places.items():  # more than the documented number, as they stand, cannot be sent again
        if len(members) > capacity[where] and [wanted[at] for at in members] != _in(native, where):
            rest += members[capacity[where] :]
            del members[capacity[where] :]
    for at, value in enumerate(wanted):
        if at in taken:
            continue
        there = place(value)
        if there is not None and len(places[there]) < capacity[there]:
            places[there].append(at)
        else:
            rest.append(at)
    return Assigned({where: sorted(members) for where, members in places.items() if members}, sorted(rest))


def _match(
    free: dict[int, tuple[P, T]], wanted: Sequence[T], taken: dict[int, P], key: Callable[[T], Hashable]
) -> None:
    """Join what is free with wanted values of the same key, both in their order."""
    waiting: dict[Hashable, deque[int]] = defaultdict(deque)
    for at, value in enumerate(wanted):
        if at not in taken:
            waiting[key(value)].append(at)
    for index, (where, value) in list(free.items()):
        queue = waiting.get(key(value))
        if queue:
            taken[queue.popleft()] = where
            del free[index]


def _in(native: Sequence[tuple[P, T]], where: P) -> list[T]:
    return [value for place, value in native if place == where]
