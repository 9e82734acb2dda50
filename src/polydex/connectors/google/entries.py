"""Lists of a contact: merging a new list into the entries of a person, one by one.

An entry that is in the new list as it was stays as it is, with its metadata, its own label and whatever else Google or
another client keeps on it. An entry that changed (the same address with another type, or another value of the same
type at the same place) keeps what the change does not name. What the contact does not show stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import msgspec

from polydex.connectors.google import wire
from polydex.connectors.google.fields import Item

W = TypeVar("W", bound=wire.Entry)
T = TypeVar("T")


class Kind(Protocol[W, T]):
    """How the entries of one list stand in a person."""

    @property
    def field(self) -> str:
        """The person's field, for example ``emailAddresses``."""
        ...

    @property
    def entry(self) -> type[W]:
        """What an entry is decoded into."""
        ...

    def value(self, entry: W) -> T | None:
        """What an entry means, in normal form; None for one that a contact does not show."""
        ...

    def plain(self, value: T) -> T:
        """The value as it would be read back: a missing type filled in, nothing derived."""
        ...

    def key(self, value: T) -> object:
        """What makes two entries the same one even when their types differ."""
        ...

    def type(self, value: T) -> object:
        """What makes another value at the same place a changed entry, and not a new one."""
        ...

    def revise(self, item: Item, before: T | None, after: T) -> None:
        """Make an entry say ``after``; it says ``before``, or nothing yet."""
        ...


def is_own(entry: wire.Entry) -> bool:
    """Whether an entry is of the contact itself, and not of a profile that is linked to it."""
    metadata = entry.metadata
    return metadata is None or metadata.source is None or metadata.source.type in ("CONTACT", None)


def merge(kind: Kind[W, T], items: Sequence[Item], wanted: Sequence[T]) -> list[Item] | None:
    """The entries that say what is wanted, in the wanted order; None when they do already.

    ``items``: the contact's own entries.
    """
    target = [kind.plain(value) for value in wanted]
    values = [kind.value(msgspec.convert(item, kind.entry)) for item in items]
    shown = [(item, kind.plain(value)) for item, value in zip(items, values, strict=True) if value is not None]
    if [value for _, value in shown] == target:
        return None
    matched = _match(kind, shown, target)
    fresh = iter(_preferring([_revised(kind, match, value) for match, value in zip(matched, target, strict=True)]))
    result: list[Item] = []
    for item, stored in zip(items, values, strict=True):
        following = item if stored is None else next(fresh, None)
        if following is not None:
            result.append(following)
    return [*result, *fresh]


def _revised(kind: Kind[W, T], match: tuple[Item, T] | None, value: T) -> Item:
    item, before = match if match is not None else ({}, None)
    if before == value:
        return item
    item = dict(item)
    kind.revise(item, before, value)
    return item


def _preferring(items: list[Item]) -> list[Item]:
    """With no other entry marked as the source's primary one than the first: the order is one of preference.

    That Google then takes the first one is not confirmed.
    """
    if not items or (items[0].get("metadata") or {}).get("sourcePrimary"):
        return items
    return [
        item | {"metadata": {name: value for name, value in metadata.items() if name != "sourcePrimary"}}
        if (metadata := item.get("metadata") or {}).get("sourcePrimary")
        else item
        for item in items
    ]


def _match(kind: Kind[W, T], shown: list[tuple[Item, T]], target: list[T]) -> list[tuple[Item, T] | None]:
    """For each wanted value the stored entry that it is, or that becomes it."""
    matched: list[tuple[Item, T] | None] = [None] * len(target)
    free = dict(enumerate(shown))

    def take(same: Callable[[int, T, int, T], bool]) -> None:
        for at, value in enumerate(target):
            if matched[at] is None:
                for place, entry in free.items():
                    if same(place, entry[1], at, value):
                        matched[at] = free.pop(place)
                        break

    take(lambda place, stored, at, value: place == at and stored == value)
    take(lambda _place, stored, _at, value: stored == value)
    take(lambda _place, stored, _at, value: kind.key(stored) == kind.key(value))
    take(lambda place, stored, at, value: place == at and kind.type(stored) == kind.type(value))
    return matched


def assign(item: Item, member: str, value: str | None) -> None:
    """Set a member, or take it away."""
    if value is None:
        item.pop(member, None)
    else:
        item[member] = value
