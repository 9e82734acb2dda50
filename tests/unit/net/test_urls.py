"""Which URLs may be called at all, before any address is known."""

import pytest

from polydex.core.errors import AddressForbidden
from polydex.net.guard import Guard, Rule, parse_url


@pytest.mark.parametrize(
    "url",
    [
        "https://dav.example.com/a%40b/~c/%2F?x=%2b&y",
        "http://[2606:4700::1111]:8080/",
        "https://1.1.1.1/",
        "https://under_score.example.com./",
        "https://nas/",
        "https://xn--mller-kva.example/",
    ],
)
def test_a_url_is_sent_as_it_is(url: str) -> None:
    assert str(parse_url(url)) == url


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://dav.example.com/a b/ü", "https://dav.example.com/a%20b/%C3%BC"),
        ("https://müller.example/", "https://xn--mller-kva.example/"),
        ("HTTPS://DAV.Example.COM/A", "https://dav.example.com/A"),
        ("https://dav.example.com/a#here", "https://dav.example.com/a"),
    ],
)
def test_what_a_url_cannot_contain_is_encoded(url: str, sent: str) -> None:
    assert str(parse_url(url)) == sent


@pytest.mark.parametrize(
    "url",
    [
        "",
        "dav.example.com",
        "/path",
        "//dav.example.com/",
        "ftp://dav.example.com/",
        "file:///etc/passwd",
        "gopher://dav.example.com/",
        "unix:///run/docker.sock",
        "javascript:alert(1)",
        # user names and passwords
        "https://user@dav.example.com/",
        "https://user:secret@dav.example.com/",
        "https://@dav.example.com/",
        "https://:@dav.example.com/",
        "https://dav.example.com:pw@evil.example.org/",
        # hosts and ports that are none
        "https:///path",
        "https://:443/",
        "https://dav.example.com:0/",
        "https://dav.example.com:99999/",
        "https://dav.example.com:80:90/",
        "https://a..example.com/",
        "https://-a.example.com/",
        "https://%6c%6fcalhost/",
        "https://127.0.0.1%2f.example.com/",
        "https://exa mple.com/",
        "https://evil.example.org\\@dav.example.com/",
        # line breaks and other controls
        "https://dav.example.com/\r\nX-Injected: 1",
        "https://dav.example.com/\x00",
        "https://dav.exam\tple.com/",
        "https://dav.example.com/\x85",
    ],
)
def test_refused_urls(url: str) -> None:
    with pytest.raises(AddressForbidden) as caught:
        parse_url(url)
    assert not caught.value.sent


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0X7F.1",
        "017700000001",
        "0177.0.0.1",
        "0177.0.0.01",
        "127.1",
        "127.0.1",
        "127.0.0.1.",
        "127.0.0.256",
        "1.2.3.4.5",
        "00000000000000000000000000000000000177.1",
        "[::1%25lo]",
        "[fe80::1%25eth0]",
        "[::1",
        "[1:2]",
        "[v1.x]",
    ],
)
def test_addresses_in_unusual_spellings_are_refused_whatever_is_allowed(host: str) -> None:
    guard = Guard("0.0.0.0/0, ::/0")
    with pytest.raises(AddressForbidden):
        guard.check(parse_url(f"http://{host}/"), Rule())


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "１２７.0.0.1",  # noqa: RUF001 - full-width digits that IDNA folds
        "127。0。0。1",
        "10.1.2.3",
        "169.254.169.254",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fd00:ec2::254]",
    ],
)
def test_literal_addresses_that_are_not_public(host: str) -> None:
    with pytest.raises(AddressForbidden):
        Guard().check(parse_url(f"http://{host}/"), Rule())


def test_a_refusal_tells_the_caller_nothing_about_the_network() -> None:
    with pytest.raises(AddressForbidden) as caught:
        Guard().check(parse_url("http://10.1.2.3/"), Rule("photo"))
    assert "10.1.2.3" not in caught.value.message
    assert "10.1.2.3" in caught.value.detail
    assert "photo" in caught.value.detail


def test_credentials_over_http_stay_inside_the_operators_networks() -> None:
    guard = Guard("10.0.0.0/8")
    guard.check(parse_url("http://10.0.0.1/"), Rule(inside=True))
    guard.check(parse_url("http://1.1.1.1/"), Rule())
    with pytest.raises(AddressForbidden):
        guard.check(parse_url("http://1.1.1.1/"), Rule(inside=True))
