"""What Exchange makes of contacts that it is sent, as a pure and strict function for tests of the mapping.

From Microsoft's description of the operations and what their users have seen (MS-OXWSCONT; php-ews#362, exchangelib#958);
nothing of it is shared with the product.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from lxml import etree

from tests.exchange import contract
from tests.exchange.contract import MESSAGES as M, TYPES as T

Element = etree._Element

TEXTS: Final = (
    "FileAs", "DisplayName", "GivenName", "Initials", "MiddleName", "Nickname", "CompanyName", "AssistantName", "Birthday",
    "BusinessHomePage", "Department", "Generation", "JobTitle", "Manager", "Mileage", "OfficeLocation", "Profession",
    "SpouseName", "Surname",
)  # fmt: skip
LISTS: Final = ("Categories", "Children", "Companies")
KEYED: Final = {"PhoneNumbers": "contacts:PhoneNumber", "ImAddresses": "contacts:ImAddress"}
ORDER: Final = (
    "FileAs", "FileAsMapping", "DisplayName", "GivenName", "Initials", "MiddleName", "Nickname", "CompanyName",
    "EmailAddresses", "PhysicalAddresses", "PhoneNumbers", "AssistantName", "Birthday", "BusinessHomePage", "Children",
    "Companies", "Department", "Generation", "ImAddresses", "JobTitle", "Manager", "Mileage", "OfficeLocation",
    "Profession", "SpouseName", "Surname", "HasPicture",
)  # fmt: skip
PARTS: Final = ("Street", "City", "State", "CountryOrRegion", "PostalCode")
ADDRESS: Final = "00062004-0000-0000-c000-000000000046"
ORIGINALS: Final = {f"EmailAddress{number + 1}": f"{{{ADDRESS}}}/{0x8084 + 16 * number}/String" for number in range(3)}
SAME: Final = {"0x3a51/String": "BusinessHomePage", "0x3a46/String": "Profession"}
"""Properties that are fields as well."""


class Refused(Exception):
    """What Exchange would not accept."""


@dataclass
class Stored:
    """A contact in a mailbox.

    Attributes:
        texts, lists: fields by their names.
        body: text.
        entries: of dictionaries, by field and key; of e-mail addresses address, name and routing type; of addresses parts.
        extended: values by tag or set, number or name, and type.
        version: counts changes.
    """

    texts: dict[str, str] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    body: str = ""
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    extended: dict[str, str] = field(default_factory=dict)
    version: int = 1

    def copy(self) -> Stored:
        return copy.deepcopy(self)


@dataclass(frozen=True)
class Exchange:
    """Args:
    fills: what an e-mail address without a name is named like.
    refiles: whether names are made anew when a name changes and they are not sent along.
    """

    fills: Literal["address", "display"] = "address"
    refiles: bool = True

    def create(self, contact: Element) -> Stored:
        """The contact that CreateItem makes."""
        contact = judged(contact)
        stored = Stored()
        for child in contact:
            self._set(stored, child)
        self._make_names(stored)
        return stored

    def update(self, stored: Stored, updates: tuple[Element, ...]) -> Stored:
        """The contact after UpdateItem."""
        if not updates:
            raise AssertionError("an empty update")
        changes = judged_updates(updates)
        stored = stored.copy()
        touched = set()
        for change in changes:
            path = change[0]
            key = address(path)
            if key in touched:
                raise Refused("the same property twice")
            touched.add(key)
            if change.tag == f"{T}DeleteItemField":
                self._delete(stored, key)
            else:
                self._set_one(stored, key, change[1])
        names = ("GivenName", "MiddleName", "Surname", "Generation", "CompanyName")
        if self.refiles and touched & {f"contacts:{name}" for name in names}:
            for name in {"DisplayName", "FileAs"} - {key.partition(":")[2] for key in touched}:
                stored.texts.pop(name, None)
            self._make_names(stored)
        stored.version += 1
        return stored

    def _set_one(self, stored: Stored, key: str, contact: Element) -> None:
        (child,) = contact
        before = addresses_of(contact)
        if before != [key]:
            raise Refused("ErrorIncorrectUpdatePropertyCount")
        self._set(stored, child)

    def _set(self, stored: Stored, child: Element) -> None:
        name = etree.QName(child).localname
        if name == "ExtendedProperty":
            key = address(child[0])
            value = child[1].text
            if not value:
                raise Refused("an empty value")
            if key in SAME:
                stored.texts[SAME[key]] = value
            else:
                stored.extended[key] = value
        elif name == "Body":
            stored.body = child.text or ""
        elif name in LISTS:
            stored.lists[name] = [one.text or "" for one in child]
            if not all(stored.lists[name]):
                raise Refused("an empty text in a list")
        elif name == "EmailAddresses":
            for entry in child:
                key = str(entry.attrib["Key"])
                routing = entry.get("RoutingType", "SMTP")
                stored.entries.setdefault(name, {})[key] = (entry.text, entry.get("Name"), routing)
                stored.extended.pop(ORIGINALS[key], None)
        elif name in KEYED:
            for entry in child:
                stored.entries.setdefault(name, {})[str(entry.attrib["Key"])] = entry.text
        elif name == "PhysicalAddresses":
            for entry in child:
                parts = stored.entries.setdefault(name, {}).setdefault(str(entry.attrib["Key"]), {})
                parts |= {etree.QName(part).localname: part.text for part in entry}
        elif name in TEXTS:
            if not child.text:
                raise Refused("an empty text does not clear")
            stored.texts[name] = child.text
        else:
            raise Refused(f"{name} is not written")

    def _delete(self, stored: Stored, key: str) -> None:
        """What is not there goes as well."""
        uri, _, index = key.partition("#")
        name = uri.partition(":")[2]
        if index and uri == "contacts:EmailAddress":
            stored.entries.get("EmailAddresses", {}).pop(index, None)
            stored.extended.pop(ORIGINALS[index], None)
        elif index and uri.startswith("contacts:PhysicalAddress:"):
            parts = stored.entries.get("PhysicalAddresses", {}).get(index, {})
            parts.pop(uri.rpartition(":")[2], None)
            if not parts:
                stored.entries.get("PhysicalAddresses", {}).pop(index, None)
        elif index:
            stored.entries.get(f"{name}s" if name == "PhoneNumber" else "ImAddresses", {}).pop(index, None)
        elif uri == "item:Body":
            stored.body = ""
        elif name in LISTS:
            stored.lists.pop(name, None)
        elif name in TEXTS:
            stored.texts.pop(name, None)
        elif "/" in uri:
            stored.extended.pop(uri, None)
        else:
            raise Refused(f"{uri} is not written")

    def _make_names(self, stored: Stored) -> None:
        texts = stored.texts
        parts = [texts[name] for name in ("GivenName", "MiddleName", "Surname") if name in texts]
        made = " ".join(parts) or texts.get("CompanyName")
        for name in ("DisplayName", "FileAs"):
            if made and name not in texts:
                texts[name] = made

    def show(self, stored: Stored, number: int = 1) -> Element:
        """The ``t:Contact`` of GetItem."""
        contact = etree.Element(f"{T}Contact", nsmap={"t": T[1:-1]})
        etree.SubElement(contact, f"{T}ItemId", Id=f"AAMk{number}=", ChangeKey=f"EQ{stored.version}")
        etree.SubElement(contact, f"{T}Body", BodyType="Text").text = stored.body
        _list(contact, "Categories", stored)
        _text(contact, "DateTimeCreated", "2024-05-06T07:08:09Z")
        for key, value in stored.extended.items():
            found = etree.SubElement(contact, f"{T}ExtendedProperty")
            etree.SubElement(found, f"{T}ExtendedFieldURI", _attributes(key))
            _text(found, "Value", value)
        _text(contact, "LastModifiedTime", "2024-05-06T07:08:10Z")
        for name in ORDER:
            if name in stored.texts:
                _text(contact, name, stored.texts[name])
            elif name in LISTS:
                _list(contact, name, stored)
            elif stored.entries.get(name):
                self._dictionary(contact, name, stored)
        return contact

    def _dictionary(self, contact: Element, name: str, stored: Stored) -> None:
        within = etree.SubElement(contact, f"{T}{name}")
        for key, value in stored.entries[name].items():
            entry = etree.SubElement(within, f"{T}Entry", Key=key)
            if name == "PhysicalAddresses":
                for part in PARTS:
                    if part in value:
                        _text(entry, part, value[part])
            elif name == "EmailAddresses":
                entry.text, said, routing = value
                display = stored.texts.get("DisplayName") if self.fills == "display" else None
                entry.set("Name", said or display or entry.text or "")
                entry.set("RoutingType", routing)
            else:
                entry.text = value


def address(path: Element) -> str:
    """What a path names, in one notation: ``contacts:GivenName``, ``contacts:PhoneNumber#Pager``, ``0x3a46/String``."""
    attributes = {str(name): str(value) for name, value in path.attrib.items()}
    if path.tag == f"{T}FieldURI":
        return attributes["FieldURI"]
    if path.tag == f"{T}IndexedFieldURI":
        return f"{attributes['FieldURI']}#{attributes['FieldIndex']}"
    kind = attributes["PropertyType"]
    if tag := path.get("PropertyTag"):
        return f"{tag.lower()}/{kind}"
    within = ADDRESS if path.get("DistinguishedPropertySetId") == "Address" else path.get("PropertySetId")
    return f"{{{within}}}/{path.get('PropertyId') or path.get('PropertyName')}/{kind}"


def addresses_of(contact: Element) -> list[str]:
    """What is in a ``t:Contact``, property by property."""
    found = []
    for child in contact:
        name = etree.QName(child).localname
        if name == "ExtendedProperty":
            found.append(address(child[0]))
        elif name in ("Body", "Categories"):
            found.append(f"item:{name}")
        elif name == "EmailAddresses":
            found += [f"contacts:EmailAddress#{entry.get('Key')}" for entry in child]
        elif name in KEYED:
            found += [f"{KEYED[name]}#{entry.get('Key')}" for entry in child]
        elif name == "PhysicalAddresses":
            found += [
                f"contacts:{name[:-2]}:{etree.QName(part).localname}#{entry.get('Key')}"
                for entry in child
                for part in entry
            ]
        else:
            found.append(f"contacts:{name}")
    return found


def judged(contact: Element) -> Element:
    """The contact as it arrives in CreateItem, after the schema's judgement where there is one."""
    request = etree.Element(f"{M}CreateItem", MessageDisposition="SaveOnly")
    etree.SubElement(request, f"{M}Items").append(copy.deepcopy(contact))
    return _travelled(request)[0][0]


def judged_updates(updates: tuple[Element, ...]) -> list[Element]:
    """The same of the changes in UpdateItem."""
    request = etree.Element(f"{M}UpdateItem", ConflictResolution="NeverOverwrite", MessageDisposition="SaveOnly")
    change = etree.SubElement(etree.SubElement(request, f"{M}ItemChanges"), f"{T}ItemChange")
    etree.SubElement(change, f"{T}ItemId", Id="AAMk1=", ChangeKey="EQ1")
    etree.SubElement(change, f"{T}Updates").extend(copy.deepcopy(update) for update in updates)
    return list(_travelled(request)[0][0][1])


def _travelled(request: Element) -> Element:
    arrived = contract.parsed(etree.tostring(request, encoding="utf-8"))
    if contract.present():
        contract.element(arrived, "2013_SP1")
    return arrived


def _text(parent: Element, name: str, value: str) -> None:
    etree.SubElement(parent, f"{T}{name}").text = value


def _list(contact: Element, name: str, stored: Stored) -> None:
    if values := stored.lists.get(name):
        within = etree.SubElement(contact, f"{T}{name}")
        for value in values:
            _text(within, "String", value)


def _attributes(key: str) -> dict[str, str]:
    where, _, rest = key.partition("/") if key.startswith("0x") else key.rpartition("}/")
    if key.startswith("0x"):
        return {"PropertyTag": where, "PropertyType": rest}
    named, _, kind = rest.rpartition("/")
    guid = where.strip("{}")
    within = {"DistinguishedPropertySetId": "Address"} if guid == ADDRESS else {"PropertySetId": guid}
    return within | ({"PropertyId": named} if named.isdigit() else {"PropertyName": named}) | {"PropertyType": kind}
