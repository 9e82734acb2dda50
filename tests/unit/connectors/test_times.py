"""Timestamps as providers write them."""

from __future__ import annotations

from datetime import UTC, datetime

from polydex.connectors.times import read_time


def test_times() -> None:
    moment = datetime(2024, 5, 6, 7, 8, 9, 123_000, tzinfo=UTC)
    assert read_time("2024-05-06T07:08:09.123Z") == int(moment.timestamp() * 1000)
    assert [read_time(value) for value in (None, "", "soon", "2024-05-06T07:08:09")] == [None] * 4
