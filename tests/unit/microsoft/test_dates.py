"""Birthdays: a moment at Graph, and the same day for everybody."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from polydex.connectors.outlook.dates import is_set, read_birthday, write_birthday

DAYS = ("1604-02-29", "1900-01-01", "1970-01-01", "1990-01-02", "2000-02-29", "2024-12-31")
ZONES = sorted(available_timezones() - {"localtime"})


@pytest.mark.parametrize("day", DAYS)
def test_no_day_shifts_in_any_time_zone(day: str) -> None:
    """Whoever shows the moment in his own zone sees the day, unless he is twelve hours or more ahead of UTC."""
    value, marker = write_birthday(day)
    assert value is not None
    assert (read_birthday(value, marker), marker) == (day, None)
    moment = datetime.fromisoformat(value)
    assert len(ZONES) > 400
    for zone in ZONES:
        local = moment.astimezone(ZoneInfo(zone))
        offset = local.utcoffset() or timedelta()
        if timedelta(hours=-11, minutes=-59) <= offset <= timedelta(hours=12):
            assert local.date().isoformat() == day, zone
        else:  # no moment is the same day in all of them: they span 26 hours
            assert abs(offset) >= timedelta(hours=12), zone


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Kiritimati", "Etc/GMT+12"])
def test_our_own_time_zone_makes_no_difference(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for day in DAYS:
            value, marker = write_birthday(day)
            assert value == f"{day}T11:59:00Z"
            assert read_birthday(value, marker) == day
    finally:
        monkeypatch.undo()
        time.tzset()


def test_every_day_of_a_leap_year_without_its_year() -> None:
    day = date(2000, 1, 1)
    while day.year == 2000:
        wanted = f"--{day.month:02}-{day.day:02}"
        value, marker = write_birthday(wanted)
        assert value == f"1604-{day.month:02}-{day.day:02}T11:59:00Z"
        assert read_birthday(value, marker) == wanted
        assert read_birthday(value, None) == f"1604-{day.month:02}-{day.day:02}"
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("1990-01-02T11:59:00Z", "1990-01-02"),
        ("1990-01-02T00:00:00Z", "1990-01-02"),
        ("1990-01-02T23:59:59.9999999Z", "1990-01-02"),
        ("1990-01-02T00:30:00+02:00", "1990-01-01"),
        ("1990-01-01T23:30:00-02:00", "1990-01-02"),
        ("1990-01-02T11:59:00", "1990-01-02"),
        ("1990-01-02", "1990-01-02"),
        ("0001-01-01T08:00:00Z", None),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+05:00", None),
        ("9999-12-31T23:59:59-05:00", None),
        ("4500-12-31T23:59:59Z", "4500-12-31"),
        ("4501-01-01T00:00:00Z", None),
        ("4501-01-01T11:59:00Z", None),
        ("1990-02-30T00:00:00Z", None),
        ("1990-01-02T25:00:00Z", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_the_day_in_utc_counts(value: str | None, day: str | None) -> None:
    assert read_birthday(value, None) == day


def test_what_the_bag_says_holds_as_long_as_graph_says_the_same() -> None:
    assert read_birthday("1604-05-06T11:59:00Z", "--05-06") == "--05-06"
    assert read_birthday("1604-05-07T11:59:00Z", "--05-06") == "1604-05-07"
    assert read_birthday("1990-05-06T11:59:00Z", "--05-06") == "1990-05-06"
    assert read_birthday(None, "--05-06") is None
    assert read_birthday(None, "circa 1990") == "circa 1990"
    assert read_birthday("0001-01-01T08:00:00Z", "0001-01-01") == "0001-01-01"
    assert read_birthday("4501-01-01T00:00:00Z", "4501-01-01") == "4501-01-01"
    assert read_birthday("1990-05-06T11:59:00Z", "circa 1990") == "1990-05-06"


@pytest.mark.parametrize("value", ["1600-12-31", "4501-01-01", "0001-01-01", "9999-12-31", "circa 1990", "1990-02-30"])
def test_what_is_no_time_of_mapi_goes_to_the_bag(value: str) -> None:
    assert write_birthday(value) == (None, value)


def test_the_first_and_the_last_day() -> None:
    assert write_birthday("1601-01-01") == ("1601-01-01T11:59:00Z", None)
    assert write_birthday("4500-12-31") == ("4500-12-31T11:59:00Z", None)
    assert write_birthday(None) == (None, None)


def test_whether_there_is_something_to_clear() -> None:
    assert is_set("1990-01-02T11:59:00Z")
    assert is_set("nonsense")
    assert not is_set("0001-01-01T08:00:00Z")
    assert not is_set("4501-01-01T00:00:00Z")
    assert not is_set(None)
