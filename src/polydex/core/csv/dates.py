"""Birthdays as spreadsheets write them: their order of day and month is the file's, and never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from polydex.core.birthday import parse_birthday

Order = Literal["dmy", "mdy", "ymd"]
_NUMBERS = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{1,4})(?:[ T]0?0:00(?::00)?)?")


def parse(text: str, order: Order | None) -> str | None:
    """A birthday in normal form; None when it is not one, or when only an order could tell which it is."""
    text = text.strip()
    known = parse_birthday(text)
    if known is not None:
        return known
    found = _NUMBERS.fullmatch(text)
    if found is None:
        return None
    first, second, third = found[1], found[3], found[4]
    if len(first) == 4:
        return _date(first, second, third)
    if len(third) != 4:
        return None
    own = "dmy" if found[2] == "." else order
    if own == "mdy":
        return _date(third, first, second)
    return _date(third, second, first) if own == "dmy" else None


def order_of(texts: Iterable[str]) -> tuple[Order | None, bool]:
    """The order of day and month that the dates of a file have, and whether there are dates that need one.

    ``13/2/1990`` can only begin with the day. None when no date tells, or when they contradict each other.
    """
    orders: set[Order] = set()
    needed = False
    for text in texts:
        found = _NUMBERS.fullmatch(text.strip())
        if found is None or found[2] == "." or len(found[1]) > 2 or len(found[4]) != 4:
            continue
        needed = True
        first, second = int(found[1]), int(found[3])
        if first > 12:
            orders.add("dmy")
        elif second > 12:
            orders.add("mdy")
    return (next(iter(orders)) if len(orders) == 1 else None), needed


def _date(year: str, month: str, day: str) -> str | None:
    return parse_birthday(f"{year}-{month:0>2}-{day:0>2}")
