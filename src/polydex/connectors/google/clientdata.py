"""clientData: our mark and our bag, among the entries of other clients, which stay."""

from __future__ import annotations

from typing import Final

from polydex.connectors.google import bag, wire
from polydex.connectors.google.bag import Bag
from polydex.connectors.google.entries import is_own
from polydex.connectors.google.fields import Item
from polydex.core.contact import text

OURS: Final = "polydex."
"""Keys that begin so are ours: never shown, and not to be written, as native properties."""
MARK: Final = "polydex.mark"
OVERFLOW: Final = "polydex.overflow"


def read(entries: tuple[wire.ClientData, ...] | None) -> tuple[str | None, Bag]:
    """The mark, and the bag."""
    if not entries:
        return None, bag.EMPTY
    mark, found = None, bag.EMPTY
    for entry in entries:
        if entry.key == MARK and mark is None and is_own(entry):
            mark = text(entry.value)
        elif entry.key == OVERFLOW and found is bag.EMPTY and is_own(entry):
            found = bag.decode(entry.value)
    return mark, found


def edit(items: list[Item], content: Bag) -> list[Item]:
    """The entries with this bag in place of the one that is there.

    Raises:
        BadRequest: it is too large.
    """
    return put(items, OVERFLOW, content.encode())


def put(items: list[Item], key: str, value: str | None) -> list[Item]:
    """The entries with one value for a key, or with none: the first entry of the key is changed, others of it go."""
    result: list[Item] = []
    done = value is None
    for item in items:
        if item.get("key") != key:
            result.append(item)
        elif not done:
            result.append(item | {"value": value})
            done = True
    return result if done else [*result, {"key": key, "value": value}]
