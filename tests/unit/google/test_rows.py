"""Every row of the mapping in both directions: what Google has, what the contact says, what is sent."""

from __future__ import annotations

from typing import Any

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
from polydex.core.patch import diff
from tests.google.store import Google
from tests.unit.everything import EVERYTHING
from tests.unit.google.people import LABELS, after, contact, made, person

Entry = dict[str, Any]

# A row of the mapping -> the field, its entry, and the contact that says the same.
ROWS: dict[str, tuple[str, Entry, Contact]] = {
    "name.displayName": ("names", {"unstructuredName": "Ann Example"}, Contact(name=Name(display_name="Ann Example"))),
    "name.prefix": ("names", {"honorificPrefix": "Dr."}, Contact(name=Name(prefix="Dr."))),
    "name.givenName": ("names", {"givenName": "Ann"}, Contact(name=Name(given_name="Ann"))),
    "name.middleName": ("names", {"middleName": "B."}, Contact(name=Name(middle_name="B."))),
    "name.familyName": ("names", {"familyName": "Example"}, Contact(name=Name(family_name="Example"))),
    "name.suffix": ("names", {"honorificSuffix": "Jr."}, Contact(name=Name(suffix="Jr."))),
    "name.yomiGivenName": ("names", {"phoneticGivenName": "An"}, Contact(name=Name(yomi_given_name="An"))),
    "name.yomiFamilyName": ("names", {"phoneticFamilyName": "Ex"}, Contact(name=Name(yomi_family_name="Ex"))),
    "nickName": ("nicknames", {"value": "Annie"}, Contact(nick_name="Annie")),
    "company.name": ("organizations", {"name": "Example Ltd"}, Contact(company=Company(name="Example Ltd"))),
    "company.department": ("organizations", {"department": "R&D"}, Contact(company=Company(department="R&D"))),
    "company.officeLocation": ("organizations", {"location": "4.2"}, Contact(company=Company(office_location="4.2"))),
    "company.jobTitle": ("organizations", {"title": "Head"}, Contact(company=Company(job_title="Head"))),
    "company.yomiCompanyName": (
        "organizations",
        {"phoneticName": "E"},
        Contact(company=Company(yomi_company_name="E")),
    ),
    "birthday": ("birthdays", {"date": {"year": 1990, "month": 1, "day": 2}}, Contact(birthday="1990-01-02")),
    "birthday without year": ("birthdays", {"date": {"year": 0, "month": 2, "day": 29}}, Contact(birthday="--02-29")),
    "birthday in 1604": ("birthdays", {"date": {"year": 1604, "month": 2, "day": 29}}, Contact(birthday="1604-02-29")),
    "birthday as text": ("birthdays", {"text": "circa 1990"}, Contact(birthday="circa 1990")),
    "notes": ("biographies", {"value": "two\nlines", "contentType": "TEXT_PLAIN"}, Contact(notes="two\nlines")),
    **{
        f"phoneNumbers {kind}": (
            "phoneNumbers",
            {"value": "1", "type": kind.value},
            Contact(phone_numbers=(Phone(number="1", type=kind),)),
        )
        for kind in PhoneType
    },
    "emailAddresses.address": (
        "emailAddresses",
        {"value": "a@example.com"},
        Contact(email_addresses=(Email(address="a@example.com"),)),
    ),
    **{
        f"emailAddresses.type {kind}": (
            "emailAddresses",
            {"value": "a@example.com", "type": kind},
            Contact(email_addresses=(Email(address="a@example.com", type=kind),)),
        )
        for kind in ("home", "work", "other", "School")
    },
    "emailAddresses.name": (
        "emailAddresses",
        {"value": "a@example.com", "displayName": "Ann"},
        Contact(email_addresses=(Email(address="a@example.com", name="Ann"),)),
    ),
    **{
        f"addresses {kind}": (
            "addresses",
            {
                "streetAddress": "Street 1",
                "extendedAddress": "Back",
                "poBox": "P",
                "city": "C",
                "region": "R",
                "postalCode": "1",
                "country": "L",
                "type": kind.value,
            },
            Contact(
                addresses=(
                    Address(
                        street="Street 1",
                        street_line2="Back",
                        po_box="P",
                        city="C",
                        state="R",
                        postal_code="1",
                        country="L",
                        type=kind,
                    ),
                )
            ),
        )
        for kind in AddressType
    },
    **{
        f"urls {kind}": (
            "urls",
            {"value": "https://example.com", "type": kind.value},
            Contact(urls=(Url(href="https://example.com", type=kind),)),
        )
        for kind in UrlType
    },
    **{
        f"relations {kind}": (
            "relations",
            {"person": "Max", "type": kind.value},
            Contact(relations=(Relation(name="Max", type=kind),)),
        )
        for kind in RelationType
    },
    "relations without type": ("relations", {"person": "Max"}, Contact(relations=(Relation(name="Max"),))),
    "keywords": (
        "memberships",
        {"contactGroupMembership": {"contactGroupResourceName": "contactGroups/1"}},
        Contact(keywords=("Friends",)),
    ),
}


def without_made_up_name(found: Contact, said: Contact) -> Contact:
    """Without the display name that Google makes of the parts, and the parts that it makes of the display name."""
    return content(msgspec.structs.replace(found, name=said.name)) if said.name is not None else content(found)


@pytest.mark.parametrize("row", ROWS)
def test_is_read_so(row: str) -> None:
    field, entry, said = ROWS[row]
    assert content(contact(person(**{field: [entry]}))) == said


@pytest.mark.parametrize("row", ROWS)
def test_is_created_so(row: str) -> None:
    field, entry, said = ROWS[row]
    body = made(said)
    groups = body.pop("memberships")
    assert groups[-1] == {"contactGroupMembership": {"contactGroupResourceName": "contactGroups/myContacts"}}
    if row == "name.displayName":  # the bag says that it was set alone
        (marker,) = body.pop("clientData")
        assert marker["value"] == '{"v":1,"markers":{"displayName":{"parts":[],"value":"Ann Example"}}}'
    if field == "memberships":
        assert (groups[:-1], body) == ([entry], {})
    else:
        assert (len(groups), body) == (1, {field: [entry]})


@pytest.mark.parametrize("row", ROWS)
def test_is_added_and_taken_away_so(row: str) -> None:
    field, entry, said = ROWS[row]
    start = person(memberships=[{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/myContacts"}}])
    added = after(start, diff(Contact(), said))
    assert set(added) - set(start) <= {field, "clientData"}
    shown = contact(added)
    assert without_made_up_name(shown, said) == said
    if field == "names":
        assert {name: added[field][0][name] for name in entry} == entry
    removed = after(added, diff(shown, Contact()))
    assert content(contact(removed)) == Contact()
    rest = [group["contactGroupMembership"]["contactGroupResourceName"] for group in removed.pop("memberships")]
    assert (rest, set(removed)) == (["contactGroups/myContacts"], set(start) - {"memberships"})


def test_a_full_contact_is_read_back() -> None:
    """Section 9, item 1."""
    assert content(contact(Google().create(made(EVERYTHING)))) == content(EVERYTHING)
    assert not LABELS.missing(EVERYTHING.keywords)
