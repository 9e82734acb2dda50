import pytest

from polydex.connectors.carddav.etags import bare, if_match, verbatim
from polydex.core.ids import Rev


@pytest.mark.parametrize(
    ("etag", "rev"),
    [
        ('"abc"', "abc"),
        ('W/"abc"', "abc"),
        ('w/"abc"', "abc"),
        ("abc", "abc"),
        ('""abc""', "abc"),
        ("'abc'", "abc"),
        ("W/abc", "abc"),
        (' "a b" ', "a b"),
        ('"a"b"', 'a"b'),
        ('""', None),
        ("", None),
        ("   ", None),
        (None, None),
    ],
)
def test_the_revision_is_bare(etag: str | None, rev: str | None) -> None:
    assert bare(etag) == rev


def test_if_match_is_strong_and_quoted() -> None:
    assert if_match(Rev("abc")) == '"abc"'
    assert if_match(None) == "*"


@pytest.mark.parametrize(
    ("etag", "spelling"), [('"abc"', None), ("abc", "abc"), ('W/"abc"', 'W/"abc"'), (None, None), (" ", None)]
)
def test_the_server_s_own_spelling_when_it_is_another(etag: str | None, spelling: str | None) -> None:
    assert verbatim(etag) == spelling
