"""Made-up contacts, as Microsoft Graph shows them."""

from __future__ import annotations

import base64
import json

_ADDRESS = "{00062004-0000-0000-c000-000000000046}"


def key(number: int) -> str:
    """An immutable id; some 150 characters, as Graph's are."""
    return base64.urlsafe_b64encode(b"polydex-bench" * 8 + number.to_bytes(8, "big") + b"\x01").decode()


def contact(number: int, *, extended: bool) -> bytes:
    """A typical contact with a name, an address, three numbers, a postal address and a note; some 2 kB.

    Args:
        number: which one.
        extended: with the extended properties that a client can only get contact by contact.
    """
    name, mobile, office = f"Person {number}", 1_000_000 + number, 2_000_000 + number
    moment = f"2026-01-{number % 28 + 1:02}T09:{number % 60:02}:00Z"
    change = base64.b64encode(b"change" * 2 + number.to_bytes(8, "big")).decode()
    empty: dict[str, str] = {}
    shown: dict[str, object] = {
        "@odata.etag": f'W/"{change}"',
        "id": key(number),
        "createdDateTime": moment,
        "lastModifiedDateTime": moment,
        "changeKey": change,
        "categories": [],
        "parentFolderId": key(10**9),
        "birthday": None,
        "fileAs": f"Example, {name}",
        "displayName": f"{name} Example",
        "givenName": name,
        "initials": None,
        "middleName": None,
        "nickName": None,
        "surname": "Example",
        "title": None,
        "yomiGivenName": None,
        "yomiSurname": None,
        "yomiCompanyName": None,
        "generation": None,
        "imAddresses": [],
        "jobTitle": "Manager",
        "companyName": f"Company {number % 50}",
        "department": "Sales",
        "officeLocation": None,
        "profession": None,
        "businessHomePage": f"https://example.com/{number}",
        "assistantName": None,
        "manager": None,
        "homePhones": [],
        "mobilePhone": f"+49 170 {mobile}",
        "businessPhones": [f"+49 30 {office}"],
        "spouseName": None,
        "personalNotes": f"Met at conference {number % 100}",
        "children": [],
        "emailAddresses": [
            {"name": f"p{number}@example.com", "address": f"p{number}@example.com"},
            {"name": f"h{number}@example.org", "address": f"h{number}@example.org"},
        ],
        "homeAddress": {
            "street": f"Main Street {number}",
            "city": "Berlin",
            "postalCode": "10115",
            "countryOrRegion": "Germany",
        },
        "businessAddress": empty,
        "otherAddress": empty,
    }
    if extended:
        shown["singleValueExtendedProperties"] = [
            {"id": "String 0x3a24", "value": f"+49 30 {office + 1}"},
            {"id": f"Boolean {_ADDRESS} Id 0x8015", "value": "false"},
        ]
    return json.dumps(shown, separators=(",", ":")).encode()
