"""birthdays, and the times in a person's metadata."""

from __future__ import annotations

import re
from datetime import date

from polydex.connectors.google import wire
from polydex.connectors.google.entries import is_own
from polydex.connectors.google.fields import Item
from polydex.core.birthday import parse_birthday
from polydex.core.contact import text

_LEAP_YEAR = 2000  # any: 29 February without a year is a birthday
_NORMAL = re.compile(r"(?:(\d{4})|-)-(\d\d)-(\d\d)", re.ASCII)


def read_birthday(entries: tuple[wire.Birthday, ...] | None) -> str | None:
    """``YYYY-MM-DD``, ``--MM-DD``, or the text as it stands when there is no date of the calendar."""
    for entry in entries or ():
        if is_own(entry):
            return _date(entry.date) or text(entry.text) or _partial(entry.date)
    return None


def _date(value: wire.Date | None) -> str | None:
    if value is None or not value.month or not value.day:
        return None
    year = value.year or 0
    try:
        date(year or _LEAP_YEAR, value.month, value.day)
    except (ValueError, OverflowError):  # the latter for what is no number of the calendar at all
        return None
    return f"{year:04}-{value.month:02}-{value.day:02}" if year else f"--{value.month:02}-{value.day:02}"


def _partial(value: wire.Date | None) -> str | None:
    """A year, or a year and a month: no birthday in normal form, so it is shown like a text."""
    if value is None or not value.year:
        return None
    return f"{value.year:04}-{value.month:02}" if value.month else f"{value.year:04}"


def edit_birthday(items: list[Item], value: str | None) -> list[Item]:
    """The contact's birthdays with this one (Google keeps one of a contact)."""
    if value is None:
        return []
    item = dict(items[0]) if items else {}
    item.pop("text", None)  # Google: clients should always set the date; a text beside it would contradict
    item.pop("date", None)
    match = _NORMAL.fullmatch(value) if is_date(value) else None
    if match is None:
        item["text"] = value
    else:
        year, month, day = match.groups()
        item["date"] = {"year": int(year or 0), "month": int(month), "day": int(day)}
    return [item]


def is_date(value: str) -> bool:
    """Whether this is a birthday in normal form, and not free text."""
    return parse_birthday(value) == value
