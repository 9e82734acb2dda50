from __future__ import annotations

import json

import pytest

from polydex.core.body import parse_body, photo_member, render, rfc3339, with_members
from polydex.core.contact import EMPTY, Company, Contact, Email, Phone, PhoneType, Photo, Url, UrlType

ANN = Contact(
    nick_name="Ann",
    company=Company(name="Example Ltd", yomi_company_name="Igusanpuru"),
    email_addresses=(Email(address="ann@example.com"),),
    phone_numbers=(Phone(number="030 1", type=PhoneType.WORK_FAX, canonical_form="+49301"),),
    urls=(Url(href="https://example.com", type=UrlType.HOME_PAGE),),
    photo=Photo.of(b"bytes", "image/png"),
)
BODY = render(ANN, id="abc", etag="tag", created_ms=1_700_000_000_000, modified_ms=1_700_000_000_250)


def test_a_contact_as_clients_see_it() -> None:
    assert json.loads(BODY) == {
        "id": "abc",
        "etag": "tag",
        "createdTime": "2023-11-14T22:13:20.000Z",
        "lastModifiedTime": "2023-11-14T22:13:20.250Z",
        "nickName": "Ann",
        "company": {"name": "Example Ltd", "companyName": "Example Ltd", "yomiCompanyName": "Igusanpuru"},
        "emailAddresses": [{"address": "ann@example.com"}],
        "phoneNumbers": [{"number": "030 1", "type": "workFax", "canonicalForm": "+49301"}],
        "urls": [{"href": "https://example.com", "value": "https://example.com", "type": "homePage"}],
        "hasPhoto": True,
    }


def test_what_is_not_set_is_left_out() -> None:
    body = json.loads(render(EMPTY, id="abc", etag="tag", created_ms=0, modified_ms=0))
    assert set(body) == {"id", "etag", "createdTime", "lastModifiedTime", "hasPhoto"}
    assert body["hasPhoto"] is False


def test_a_body_gives_the_contact_back() -> None:
    assert ANN.photo is not None
    stored = Photo(hash=ANN.photo.hash, mime_type="image/png")
    read = parse_body(BODY, stored)
    assert read.photo == stored
    assert read.phone_numbers == ANN.phone_numbers
    assert parse_body(BODY, ANN.photo) == read
    assert parse_body(BODY).photo is None


def test_members_are_added_without_touching_the_rest() -> None:
    photo = ANN.photo
    assert photo is not None
    extended = with_members(BODY, {"photo": photo_member(photo), "nativeProperties": {"X-A": "1"}})
    assert extended.startswith(BODY[:-1])
    assert json.loads(extended) == {
        **json.loads(BODY),
        "photo": {"id": photo.hash, "mimeType": "image/png", "content": "Ynl0ZXM="},
        "nativeProperties": {"X-A": "1"},
    }
    assert with_members(BODY, {}) == BODY
    assert parse_body(extended) == parse_body(BODY)


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (951_782_400_001, "2000-02-29T00:00:00.001Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        (10**18, "9999-12-31T23:59:59.999Z"),
        (-(10**18), "0001-01-01T00:00:00.000Z"),
    ],
)
def test_times(ms: int, text: str) -> None:
    assert rfc3339(ms) == text
