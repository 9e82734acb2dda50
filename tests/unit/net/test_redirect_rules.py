"""Where a redirect leads and what may go along."""

import pytest
from yarl import URL

from polydex.core.errors import AddressForbidden
from polydex.net.redirects import credentials_follow, location, method_after

HERE = URL("https://dav.example.com/a/b?x=1", encoded=True)


@pytest.mark.parametrize(
    ("header", "target"),
    [
        ("c", "https://dav.example.com/a/c"),
        ("/c%40d/", "https://dav.example.com/c%40d/"),
        ("../c", "https://dav.example.com/c"),
        ("?y", "https://dav.example.com/a/b?y"),
        ("//dav2.example.com/c", "https://dav2.example.com/c"),
        ("https://dav2.example.com:8443/c#part", "https://dav2.example.com:8443/c"),
        (" /c ", "https://dav.example.com/c"),
        ("/c d/ü", "https://dav.example.com/c%20d/%C3%BC"),
    ],
)
def test_a_location_is_resolved_against_the_current_url(header: str, target: str) -> None:
    assert str(location(302, header, HERE)) == target


@pytest.mark.parametrize(
    "header",
    [
        "ftp://dav.example.com/",
        "https://user:pw@dav.example.com/",
        "/a\r\nb",
        "http://2130706433/",
        "//[::1",
    ],
)
def test_locations_that_are_refused(header: str) -> None:
    with pytest.raises(AddressForbidden):
        location(301, header, HERE)


@pytest.mark.parametrize(
    ("status", "header"), [(200, "/c"), (201, "/c"), (304, "/c"), (300, "/c"), (301, None), (302, "")]
)
def test_answers_that_are_no_redirect(status: int, header: str | None) -> None:
    assert location(status, header, HERE) is None


@pytest.mark.parametrize(
    ("status", "method", "after"),
    [
        (301, "PROPFIND", "PROPFIND"),
        (302, "POST", "POST"),
        (307, "PUT", "PUT"),
        (308, "REPORT", "REPORT"),
        (303, "PUT", "GET"),
        (303, "HEAD", "HEAD"),
    ],
)
def test_the_method_is_kept_but_for_303(status: int, method: str, after: str) -> None:
    assert method_after(status, method) == after


@pytest.mark.parametrize(
    ("origin", "target", "trusted", "follow"),
    [
        ("https://dav.example.com/", "https://dav.example.com/x", (), True),
        ("https://dav.example.com/", "https://dav.example.com:8443/", (), True),
        ("https://dav.example.com/", "https://p01.example.com/", (), True),
        ("https://example.com/", "https://www.example.com./", (), True),
        ("https://a.example.co.uk/", "https://b.example.co.uk/", (), True),
        ("https://a.co.uk/", "https://b.co.uk/", (), False),
        ("https://one.github.io/", "https://two.github.io/", (), False),
        ("https://dav.example.com/", "https://dav.example.org/", (), False),
        ("https://dav.example.com/", "https://notexample.com/", (), False),
        ("https://nas/", "https://nas/", (), True),
        ("https://nas/", "https://other/", (), False),
        # never from https to http, not even to the same host
        ("https://dav.example.com/", "http://dav.example.com/", (), False),
        ("http://dav.example.com/", "https://dav.example.com/", (), True),
        ("http://dav.example.com/", "http://dav.example.com/x", (), True),
        # an address is a domain of its own
        ("https://192.0.2.1/", "https://192.0.2.1:444/", (), True),
        ("https://192.0.2.1/", "https://198.0.2.1/", (), False),
        ("https://[2001:db8::1]/", "https://[2001:db8::2]/", (), False),
        # trusted hosts, over https only
        ("https://dav.example.com/", "https://p01.example.net/", ("*.example.net",), True),
        ("https://dav.example.com/", "https://a.b.example.net/", ("*.Example.net",), True),
        ("https://dav.example.com/", "https://example.net/", ("*.example.net",), False),
        ("https://dav.example.com/", "https://example.net/", ("example.net",), True),
        ("https://dav.example.com/", "https://a.example.net/", ("example.net",), False),
        ("https://dav.example.com/", "https://evilexample.net/", ("*.example.net",), False),
        ("https://dav.example.com/", "https://example.net.evil.example.org/", ("*.example.net",), False),
        ("http://dav.example.com/", "http://p01.example.net/", ("*.example.net",), False),
    ],
)
def test_where_credentials_follow(origin: str, target: str, trusted: tuple[str, ...], follow: bool) -> None:
    assert credentials_follow(URL(origin), URL(target), trusted) is follow
