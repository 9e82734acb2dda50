"""Made-up people, for seeding: names of nobody, addresses at example.com, numbers that are reserved for fiction."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from polydex_sandbox.names import CITIES, COMPANIES, FAMILY, GIVEN, STREETS


def people(count: int, seed: int) -> Iterator[dict[str, Any]]:
    """So many bodies of contacts; the same for the same seed."""
    random = Random(seed)  # noqa: S311 - to be repeatable
    for number in range(count):
        given, family = random.choice(GIVEN), random.choice(FAMILY)
        person: dict[str, Any] = {
            "GivenName": given,
            "Surname": family,
            "EmailAddresses": {
                "EmailAddress1": {"address": f"person{number}.{seed}@example.com", "name": f"{given} {family}"}
            },
        }
        if random.random() < 0.7:
            # 555-0100 to 555-0199 are kept free for fiction.
            person["PhoneNumbers"] = {"MobilePhone": f"+1 202-555-01{random.randrange(100):02}"}
        if random.random() < 0.4:
            person |= {"CompanyName": random.choice(COMPANIES), "JobTitle": "Engineer"}
        if random.random() < 0.3:
            person["PhysicalAddresses"] = {"Home": {"Street": random.choice(STREETS), "City": random.choice(CITIES)}}
        if random.random() < 0.2:
            person["Birthday"] = f"{1950 + random.randrange(60)}-05-17T11:59:00Z"
        if random.random() < 0.1:
            person["Body"] = f"Made-up person number {number}."
        yield person
