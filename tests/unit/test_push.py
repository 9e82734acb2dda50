"""The secrets of push: they say which source they are about, and only we can make them."""

import pytest
from hypothesis import given, strategies as st

from polydex.core.ids import SourceId
from polydex.engine import push
from polydex.engine.keys import Keys

KEYS = Keys.generate()
KEY = push.secret_key(KEYS)


@pytest.mark.parametrize("source", [1, 7, 10**17])
def test_a_secret_says_which_source_it_is_about(source: int) -> None:
    secret = push.secret(KEY, "microsoft", SourceId(source))
    assert len(secret) <= 128
    assert push.source_of(KEY, "microsoft", secret) == source


def test_a_secret_is_the_same_whenever_it_is_made() -> None:
    assert push.secret(KEY, "memory", SourceId(1)) == push.secret(push.secret_key(KEYS), "memory", SourceId(1))


def test_a_secret_gives_away_no_other() -> None:
    ours = push.secret(KEY, "memory", SourceId(12))
    assert push.source_of(KEY, "other", ours) is None
    assert push.source_of(push.secret_key(Keys.generate()), "memory", ours) is None
    assert push.source_of(KEY, "memory", ours.replace("-12-", "-1-")) is None
    assert push.source_of(KEY, "memory", ours.replace("-12-", "-12-2-")) is None
    assert push.source_of(KEY, "memory", ours.replace("-12-", "-012-")) is None
    assert push.source_of(KEY, "memory", ours + "\n") is None
    assert push.source_of(KEY, "memory", ours[:-1]) is None


def test_no_key_that_does_other_work_is_used() -> None:
    assert KEY not in (KEYS.tokens, KEYS.ids, *KEYS.secret_keys.values())
    assert push.source_of(KEYS.tokens, "memory", push.secret(KEY, "memory", SourceId(1))) is None


@given(st.text() | st.from_regex(r"pdx-[0-9]{1,30}-[A-Za-z0-9_-]{43}", fullmatch=True))
def test_whatever_is_presented_is_refused(presented: str) -> None:
    assert push.source_of(KEY, "memory", presented) is None


def test_where_notifications_go() -> None:
    assert push.address("https://contacts.example.com/polydex", "memory") == (
        "https://contacts.example.com/polydex/push/memory"
    )
