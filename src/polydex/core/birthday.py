"""The birthday: ``YYYY-MM-DD``, or ``--MM-DD`` when the year is not known."""

from __future__ import annotations

import re
from datetime import date

_DATE = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
_BASIC = re.compile(r"(?P<year>[0-9]{4})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
_YEARLESS = re.compile(r"(?P<year>)--(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")
# RFC 3339, 5.6: date-time. The date is taken as it stands: a birthday does not move with the time zone.
_DATE_TIME = re.compile(
    _DATE.pattern + r"[Tt ](?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_LEAP_YEAR = 2000  # any: --02-29 is a birthday


def parse_birthday(text: str) -> str | None:
    """A birthday as a client writes it, in normal form; None when it is not one.

    Understood are ``YYYY-MM-DD``, ``YYYYMMDD``, ``--MM-DD``, ``0000-MM-DD`` (Google's and our clients' way to leave
    the year out) and an RFC 3339 date-time, of which the date counts. The day has to exist.
    """
    for shape in (_DATE, _YEARLESS, _BASIC, _DATE_TIME):
        if found := shape.fullmatch(text):
            break
    else:
        return None
    year, month, day = int(found["year"] or 0), int(found["month"]), int(found["day"])
    try:
        date(year or _LEAP_YEAR, month, day)
    except ValueError:
        return None
    return f"{year:04}-{month:02}-{day:02}" if year else f"--{month:02}-{day:02}"
