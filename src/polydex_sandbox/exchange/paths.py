"""What names one property of an item: FieldURI, IndexedFieldURI, ExtendedFieldURI.

See https://learn.microsoft.com/exchange/client-developer/exchange-web-services/property-sets-and-response-shapes-in-ews-in-exchange
and, for what attributes go together, https://learn.microsoft.com/exchange/client-developer/web-service-reference/extendedfielduri.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from polydex_sandbox.exchange import errors, properties
from polydex_sandbox.exchange.schema.notation import Simple
from polydex_sandbox.exchange.schema.tables import TABLES
from polydex_sandbox.exchange.xml import Element, T, name_of, t
from polydex_sandbox.properties import Property

DICTIONARIES = {
    "contacts:EmailAddress": ("contacts:EmailAddresses", tuple(properties.EMAILS)),
    "contacts:PhoneNumber": ("contacts:PhoneNumbers", tuple(properties.PHONES)),
    "contacts:ImAddress": ("contacts:ImAddresses", tuple(properties.IMS)),
    **{
        f"contacts:PhysicalAddress:{part}": ("contacts:PhysicalAddresses", tuple(properties.ADDRESSES))
        for part in properties.ADDRESSES["Home"]
    },
}
"""Of an indexed field: the dictionary that it is an entry of, and the keys that this has."""

_UNINDEXED = TABLES.types[f"{{{T}}}UnindexedFieldURIType"]
URIS = frozenset(_UNINDEXED.values or ()) if isinstance(_UNINDEXED, Simple) else frozenset[str]()
"""All fields that have a path."""

_BARE = frozenset({"Error", "Null", "Object", "ObjectArray"})
"""Types that no property of a request can have."""


@dataclass(frozen=True)
class Path:
    """One property.

    Attributes:
        uri: of a field, or of a dictionary's fields; "" for an extended one.
        index: key in the dictionary; None for a field that is none of one.
        extended: the extended property.
        attributes: as the request wrote an extended one: answers have them again.
    """

    uri: str = ""
    index: str | None = None
    extended: Property | None = None
    attributes: Mapping[str, str] = field(default_factory=dict, compare=False)

    def element(self) -> Element:
        """As an answer writes it."""
        if self.extended is not None:
            return t("ExtendedFieldURI", **self.attributes)
        if self.index is not None:
            return t("IndexedFieldURI", FieldURI=self.uri, FieldIndex=self.index)
        return t("FieldURI", FieldURI=self.uri)


PATHS = frozenset({"FieldURI", "IndexedFieldURI", "ExtendedFieldURI", "ExceptionFieldURI"})


def path(element: Element) -> Path:
    """Out of an element. Raises EwsError: it names nothing that there can be."""
    kind = name_of(element)
    if kind == "FieldURI":
        return Path(element.get("FieldURI", ""))
    if kind == "IndexedFieldURI":
        uri, index = element.get("FieldURI", ""), element.get("FieldIndex", "")
        if uri in DICTIONARIES and index not in DICTIONARIES[uri][1]:
            raise errors.property_request(Path(uri, index), "The property index is not valid.")
        return Path(uri, index)
    if kind == "ExtendedFieldURI":
        return Path(extended=extended(element), attributes={str(name): str(text) for name, text in element.items()})
    raise errors.schema(f"The element '{kind}' names no property.")


def extended(element: Element) -> Property:
    """The property that an ExtendedFieldURI names. Raises EwsError: its attributes do not go together."""
    given = {name: element.get(name) for name in _ATTRIBUTES}
    tag, number, name = given["PropertyTag"], given["PropertyId"], given["PropertyName"]
    distinguished, guid = given["DistinguishedPropertySetId"], given["PropertySetId"]
    kind = given["PropertyType"] or ""
    if kind in _BARE:
        raise errors.extended_property("The extended property type is not valid.")
    if tag is not None:
        if any(one is not None for one in (number, name, distinguished, guid)):
            raise errors.extended_property()
        value = int(tag, 16) if tag.lower().startswith("0x") else int(tag)
        # Tags from 0x8000 belong to named properties, whose numbers are different in every mailbox.
        if value >= 0x8000:
            raise errors.custom_tag()
        return Property(kind, "", value)
    if (distinguished is None) == (guid is None) or (number is None) == (name is None):
        raise errors.extended_property()
    known = properties.SETS[distinguished] if distinguished else str(guid).lower()
    if name is not None:
        # The headers of messages alone are named in lower case.
        return Property(kind, known, name.lower() if distinguished == "InternetHeaders" else name)
    return Property(kind, known, int(number or 0))


_ATTRIBUTES = (
    "DistinguishedPropertySetId", "PropertySetId", "PropertyTag", "PropertyName", "PropertyId", "PropertyType",
)  # fmt: skip


def entry(path: Path) -> list[Property]:
    """The properties of an entry of a dictionary, the one that says most first. Raises EwsError: there is no such dictionary."""
    if path.index is None:
        raise errors.property_request(path)
    if path.uri == "contacts:EmailAddress":
        slot = properties.EMAILS[path.index]
        return [slot["address"], slot["name"], slot["type"], slot["original"]]
    if path.uri == "contacts:PhoneNumber":
        return [properties.PHONES[path.index]]
    if path.uri == "contacts:ImAddress":
        return [properties.IMS[path.index]]
    if path.uri in DICTIONARIES:
        return [properties.ADDRESSES[path.index][path.uri.partition("PhysicalAddress:")[2]]]
    raise errors.property_request(path)
