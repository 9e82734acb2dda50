"""Which property holds which member of a contact, where it is one text for one text."""

from __future__ import annotations

from typing import Any, Final

Json = dict[str, Any]

NAME: Final = {
    "display_name": "displayName",
    "prefix": "title",
    "given_name": "givenName",
    "middle_name": "middleName",
    "family_name": "surname",
    "suffix": "generation",
    "yomi_given_name": "yomiGivenName",
    "yomi_family_name": "yomiSurname",
}
COMPANY: Final = {
    "name": "companyName",
    "department": "department",
    "office_location": "officeLocation",
    "job_title": "jobTitle",
    "yomi_company_name": "yomiCompanyName",
}
SINGLE: Final = {"nick_name": "nickName", "file_as": "fileAs", "notes": "personalNotes"}
RELATIONS: Final = {"manager": "manager", "assistant": "assistantName", "spouse": "spouseName"}
"""By ``Relation.type``."""
ADDRESSES: Final = {"work": "businessAddress", "home": "homeAddress", "other": "otherAddress"}
"""By ``Address.type``."""

MADE: Final = ("displayName", "fileAs")
"""What Exchange makes anew whenever a contact is changed and they are not sent along ("later updates to other
properties may cause an automatically generated value to overwrite the displayName value", microsoft-graph-docs#3153;
evolution-ews sends them every time)."""

MODELLED: Final = frozenset(
    {
        *NAME.values(),
        *COMPANY.values(),
        *SINGLE.values(),
        *RELATIONS.values(),
        *ADDRESSES.values(),
        "birthday",
        "businessHomePage",
        "businessPhones",
        "categories",
        "emailAddresses",
        "homePhones",
        "mobilePhone",
    }
)
"""The properties that a contact's members are in."""
