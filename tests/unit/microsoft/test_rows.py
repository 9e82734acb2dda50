"""Every row of the mapping in both directions: what Graph has, what the contact says, what is sent."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from polydex.connectors.outlook import mapi
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
    content,
)
from polydex.core.patch import Patch, diff
from tests.microsoft.store import EXTENDED, Graph
from tests.unit.everything import EVERYTHING
from tests.unit.microsoft.contacts import Json, after, bag, contact, graph, made, sent


def extended(**values: str) -> Json:
    return {EXTENDED: [{"id": getattr(mapi, name), "value": value} for name, value in values.items()]}


def kept(**content: Any) -> Json:
    return extended(OVERFLOW=bag(**content))


PHONES: dict[PhoneType, Json] = {
    PhoneType.WORK: {"businessPhones": ["1"]},
    PhoneType.HOME: {"homePhones": ["1"]},
    PhoneType.MOBILE: {"mobilePhone": "1"},
    PhoneType.WORK_MOBILE: kept(phones=[{"number": "1", "type": "workMobile"}]),
    PhoneType.OTHER: {EXTENDED: [{"id": "String 0x3A1F", "value": "1"}]},
    PhoneType.MAIN: {EXTENDED: [{"id": "String 0x3A1A", "value": "1"}]},
    PhoneType.COMPANY_MAIN: {EXTENDED: [{"id": "String 0x3A57", "value": "1"}]},
    PhoneType.ASSISTANT: {EXTENDED: [{"id": "String 0x3A2E", "value": "1"}]},
    PhoneType.WORK_FAX: {EXTENDED: [{"id": "String 0x3A24", "value": "1"}]},
    PhoneType.HOME_FAX: {EXTENDED: [{"id": "String 0x3A25", "value": "1"}]},
    PhoneType.OTHER_FAX: {EXTENDED: [{"id": "String 0x3A23", "value": "1"}]},
    PhoneType.CALLBACK: {EXTENDED: [{"id": "String 0x3A02", "value": "1"}]},
    PhoneType.PAGER: {EXTENDED: [{"id": "String 0x3A21", "value": "1"}]},
    PhoneType.WORK_PAGER: kept(phones=[{"number": "1", "type": "workPager"}]),
    PhoneType.RADIO: {EXTENDED: [{"id": "String 0x3A1D", "value": "1"}]},
    PhoneType.TELEX: {EXTENDED: [{"id": "String 0x3A2C", "value": "1"}]},
    PhoneType.TTY: {EXTENDED: [{"id": "String 0x3A4B", "value": "1"}]},
}
PO_BOX = "String {00062004-0000-0000-c000-000000000046} Id 0x804A"
ADDRESSES: dict[AddressType, tuple[str, str]] = {
    AddressType.WORK: ("businessAddress", PO_BOX),
    AddressType.HOME: ("homeAddress", "String 0x3A5E"),
    AddressType.OTHER: ("otherAddress", "String 0x3A64"),
}
PAGE = "https://example.com"
URLS: dict[UrlType, Json] = {
    UrlType.WORK: {"businessHomePage": PAGE},
    UrlType.HOME: {EXTENDED: [{"id": "String 0x3A50", "value": PAGE}]},
    UrlType.HOME_PAGE: {
        EXTENDED: [
            {"id": "String 0x3A50", "value": PAGE},
            {"id": mapi.OVERFLOW, "value": bag(markers={"homePage": PAGE})},
        ]
    },
    UrlType.FTP: {EXTENDED: [{"id": "String 0x3A4C", "value": PAGE}]},
    **{
        kind: kept(urls=[{"href": PAGE, "type": kind.value}])
        for kind in (UrlType.BLOG, UrlType.PROFILE, UrlType.RESERVATIONS, UrlType.OTHER)
    },
}
RELATIONS: dict[RelationType, Json] = {
    RelationType.MANAGER: {"manager": "Max"},
    RelationType.ASSISTANT: {"assistantName": "Max"},
    RelationType.SPOUSE: {"spouseName": "Max"},
}

# A row of the mapping -> what Graph has, and the contact that says the same.
ROWS: dict[str, tuple[Json, Contact]] = {
    "name.displayName": ({"displayName": "Ann Example"}, Contact(name=Name(display_name="Ann Example"))),
    "name.prefix": ({"title": "Dr."}, Contact(name=Name(prefix="Dr."))),
    "name.givenName": ({"givenName": "Ann"}, Contact(name=Name(given_name="Ann"))),
    "name.middleName": ({"middleName": "B."}, Contact(name=Name(middle_name="B."))),
    "name.familyName": ({"surname": "Example"}, Contact(name=Name(family_name="Example"))),
    "name.suffix": ({"generation": "Jr."}, Contact(name=Name(suffix="Jr."))),
    "name.yomiGivenName": ({"yomiGivenName": "An"}, Contact(name=Name(yomi_given_name="An"))),
    "name.yomiFamilyName": ({"yomiSurname": "Ex"}, Contact(name=Name(yomi_family_name="Ex"))),
    "nickName": ({"nickName": "Annie"}, Contact(nick_name="Annie")),
    "fileAs": ({"fileAs": "Example, Ann"}, Contact(file_as="Example, Ann")),
    "company.name": ({"companyName": "Example Ltd"}, Contact(company=Company(name="Example Ltd"))),
    "company.department": ({"department": "R&D"}, Contact(company=Company(department="R&D"))),
    "company.officeLocation": ({"officeLocation": "4.2"}, Contact(company=Company(office_location="4.2"))),
    "company.jobTitle": ({"jobTitle": "Head"}, Contact(company=Company(job_title="Head"))),
    "company.yomiCompanyName": ({"yomiCompanyName": "E"}, Contact(company=Company(yomi_company_name="E"))),
    "birthday": ({"birthday": "1990-01-02T11:59:00Z"}, Contact(birthday="1990-01-02")),
    "birthday without year": (
        {"birthday": "1604-02-29T11:59:00Z"} | kept(markers={"birthday": "--02-29"}),
        Contact(birthday="--02-29"),
    ),
    "birthday in 1604": ({"birthday": "1604-02-29T11:59:00Z"}, Contact(birthday="1604-02-29")),
    "birthday as text": (kept(markers={"birthday": "circa 1990"}), Contact(birthday="circa 1990")),
    "birthday before MAPI": (kept(markers={"birthday": "1600-12-31"}), Contact(birthday="1600-12-31")),
    "notes": ({"personalNotes": "two\r\nlines"}, Contact(notes="two\nlines")),
    "keywords": ({"categories": ["Friends", "Work"]}, Contact(keywords=("Friends", "Work"))),
    **{
        f"phoneNumbers {kind}": (native, Contact(phone_numbers=(Phone(number="1", type=kind),)))
        for kind, native in PHONES.items()
    },
    "emailAddresses.address": (
        {"emailAddresses": [{"address": "a@example.com"}]},
        Contact(email_addresses=(Email(address="a@example.com"),)),
    ),
    "emailAddresses.name": (
        {"displayName": "Ann", "emailAddresses": [{"address": "a@example.com", "name": "Office"}]},
        Contact(name=Name(display_name="Ann"), email_addresses=(Email(address="a@example.com", name="Office"),)),
    ),
    "emailAddresses.name as Exchange would fill it in": (
        {"displayName": "Ann", "emailAddresses": [{"address": "a@example.com", "name": "Ann"}]}
        | kept(markers={"names": {"a@example.com": "Ann"}}),
        Contact(name=Name(display_name="Ann"), email_addresses=(Email(address="a@example.com", name="Ann"),)),
    ),
    **{
        f"emailAddresses.type {kind}": (
            {"emailAddresses": [{"address": "A@example.com"}]} | kept(types={"a@example.com": kind}),
            Contact(email_addresses=(Email(address="A@example.com", type=kind),)),
        )
        for kind in ("home", "work", "School")
    },
    "a fourth emailAddress": (
        {"emailAddresses": [{"address": f"{letter}@example.com"} for letter in "abc"]}
        | kept(emails=[{"address": "d@example.com", "name": "D", "type": "home"}]),
        Contact(
            email_addresses=(
                *(Email(address=f"{letter}@example.com") for letter in "abc"),
                Email(address="d@example.com", name="D", type="home"),
            )
        ),
    ),
    **{
        f"addresses {kind}": (
            {
                place: {
                    "street": "Street 1",
                    "city": "C",
                    "state": "R",
                    "postalCode": "1",
                    "countryOrRegion": "L",
                },
                EXTENDED: [{"id": box, "value": "P"}],
            },
            Contact(
                addresses=(
                    Address(
                        street="Street 1", po_box="P", city="C", state="R", postal_code="1", country="L", type=kind
                    ),
                )
            ),
        )
        for kind, (place, box) in ADDRESSES.items()
    },
    "addresses.streetLine2": (
        {"homeAddress": {"street": "Street 1\r\nBack"}} | kept(markers={"secondLines": {"home": "Back"}}),
        Contact(addresses=(Address(street="Street 1", street_line2="Back", type=AddressType.HOME),)),
    ),
    "a second address of a type": (
        {"homeAddress": {"city": "C"}} | kept(addresses=[{"city": "D", "type": "home"}]),
        Contact(addresses=(Address(city="C", type=AddressType.HOME), Address(city="D", type=AddressType.HOME))),
    ),
    **{f"urls {kind}": (native, Contact(urls=(Url(href=PAGE, type=kind),))) for kind, native in URLS.items()},
    **{
        f"relations {kind}": (native, Contact(relations=(Relation(name="Max", type=kind),)))
        for kind, native in RELATIONS.items()
    },
    "relations without type": (kept(relations=[{"name": "Max"}]), Contact(relations=(Relation(name="Max"),))),
    "a second relation of a type": (
        {"spouseName": "Max"} | kept(relations=[{"name": "Bo", "type": "spouse"}]),
        Contact(
            relations=(
                Relation(name="Max", type=RelationType.SPOUSE),
                Relation(name="Bo", type=RelationType.SPOUSE),
            )
        ),
    ),
}


def without_made_up_names(found: Contact, said: Contact) -> Contact:
    """Without what Exchange makes of the parts of a name."""
    return content(msgspec.structs.replace(found, name=said.name, file_as=said.file_as))


def by_id(body: Json) -> Json:
    """The body with its extended properties in the order of their ids."""
    found = sorted(body.get(EXTENDED, ()), key=lambda entry: str(entry["id"]))
    return body | ({EXTENDED: found} if found else {})


@pytest.mark.parametrize("row", ROWS)
def test_is_read_so(row: str) -> None:
    native, said = ROWS[row]
    assert contact(graph(**native)) == said


@pytest.mark.parametrize("row", ROWS)
def test_is_created_so(row: str) -> None:
    native, said = ROWS[row]
    assert by_id(made(said)) == by_id(native)


@pytest.mark.parametrize("row", ROWS)
def test_is_added_and_taken_away_so(row: str) -> None:
    said = ROWS[row][1]
    start = graph(displayName="Someone", fileAs="Someone")
    before = contact(start)
    target = msgspec.structs.replace(said, name=said.name or before.name, file_as=said.file_as or before.file_as)
    added = after(start, diff(before, target))
    assert without_made_up_names(contact(added), said) == said
    assert contact(added).file_as == target.file_as
    removed = after(added, diff(contact(added), before))
    assert content(contact(removed)) == content(before)
    assert EXTENDED not in removed


@pytest.mark.parametrize("row", ROWS)
def test_what_is_sent_back_is_no_change(row: str) -> None:
    native, said = ROWS[row]
    stored = graph(**native)
    assert sent(stored, diff(Contact(), said)) == {}
    changed = msgspec.structs.replace(said, nick_name="Another")
    body = sent(stored, Patch(nick_name="Another"))
    assert set(body) <= {"nickName", "displayName", "fileAs"}
    assert without_made_up_names(contact(after(stored, Patch(nick_name="Another"))), changed) == changed


def test_a_full_contact_is_read_back() -> None:
    """Section 9, item 1."""
    draft = EVERYTHING
    found = contact(Graph().create(made(draft)))
    for member in ("phone_numbers", "urls", "addresses"):
        assert sorted(getattr(found, member), key=repr) == sorted(getattr(draft, member), key=repr)
        draft = msgspec.structs.replace(draft, **{member: getattr(found, member)})
    assert found == draft
