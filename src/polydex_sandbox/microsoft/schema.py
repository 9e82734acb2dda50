"""The types of Microsoft Graph that contacts need: which properties they have, of what type.

A test holds these tables against Microsoft's own description (CSDL of v1.0), whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CONTACT = "microsoft.graph.contact"
FOLDER = "microsoft.graph.contactFolder"
EXTENSION = "microsoft.graph.openTypeExtension"

PROPERTIES = {
    "id": "read-only",
    "createdDateTime": "read-only",
    "lastModifiedDateTime": "read-only",
    "changeKey": "read-only",
    "categories": "texts",
    "parentFolderId": "text",
    "birthday": "time",
    "fileAs": "text",
    "displayName": "text",
    "givenName": "text",
    "initials": "text",
    "middleName": "text",
    "nickName": "text",
    "surname": "text",
    "title": "text",
    "yomiGivenName": "text",
    "yomiSurname": "text",
    "yomiCompanyName": "text",
    "generation": "text",
    "imAddresses": "texts",
    "jobTitle": "text",
    "companyName": "text",
    "department": "text",
    "officeLocation": "text",
    "profession": "text",
    "businessHomePage": "text",
    "assistantName": "text",
    "manager": "text",
    "homePhones": "texts",
    "mobilePhone": "text",
    "businessPhones": "texts",
    "spouseName": "text",
    "personalNotes": "text",
    "children": "texts",
    "primaryEmailAddress": "email",
    "secondaryEmailAddress": "email",
    "tertiaryEmailAddress": "email",
    "emailAddresses": "emails",
    "homeAddress": "address",
    "businessAddress": "address",
    "otherAddress": "address",
}
"""Property of a contact -> what it is, in the order in which Graph writes them."""

NAVIGATION = ("extensions", "multiValueExtendedProperties", "photo", "singleValueExtendedProperties")

EMAIL_SLOTS = ("primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress")
"""Other names of the first, second and third e-mail address."""

STORED = tuple(
    name for name, kind in PROPERTIES.items() if kind not in ("read-only", "email") and name != "parentFolderId"
)
"""What a contact keeps by itself."""

ADDRESS_PARTS = ("street", "city", "state", "countryOrRegion", "postalCode")

SLOTS = {"emailAddresses": 3, "businessPhones": 2, "homePhones": 2, "imAddresses": 3}
"""Collections that have a most; that of `imAddresses` is the one of Exchange Web Services, unconfirmed here."""

NAME_PARTS = ("givenName", "middleName", "surname", "generation", "title", "companyName", "nickName", "initials")
"""What the names are made of that the server computes."""

EMPTY: Mapping[str, Any] = {"text": None, "time": None, "texts": (), "emails": (), "address": {}}
"""Kind -> what is kept when there is nothing."""

FOLDER_PROPERTIES = ("id", "parentFolderId", "displayName")
