"""Made-up people, for seeding: names of nobody, addresses at example.com, numbers that are reserved for fiction."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

_GIVEN = (
    "Ada", "Alan", "Amara", "Björn", "Chiara", "Dmitri", "Edsger", "Fatima", "Grace", "Hiroshi", "Ingrid", "João",
    "Katherine", "Leïla", "Mei", "Niklaus", "Olga", "Priya", "Quentin", "Rosalind", "Søren", "Tomás", "Ursula",
    "Vera", "Wei", "Ximena", "Yusuf", "Zoë",
)  # fmt: skip
_FAMILY = (
    "Abara", "Brandt", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ivanova", "Jansen", "Kowalski",
    "Lindqvist", "Moreau", "Nakamura", "Okafor", "Petrov", "Quispe", "Rossi", "Şahin", "Tanaka", "Usman", "Vogel",
    "Wójcik", "Xu", "Yamada", "Zimmermann",
)  # fmt: skip
_COMPANIES = ("Example Works", "Sample & Sons", "Placeholder Ltd", "Specimen GmbH")
_STREETS = ("1 Example Street", "22 Sample Road", "333 Test Avenue")
_CITIES = ("Springfield", "Anytown", "Musterstadt")


def people(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """So many bodies of Person; the same for the same seed."""
    random = Random(seed)  # noqa: S311 - to be repeatable
    for number in range(count):
        given, family = random.choice(_GIVEN), random.choice(_FAMILY)
        person: dict[str, Any] = {
            "names": [{"givenName": given, "familyName": family}],
            "emailAddresses": [
                {"value": f"person{number}.{seed}@example.com", "type": random.choice(("home", "work"))}
            ],
        }
        if random.random() < 0.7:
            # 555-0100 to 555-0199 are kept free for fiction.
            person["phoneNumbers"] = [{"value": f"+1 202-555-01{random.randrange(100):02}", "type": "mobile"}]
        if random.random() < 0.4:
            person["organizations"] = [{"name": random.choice(_COMPANIES), "title": "Engineer"}]
        if random.random() < 0.3:
            person["addresses"] = [
                {"streetAddress": random.choice(_STREETS), "city": random.choice(_CITIES), "type": "home"}
            ]
        if random.random() < 0.2:
            person["birthdays"] = [{"date": {"year": 1950 + random.randrange(60), "month": 5, "day": 17}}]
        if random.random() < 0.1:
            person["biographies"] = [{"value": f"Made-up person number {number}.", "contentType": "TEXT_PLAIN"}]
        yield person
