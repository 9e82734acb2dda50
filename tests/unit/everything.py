"""Every value of every type once."""

from __future__ import annotations

from typing import Final

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

EVERYTHING: Final = Contact(
    name=Name(
        display_name="The Doctor",
        prefix="Dr.",
        given_name="Ann",
        middle_name="B.",
        family_name="Example",
        suffix="Jr.",
        yomi_given_name="An",
        yomi_family_name="Ex",
    ),
    nick_name="Annie",
    file_as="Example, Ann",
    company=Company(name="N", office_location="O", department="D", job_title="J", yomi_company_name="Y"),
    relations=tuple(Relation(name=f"R {kind}", type=kind) for kind in RelationType),
    birthday="--02-29",
    keywords=("Friends", "Work"),
    notes="a\n\nb",
    email_addresses=tuple(
        Email(address=f"{kind}@example.com", name="N", type=kind) for kind in ("home", "work", "other", "own")
    ),
    phone_numbers=tuple(Phone(number=f"1{at}", type=kind) for at, kind in enumerate(PhoneType)),
    addresses=tuple(
        Address(
            street=f"S {at}\nT",
            street_line2="L",
            po_box="P",
            city="C",
            state="R",
            postal_code="1",
            country="L",
            type=kind,
        )
        for at, kind in enumerate((*AddressType, AddressType.HOME))
    ),
    urls=tuple(Url(href=f"https://example.com/{kind}", type=kind) for kind in UrlType),
)
