"""clientData: our mark and our bag, among the entries of other clients, which stay."""

from __future__ import annotations

from typing import Final

from polydex.connectors.google import bag, wire
from polydex.connectors.google.bag import Bag
from polydex.connectors.google.entries import is_own
from polydex.connectors.google.fields import Item
from polydex.core.contact import text
from polydex.core.errors import BadRequest

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
        BadRequest: it is too large, or what is there was written by a newer version of Polydex.
    """
    if any(item.get("key") == OVERFLOW and bag.is_newer(item.get("value")) for item in items):
        raise BadRequest(
            "$: what Google Contacts has no place for (fileAs, displayName, keywords, emailAddresses without an address)"
            " is kept with this contact in the notation of a newer version of Polydex, which this one would destroy"
        )
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
