from __future__ import annotations

import pytest

from polydex.core.contact import (
    EMPTY,
    Address,
    Company,
    Contact,
    Email,
    Name,
    Phone,
    PhoneType,
    Photo,
    Relation,
    Url,
)
from polydex.core.search import email_key, fold, phone_key, phone_matches, query_words, words


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("ANN", "ann"),
        ("Zo\u00eb", "zoe\u0308"),
        ("Zo\u00eb", "zoe"),
        ("Stra\u00dfe", "STRASSE"),
        ("Stra\u1e9ee", "strasse"),
        ("\u0130stanbul", "istanbul"),
        ("ISTANBUL", "\u0131stanbul"),
        ("\u0141\u00f3d\u017a", "lodz"),
        ("S\u00f8ren \u00c6r\u00f8", "soren aero"),
        ("\uff21\uff4e\uff4e", "ann"),
        ("\ufb01ne", "fine"),
        ("\u039f\u03b4\u03c5\u03c3\u03c3\u03b5\u03cd\u03c2", "\u03bf\u03b4\u03c5\u03c3\u03c3\u03b5\u03c5\u03c3"),
        ("\ud55c\uad6d", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
        ("\u0627\u0644\u0639\u064e\u0631\u064e\u0628\u0650\u064a\u0629", "\u0627\u0644\u0639\u0631\u0628\u064a\u0629"),
    ],
)
def test_what_people_type_for_the_same(a: str, b: str) -> None:
    assert fold(a) == fold(b)


def test_folding_tells_letters_apart() -> None:
    assert fold("Ann") != fold("Anna")
    assert fold("\u5c71") != fold("\u5ddd")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", []),
        ("  .,;-_'\"%*()", []),
        ("Ann Example", ["ann", "example"]),
        ("ann ANN Ann", ["ann"]),
        ("O'Brien-Smith_x", ["o", "brien", "smith", "x"]),
        ("ann.b+tag@example.com", ["ann", "b", "tag", "example", "com"]),
        ("\u5c71\u7530\u592a\u90ce", ["\u5c71", "\u7530", "\u592a", "\u90ce"]),
        ("\u5c71\u7530Taro", ["\u5c71", "\u7530", "taro"]),
        ("\u30e4\u30de", ["\u30e4", "\u30de"]),
        ("Zo\u00eb \U0001f600 x\u00b2", ["zoe", "x2"]),
        ("na\u00efve_caf\u00e9", ["naive", "cafe"]),
        ("\u0661\u0662", ["\u0661\u0662"]),
        ("\U000323ff", []),
        ("a" * 100, ["a" * 64]),
    ],
)
def test_words_of_a_query(query: str, expected: list[str]) -> None:
    assert query_words(query) == expected


def test_every_text_of_a_contact_is_found() -> None:
    contact = Contact(
        name=Name(
            display_name="n1", prefix="n2", given_name="n3", middle_name="n4", family_name="n5", suffix="n6",
            yomi_given_name="n7", yomi_family_name="n8",
        ),
        nick_name="nick",
        file_as="file",
        company=Company(name="c1", office_location="c2", department="c3", job_title="c4", yomi_company_name="c5"),
        relations=(Relation(name="rel"),),
        birthday="1990-01-02",
        keywords=("key",),
        notes="no\ntes",
        email_addresses=(Email(address="e1@e2", name="e3", type="nottype"),),
        phone_numbers=(Phone(number="030-1", type=PhoneType.PAGER, canonical_form="+4930"),),
        addresses=(
            Address(
                street="a1", street_line2="a2", po_box="a3", city="a4", state="a5", postal_code="a6", country="a7"
            ),
        ),
        urls=(Url(href="https://u1/u2"),),
        photo=Photo(hash="hash", name="photo"),
    )  # fmt: skip
    expected = "n1 n2 n3 n4 n5 n6 n7 n8 nick file c1 c2 c3 c4 c5 rel key no tes e1 e2 e3 030 1 a1 a2 a3 a4 a5 a6 a7 https u1 u2"
    assert sorted(words(contact)) == sorted(expected.split())
    assert words(EMPTY) == []


def test_neighbouring_texts_do_not_join() -> None:
    assert words(Contact(keywords=("ab", "cd"), nick_name="ef")) == ["ef", "ab", "cd"]


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Ann@Example.COM", "ann@example.com"),
        (" ann@example.com\n", "ann@example.com"),
        ("MAILTO:ann@example.com", "ann@example.com"),
        ("jo\u0308rg@example.com", "J\u00d6RG@example.com"),
    ],
)
def test_the_same_email_address(a: str, b: str) -> None:
    assert email_key(a) == email_key(b)


def test_other_email_addresses() -> None:
    assert email_key("ann+tag@example.com") != email_key("ann@example.com")
    assert email_key("jorg@example.com") != email_key("j\u00f6rg@example.com")


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("+49 30 1234567", "1234567"),
        ("(555) 010-0199", "0100199"),
        ("0199", "0199"),
        ("112", "112"),
        ("555-010-0199 ext. 12", "0100199"),
        ("555-010-0199x12", "0100199"),
        ("+1-555-010-0199;ext=12", "0100199"),
        ("555 010 0199,,4711#", "0100199"),
        ("tel:+1-555-010-0199", "0100199"),
        ("+44 (0)20 7946 0018", "9460018"),
        ("\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668", "2345678"),
        ("\uff0b\uff11\uff12\uff13", "123"),
        ("", None),
        ("no number", None),
        ("+", None),
        ("ext", None),
    ],
)
def test_phone_key(number: str, key: str | None) -> None:
    assert phone_key(number) == key


@pytest.mark.parametrize(
    ("query", "number", "canonical"),
    [
        ("+49 171 1234567", "+491711234567", None),
        ("0049 171 1234567", "+49 (171) 123-45-67", None),
        ("0171 1234567", "+49 171 1234567", None),
        ("+491711234567", "0171/1234567", None),
        ("+491711234567", "0171/1234567", "+491711234567"),
        ("06 1234567", "+39 06 1234567", None),
        ("+44 20 7946 0018", "+44 (0)20 7946 0018", None),
        ("555-010-0199", "(555) 010-0199 x5", None),
        ("112", "1 1 2", None),
        ("1234567", "030 1234567", None),
        ("0123456", "+49 30 123456", None),
        ("0123456", "+49 30 0123456", "+49300123456"),
    ],
)
def test_the_same_phone_number(query: str, number: str, canonical: str | None) -> None:
    assert phone_matches(query, number, canonical)


@pytest.mark.parametrize(
    ("query", "number", "canonical"),
    [
        ("+49 171 1234567", "+43 171 1234567", None),
        ("+49 171 1234567", "171 1234568", None),
        ("0171 1234567", "0172 1234567", "+491721234567"),
        ("234567", "0171 1234567", None),
        ("112", "0112", None),
        ("0123456", "+49 31 123456", None),
        ("112", "555 112", None),
        ("", "", None),
        ("x", "y", None),
        ("", "112", None),
    ],
)
def test_other_phone_numbers(query: str, number: str, canonical: str | None) -> None:
    assert not phone_matches(query, number, canonical)
