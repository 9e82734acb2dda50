"""Where a plain case has a way of its own, it gives what the general way gives."""

from __future__ import annotations

import base64
import hmac
import unicodedata

import phonenumbers
import pytest
from hypothesis import assume, example, given, strategies as st

from polydex.connectors import phones
from polydex.connectors.carddav import hrefs, wire
from polydex.core.contact import text
from polydex.core.errors import ProviderMalformed
from polydex.core.ids import AccountId, StableKey, contact_id
from polydex.core.search import _PLAIN_NUMBER, _digits, email_key
from polydex.core.vcard import lines
from polydex.core.vcard.card import Card
from polydex.core.vcard.escape import components, unescape
from polydex.core.vcard.lines import Line
from polydex.store.dialect import _text, tokens
from tests.unit.vcard.corpus import CARDS

HEADS = st.sampled_from(
    (
        "TEL", "item1.EMAIL", "tel;TYPE=WORK", "ADR;type=home;type=pref", 'X;P="a:b;c"', "NOTE;ENCODING=QUOTED-PRINTABLE",
        "PHOTO;ENCODING=b", "NOTE;CHARSET=LATIN1", "X;P=a b", "a b", ".X", "g.", "", "\u00e4", "\ufeffBEGIN", "BEGIN", "END",
        "X;" + "P" * 90, "X;Y", "AGENT;VALUE=uri",
    )
)  # fmt: skip
VALUES = st.sampled_from(
    ("", "VCARD", " vcard ", "+49 30 1", "a:b", "Zo\u00eb\\, x", "=41=", "AAAA", "\0", "\u2028", " x", "\t")
)
LINES = st.one_of(st.builds("{}:{}".format, HEADS, VALUES), HEADS, VALUES, st.just("BEGIN:VCARD"), st.just("END:VCARD"))
PLAIN_DOCUMENTS = st.lists(LINES).map(lambda found: "".join(line + "\r\n" for line in found))
DOCUMENTS = st.lists(st.tuples(LINES, st.sampled_from(("\r\n", "\r\n", "\r\n", "\n", "\r", "\r\n ", "")))).map(
    lambda found: "".join(line + ending for line, ending in found)
)
CODES = st.sampled_from(sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
REGIONS = st.sampled_from((None, "DE", "US", "CA", "AR", "BR", "MX", "IT"))
PATHS = st.text("ab1._~@+=-/%;:?#\u00e9 !", max_size=12).map(lambda rest: "/" + rest)


def said(found: list[Line]) -> list[tuple[object, ...]]:
    return [(line.source, line.group, line.name, line.params.all, line.value) for line in found]


@given(
    st.one_of(PLAIN_DOCUMENTS, DOCUMENTS, st.sampled_from([card.decode("utf-8", "replace") for card in CARDS.values()]))
)
def test_lines(document: str) -> None:
    plain = lines._parse_plain(document)
    if plain is not None:
        assert said(plain) == said(lines._parse(document, mend=False))


def test_a_usual_card_is_read_the_plain_way() -> None:
    usual = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zo\u00eb\r\nitem1.TEL;TYPE=CELL:+49 30 1\r\nEND:VCARD\r\n"
    found = lines._parse_plain(usual)
    assert found is not None
    assert [line.name for line in found] == ["BEGIN", "VERSION", "FN", "TEL", "END"]
    assert Card(found)._scan_plain()


@given(
    st.one_of(PLAIN_DOCUMENTS, st.lists(LINES).map(lambda inside: "\r\n".join(["BEGIN:VCARD", *inside, "END:VCARD"])))
)
def test_properties_of_a_card(document: str) -> None:
    try:
        card = Card.parse(document.encode())
    except ProviderMalformed:
        assume(False)
    if card._scan_plain():
        plain = (card._index, card._end)
        assert card._scan_nested()
        assert plain == (card._index, card._end)


@given(
    st.text(
        st.one_of(st.sampled_from(" ;,\\nNa"), st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])),
        max_size=20,
    )
)
def test_components(value: str) -> None:
    (card, line) = _card(value)
    assert card.texts(line) == [text(unescape(part)) for part in components(line.value)]


def _card(value: str) -> tuple[Card, Line]:
    card = Card([Line.make(*each, "3.0") for each in (("BEGIN", "VCARD"), ("ADR", value), ("END", "VCARD"))])
    return card, card.all("ADR")[0]


@given(CODES, st.text("0123456789", min_size=2, max_size=15), st.text(" -()", max_size=3), st.integers(0, 15), REGIONS)
@example(49, "03012345678", "", 0, None)
@example(1, "12025550123", "", 0, "CA")
@example(39, "0612345678", " ", 2, None)
@example(54, "91123456789", "", 0, "AR")
def test_phone_numbers(code: int, national: str, separator: str, place: int, region: str | None) -> None:
    number = f"+{code}{national[:place]}{separator}{national[place:]}"
    assert phones._canonical(number, region) == phones._parsed(number, region)


@given(PATHS, st.sampled_from(("http://h/dav/book/", "https://[::1]:8443/x", "http://user@h:80/a?b#c")))
@example("/a/../b", "http://h/")
@example("/a/./b", "http://h/")
@example("//other/b", "http://h/")
@example("/a//b", "http://h/")
@example("/a/..", "http://h/")
def test_hrefs(path: str, base: str) -> None:
    body = (
        '<multistatus xmlns="DAV:"><response><href><![CDATA['
        + path
        + "]]></href><status>HTTP/1.1 200 OK</status></response></multistatus>"
    )
    href = path.strip()
    try:
        expected = (hrefs.key_of(href, base), hrefs.absolute(base, href))
    except ValueError:
        with pytest.raises(ProviderMalformed):
            wire.multistatus(body.encode(), base)
    else:
        (response,) = wire.multistatus(body.encode(), base).responses
        assert (response.key, response.href) == expected


@given(st.text("0123456789+ ()./-", max_size=20))
def test_digits_of_a_number(number: str) -> None:
    assert _PLAIN_NUMBER.fullmatch(number)
    assert _digits(number) == _digits("tel:" + number.strip())


@given(st.one_of(st.text(st.characters(max_codepoint=127)), st.text()))
def test_email_addresses(address: str) -> None:
    folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", address.strip()).casefold())
    assert email_key(address) == folded.removeprefix("mailto:").strip()


@given(st.integers(1, 10**6), st.lists(st.text("ab1\u00e9\U0001f600", min_size=1, max_size=120), min_size=1))
def test_words_of_the_index(source: int, words: list[str]) -> None:
    assert sorted(_text(source, words).split(" ")) == sorted(tokens(source, words))


@given(st.binary(min_size=32, max_size=32), st.integers(1), st.text(), st.text(), st.integers(0))
def test_public_ids_are_base32(key: bytes, account: int, source: str, stable: str, n: int) -> None:
    parts = [part.encode("utf-8", "replace") for part in (str(account), source, stable, str(n))]
    message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    digest = hmac.digest(key, b"polydex contact id\0" + message, "sha256")[:16]
    assume(source.isprintable() and stable.isprintable())
    expected = base64.b32encode(digest).decode("ascii").rstrip("=").lower()
    assert contact_id(key, AccountId(account), source, StableKey(stable), n) == expected
