"""A contact with every field that exchangelib can write, and another one in its place."""

from __future__ import annotations

from typing import Any

from exchangelib import (  # type: ignore[import-untyped]  # has no types
    UTC,
    Body,
    Contact,
    EWSDate,
    EWSDateTime,
    ExtendedProperty,
)
from exchangelib.indexed_properties import (  # type: ignore[import-untyped]  # has no types
    EmailAddress,
    ImAddress,
    PhoneNumber,
    PhysicalAddress,
)

SET = "3b0bdc5e-65c6-4b8d-9a8c-6ea54d1b5d1f"


def full(mark: str, year: int) -> dict[str, Any]:
    """Every field -> a value with the mark in it."""
    labels = EmailAddress.LABEL_CHOICES
    return {
        "subject": f"Ada {mark}",
        "sensitivity": "Private" if mark == "new" else "Personal",
        "importance": "High" if mark == "new" else "Low",
        "body": Body(f"Two lines\nof a note, {mark}: <&> \N{SNOWMAN}"),
        "categories": ["Friends", mark],
        "file_as": f"Lovelace, Ada {mark}",
        "file_as_mapping": "None",
        "display_name": f"Ada Lovelace {mark}",
        "given_name": f"Ada {mark}",
        "initials": f"A. {mark}",
        "middle_name": f"Augusta {mark}",
        "nickname": f"Countess {mark}",
        "company_name": f"Engines & Sons {mark}",
        "email_addresses": [EmailAddress(label=one, email=f"{mark}.{one}@example.com".lower()) for one in labels],
        "physical_addresses": [
            PhysicalAddress(
                label=one,
                street=f"{mark} Street 1\n2nd floor, {one}",
                city=f"City {mark} {one}",
                state=f"State {mark}",
                country=f"Country {mark}",
                zipcode=f"{year} {one}",
            )
            for one in PhysicalAddress.LABEL_CHOICES
        ],
        "phone_numbers": [
            PhoneNumber(label=one, phone_number=f"+44 {year} {at:03}")
            for at, one in enumerate(PhoneNumber.LABEL_CHOICES)
        ],
        "assistant_name": f"Charles {mark}",
        "birthday": EWSDate(year, 12, 10),
        "business_homepage": f"https://example.com/{mark}",
        "children": [f"Byron {mark}", f"Annabella {mark}"],
        "companies": [f"Engines {mark}"],
        "department": f"Analysis {mark}",
        "generation": f"I {mark}",
        "im_addresses": [
            ImAddress(label=one, im_address=f"xmpp:{mark}-{one}".lower()) for one in ImAddress.LABEL_CHOICES
        ],
        "job_title": f"Analyst {mark}",
        "manager": f"Manager {mark}",
        "mileage": f"Mileage {mark}",
        "office": f"Office {mark}",
        "postal_address_index": "Home" if mark == "new" else "Business",
        "profession": f"Mathematician {mark}",
        "spouse_name": f"William {mark}",
        "surname": f"Lovelace {mark}",
        "wedding_anniversary": EWSDate(year + 20, 7, 8),
    }


def properties() -> dict[str, tuple[type[ExtendedProperty], Any, Any]]:
    """Name of a field -> its definition, a value, another value."""
    made: dict[str, tuple[type[ExtendedProperty], Any, Any]] = {}

    def add(name: str, value: Any, other: Any, **members: Any) -> None:
        made[name] = (type(name, (ExtendedProperty,), members), value, other)

    moment = EWSDateTime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    add("hobbies", "Engines", "Horses", property_tag=0x3A43, property_type="String")
    add("gender", 1, 2, property_tag=0x3A4D, property_type="Short")
    add("other_email", "x@example.org", "y@example.org", distinguished_property_set_id="Address",
        property_id=0x8083, property_type="String")  # fmt: skip
    add("web_page", "https://example.org", "https://example.net", distinguished_property_set_id="PublicStrings",
        property_name="Web", property_type="String")  # fmt: skip
    add("mark", "one", "two", property_set_id=SET, property_name="Mark", property_type="String")
    add("marks", ["a", "b"], ["c"], property_set_id=SET, property_name="Marks", property_type="StringArray")
    add("count", 7, -8, property_set_id=SET, property_name="Count", property_type="Integer")
    add("whether", True, False, property_set_id=SET, property_name="Whether", property_type="Boolean")
    add("blob", b"\x00\xff", b"\x01", property_set_id=SET, property_name="Blob", property_type="Binary")
    add("moment", moment, moment.replace(year=2027), property_set_id=SET, property_name="Moment",
        property_type="SystemTime")  # fmt: skip
    add("number", 0x1F, 3, property_set_id=SET, property_id=0x8501, property_type="Integer")
    return made


def different(contact: Contact, expected: dict[str, Any]) -> list[str]:
    """Names of the fields that are not as expected, with what is there."""
    return [
        f"{name}: {found!r}" for name, value in expected.items() if not _same(found := getattr(contact, name), value)
    ]


def _same(found: Any, value: Any) -> bool:
    if isinstance(value, list) and found:
        return sorted(map(repr, found)) == sorted(map(repr, value))
    if isinstance(value, str) and isinstance(found, str):
        return found.replace("\r\n", "\n") == value
    return bool(found == value)
