"""Which property of an ``Item`` holds which member of a contact, where it is one text for one text."""

from __future__ import annotations

from typing import Final

NAME: Final = {
    "display_name": "display_name",
    "prefix": "title",
    "given_name": "given_name",
    "middle_name": "middle_name",
    "family_name": "surname",
    "suffix": "generation",
    "yomi_given_name": "yomi_given_name",
    "yomi_family_name": "yomi_surname",
}
COMPANY: Final = {
    "name": "company_name",
    "department": "department",
    "office_location": "office_location",
    "job_title": "job_title",
    "yomi_company_name": "yomi_company_name",
}
SINGLE: Final = {"nick_name": "nick_name", "file_as": "file_as", "notes": "personal_notes"}
RELATIONS: Final = {"manager": "manager", "assistant": "assistant_name", "spouse": "spouse_name"}
"""By ``Relation.type``."""
ADDRESSES: Final = {"work": "business_address", "home": "home_address", "other": "other_address"}
"""By ``Address.type``."""
MADE: Final = ("display_name", "file_as")
"""What Exchange makes of the others where nobody sets it."""
