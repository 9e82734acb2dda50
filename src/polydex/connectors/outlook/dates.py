"""The birthday.

A birthday is a moment in Exchange, and a day for people: it is written at 11:59 UTC, which is the same day nearly
everywhere, and of whatever moment is there the day in UTC counts (evolution-ews, src/Microsoft365/addressbook).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from polydex.core.birthday import parse_birthday

_NO_YEAR: Final = "1604"
"""The year of a birthday without one, as iOS and Outlook have it: a leap year."""
_FIRST, _LAST = 1601, 4500
"""The years that a MAPI time can be in: it counts from 1601 (MS-DTYP, FILETIME), and 4501-01-01 is none for Outlook
(learn.microsoft.com, office/vba/api/outlook.calendarview.selectedendtime: ``dateNull``).
"""
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII | re.IGNORECASE
)


def read_birthday(value: str | None, marker: str | None) -> str | None:
    """``YYYY-MM-DD``, ``--MM-DD``, or the text that the bag has.

    Args:
        value: Exchange's; for none ``0001-01-01T08:00:00Z``, or 4501-01-01.
        marker: the bag's.
    """
    return marker_of(value, marker) or _day(value)


def marker_of(value: str | None, marker: str | None) -> str | None:
    """What the bag says of a birthday, if it still holds of Exchange's."""
    if marker is None:
        return None
    return marker if _day(value) == (_dated(marker) if _is_yearless(marker) else None) else None


def is_set(value: str | None) -> bool:
    """Whether there is anything to clear in Exchange."""
    moment = _moment(value)
    return bool(value) and (moment is None or _is_day(moment))


def write_birthday(value: str | None) -> tuple[str | None, str | None]:
    """What to send for a birthday, and what the bag says of it."""
    if value is None:
        return None, None
    if parse_birthday(value) != value:
        return None, value
    day = _dated(value)
    if not _FIRST <= int(day[:4]) <= _LAST:
        return None, value
    return f"{day}T11:59:00Z", value if _is_yearless(value) else None


def _is_yearless(value: str) -> bool:
    return value.startswith("--") and parse_birthday(value) == value


def _dated(value: str) -> str:
    """The date that stands for a birthday in Exchange."""
    return f"{_NO_YEAR}{value[1:]}" if value.startswith("--") else value


def _day(value: str | None) -> str | None:
    """The day in UTC of a moment, or None for none."""
    moment = _moment(value)
    if moment is None or not _is_day(moment):
        return None
    return f"{moment.year:04}-{moment.month:02}-{moment.day:02}"


def _is_day(moment: datetime) -> bool:
    """Whether it is a day, and not none."""
    return 1 < moment.year <= _LAST


def _moment(value: str | None) -> datetime | None:
    """A moment; without an offset it is in UTC."""
    match = _MOMENT.fullmatch(value.strip()) if value else None
    if match is None:
        return None
    offset = match[3] or "Z"
    try:
        moment = datetime.fromisoformat(f"{match[1]}T{match[2] or '00:00'}{'+00:00' if offset in 'zZ' else offset}")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
