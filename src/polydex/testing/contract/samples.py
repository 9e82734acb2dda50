"""Made-up contacts, and how contents are compared."""

from __future__ import annotations

import base64

import msgspec

from polydex.core.contact import (
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
    normal,
)

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mM4IScHAAK2AQUKW6YGAAAAAElFTkSuQmCC")
"""A picture of one pixel."""
OTHER_PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mOQkzsBAAFiAQUv5nCNAAAAAElFTkSuQmCC"
)

ALICE = Contact(
    name=Name(display_name="Alice Example", given_name="Alice", family_name="Example"),
    email_addresses=(Email(address="alice@example.com", type="work"),),
)
BOB = Contact(
    name=Name(display_name="Bob Sample", given_name="Bob", family_name="Sample"),
    notes="Plays the cello.",
    phone_numbers=(Phone(number="+41 44 668 18 00", type=PhoneType.WORK),),
)
FULL = Contact(
    name=Name(
        display_name="Dr. Zoë Maria Özdemir-Łukasz Jr.",
        prefix="Dr.",
        given_name="Zoë",
        middle_name="Maria",
        family_name="Özdemir-Łukasz",
        suffix="Jr.",
        yomi_given_name="ゾエ",
        yomi_family_name="オズデミル",
    ),
    nick_name="Zo",
    file_as="Özdemir-Łukasz, Zoë",
    company=Company(
        name="Example & Söhne GmbH; Co., KG",
        office_location="Building 7, room 3",
        department="Research",
        job_title="Head of Nothing",
        yomi_company_name="エグザンプル",
    ),
    relations=(
        Relation(name="Max Manager", type=RelationType.MANAGER),
        Relation(name="Anna Assistant", type=RelationType.ASSISTANT),
        Relation(name="Sam Spouse", type=RelationType.SPOUSE),
    ),
    birthday="1980-02-29",
    keywords=("friends", "chess; club", "a, b"),
    notes='First line\nsecond line: commas, semicolons; back\\slashes and "quotes"\n\nafter an empty one 🎻',
    email_addresses=(
        Email(address="zoe@example.com", type="work"),
        Email(address="zoe.private@example.org", type="home"),
    ),
    phone_numbers=(
        Phone(number="+41 44 668 18 00", type=PhoneType.WORK),
        Phone(number="044 668 18 01", type=PhoneType.HOME),
        Phone(number="+41 79 123 45 67", type=PhoneType.MOBILE),
    ),
    addresses=(
        Address(
            street="Example Street 1",
            city="Zürich",
            state="ZH",
            postal_code="8001",
            country="Switzerland",
            type=AddressType.WORK,
        ),
        Address(street="Side Street 2", city="Bern", postal_code="3011", country="Switzerland", type=AddressType.HOME),
    ),
    urls=(
        Url(href="https://www.example.com/zoe?a=1&b=2", type=UrlType.WORK),
        Url(href="https://zoe.example.org/", type=UrlType.HOME),
    ),
)
"""Every field but the photo."""


def content(contact: Contact | None) -> Contact | None:
    """What is compared: normal form, without what is derived, the photo by its hash."""
    if contact is None:
        return None
    contact = normal(contact)
    photo = contact.photo
    return msgspec.structs.replace(
        contact,
        phone_numbers=tuple(msgspec.structs.replace(phone, canonical_form=None) for phone in contact.phone_numbers),
        photo=Photo(hash=photo.hash) if photo else None,
    )
