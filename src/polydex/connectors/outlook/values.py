"""What became of the values of a list: in places, in the bag, or told as lost."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence, Set as AbstractSet
from typing import Generic, TypeVar

import msgspec

from polydex.connectors.outlook.bag import KEPT
from polydex.core.fields import Loss

T = TypeVar("T", bound=Hashable)


class Kept(msgspec.Struct, Generic[T], frozen=True):
    """Attributes:
    bag: what goes to the bag.
    losses: what is told of that.
    """

    bag: tuple[T, ...]
    losses: tuple[Loss, ...]


class Written(msgspec.Struct, Generic[T], frozen=True):
    """Attributes:
    places: by property, its values in their order; one that is not named is empty.
    kept: what is in no place.
    """

    places: dict[str, list[T]]
    kept: Kept[T]


def in_places(native: Iterable[tuple[object, T]]) -> list[T]:
    """The values of what is in places."""
    return [value for _, value in native]


def shown(native: Iterable[T], bag: Sequence[T], same: Callable[[T], Hashable]) -> tuple[T, ...]:
    """The values in places, and behind them those of the bag that are in no place: somebody may have put one there."""
    values = list(native)
    if not bag:
        return tuple(values)
    in_places = {same(value) for value in values}
    return (*values, *(value for value in bag if same(value) not in in_places))


def overflow(
    member: str,
    rest: Iterable[tuple[int, T]],
    same: Callable[[T], Hashable],
    in_places: AbstractSet[Hashable],
    before: AbstractSet[T],
) -> Kept[T]:
    """What has no place goes to the bag, once: a value that is in a place as well would not be shown from there.

    Args:
        member: of the contact, ``phoneNumbers``.
        rest: the values, with their indices in the list.
        same: what makes two of them the same value.
        in_places: the same of those in places.
        before: those that the contact had already, of which nothing is told.
    """
    bag: list[T] = []
    losses = []
    seen = set(in_places)
    for at, value in rest:
        key = same(value)
        if key in seen:
            losses.append(Loss(f"$.{member}[{at}]", "the same value a second time", kept="once"))
            continue
        seen.add(key)
        bag.append(value)
        if value not in before:
            losses.append(Loss(f"$.{member}[{at}]", "Exchange has no place for it", kept=KEPT))
    return Kept(tuple(bag), tuple(losses))
