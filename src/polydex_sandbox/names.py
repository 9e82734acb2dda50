"""Names of nobody, and what else made-up people need."""

from __future__ import annotations

GIVEN = (
    "Ada", "Alan", "Amara", "Björn", "Chiara", "Dmitri", "Edsger", "Fatima", "Grace", "Hiroshi", "Ingrid", "João",
    "Katherine", "Leïla", "Mei", "Niklaus", "Olga", "Priya", "Quentin", "Rosalind", "Søren", "Tomás", "Ursula",
    "Vera", "Wei", "Ximena", "Yusuf", "Zoë",
)  # fmt: skip
FAMILY = (
    "Abara", "Brandt", "Costa", "Dubois", "Eriksen", "Fischer", "García", "Haddad", "Ivanova", "Jansen", "Kowalski",
    "Lindqvist", "Moreau", "Nakamura", "Okafor", "Petrov", "Quispe", "Rossi", "Şahin", "Tanaka", "Usman", "Vogel",
    "Wójcik", "Xu", "Yamada", "Zimmermann",
)  # fmt: skip
COMPANIES = ("Example Works", "Sample & Sons", "Placeholder Ltd", "Specimen GmbH")
STREETS = ("1 Example Street", "22 Sample Road", "333 Test Avenue")
CITIES = ("Springfield", "Anytown", "Musterstadt")
