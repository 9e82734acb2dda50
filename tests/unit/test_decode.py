from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from msgspec import UNSET

from polydex.core.birthday import parse_birthday
from polydex.core.contact import (
    EMPTY,
    Address,
    AddressType,
    Company,
    Contact,
    Email,
    Name,
    Phone,
    PhoneType,
    Photo,
    Relation,
    RelationType,
    Url,
    UrlType,
)
from polydex.core.decode import MAX_ENTRIES, MAX_PHOTO_BYTES, Draft, decode_draft, decode_patch
from polydex.core.errors import BadRequest, PayloadTooLarge
from polydex.core.fields import Field
from polydex.core.patch import CompanyPatch, NamePatch, Patch

PHOTO = Photo.of(b"\x89PNG photo", "image/png")
STORED = Contact(
    nick_name="Annie",
    company=Company(name="Old Ltd", yomi_company_name="Orudo"),
    birthday="circa 1960",
    phone_numbers=(Phone(number="1", type=PhoneType.WORK), Phone(number="2", type=PhoneType.HOME)),
    urls=(Url(href="https://a.example.com", type=UrlType.WORK), Url(href="https://b.example.com")),
    photo=PHOTO,
)


def draft(body: dict[str, Any]) -> Contact:
    return decode_draft(json.dumps(body).encode()).contact


def patch(body: dict[str, Any], base: Contact = STORED) -> Patch:
    return decode_patch(json.dumps(body).encode()).resolve(base)


def refused(body: dict[str, Any] | bytes, base: Contact = STORED) -> str:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(BadRequest) as caught:
        decode_patch(raw).resolve(base)
    return caught.value.message


def refused_draft(body: dict[str, Any]) -> str:
    with pytest.raises(BadRequest) as caught:
        decode_draft(json.dumps(body).encode())
    return caught.value.message


# --- the whole contact ---------------------------------------------------------------------------------------------


def test_every_member_of_a_draft() -> None:
    body = {
        "name": {"displayName": "Dr Ann Example", "prefix": "Dr", "givenName": "Ann", "familyName": "Example"},
        "nickName": "Annie",
        "fileAs": "Example, Ann",
        "company": {"name": "Ltd", "officeLocation": "1", "department": "R", "jobTitle": "E", "yomiCompanyName": "Y"},
        "relations": [{"name": "Bo", "type": "spouse"}],
        "birthday": "1990-01-02",
        "keywords": ["a", "b"],
        "notes": "one\ntwo",
        "emailAddresses": [{"address": "ann@example.com", "name": "Ann", "type": "Free Text"}],
        "phoneNumbers": [{"number": "1", "type": "workFax"}],
        "addresses": [{"street": "S\n1", "streetLine2": "2", "poBox": "3", "city": "C", "type": "home"}],
        "urls": [{"href": "https://example.com", "type": "homePage"}],
        "photo": {"content": base64.b64encode(b"bytes").decode(), "mimeType": "image/png", "name": "a.png"},
        "nativeProperties": {"X-SKYPE": "ann", "X-NONE": None, "X-BLANK": ""},
    }
    assert decode_draft(json.dumps(body).encode()) == Draft(
        Contact(
            name=Name(display_name="Dr Ann Example", prefix="Dr", given_name="Ann", family_name="Example"),
            nick_name="Annie",
            file_as="Example, Ann",
            company=Company(name="Ltd", office_location="1", department="R", job_title="E", yomi_company_name="Y"),
            relations=(Relation(name="Bo", type=RelationType.SPOUSE),),
            birthday="1990-01-02",
            keywords=("a", "b"),
            notes="one\ntwo",
            email_addresses=(Email(address="ann@example.com", name="Ann", type="Free Text"),),
            phone_numbers=(Phone(number="1", type=PhoneType.WORK_FAX),),
            addresses=(Address(street="S\n1", street_line2="2", po_box="3", city="C", type=AddressType.HOME),),
            urls=(Url(href="https://example.com", type=UrlType.HOME_PAGE),),
            photo=Photo.of(b"bytes", "image/png", "a.png"),
        ),
        {"X-SKYPE": "ann"},
    )


def test_a_patch_sets_what_it_lists_and_nothing_else() -> None:
    assert patch({}) == Patch()
    assert patch({"nickName": " Bo ", "name": {"prefix": None, "suffix": ""}}) == Patch(
        nick_name="Bo", name=NamePatch(prefix=None, suffix=None)
    )
    cleared: dict[str, Any] = {
        "name": None,
        "notes": "",
        "fileAs": None,
        "birthday": None,
        "photo": None,
        "urls": None,
        "keywords": [],
    }
    assert patch(cleared) == Patch(name=None, notes=None, file_as=None, birthday=None, photo=None, urls=(), keywords=())
    assert patch({"birthday": " "}) == Patch(birthday=None)


def test_unknown_and_read_only_members_are_ignored_whatever_they_hold() -> None:
    assert patch(
        {
            "id": 1,
            "etag": [],
            "createdTime": {},
            "lastModifiedTime": False,
            "hasPhoto": "yes",
            "unheardOf": {"a": [1.5, None]},
            "phoneNumbers": [{"number": "1", "canonicalForm": 5, "label": 1}],
            "company": {"vat": 1},
        }
    ) == Patch(phone_numbers=(Phone(number="1", type=PhoneType.OTHER),), company=CompanyPatch())


def test_the_members_of_an_ignored_object_may_be_anything() -> None:
    raw = b'{"nickName":"Bo","x":{"a":1,"a":1e999,"b":' + b"9" * 5000 + b'},"x":0,"id":1,"id":2}'
    assert decode_patch(raw).resolve(STORED) == Patch(nick_name="Bo")


@pytest.mark.parametrize(
    "body", [{}, {"id": "x"}, {"nickName": " ", "urls": [], "name": {}}, {"phoneNumbers": [{"type": "work"}]}]
)
def test_an_entirely_empty_draft_is_refused(body: dict[str, Any]) -> None:
    assert refused_draft(body) == "$: the contact is empty"


def test_a_draft_may_hold_one_thing_only() -> None:
    assert decode_draft(b'{"nativeProperties":{"X-A":"1"}}') == Draft(EMPTY, {"X-A": "1"})
    assert draft({"keywords": ["a"]}) == Contact(keywords=("a",))


# --- places of errors ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"nickName": 5}, "$.nickName: a string is expected, not a number"),
        ({"nickName": True}, "$.nickName: a string is expected, not a boolean"),
        ({"notes": {}}, "$.notes: a string is expected, not an object"),
        ({"birthday": 19900102}, "$.birthday: a string is expected, not a number"),
        ({"name": "Ann"}, "$.name: an object is expected, not a string"),
        ({"name": []}, "$.name: an object is expected, not an array"),
        ({"name": {"prefix": []}}, "$.name.prefix: a string is expected, not an array"),
        ({"company": {"yomiName": 1}}, "$.company.yomiName: a string is expected, not a number"),
        ({"keywords": "a"}, "$.keywords: an array is expected, not a string"),
        ({"keywords": ["a", 1]}, "$.keywords[1]: a string is expected, not a number"),
        ({"emailAddresses": {}}, "$.emailAddresses: an array is expected, not an object"),
        ({"emailAddresses": ["a"]}, "$.emailAddresses[0]: an object is expected, not a string"),
        ({"emailAddresses": [{"address": 1}]}, "$.emailAddresses[0].address: a string is expected, not a number"),
        ({"emailAddresses": [{}, {"type": 1}]}, "$.emailAddresses[1].type: a string is expected, not a number"),
        ({"addresses": [{"postalCode": 12345}]}, "$.addresses[0].postalCode: a string is expected, not a number"),
        ({"urls": [{"value": []}]}, "$.urls[0].value: a string is expected, not an array"),
        ({"relations": [{"type": "child"}]}, "$.relations[0].type: not one of manager, assistant, spouse"),
        ({"addresses": [{"type": "Büro"}]}, "$.addresses[0].type: not one of work, home, other"),
        ({"phoneNumbers": [{"type": 1}]}, "$.phoneNumbers[0].type: a string is expected, not a number"),
        ({"nativeProperties": []}, "$.nativeProperties: an object is expected, not an array"),
        ({"nativeProperties": {"X-A": 1}}, "$.nativeProperties.X-A: a string is expected, not a number"),
        ({"nativeProperties": {"a b": 1}}, '$.nativeProperties["a b"]: a string is expected, not a number'),
        ({"nativeProperties": {" ": "1"}}, '$.nativeProperties[" "]: not a name of a property'),
        ({"photo": "x"}, "$.photo: an object is expected, not a string"),
        ({"photo": {"content": 1}}, "$.photo.content: a string is expected, not a number"),
        ({"photo": {"content": "YQ"}}, "$.photo.content: not base64"),
        ({"photo": {"content": "Y*=="}}, "$.photo.content: not base64"),
        ({"photo": {"content": "YQ==YQ=="}}, "$.photo.content: not base64"),
        ({"photo": {"content": "\u00fc"}}, "$.photo.content: not base64"),
        ({"photo": {"mimeType": "image/png"}}, "$.photo.content: missing"),
    ],
)
def test_a_member_of_another_type_is_named(body: dict[str, Any], message: str) -> None:
    assert refused(body) == message


def test_no_value_is_repeated_in_a_message() -> None:
    assert "secret" not in refused({"phoneNumbers": [{"number": "1", "type": "secret"}]})
    assert "secret" not in refused({"birthday": "secret"})


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b"", "$: not JSON at character 0"),
        (b"{", "$: not JSON"),
        (b'{"nickName":"a"} x', "$: not JSON"),
        (b'{"nickName":"\x01"}', "$: not JSON"),
        (b'{"nickName":"\\x"}', "$: not JSON"),
        (b'{"nickName":NaN}', "$: not JSON"),
        (b'{"x":-Infinity}', "$: not JSON"),
        (b'{"nickName":"\xff"}', "$: not UTF-8 at byte 13"),
        (b'{"nickName":"\xed\xa0\x80"}', "$: not UTF-8"),
        (b"[" * 100_000, "$: nested too deeply"),
        (b'{"x":' * 100_000, "$: nested too deeply"),
        (b'{"urls":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "$: nested too deeply"),
        (b"null", "$: an object is expected, not null"),
        (b"[]", "$: an object is expected, not an array"),
        (b'"x"', "$: an object is expected, not a string"),
        (b'{"nickName":' + b"9" * 100_000 + b"}", "$.nickName: a string is expected, not a number"),
        (b'{"nickName":1e999999999}', "$.nickName: a string is expected, not a number"),
        (b'{"nickName":"a","nickName":"a"}', "$.nickName: given twice"),
        (b'{"name":{"prefix":"a","prefix":"b"}}', "$.name.prefix: given twice"),
        (b'{"urls":[{"href":"a","href":"b"}]}', "$.urls[0].href: given twice"),
        (b'{"nativeProperties":{"X-A":"a","X-A":"b"}}', "$.nativeProperties.X-A: given twice"),
    ],
)
def test_what_is_no_json_object_is_a_bad_request(raw: bytes, place: str) -> None:
    assert refused(raw).startswith(place)


def test_text_is_cleaned_not_refused() -> None:
    assert decode_patch(b'\xef\xbb\xbf{"nickName":"Bo"}').resolve(EMPTY) == Patch(nick_name="Bo")
    assert decode_patch(b'{"nickName":"a\\ud800\\u0000b"}').resolve(EMPTY) == Patch(nick_name="ab")
    assert draft({"keywords": ["Zoe\u0308", "Zo\u00eb", None, ""]}) == Contact(keywords=("Zo\u00eb",))
    assert draft({"urls": [None, {"href": "h"}]}) == Contact(urls=(Url(href="h"),))


# --- types of entries ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", list(PhoneType))
def test_types_come_in_any_letter_case(kind: PhoneType) -> None:
    for sent in (kind.value, kind.value.upper(), kind.value.lower(), f" {kind.value} "):
        assert draft({"phoneNumbers": [{"number": "1", "type": sent}]}).phone_numbers == (Phone(number="1", type=kind),)


def test_a_missing_type_of_a_phone_number_is_other() -> None:
    for entry in ({"number": "1"}, {"number": "1", "type": None}, {"number": "1", "type": ""}):
        assert draft({"phoneNumbers": [entry]}).phone_numbers == (Phone(number="1", type=PhoneType.OTHER),)
    assert draft({"addresses": [{"city": "C"}]}).addresses == (Address(city="C"),)
    assert draft({"urls": [{"href": "h"}]}).urls == (Url(href="h"),)


# --- two spellings -------------------------------------------------------------------------------------------------


def test_either_spelling_is_understood() -> None:
    assert draft(
        {
            "company": {"companyName": "Ltd", "yomiName": "Y"},
            "urls": [{"value": "h"}],
            "phoneNumbers": [{"value": "1"}],
        }
    ) == Contact(
        company=Company(name="Ltd", yomi_company_name="Y"),
        urls=(Url(href="h"),),
        phone_numbers=(Phone(number="1", type=PhoneType.OTHER),),
    )


def test_both_spellings_with_the_same_text_are_one() -> None:
    assert patch({"company": {"name": "New", "companyName": " New "}}) == Patch(company=CompanyPatch(name="New"))
    assert patch({"urls": [{"href": "h", "value": "h "}]}) == Patch(urls=(Url(href="h"),))


@pytest.mark.parametrize("first", ["name", "companyName"])
def test_of_two_spellings_the_stored_one_is_the_echo(first: str) -> None:
    second = {"name": "companyName", "companyName": "name"}[first]
    assert patch({"company": {first: "New", second: "Old Ltd"}}) == Patch(company=CompanyPatch(name="New"))
    assert patch({"company": {second: "Old Ltd", first: "New"}}) == Patch(company=CompanyPatch(name="New"))
    assert patch({"company": {first: None, second: "Old Ltd"}}) == Patch(company=CompanyPatch(name=None))
    assert patch({"company": {first: None, second: "New"}}, EMPTY) == Patch(company=CompanyPatch(name="New"))


def test_the_same_for_the_other_spelling_of_the_reading_aid() -> None:
    edited = {"company": {"yomiName": "New", "yomiCompanyName": "Orudo"}}
    assert patch(edited) == Patch(company=CompanyPatch(yomi_company_name="New"))


def test_the_same_for_entries_of_lists() -> None:
    a, b = (url.href for url in STORED.urls)
    new = "https://new.example.com"
    for entry in ({"href": new, "value": a}, {"href": a, "value": new}, {"value": new, "href": a}):
        assert patch({"urls": [entry, {"href": b}]}).urls == (Url(href=new), Url(href=b))
    # The first entry was removed: the stored value stands at another place.
    assert patch({"urls": [{"href": b, "value": new}]}).urls == (Url(href=new),)
    # Edited to what another entry holds: the value at the same place is the echo.
    assert patch({"urls": [{"href": a, "value": b}]}).urls == (Url(href=b),)
    assert patch({"phoneNumbers": [{"number": "1", "value": "3", "type": "pager"}]}).phone_numbers == (
        Phone(number="3", type=PhoneType.PAGER),
    )


def test_in_an_entry_of_a_list_a_spelling_without_text_is_not_given() -> None:
    assert patch({"urls": [{"href": None, "value": STORED.urls[0].href}]}).urls == (Url(href=STORED.urls[0].href),)
    assert patch({"urls": [{"href": "new", "value": ""}]}).urls == (Url(href="new"),)


def test_two_spellings_that_are_both_new_are_refused() -> None:
    suffix = ": two spellings of this member are given, with different values"
    assert refused({"company": {"name": "A", "companyName": "B"}}) == "$.company.companyName" + suffix
    assert refused({"urls": [{"href": "A", "value": "B"}]}) == "$.urls[0].value" + suffix
    assert (
        refused({"phoneNumbers": [{"number": "1"}, {"value": "A", "number": "B"}]})
        == "$.phoneNumbers[1].number" + suffix
    )


def test_two_different_spellings_of_a_draft_are_refused() -> None:
    assert refused_draft({"company": {"name": "A", "companyName": "B"}}).startswith("$.company.companyName: ")
    assert refused_draft({"urls": [{"href": "A", "value": "B"}]}).startswith("$.urls[0].value: ")
    assert draft({"company": {"name": "A", "companyName": None}}) == Contact(company=Company(name="A"))


def test_what_was_read_may_be_sent_back() -> None:
    assert STORED.photo is not None
    body = {
        "company": {"name": "Old Ltd", "companyName": "Old Ltd", "yomiCompanyName": "Orudo"},
        "birthday": "circa 1960",
        "urls": [{"href": url.href, "value": url.href} for url in STORED.urls],
        "photo": {"id": STORED.photo.hash, "mimeType": "image/png"},
        "hasPhoto": True,
    }
    sent = patch(body)
    assert sent.birthday is UNSET
    assert sent.photo is UNSET
    assert sent.apply(STORED).company == STORED.company


# --- the default object of the generated client --------------------------------------------------------------------

DEFAULT_OBJECT = (
    b'{"nickName":"Bob","relations":[],"keywords":[],"emailAddresses":[],"phoneNumbers":[],"addresses":[],"urls":[],'
    b'"nativeProperties":{}}'
)


def test_empty_lists_of_the_default_object_are_not_set() -> None:
    assert decode_patch(DEFAULT_OBJECT).resolve(STORED) == Patch(nick_name="Bob")
    assert decode_patch(DEFAULT_OBJECT).fields() == {Field.NICK_NAME}


def test_a_list_with_entries_is_set_in_it() -> None:
    body = json.loads(DEFAULT_OBJECT) | {"keywords": ["a"]}
    assert patch(body) == Patch(nick_name="Bob", keywords=("a",))


@pytest.mark.parametrize("name", ["relations", "keywords", "emailAddresses", "phoneNumbers", "addresses", "urls"])
def test_without_one_of_its_lists_it_is_another_object(name: str) -> None:
    body = json.loads(DEFAULT_OBJECT)
    del body[name]
    left = {"relations", "keywords", "emailAddresses", "phoneNumbers", "addresses", "urls"} - {name}
    assert decode_patch(json.dumps(body).encode()).fields() == {Field.NICK_NAME, *map(Field, left)}


@pytest.mark.parametrize("native", [None, {"X-A": "1"}])
def test_only_empty_native_properties_make_it(native: object) -> None:
    body = json.loads(DEFAULT_OBJECT) | {"nativeProperties": native}
    assert patch(body).keywords == ()


def test_the_default_object_creates_a_contact() -> None:
    assert decode_draft(DEFAULT_OBJECT) == Draft(Contact(nick_name="Bob"))


# --- birthday ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("1990-01-02", "1990-01-02"),
        ("19900102", "1990-01-02"),
        ("--01-02", "--01-02"),
        ("0000-01-02", "--01-02"),
        ("00000102", "--01-02"),
        ("--02-29", "--02-29"),
        ("1604-02-29", "1604-02-29"),
        ("1990-01-02T23:59:60Z", "1990-01-02"),
        ("1990-01-02t00:00:00.123+14:00", "1990-01-02"),
        ("1990-01-02 00:00:00-08:00", "1990-01-02"),
        ("0000-02-29T00:00:00Z", "--02-29"),
        (" 1990-01-02 ", "1990-01-02"),
    ],
)
def test_birthdays(sent: str, kept: str) -> None:
    assert draft({"birthday": sent}) == Contact(birthday=kept)


@pytest.mark.parametrize(
    "sent",
    [
        "circa 1960",
        "1990",
        "1990-01",
        "1990-1-2",
        "1990-13-01",
        "1990-00-01",
        "1990-01-00",
        "1990-02-29",
        "--02-30",
        "1990-01-02T10:00",
        "1990-01-02T10:00:00",
        "1990-01-02T24:00:00Z",
        "1990-01-02T10:00:00+1",
        "01/02/1990",
        "-1990-01-02",
        "\u0661\u0669\u0669\u0660-\u0660\u0661-\u0660\u0662",
        "1990-01-02x",
    ],
)
def test_what_is_no_birthday(sent: str) -> None:
    assert parse_birthday(sent) is None
    assert refused_draft({"birthday": sent}).startswith("$.birthday: ")
    assert refused({"birthday": sent}, EMPTY).startswith("$.birthday: ")


def test_free_text_that_is_stored_is_an_echo() -> None:
    assert patch({"birthday": " circa 1960 "}) == Patch()
    assert refused({"birthday": "circa 1961"}).startswith("$.birthday: ")


# --- photo ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "aGVsbG8gd29ybGQ/",
        "aGVsbG8g\r\nd29ybGQ/\n",
        " data:image/gif;base64,aGVsbG8gd29ybGQ/",
        "DATA:image/gif;charset=x;BASE64,aGVsbG8g\nd29ybGQ/",
    ],
)
def test_the_bytes_of_a_photo(content: str) -> None:
    photo = patch({"photo": {"content": content, "id": "ignored"}}).photo
    assert isinstance(photo, Photo)
    assert photo.content == b"hello world?"
    assert photo == Photo.of(b"hello world?", "image/gif" if ":" in content else None)


def test_the_given_type_goes_before_that_of_a_data_url() -> None:
    photo = patch({"photo": {"content": "data:image/gif;base64,YQ==", "mimeType": "image/png"}}).photo
    assert photo == Photo.of(b"a", "image/png")


@pytest.mark.parametrize(
    "empty", [None, {}, {"content": None}, {"content": "", "id": "", "name": None}, {"content": "data:;base64,"}]
)
def test_an_empty_photo_clears(empty: object) -> None:
    assert patch({"photo": empty}) == Patch(photo=None)
    assert draft({"photo": empty, "nickName": "Bo"}).photo is None


def test_a_photo_by_its_id_must_be_the_stored_one() -> None:
    assert patch({"photo": {"id": PHOTO.hash}}) == Patch()
    assert decode_patch(json.dumps({"photo": {"id": PHOTO.hash}}).encode()).fields() == frozenset()
    assert refused({"photo": {"id": "another"}}).startswith("$.photo.content: missing")
    assert refused({"photo": {"id": PHOTO.hash}}, EMPTY).startswith("$.photo.content: missing")
    assert refused_draft({"photo": {"id": PHOTO.hash}}).startswith("$.photo.content: missing")


def test_a_photo_may_have_four_mebibytes_and_not_a_byte_more() -> None:
    largest = base64.b64encode(bytes(MAX_PHOTO_BYTES)).decode()
    photo = patch({"photo": {"content": largest}}).photo
    assert isinstance(photo, Photo)
    assert len(photo.content or b"") == MAX_PHOTO_BYTES
    over = base64.b64encode(bytes(MAX_PHOTO_BYTES + 1)).decode()
    with pytest.raises(PayloadTooLarge, match=r"^\$\.photo\.content: "):
        patch({"photo": {"content": over}})


# --- native properties ---------------------------------------------------------------------------------------------


def test_native_properties_are_set_and_removed_by_name() -> None:
    assert patch({"nativeProperties": {"X-A": "1", "X-B": None, "X-C": ""}}) == Patch(
        native_properties={"X-A": "1", "X-B": None, "X-C": None}
    )
    assert patch({"nativeProperties": {}}) == Patch()
    assert patch({"nativeProperties": None}) == Patch()


@pytest.mark.parametrize(
    ("member", "entry"),
    [("keywords", "w"), ("emailAddresses", {"address": "a@example.com"}), ("relations", {"name": "Bo"})],
)
def test_a_list_has_an_end(member: str, entry: object) -> None:
    decode_draft(json.dumps({"notes": "n", member: [entry] * MAX_ENTRIES}).encode())
    with pytest.raises(BadRequest, match=rf"^\$\.{member}: more than {MAX_ENTRIES} entries$"):
        decode_draft(json.dumps({"notes": "n", member: [entry] * (MAX_ENTRIES + 1)}).encode())
