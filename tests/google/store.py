"""What Google stores, as a pure and strict function for tests of the mapping: bodies in, persons out.

From the discovery document and Google's guides; nothing of it is shared with the product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import phonenumbers

from tests.google.discovery import mask_values, method, validator

Json = dict[str, Any]

SINGLETONS: Final = ("biographies", "birthdays", "genders", "names")
PARTS: Final = ("honorificPrefix", "givenName", "middleName", "familyName", "honorificSuffix")
LINES: Final = ("streetAddress", "extendedAddress", "poBox", "city", "region", "postalCode", "country")
UPDATABLE: Final = mask_values(method("people.people.updateContact").parameters["updatePersonFields"])


class Refused(Exception):
    """What Google would answer 400 to."""


@dataclass(frozen=True)
class Google:
    """Args:
    splits: a free name is parsed into its parts, as Google's own notes on names say.
    """

    splits: bool = True

    def create(self, body: Json, number: int = 1) -> Json:
        """The person that createContact makes."""
        validator("Person", writable=True).validate(body)
        if "metadata" in body or "etag" in body or "resourceName" in body:
            raise Refused("a new person has no identity")
        fields = {name: body[name] for name in UPDATABLE if name in body}
        if set(fields) != set(body):
            raise Refused("not all fields can be written")
        source = {"type": "CONTACT", "id": f"{number:x}"}
        person: Json = {"resourceName": f"people/c{number}"}
        return self._stored(person, fields, source, 1)

    def update(self, person: Json, body: Json, mask: tuple[str, ...]) -> Json:
        """The person after updateContact: every field of the mask is replaced as a whole."""
        validator("Person", writable=True).validate(body)
        if not mask or not set(mask) <= set(UPDATABLE):
            raise Refused("the mask is empty or names another field")
        stored = next(s for s in person["metadata"]["sources"] if s["type"] == "CONTACT")
        sources = [s for s in body["metadata"]["sources"] if s["type"] == "CONTACT"]
        if [s.get("etag") for s in sources] != [stored["etag"]]:
            raise Refused("failedPrecondition")
        if "memberships" in mask and not body.get("memberships"):
            raise Refused("a contact has to be in one group at least")
        if not set(body) - {"resourceName", "metadata"} <= set(mask):
            raise AssertionError("sent a field that the mask does not name")
        fields = {name: body.get(name, []) for name in mask}
        source = {"type": "CONTACT", "id": stored["id"]}
        return self._stored(person, fields, source, int(stored["etag"].strip("#=")) + 1)

    def _stored(self, person: Json, fields: dict[str, list[Json]], source: Json, version: int) -> Json:
        changed = dict(person)
        for name, items in fields.items():
            if name in SINGLETONS and len(items) > 1:
                raise Refused(f"Cannot have more than one person.{name} per source.")
            others = [item for item in person.get(name, []) if not _of_contact(item)]
            new = [self._item(name, item, source) for item in items]
            first = next((item for item in new if item["metadata"].get("sourcePrimary")), new[0] if new else None)
            if first is not None:
                first["metadata"] |= {"sourcePrimary": True} | ({} if others else {"primary": True})
            changed[name] = [*others, *new]
            if not changed[name]:
                del changed[name]
        known = [s for s in person.get("metadata", {}).get("sources", []) if s["type"] != "CONTACT"]
        now = source | {"etag": f"#{version}=", "updateTime": "2024-05-06T07:08:09.123456Z"}
        changed["metadata"] = {"sources": [now, *known], "objectType": "PERSON"}
        changed["etag"] = f"%{version}="
        validator("Person").validate(changed)
        return changed

    def _item(self, field: str, sent: Json, source: Json) -> Json:
        item = {name: value for name, value in sent.items() if name != "metadata"}
        if not any(value for name, value in item.items() if name != "type"):
            raise Refused(f"an empty entry of {field}")
        origin = sent.get("metadata", {}).get("source")
        if origin is not None and origin != source:
            raise Refused("an entry of another source")
        primary = sent.get("metadata", {}).get("sourcePrimary")
        item["metadata"] = {"source": source} | ({"sourcePrimary": True} if primary else {})
        if field == "names":
            self._name(item)
        elif field == "addresses" and "formattedValue" not in item:
            item["formattedValue"] = "\n".join(item[line] for line in LINES if item.get(line))
        elif field == "phoneNumbers":
            try:
                number = phonenumbers.parse(item["value"], None)
                item["canonicalForm"] = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            except phonenumbers.NumberParseException:
                pass
        elif field == "birthdays" and not (item.get("date") or item.get("text")):
            raise Refused("a birthday without a date")
        elif field == "memberships":
            group = item["contactGroupMembership"]["contactGroupResourceName"]
            item["contactGroupMembership"]["contactGroupId"] = group.partition("/")[2]
        if field in ("emailAddresses", "phoneNumbers", "addresses", "urls", "relations") and item.get("type"):
            item["formattedType"] = item["type"].title()
        return item

    def _name(self, item: Json) -> None:
        """Only one of both is set: the other is made of it. Both: both stay as they are."""
        free = item.get("unstructuredName")
        parts = [item[part] for part in PARTS if item.get(part)]
        if free and not parts and self.splits:
            given, _, family = free.partition(" ")
            item |= {"givenName": given} | ({"familyName": family} if family else {})
        elif parts and not free:
            item["unstructuredName"] = " ".join(parts)
        if item.get("unstructuredName"):
            item["displayName"] = item["unstructuredName"]
            item["displayNameLastFirst"] = item["unstructuredName"]


def _of_contact(item: Json) -> bool:
    return bool(item.get("metadata", {}).get("source", {}).get("type", "CONTACT") == "CONTACT")
