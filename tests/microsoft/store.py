"""What Exchange makes of contacts that Graph is sent, as a pure and strict function for tests of the mapping.

From Graph's description and what its users have seen (src/polydex/connectors/microsoft/README.md); nothing of it is
shared with the product.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import Any, Final, Literal

from tests.microsoft.contract import check

Json = dict[str, Any]

CONTACT: Final = "microsoft.graph.contact"
LIMITS: Final = {"emailAddresses": 3, "businessPhones": 2, "homePhones": 2}
ADDRESSES: Final = ("businessAddress", "homeAddress", "otherAddress")
LISTS: Final = ("businessPhones", "categories", "children", "emailAddresses", "homePhones", "imAddresses")
PARTS: Final = ("title", "givenName", "middleName", "surname", "generation")
EXTENDED: Final = "singleValueExtendedProperties"
ID: Final = re.compile(
    r"(String|Boolean|SystemTime) (0x[0-9A-Fa-f]{4}|\{[0-9A-Fa-f-]{36}\} (Id 0x[0-9A-Fa-f]{4}|Name \S+))"
)
BIRTHDAY: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\dZ")


class Refused(Exception):
    """What Graph would not accept."""


@dataclass(frozen=True)
class Graph:
    """Args:
    fills: what an e-mail address without a name is named like.
    empty: how a contact shows what it has not: as null and empty lists, or not at all.
    """

    fills: Literal["address", "display"] = "address"
    empty: Literal["shown", "absent"] = "shown"

    def create(self, body: Json, number: int = 1) -> Json:
        """The contact that a POST makes, as a GET with ``$expand`` shows it."""
        check(CONTACT, body, "POST", writable=True)
        if any(value is None for name, value in body.items()):
            raise Refused("null in a POST")  # of an object it is answered with 500
        start = {"id": f"AAMk{number}=", "createdDateTime": "2024-05-06T07:08:09Z"}
        return self._stored(start, body, 1)

    def update(self, contact: Json, body: Json) -> Json:
        """The contact after a PATCH."""
        check(CONTACT, body, "PATCH", writable=True)
        if not body:
            raise AssertionError("an empty PATCH")
        version = int(re.sub(r"\D", "", contact["@odata.etag"])) + 1
        return self._stored(copy.deepcopy(contact), body, version)

    def _stored(self, contact: Json, body: Json, version: int) -> Json:
        for name, most in LIMITS.items():
            if len(body.get(name) or ()) > most:
                raise Refused(f"The multi value property {name} has more entries than {most}")
        extended = {entry["id"].lower(): entry for entry in contact.pop(EXTENDED, [])}
        for name, value in body.items():
            if name == EXTENDED:
                for entry in value:
                    self._extended(extended, entry)
            elif name in ADDRESSES:
                contact[name] = {part: text for part, text in (value or {}).items() if text}
            elif name in LISTS:
                contact[name] = copy.deepcopy(value or [])
            elif name == "birthday":
                contact[name] = self._birthday(value)
            else:
                contact[name] = value
        made = " ".join(contact[part] for part in PARTS if contact.get(part))
        for name in ("displayName", "fileAs"):
            if not body.get(name):
                contact[name] = made or contact.get("companyName") or ""
        for entry in contact.get("emailAddresses", []):
            if not entry.get("name"):
                entry["name"] = (self.fills == "display" and contact["displayName"]) or entry.get("address")
        contact |= {"changeKey": f"v{version}", "lastModifiedDateTime": "2024-05-06T07:08:10Z"}
        contact["@odata.etag"] = f'W/"v{version}"'
        if extended:
            contact[EXTENDED] = list(extended.values())
        return self._shown(contact)

    def _extended(self, extended: dict[str, Json], entry: Json) -> None:
        if not ID.fullmatch(entry["id"]):
            raise Refused("PropertyId values may only be in one of the following formats")
        low = re.sub(r"0x[0-9A-Fa-f]{4}", lambda found: found[0].lower(), entry["id"])
        if entry["value"] is None:
            extended.pop(entry["id"].lower(), None)
        else:
            extended[entry["id"].lower()] = {"id": low, "value": entry["value"]}

    def _birthday(self, value: str | None) -> str | None:
        if value is None:
            return None
        match = BIRTHDAY.fullmatch(value)
        if match is None or not 1601 <= int(match[1]) <= 4500:
            raise Refused("a time that MAPI does not have")
        return value

    def _shown(self, contact: Json) -> Json:
        if self.empty == "absent":
            return {name: value for name, value in contact.items() if value not in (None, [], {}, "")}
        blank: Json = dict.fromkeys(LISTS) | dict.fromkeys(ADDRESSES)
        return {name: [] if name in LISTS else {} for name in blank} | {"birthday": None} | contact
