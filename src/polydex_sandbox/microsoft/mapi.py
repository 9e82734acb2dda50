"""Extended properties: the MAPI properties of an item, by their ids; and which of them are properties of a contact too.

Forms of an id: ``String 0x3A21``, ``String {guid} Id 0x802C``, ``String {guid} Name X``. See
https://learn.microsoft.com/graph/api/resources/extended-properties-overview.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from polydex_sandbox.microsoft.errors import GraphError, bad_property_id
from polydex_sandbox.properties import ADDRESS, PUBLIC_STRINGS, Property, canonical, written


def parse(text: Any, *, multiple: bool = False) -> Property:
    """Names are in lower case: no two differ in case alone. Raises GraphError: it is no id of a property, or not of one with so many values."""
    found = written(text) if isinstance(text, str) else None
    if found is None or found.multiple != multiple:
        raise bad_property_id()
    return replace(found, id=found.id.lower()) if isinstance(found.id, str) else found


def checked(known: Property, value: Any) -> Any:
    """A value as it is kept: texts, as the API writes values of every type. Raises GraphError."""
    found = canonical(known, value)
    if found is None:
        # Wording unconfirmed.
        kind = known.type.removesuffix("Array")
        raise GraphError(400, "ErrorInvalidArgument", f"The value of the property '{known.text}' is no {kind}.")
    return found


HAS_PICTURE = Property("Boolean", ADDRESS, 0x8015)
"""PidLidHasPicture; Exchange computes it."""

Path = tuple[str | int, ...]


def _tag(tag: int, kind: str = "String") -> Property:
    return Property(kind, "", tag)


def _address(number: int, kind: str = "String") -> Property:
    return Property(kind, ADDRESS, number)


BOUND: Mapping[Property, Path] = {
    _tag(0x3001): ("displayName",),
    _tag(0x3A06): ("givenName",),
    _tag(0x3A44): ("middleName",),
    _tag(0x3A11): ("surname",),
    _tag(0x3A45): ("title",),
    _tag(0x3A05): ("generation",),
    _tag(0x3A0A): ("initials",),
    _tag(0x3A4F): ("nickName",),
    _tag(0x3A16): ("companyName",),
    _tag(0x3A18): ("department",),
    _tag(0x3A19): ("officeLocation",),
    _tag(0x3A17): ("jobTitle",),
    _tag(0x3A46): ("profession",),
    _tag(0x3A4E): ("manager",),
    _tag(0x3A30): ("assistantName",),
    _tag(0x3A48): ("spouseName",),
    _tag(0x3A51): ("businessHomePage",),
    _tag(0x1000): ("personalNotes",),
    _tag(0x3A42, "SystemTime"): ("birthday",),
    _tag(0x3A1C): ("mobilePhone",),
    _tag(0x3A08): ("businessPhones", 0),
    _tag(0x3A1B): ("businessPhones", 1),
    _tag(0x3A09): ("homePhones", 0),
    _tag(0x3A2F): ("homePhones", 1),
    _tag(0x3A58, "StringArray"): ("children",),
    Property("StringArray", PUBLIC_STRINGS, "keywords"): ("categories",),
    _address(0x8005): ("fileAs",),
    _address(0x802C): ("yomiGivenName",),
    _address(0x802D): ("yomiSurname",),
    _address(0x802E): ("yomiCompanyName",),
    _address(0x8062): ("imAddresses", 0),
    _address(0x8083): ("emailAddresses", 0, "address"),
    _address(0x8080): ("emailAddresses", 0, "name"),
    _address(0x8093): ("emailAddresses", 1, "address"),
    _address(0x8090): ("emailAddresses", 1, "name"),
    _address(0x80A3): ("emailAddresses", 2, "address"),
    _address(0x80A0): ("emailAddresses", 2, "name"),
    _tag(0x3A5D): ("homeAddress", "street"),
    _tag(0x3A59): ("homeAddress", "city"),
    _tag(0x3A5C): ("homeAddress", "state"),
    _tag(0x3A5A): ("homeAddress", "countryOrRegion"),
    _tag(0x3A5B): ("homeAddress", "postalCode"),
    _tag(0x3A63): ("otherAddress", "street"),
    _tag(0x3A5F): ("otherAddress", "city"),
    _tag(0x3A62): ("otherAddress", "state"),
    _tag(0x3A60): ("otherAddress", "countryOrRegion"),
    _tag(0x3A61): ("otherAddress", "postalCode"),
    _address(0x8045): ("businessAddress", "street"),
    _address(0x8046): ("businessAddress", "city"),
    _address(0x8047): ("businessAddress", "state"),
    _address(0x8049): ("businessAddress", "countryOrRegion"),
    _address(0x8048): ("businessAddress", "postalCode"),
}
"""Extended properties that are a property of the contact as well: one datum with two names.

Tags: [MS-OXPROPS], as https://github.com/MicrosoftDocs/office-developer-client-docs lists them.
"""


def get(fields: Mapping[str, Any], path: Path) -> Any:
    """What is at a path; None when there is nothing."""
    found: Any = fields
    for step in path:
        if isinstance(step, int):
            found = found[step] if found and step < len(found) else None
        else:
            found = (found or {}).get(step)
    return found or None


def put(fields: dict[str, Any], path: Path, value: Any) -> None:
    """Another value at a path; None clears. A list closes its gaps, which the sandbox does not keep."""
    first, *rest = path
    name = str(first)
    if not rest:
        fields[name] = value
    elif isinstance(rest[0], str):
        parts = {**(fields.get(name) or {}), rest[0]: value}
        fields[name] = {part: text for part, text in parts.items() if text is not None}
    else:
        index = rest[0]
        entries: list[Any] = [*(fields.get(name) or ())]
        entries += [None] * (index + 1 - len(entries))
        entries[index] = value if len(rest) == 1 else {**(entries[index] or {}), str(rest[1]): value}
        if isinstance(entries[index], dict):
            entries[index] = {part: text for part, text in entries[index].items() if text is not None}
        fields[name] = [one for one in entries if one]
