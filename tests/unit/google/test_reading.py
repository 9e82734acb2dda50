"""What of a person is shown, and what is not."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

from polydex.connectors.google import wire
from polydex.connectors.google.labels import Labels
from polydex.connectors.google.read import read
from polydex.connectors.google.seen import seen
from polydex.core.contact import (
    Address,
    AddressType,
    Company,
    Contact,
    Email,
    Name,
    Phone,
    PhoneType,
    Relation,
    RelationType,
    Url,
    UrlType,
)
from polydex.core.errors import ProviderMalformed
from tests.unit.google.people import LABELS, PROFILE, contact, person, raw, reading

LETTER = {"url": "https://lh3.googleusercontent.com/cm/AbC=s100", "default": True}
PICTURE = {"url": "https://lh3.googleusercontent.com/contacts/XyZ=s100"}


def group(name: str) -> dict[str, Any]:
    return {"contactGroupMembership": {"contactGroupId": name, "contactGroupResourceName": f"contactGroups/{name}"}}


def test_identity_and_times() -> None:
    document = person(clientData=[{"key": "polydex.mark", "value": "m-1"}])
    found = reading(document)
    assert (found.key, found.stable_key, found.mark) == ("people/c652", "5a3", "m-1")
    assert found.modified_ms == 1714979289123
    assert not found.deleted


def test_the_names_that_it_had_before() -> None:
    document = person()
    document["metadata"]["previousResourceNames"] = ["people/c1", "people/c652", "people/c2"]
    assert seen(raw(document)).former == ["people/c1", "people/c2"]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2024-05-06T07:08:09Z", 1714979289000),
        ("2024-05-06T07:08:09.123456789Z", 1714979289123),
        ("1969-12-31T23:59:59Z", -1000),
        ("2024-05-06T07:08:09", None),
        ("yesterday", None),
        (None, None),
    ],
)
def test_the_time_of_the_change(time: str | None, expected: int | None) -> None:
    document = person()
    document["metadata"]["sources"][0]["updateTime"] = time
    assert reading(document).modified_ms == expected


def test_a_deleted_person() -> None:
    found = read(b'{"resourceName":"people/c9","etag":"x","metadata":{"deleted":true}}', LABELS, None)
    assert (found.key, found.deleted, found.contact, found.rev) == ("people/c9", True, None, None)


def test_a_person_without_a_contact_source_is_no_contact() -> None:
    document = person(names=[{"givenName": "Ann", "metadata": {"source": PROFILE}}])
    document["metadata"]["sources"] = [PROFILE | {"etag": "#p="}]
    found = reading(document)
    assert (found.contact, found.rev, found.stable_key, found.deleted) == (None, None, None, False)


@pytest.mark.parametrize(
    "document", [b"", b"[]", b"{", b'{"resourceName":1}', b"{}", b'{"resourceName":"p","names":[null]}', b'"\xff"']
)
def test_what_is_no_person_is_malformed(document: bytes) -> None:
    with pytest.raises(ProviderMalformed):
        read(document, LABELS, None)


def test_null_is_absent() -> None:
    fields = wire.Person.__struct_encode_fields__
    document = dict.fromkeys(fields) | {"resourceName": "people/c652", "metadata": person()["metadata"]}
    document["names"] = [dict.fromkeys(wire.Name.__struct_encode_fields__)]
    document["addresses"] = [dict.fromkeys(wire.Address.__struct_encode_fields__)]
    assert read(msgspec.json.encode(document), LABELS, None).contact == Contact()


class TestRevision:
    def test_is_the_etag_of_the_source(self) -> None:
        rev = reading(person()).rev
        assert rev is not None
        assert rev.startswith("#7=")
        assert reading(person() | {"etag": "other"}).rev == rev

    def test_without_an_etag_there_is_none(self) -> None:
        document = person()
        del document["metadata"]["sources"][0]["etag"]
        assert reading(document).rev is None
        assert reading(document).contact == Contact()

    def test_groups_and_the_photo_change_it(self) -> None:
        revs = {
            reading(document).rev
            for document in (
                person(),
                person(memberships=[group("1")]),
                person(memberships=[group("1"), group("myContacts")]),
                person(memberships=[group("starred")]),
                person(photos=[PICTURE]),
            )
        }
        assert len(revs) == 5

    def test_what_says_the_same_does_not(self) -> None:
        base = reading(person(memberships=[group("1"), group("2")], photos=[PICTURE])).rev
        larger = {"url": PICTURE["url"].replace("s100", "s500")}
        assert reading(person(memberships=[group("2"), group("1")], photos=[larger])).rev == base
        assert reading(person(photos=[LETTER])).rev == reading(person()).rev


class TestPhoto:
    def test_a_letter_tile_is_none(self) -> None:
        found = reading(person(photos=[LETTER]))
        assert (found.photo_url, found.contact) == (None, Contact())

    def test_is_the_hash_of_its_address_without_the_size(self) -> None:
        found = reading(person(photos=[LETTER, PICTURE]))
        assert found.photo_url == PICTURE["url"]
        assert found.contact is not None
        assert found.contact.photo is not None
        address = b"https://lh3.googleusercontent.com/contacts/XyZ"
        assert found.contact.photo.hash == hashlib.sha256(address).hexdigest()
        assert found.contact.photo.content is None

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("https://lh3.example.com/a=s100", "https://lh3.example.com/a=s500-c-k"),
            ("https://lh3.example.com/a/b/s100/photo.jpg", "https://lh3.example.com/a/b/s50-c/photo.jpg"),
            ("https://lh3.example.com/a/s100/photo.jpg", "https://lh3.example.com/a/s100/photo.jpg?sz=50"),
            ("https://lh3.example.com/a?x=1&sz=50", "https://lh3.example.com/a?x=1&sz=500"),
        ],
    )
    def test_another_size_is_the_same_photo(self, one: str, other: str) -> None:
        assert contact(person(photos=[{"url": one}])) == contact(person(photos=[{"url": other}]))

    def test_another_address_is_another_photo(self) -> None:
        one, other = ({"url": f"https://lh3.example.com/{name}=s100"} for name in ("s1", "s2"))
        assert contact(person(photos=[one])) != contact(person(photos=[other]))

    def test_of_a_profile_is_not_the_contact_s(self) -> None:
        assert contact(person(photos=[PICTURE | {"metadata": {"source": PROFILE}}])) == Contact()


def test_the_display_name_is_google_s() -> None:
    assert contact(person(names=[{"displayName": "Ann E.", "givenName": "Ann"}])).name == Name(
        display_name="Ann E.", given_name="Ann"
    )


def test_the_fields_of_a_linked_profile_are_not_the_contact_s() -> None:
    theirs = {"metadata": {"source": PROFILE, "primary": True}}
    document = person(
        names=[theirs | {"givenName": "Profile"}, {"givenName": "Ann"}],
        emailAddresses=[theirs | {"value": "p@example.com"}, {"value": "a@example.com"}],
        biographies=[theirs | {"value": "about me"}],
        organizations=[theirs | {"name": "Theirs", "current": True}, {"name": "Ours"}],
        phoneNumbers=[theirs | {"value": "1"}],
        birthdays=[theirs | {"date": {"year": 1990, "month": 1, "day": 1}}],
    )
    document["metadata"]["sources"].append(PROFILE | {"etag": "#p="})
    assert contact(document) == Contact(
        name=Name(given_name="Ann"),
        company=Company(name="Ours"),
        email_addresses=(Email(address="a@example.com"),),
    )


def test_of_nicknames_the_first_default_one_is_shown() -> None:
    items = [{"value": "Smith", "type": "MAIDEN_NAME"}, {"value": "Annie", "type": "DEFAULT"}, {"value": "Nan"}]
    assert contact(person(nicknames=items)).nick_name == "Annie"
    assert contact(person(nicknames=items[:1])).nick_name is None


@pytest.mark.parametrize(
    ("birthday", "expected"),
    [
        ({"date": {"year": 1990, "month": 1, "day": 2}, "text": "2 Jan"}, "1990-01-02"),
        ({"date": {"month": 1, "day": 2}}, "--01-02"),
        ({"date": {"year": 0, "month": 2, "day": 29}}, "--02-29"),
        ({"date": {"year": 2023, "month": 2, "day": 29}, "text": "leap"}, "leap"),
        ({"date": {"year": 1990, "month": 5}}, "1990-05"),
        ({"date": {"year": 1990}}, "1990"),
        ({"date": {"year": 1990, "month": 5}, "text": "May"}, "May"),
        ({"text": " circa 1990 "}, "circa 1990"),
        ({"date": {"year": 2**31 - 1, "month": 1, "day": 1}}, "2147483647-01"),
        ({"date": {}}, None),
        ({}, None),
    ],
)
def test_birthdays(birthday: dict[str, Any], expected: str | None) -> None:
    assert contact(person(birthdays=[birthday])).birthday == expected


def test_a_year_beyond_all_numbers_of_google_does_not_stop_a_walk() -> None:
    document = person() | {"birthdays": [{"date": {"year": 2**40, "month": 1, "day": 1}}]}
    assert contact(document).birthday == f"{2**40}-01"


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("plain", "plain"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("<p>one</p>\n<p>two <b>bold</b>, &amp; &lt;three&gt;</p>", "one\ntwo bold, & <three>"),
        ("<ul><li>x</li><li>y</li></ul>z", "x\ny\nz"),
        ("<style>p{}</style><script>alert(1)</script>text", "text"),
        ("a<br><br>b", "a\n\nb"),
        ("not < html", "not < html"),
        ("a<!-- <p>no</p> -->b<![if !mso]>c<![endif]><?xml x?>d", "abcd"),
        ('<a title="x > y" href=z>one</a> two', "one two"),
        ("<title>no</title>it's <b class='x>bold</b>", "it's bold"),
        ("1 <2 and <!3 and </4 and <b", "1 <2 and <!3 and </4 and <b"),
        ("&#65;&#00000000065;&#99999999;", "AA\N{REPLACEMENT CHARACTER}"),
        ("<SCRIPT>if (a<b) '<p>'</Script >text", "text"),
    ],
)
def test_notes_in_html_are_read_as_text(html: str, expected: str) -> None:
    assert contact(person(biographies=[{"value": html, "contentType": "TEXT_HTML"}])).notes == expected
    assert contact(person(biographies=[{"value": html, "contentType": "TEXT_PLAIN"}])).notes == html


class TestTypesOfOthers:
    @pytest.mark.parametrize("kind", ["googleVoice", "Boat", "WORK", "", None])
    def test_of_numbers_are_other(self, kind: str | None) -> None:
        entry = {"value": "1"} if kind is None else {"value": "1", "type": kind}
        assert contact(person(phoneNumbers=[entry])).phone_numbers == (Phone(number="1", type=PhoneType.OTHER),)

    @pytest.mark.parametrize("kind", ["Holiday", None])
    def test_of_addresses_are_other(self, kind: str | None) -> None:
        entry = {"city": "C"} if kind is None else {"city": "C", "type": kind}
        assert contact(person(addresses=[entry])).addresses == (Address(city="C", type=AddressType.OTHER),)

    @pytest.mark.parametrize("kind", ["appInstallPage", "Shop", None])
    def test_of_urls_are_other(self, kind: str | None) -> None:
        entry = {"value": "example.com"} if kind is None else {"value": "example.com", "type": kind}
        assert contact(person(urls=[entry])).urls == (Url(href="example.com", type=UrlType.OTHER),)

    @pytest.mark.parametrize("kind", ["child", "mother", "partner", "domesticPartner", "Mentor", "Manager"])
    def test_of_relations_are_hidden(self, kind: str) -> None:
        relations = [{"person": "A", "type": kind}, {"person": "B", "type": "spouse"}]
        assert contact(person(relations=relations)).relations == (Relation(name="B", type=RelationType.SPOUSE),)


def test_an_address_of_one_text_is_a_street() -> None:
    assert contact(person(addresses=[{"formattedValue": "Street 1\nCity", "type": "home"}])).addresses == (
        Address(street="Street 1\nCity", type=AddressType.HOME),
    )


class TestCanonicalForm:
    def test_google_s_own_comes_first(self) -> None:
        number = {"value": "030 1234567", "canonicalForm": "+49301234567"}
        (phone,) = contact(person(phoneNumbers=[number]), region="US").phone_numbers
        assert phone.canonical_form == "+49301234567"

    def test_else_it_is_computed(self) -> None:
        numbers = [{"value": "+49 30 1234567"}, {"value": "030 1234567"}]
        document = person(phoneNumbers=numbers)
        forms = [phone.canonical_form for phone in contact(document).phone_numbers]
        assert forms == ["+49301234567", None]
        forms = [phone.canonical_form for phone in contact(document, region="DE").phone_numbers]
        assert forms == ["+49301234567", "+49301234567"]


ONE = {"name": "One"}
TWO = {"name": "Two", "metadata": {"primary": True}}
THREE = {"name": "Three", "current": True}


class TestCompany:
    @pytest.mark.parametrize(
        ("organizations", "name"),
        [
            ((ONE, TWO, THREE), "Three"),
            ((ONE, TWO), "Two"),
            ((ONE, {"name": "Five", "metadata": {"sourcePrimary": True}}), "Five"),
            ((ONE, {"name": "Four"}), "One"),
            ((ONE,), "One"),
        ],
    )
    def test_is_the_current_the_primary_or_the_first_organization(
        self, organizations: tuple[dict[str, Any], ...], name: str
    ) -> None:
        assert contact(person(organizations=list(organizations))).company == Company(name=name)


class TestKeywords:
    def test_are_the_user_s_groups(self) -> None:
        document = person(memberships=[group("myContacts"), group("2"), group("starred"), group("1"), group("3")])
        assert contact(document).keywords == ("Work", "Friends")
        assert contact(document, Labels()).keywords == ()
        assert contact(document, LABELS.with_group("contactGroups/3", "New")).keywords == ("Work", "Friends", "New")

    def test_of_a_domain_are_none(self) -> None:
        assert contact(person(memberships=[{"domainMembership": {"inViewerDomain": True}}])).keywords == ()


def test_pages_keep_people_byte_for_byte() -> None:
    one, two = raw(person()), b'{ "resourceName" : "people/c2",\n "x": [1.50, "\\u00e9"] }'
    page = wire.connections(b'{"connections":[' + one + b" , " + two + b'],"nextSyncToken":"S","totalItems":2}')
    assert page.connections is not None
    assert [bytes(entry) for entry in page.connections] == [one, two]
    assert (page.next_sync_token, page.next_page_token, page.total_items) == ("S", None, 2)
    assert wire.connections(b'{"nextSyncToken":"S"}').connections is None
    with pytest.raises(ProviderMalformed):
        wire.connections(b'{"connections":{}}')


@pytest.mark.parametrize("html", ["Dear <![Ann], hello", "<![ b", "&#" + "9" * 5000 + ";", "&#" + "0" * 5000 + "65;"])
def test_notes_that_are_hardly_html_are_read(html: str) -> None:
    assert contact(person(biographies=[{"value": html, "contentType": "TEXT_HTML"}])).notes


@pytest.mark.parametrize("piece", ["<a ", "<a", "<a b='", "<!--", "</", "<![CDATA[", "<?", "<b> ", "<p>", "&#1"])
def test_notes_of_tags_that_never_end_are_read_in_one_pass(piece: str) -> None:
    """128 KB of it, as much as a contact may have: by html.parser that took minutes."""
    html = "x" + piece * (128_000 // len(piece))
    assert (contact(person(biographies=[{"value": html, "contentType": "TEXT_HTML"}])).notes or "").startswith("x")
