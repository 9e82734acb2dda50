"""Made-up people, for seeding: names of nobody, addresses at example.com, numbers that are reserved for fiction."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from polydex_sandbox.names import CITIES, COMPANIES, FAMILY, GIVEN, STREETS


def people(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """So many bodies of Person; the same for the same seed."""
    random = Random(seed)  # noqa: S311 - to be repeatable
    for number in range(count):
        given, family = random.choice(GIVEN), random.choice(FAMILY)
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
            person["organizations"] = [{"name": random.choice(COMPANIES), "title": "Engineer"}]
        if random.random() < 0.3:
            person["addresses"] = [
                {"streetAddress": random.choice(STREETS), "city": random.choice(CITIES), "type": "home"}
            ]
        if random.random() < 0.2:
            person["birthdays"] = [{"date": {"year": 1950 + random.randrange(60), "month": 5, "day": 17}}]
        if random.random() < 0.1:
            person["biographies"] = [{"value": f"Made-up person number {number}.", "contentType": "TEXT_PLAIN"}]
        yield person
