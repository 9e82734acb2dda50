from __future__ import annotations

import msgspec
import pytest

from polydex.core.contact import EMPTY, Contact, Email, Name, Phone, PhoneType, Photo
from polydex.core.errors import BadRequest
from polydex.core.etag import IfMatch, content_bytes, etag_of

ANN = Contact(
    name=Name(given_name="Ann"),
    email_addresses=(Email(address="ann@example.com", type="home"),),
    phone_numbers=(Phone(number="030 1", type=PhoneType.WORK_FAX, canonical_form="+49301"),),
    photo=Photo(hash="00ff", mime_type="image/png", name="x.png"),
)


def test_the_canonical_bytes_are_an_interface() -> None:
    """Clients store ETags and come back after an upgrade: when this fails, every stored tag has become stale."""
    assert content_bytes(ANN) == (
        b'{"name":{"givenName":"Ann"},"emailAddresses":[{"address":"ann@example.com","type":"home"}],'
        b'"phoneNumbers":[{"number":"030 1","type":"workFax"}],"photo":{"hash":"00ff"}}'
    )
    assert etag_of(ANN) == "tmma3SHtDxhSiPJRT7cuOg"


def test_nothing_derived_is_in_it() -> None:
    derived = msgspec.structs.replace(
        ANN,
        phone_numbers=(Phone(number="030 1", type=PhoneType.WORK_FAX),),
        photo=Photo(hash="00ff", mime_type="image/jpeg", content=b"bytes"),
    )
    assert etag_of(derived) == etag_of(ANN)


def test_every_writable_member_is_in_it() -> None:
    others = [
        EMPTY,
        msgspec.structs.replace(ANN, notes="n"),
        msgspec.structs.replace(ANN, name=Name(family_name="Ann")),
        msgspec.structs.replace(ANN, photo=Photo(hash="00fe")),
        msgspec.structs.replace(ANN, photo=None),
        msgspec.structs.replace(ANN, phone_numbers=(Phone(number="030 1", type=PhoneType.OTHER_FAX),)),
    ]
    tags = {etag_of(contact) for contact in (ANN, *others)}
    assert len(tags) == len(others) + 1


def test_the_tag_needs_no_quoting() -> None:
    assert len(etag_of(ANN)) == 22
    assert set(etag_of(ANN)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize(
    ("header", "tags"),
    [
        ("abc", {"abc"}),
        ('"abc"', {"abc"}),
        ('W/"abc"', {"abc"}),
        ('w/"abc"', {"abc"}),
        ('  "abc"  ', {"abc"}),
        ('"a", "b"', {"a", "b"}),
        ('"a",b,W/"c"', {"a", "b", "c"}),
        (', "a",, "b" ,', {"a", "b"}),
        ('"a,b"', {"a,b"}),
        ("-_Az09", {"-_Az09"}),
    ],
)
def test_if_match_is_understood(header: str, tags: set[str]) -> None:
    parsed = IfMatch.parse(header)
    assert parsed == IfMatch(frozenset(tags))
    assert all(parsed.matches(tag) for tag in tags)
    assert not parsed.matches("another")
    assert not parsed.matches("")


@pytest.mark.parametrize("header", ["*", " * ", '"*"', '"a", *'])
def test_a_star_matches_every_version(header: str) -> None:
    parsed = IfMatch.parse(header)
    assert parsed.any
    assert parsed.matches("whatever")


@pytest.mark.parametrize("header", ["", "  ", ",", '""', ", ,", '"open', '"a" "b"', 'W/ "a"', 'a"b"'])
def test_anything_else_is_a_bad_request(header: str) -> None:
    with pytest.raises(BadRequest, match=r"^Header If-Match: "):
        IfMatch.parse(header)
