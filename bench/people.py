"""Made-up people, as Google's People API lists them."""

from __future__ import annotations

import json
from typing import Any


def person(number: int) -> bytes:
    """A typical contact with a name, two addresses, two numbers, a postal address and a note; some 2.5 kB."""
    key = f"{number + 0x1000000:x}"

    def of(primary: bool = False) -> dict[str, Any]:
        source = {"type": "CONTACT", "id": key}
        metadata: dict[str, Any] = {"primary": True, "sourcePrimary": True} if primary else {}
        return {"metadata": {**metadata, "source": source}}

    name, mobile, office = f"Person {number}", 1_000_000 + number, 2_000_000 + number
    contact = {
        "resourceName": f"people/c{number + 10**18}",
        "etag": f"%EigBAgMEBQYHCAkKCwwNDg8QERITFBUWFxkfISIjJCUmJy40NTc9Pj9AGgQBAgUHIgw{number:016x}=",
        "metadata": {
            "sources": [
                {
                    "type": "CONTACT",
                    "id": key,
                    "etag": f"#{number:016x}=",
                    "updateTime": f"2026-01-{number % 28 + 1:02}T09:{number % 60:02}:00.123456Z",
                }
            ],
            "objectType": "PERSON",
        },
        "names": [
            {
                **of(primary=True),
                "displayName": f"{name} Example",
                "familyName": "Example",
                "givenName": name,
                "displayNameLastFirst": f"Example, {name}",
                "unstructuredName": f"{name} Example",
            }
        ],
        "emailAddresses": [
            {**of(primary=True), "value": f"p{number}@example.com", "type": "work", "formattedType": "Work"},
            {**of(), "value": f"h{number}@example.org", "type": "home", "formattedType": "Home"},
        ],
        "phoneNumbers": [
            {
                **of(primary=True),
                "value": f"+49 170 {mobile}",
                "canonicalForm": f"+49170{mobile}",
                "type": "mobile",
                "formattedType": "Mobile",
            },
            {
                **of(),
                "value": f"+49 30 {office}",
                "canonicalForm": f"+4930{office}",
                "type": "work",
                "formattedType": "Work",
            },
        ],
        "addresses": [
            {
                **of(primary=True),
                "formattedValue": f"Main Street {number}\nBerlin 10115\nGermany",
                "type": "home",
                "formattedType": "Home",
                "streetAddress": f"Main Street {number}",
                "city": "Berlin",
                "postalCode": "10115",
                "country": "Germany",
                "countryCode": "DE",
            }
        ],
        "organizations": [
            {**of(primary=True), "name": f"Company {number % 50}", "department": "Sales", "title": "Manager"}
        ],
        "urls": [
            {**of(primary=True), "value": f"https://example.com/{number}", "type": "work", "formattedType": "Work"}
        ],
        "biographies": [
            {**of(primary=True), "value": f"Met at conference {number % 100}", "contentType": "TEXT_PLAIN"}
        ],
        "photos": [
            {
                **of(primary=True),
                "url": f"https://lh3.googleusercontent.com/cm/AGPWSu{number:024x}=s100",
                "default": True,
            }
        ],
        "memberships": [
            {
                **of(),
                "contactGroupMembership": {
                    "contactGroupId": "myContacts",
                    "contactGroupResourceName": "contactGroups/myContacts",
                },
            }
        ],
    }
    return json.dumps(contact, separators=(",", ":")).encode()
