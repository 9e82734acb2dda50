"""Every row of the mapping in both directions: what Exchange has, what the contact says, what is sent."""

from __future__ import annotations

import re

import msgspec
import pytest

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
from tests.unit.everything import EVERYTHING
from tests.unit.exchange.contacts import (
    after,
    bag,
    body,
    contact,
    emails,
    made,
    numbered,
    phones,
    place,
    said,
    sent,
    stored,
    tag,
    text,
    words,
)

PAGE = "https://example.com"
PHONES: dict[PhoneType, str] = {
    PhoneType.WORK: phones(BusinessPhone="1"),
    PhoneType.HOME: phones(HomePhone="1"),
    PhoneType.MOBILE: phones(MobilePhone="1"),
    PhoneType.WORK_MOBILE: bag(phones=[{"number": "1", "type": "workMobile"}]),
    PhoneType.OTHER: phones(OtherTelephone="1"),
    PhoneType.MAIN: phones(PrimaryPhone="1"),
    PhoneType.COMPANY_MAIN: phones(CompanyMainPhone="1"),
    PhoneType.ASSISTANT: phones(AssistantPhone="1"),
    PhoneType.WORK_FAX: phones(BusinessFax="1"),
    PhoneType.HOME_FAX: phones(HomeFax="1"),
    PhoneType.OTHER_FAX: phones(OtherFax="1"),
    PhoneType.CALLBACK: phones(Callback="1"),
    PhoneType.PAGER: phones(Pager="1"),
    PhoneType.WORK_PAGER: bag(phones=[{"number": "1", "type": "workPager"}]),
    PhoneType.RADIO: phones(RadioPhone="1"),
    PhoneType.TELEX: phones(Telex="1"),
    PhoneType.TTY: phones(TtyTddPhone="1"),
}
ADDRESSES: dict[AddressType, tuple[str, str]] = {
    AddressType.WORK: ("Business", numbered(32842, "P")),
    AddressType.HOME: ("Home", tag("0x3A5E", "P")),
    AddressType.OTHER: ("Other", tag("0x3A64", "P")),
}
URLS: dict[UrlType, str] = {
    UrlType.WORK: text("BusinessHomePage", PAGE),
    UrlType.HOME: tag("0x3A50", PAGE),
    UrlType.HOME_PAGE: tag("0x3A50", PAGE) + bag(markers={"homePage": PAGE}),
    UrlType.FTP: tag("0x3A4C", PAGE),
    **{
        kind: bag(urls=[{"href": PAGE, "type": kind.value}])
        for kind in (UrlType.BLOG, UrlType.PROFILE, UrlType.RESERVATIONS, UrlType.OTHER)
    },
}
RELATIONS: dict[RelationType, str] = {
    RelationType.MANAGER: text("Manager", "Max"),
    RelationType.ASSISTANT: text("AssistantName", "Max"),
    RelationType.SPOUSE: text("SpouseName", "Max"),
}

# A row of the mapping -> what Exchange has, and the contact that says the same.
ROWS: dict[str, tuple[str, Contact]] = {
    "name.displayName": (text("DisplayName", "Ann Example"), Contact(name=Name(display_name="Ann Example"))),
    "name.prefix": (tag("0x3A45", "Dr."), Contact(name=Name(prefix="Dr."))),
    "name.givenName": (text("GivenName", "Ann"), Contact(name=Name(given_name="Ann"))),
    "name.middleName": (text("MiddleName", "B."), Contact(name=Name(middle_name="B."))),
    "name.familyName": (text("Surname", "Example"), Contact(name=Name(family_name="Example"))),
    "name.suffix": (text("Generation", "Jr."), Contact(name=Name(suffix="Jr."))),
    "name.yomiGivenName": (numbered(32812, "An"), Contact(name=Name(yomi_given_name="An"))),
    "name.yomiFamilyName": (numbered(32813, "Ex"), Contact(name=Name(yomi_family_name="Ex"))),
    "nickName": (text("Nickname", "Annie"), Contact(nick_name="Annie")),
    "fileAs": (text("FileAs", "Example, Ann"), Contact(file_as="Example, Ann")),
    "company.name": (text("CompanyName", "Example Ltd"), Contact(company=Company(name="Example Ltd"))),
    "company.department": (text("Department", "R&D"), Contact(company=Company(department="R&D"))),
    "company.officeLocation": (text("OfficeLocation", "4.2"), Contact(company=Company(office_location="4.2"))),
    "company.jobTitle": (text("JobTitle", "Head"), Contact(company=Company(job_title="Head"))),
    "company.yomiCompanyName": (numbered(32814, "E"), Contact(company=Company(yomi_company_name="E"))),
    "birthday": (text("Birthday", "1990-01-02T11:59:00Z"), Contact(birthday="1990-01-02")),
    "birthday without year": (
        bag(markers={"birthday": "--02-29"}) + text("Birthday", "1604-02-29T11:59:00Z"),
        Contact(birthday="--02-29"),
    ),
    "birthday in 1604": (text("Birthday", "1604-02-29T11:59:00Z"), Contact(birthday="1604-02-29")),
    "birthday as text": (bag(markers={"birthday": "circa 1990"}), Contact(birthday="circa 1990")),
    "birthday before MAPI": (bag(markers={"birthday": "1600-12-31"}), Contact(birthday="1600-12-31")),
    "notes": (body("two\r\nlines"), Contact(notes="two\nlines")),
    "keywords": (words("Categories", "Friends", "Work"), Contact(keywords=("Friends", "Work"))),
    **{
        f"phoneNumbers {kind}": (native, Contact(phone_numbers=(Phone(number="1", type=kind),)))
        for kind, native in PHONES.items()
    },
    "two work phones": (
        phones(BusinessPhone="1", BusinessPhone2="2"),
        Contact(phone_numbers=tuple(Phone(number=number, type=PhoneType.WORK) for number in "12")),
    ),
    "two home phones": (
        phones(HomePhone="1", HomePhone2="2"),
        Contact(phone_numbers=tuple(Phone(number=number, type=PhoneType.HOME) for number in "12")),
    ),
    "emailAddresses.address": (
        emails("a@example.com", "b@example.com", "c@example.com"),
        Contact(email_addresses=tuple(Email(address=f"{letter}@example.com") for letter in "abc")),
    ),
    "emailAddresses.name": (
        text("DisplayName", "Ann") + emails(("a@example.com", "Office")),
        Contact(name=Name(display_name="Ann"), email_addresses=(Email(address="a@example.com", name="Office"),)),
    ),
    "emailAddresses.name as Exchange would fill it in": (
        bag(markers={"names": {"a@example.com": "Ann"}})
        + text("DisplayName", "Ann")
        + emails(("a@example.com", "Ann")),
        Contact(name=Name(display_name="Ann"), email_addresses=(Email(address="a@example.com", name="Ann"),)),
    ),
    **{
        f"emailAddresses.type {kind}": (
            bag(types={"a@example.com": kind}) + emails("A@example.com"),
            Contact(email_addresses=(Email(address="A@example.com", type=kind),)),
        )
        for kind in ("home", "work", "School")
    },
    "a fourth emailAddress": (
        bag(emails=[{"address": "d@example.com", "name": "D", "type": "home"}])
        + emails("a@example.com", "b@example.com", "c@example.com"),
        Contact(
            email_addresses=(
                *(Email(address=f"{letter}@example.com") for letter in "abc"),
                Email(address="d@example.com", name="D", type="home"),
            )
        ),
    ),
    **{
        f"addresses {kind}": (
            box + place(key, Street="Street 1", City="C", State="R", CountryOrRegion="L", PostalCode="1"),
            Contact(
                addresses=(
                    Address(
                        street="Street 1", po_box="P", city="C", state="R", postal_code="1", country="L", type=kind
                    ),
                )
            ),
        )
        for kind, (key, box) in ADDRESSES.items()
    },
    "addresses.streetLine2": (
        bag(markers={"secondLines": {"home": "Back"}}) + place("Home", Street="Street 1\r\nBack"),
        Contact(addresses=(Address(street="Street 1", street_line2="Back", type=AddressType.HOME),)),
    ),
    "a second address of a type": (
        bag(addresses=[{"city": "D", "type": "home"}]) + place("Home", City="C"),
        Contact(addresses=(Address(city="C", type=AddressType.HOME), Address(city="D", type=AddressType.HOME))),
    ),
    **{f"urls {kind}": (native, Contact(urls=(Url(href=PAGE, type=kind),))) for kind, native in URLS.items()},
    "a work url that is no URI": (
        tag("0x3A51", "see http://[intranet"),
        Contact(urls=(Url(href="see http://[intranet", type=UrlType.WORK),)),
    ),
    **{
        f"relations {kind}": (native, Contact(relations=(Relation(name="Max", type=kind),)))
        for kind, native in RELATIONS.items()
    },
    "relations without type": (bag(relations=[{"name": "Max"}]), Contact(relations=(Relation(name="Max"),))),
    "a second relation of a type": (
        bag(relations=[{"name": "Bo", "type": "spouse"}]) + text("SpouseName", "Max"),
        Contact(
            relations=(
                Relation(name="Max", type=RelationType.SPOUSE),
                Relation(name="Bo", type=RelationType.SPOUSE),
            )
        ),
    ),
}
WRITTEN_ONLY = {"a work url that is no URI"}
"""What Exchange shows as the field that it is: ``BusinessHomePage``."""


def without_made_up_names(found: Contact, wanted: Contact) -> Contact:
    """Without what is made of the parts of a name."""
    return content(msgspec.structs.replace(found, name=wanted.name, file_as=wanted.file_as))


@pytest.mark.parametrize("row", sorted(ROWS.keys() - WRITTEN_ONLY))
def test_is_read_so(row: str) -> None:
    native, wanted = ROWS[row]
    assert contact(native) == wanted


@pytest.mark.parametrize("row", ROWS)
def test_is_created_so(row: str) -> None:
    native, wanted = ROWS[row]
    body = made(wanted)
    for member, name in ((wanted.file_as, "FileAs"), ((wanted.name or Name()).display_name, "DisplayName")):
        if member is None:
            body = re.sub(f"<t:{name}>.*?</t:{name}>", "", body)
    assert body == native


@pytest.mark.parametrize("row", ROWS)
def test_is_added_and_taken_away_so(row: str) -> None:
    wanted = ROWS[row][1]
    start = stored(Contact(name=Name(display_name="Someone"), file_as="Someone"))
    before = said(start)
    target = msgspec.structs.replace(wanted, name=wanted.name or before.name, file_as=wanted.file_as or before.file_as)
    added = after(start, diff(before, target))
    assert without_made_up_names(said(added), wanted) == wanted
    assert said(added).file_as == target.file_as
    removed = after(added, diff(said(added), before))
    assert content(said(removed)) == content(before)
    assert removed.extended == {}


@pytest.mark.parametrize("row", sorted(ROWS.keys() - WRITTEN_ONLY))
def test_what_is_sent_back_is_no_change(row: str) -> None:
    native, wanted = ROWS[row]
    assert sent(native, diff(Contact(), wanted)) == {}
    if "<t:Nickname>" not in native:
        assert sent(native, Patch(nick_name="Another")) == {"contacts:Nickname": "Another"}


def test_a_full_contact_is_read_back() -> None:
    """Section 9, item 1."""
    draft = EVERYTHING
    found = said(stored(draft))
    for member in ("phone_numbers", "urls", "addresses"):
        assert sorted(getattr(found, member), key=repr) == sorted(getattr(draft, member), key=repr)
        draft = msgspec.structs.replace(draft, **{member: getattr(found, member)})
    assert found == draft
