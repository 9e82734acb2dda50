import pytest
from hypothesis import given, strategies as st

from polydex.connectors.carddav import hrefs

BASE = "https://dav.example.com/books/alice/"


@pytest.mark.parametrize(
    "href",
    [
        "/books/alice/a%40b%c3%a9%20c.vcf",
        "/books/alice/a@b%C3%A9 c.vcf",
        "/books/alice/a@bé c.vcf",
        "a%40b%C3%A9%20c.vcf",
        "./a@bé%20c.vcf",
        "../alice/a@bé%20c.vcf",
        "https://dav.example.com/books/alice/a@b%C3%A9%20c.vcf",
        "HTTP://inside.example:8080/books/alice/a@b%C3%A9%20c.vcf",
        " /books/alice/a%40b%C3%A9%20c.vcf\n",
    ],
)
def test_a_card_has_one_key(href: str) -> None:
    assert hrefs.key_of(href, BASE) == "/books/alice/a@b%C3%A9%20c.vcf"


@pytest.mark.parametrize(
    ("href", "key"),
    [
        ("/a%2Fb.vcf", "/a%2Fb.vcf"),
        ("/a/b.vcf", "/a/b.vcf"),
        ("/a%2fb.vcf", "/a%2Fb.vcf"),
        ("/100%25.vcf", "/100%25.vcf"),
        ("/a+b.vcf", "/a+b.vcf"),
        ("/a%2Bb.vcf", "/a+b.vcf"),
        ("/a%FFb.vcf", "/a%FFb.vcf"),
        ("/a.vcf?x=1", "/a.vcf?x=1"),
        ("urn:uuid:1.vcf", "/books/alice/urn:uuid:1.vcf"),
        ("", "/books/alice/"),
    ],
)
def test_what_is_different_stays_different(href: str, key: str) -> None:
    assert hrefs.key_of(href, BASE) == key


def test_an_href_that_is_none() -> None:
    with pytest.raises(ValueError):
        hrefs.key_of("http://[bad/", BASE)


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_the_normal_form_is_final(text: str) -> None:
    once = hrefs.normal_path("/" + text)
    assert hrefs.normal_path(once) == once
    assert once.isascii()


@pytest.mark.parametrize(
    ("url", "server", "key"),
    [
        ("https://dav.example.com/books/a", "http://dav.example.com:8080/", "/books/a/"),
        ("https://p12.example.com:443/books/a/", "https://dav.example.com/", "https://p12.example.com/books/a/"),
        ("https://DAV.example.com/bo%6fks/a/", "https://dav.example.com/", "/books/a/"),
    ],
)
def test_source_keys(url: str, server: str, key: str) -> None:
    assert hrefs.source_key(url, server) == key
    assert hrefs.absolute(server, key).endswith("/books/a/")
