"""BDAY in all its forms, and the times REV and CREATED.

A birthday is a date without a time zone: of a date with a time the date is taken as it is written.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from polydex.core.contact import text
from polydex.core.vcard.card import Card
from polydex.core.vcard.lines import Line

_FULL = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ].*)?", re.ASCII)
_YEARLESS = re.compile(r"--(\d\d)-?(\d\d)(?:[T ].*)?", re.ASCII)
_NO_DATE = re.compile(r"[0-]+(?:[T ].*)?", re.ASCII)
_NO_T = re.compile(r"\d{14}(?:Z|[+-]\d{2,4})?", re.ASCII)
"""A timestamp as the examples of RFC 9554 have it."""
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_OMIT_YEAR = "X-APPLE-OMIT-YEAR"
_LEAP_YEAR = "1604"
"""Apple's year of a date without one; it has a 29 February."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def read_birthday(card: Card) -> str | None:
    """``YYYY-MM-DD``, ``--MM-DD``, or the text as it stands when it is no date of the calendar."""
    line = card.first("BDAY")
    if line is None:
        return None
    value = text(card.text(line))
    if value is None or line.params.value == "text":
        return value
    match = _FULL.fullmatch(value)
    if match is not None:
        year, month, day = match.groups()
        if _in_calendar(year, month, day):
            if year in ("0000", line.params.get(_OMIT_YEAR)):
                return f"--{month}-{day}"
            return f"{year}-{month}-{day}"
        return None if _NO_DATE.fullmatch(value) else value
    match = _YEARLESS.fullmatch(value)
    if match is not None and _in_calendar(_LEAP_YEAR, match[1], match[2]):
        return f"--{match[1]}-{match[2]}"
    return value


def edit_birthday(card: Card, value: str | None) -> None:
    """Set BDAY in the form of the card's version; other parameters stay."""
    if value is None:
        card.set_text("BDAY", None)
        return
    line = card.first("BDAY")
    fresh = line or Line.make("BDAY", "", card.version)
    params = fresh.params.without("VALUE", _OMIT_YEAR)
    month_day = _YEARLESS.fullmatch(value)
    if is_date(value):
        if month_day is None:
            written = value.replace("-", "") if card.version == "4.0" else value
        elif card.version == "4.0":
            written = f"--{month_day[1]}{month_day[2]}"
        else:
            params = params.having(_OMIT_YEAR, _LEAP_YEAR)
            written = f"{_LEAP_YEAR}-{month_day[1]}-{month_day[2]}"
    else:
        params = params.having("VALUE", "text")
        written = card.escape(value)
    fresh = fresh.revised(card.version, value=written, params=params)
    if line is None:
        card.insert(fresh)
    else:
        card.replace(line, fresh)


def is_date(value: str) -> bool:
    """Whether this is a birthday in normal form (``YYYY-MM-DD`` or ``--MM-DD``), and not free text."""
    if len(value) == 10 and value[4] == value[7] == "-":
        match = _FULL.fullmatch(value)
        return match is not None and match[1] != "0000" and _in_calendar(*match.groups())
    if len(value) == 7 and value[4] == "-":
        match = _YEARLESS.fullmatch(value)
        return match is not None and _in_calendar(_LEAP_YEAR, match[1], match[2])
    return False


def _in_calendar(year: str, month: str, day: str) -> bool:
    number = int(month)
    if not (1 <= number <= 12 and 1 <= int(day) <= _DAYS[number - 1]):
        return False
    years = int(year)
    leap = years % 4 == 0 and (years % 100 != 0 or years % 400 == 0)
    return leap or (month, day) != ("02", "29")


def read_time(card: Card, name: str) -> int | None:
    """A timestamp property as unix milliseconds (UTC when it names no zone), or None."""
    line = card.first(name)
    if line is None:
        return None
    value = line.value.strip()
    if "T" not in value and _NO_T.fullmatch(value):
        value = f"{value[:8]}T{value[8:]}"
    try:
        moment = datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // _MILLISECOND  # exact, also before 1970


def edit_rev(card: Card, rev: str) -> None:
    """Set REV if the card has one. ``rev``: RFC 3339 text; version 4.0 wants it without dashes and colons."""
    line = card.first("REV")
    if line is not None:
        card.replace(
            line, line.revised(card.version, value=written_time(card, rev), params=line.params.without("VALUE"))
        )


def written_time(card: Card, rev: str) -> str:
    """RFC 3339 text as the card's version writes timestamps (RFC 6350 section 4.3.5)."""
    if card.version != "4.0":
        return rev
    return rev.replace("-", "").replace(":", "").split(".")[0].removesuffix("Z") + "Z"
