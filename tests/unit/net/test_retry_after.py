"""Retry-After in both of its forms."""

import pytest
from multidict import CIMultiDict

from polydex.net.retry import retry_after

# 2015-10-21T07:28:00Z
NOW = 1_445_412_480_000


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30.0),
        ("Wednesday, 21-Oct-15 07:28:30 GMT", 30.0),
        ("Wed Oct 21 07:28:30 2015", 30.0),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 09:28:30 +0200", 30.0),
        ("9" * 400, 86_400.0),
        ("Wed, 21 Oct 2065 07:28:30 GMT", 86_400.0),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("²", None),
        ("", None),
        ("Wed, 99 Oct 2015 07:28:30 GMT", None),
    ],
)
def test_retry_after(text: str, seconds: float | None) -> None:
    assert retry_after(CIMultiDict({"retry-after": text}), NOW) == seconds


def test_without_the_header_there_is_no_wait() -> None:
    assert retry_after(CIMultiDict(), NOW) is None
