"""Request bodies: JSON bytes -> :class:`Draft` (POST) or :class:`Request` (PATCH).

What is tolerated is tolerated here and nowhere else (API.md, Contacts; MAPPING, section 8): unknown and read-only
members of any shape are skipped, two spellings of some names are understood, enum values come in any case, null entries
of a list are left out. A member of another type is a BadRequest that names its JSON path, as is a member given twice,
because nobody could say which one is meant. No message repeats a value from the body.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from polydex.core.birthday import parse_birthday
from polydex.core.contact import (
    EMPTY,
    Address,
    AddressType,
    Company,
    Contact,
    Email,
    Part,
    Phone,
    PhoneType,
    Photo,
    Relation,
    RelationType,
    Url,
    UrlType,
    is_empty,
    text,
)
from polydex.core.errors import BadRequest, PayloadTooLarge
from polydex.core.fields import Field, FieldSet
from polydex.core.patch import CompanyPatch, NamePatch, Patch
from polydex.core.strict_json import Node, parse

MAX_PHOTO_BYTES: Final = 4 * 1024 * 1024
"""Bytes of a photo after decoding; a larger one is a PayloadTooLarge."""
MAX_ENTRIES: Final = 500
"""Entries of a list: Google lists 100 at most, Exchange has three e-mail addresses; editing a card takes time by their square."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A contact to be created.

    Attributes:
        contact: in normal form, the photo with its bytes.
        native: native properties by name.
        document: the vCard that the contact was read from.
    """

    contact: Contact
    native: dict[str, str] = field(default_factory=dict)
    document: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Twice:
    """A text sent under both of its spellings, with different values: one of them may be an echo."""

    path: str
    values: tuple[str | None, str | None]

    def edit(self, *stored: str | None) -> str | None:
        """The value that is the edit, because the other one is what is stored. Raises BadRequest when neither is."""
        first, second = self.values
        for known in stored:
            if first == known:
                return second
            if second == known:
                return first
        raise BadRequest(f"{self.path}: two spellings of this member are given, with different values")


@dataclass(frozen=True, slots=True)
class Request:
    """A decoded PATCH, with open what only the stored contact can decide.

    A client may send back what it read with something edited, so what equals the stored value is an echo: one of two
    spellings of a name, a birthday in free text, a photo by its id alone.
    """

    _patch: Patch
    _company: Mapping[str, _Twice]
    _lists: Mapping[str, Mapping[int, _Twice]]
    _birthday: str | None = None
    _photo: str | None = None

    def fields(self) -> FieldSet:
        """The fields that are set or cleared; an echoed birthday or photo is neither."""
        return self._patch.fields()

    def resolve(self, base: Contact) -> Patch:
        """The patch, in normal form, for a contact that is now ``base``.

        Raises:
            BadRequest: two spellings differ and neither is the stored value; a birthday or a photo id that is not the
                stored one. The message names the JSON path.
        """
        changes: dict[str, Any] = {}
        if self._company and self._patch.company:
            stored = base.company or Company()
            edits = {part: twice.edit(getattr(stored, part)) for part, twice in self._company.items()}
            changes["company"] = msgspec.structs.replace(self._patch.company, **edits)
        for attribute, twices in self._lists.items():
            changes[attribute] = _resolve_list(getattr(self._patch, attribute), getattr(base, attribute), twices)
        if self._birthday is not None and self._birthday != base.birthday:
            raise BadRequest("$.birthday: not a date (YYYY-MM-DD, or --MM-DD without a year)")
        if self._photo is not None and (base.photo is None or self._photo != base.photo.hash):
            raise BadRequest("$.photo.content: missing, and $.photo.id is not the stored photo")
        return msgspec.structs.replace(self._patch, **changes).normal()


def decode_patch(body: bytes) -> Request:
    """The body of a PATCH.

    Raises:
        BadRequest: not JSON, or a member that cannot be understood; the message names its JSON path.
        PayloadTooLarge: the photo has more than MAX_PHOTO_BYTES.
    """
    members = parse(body).members(_MEMBERS)
    changes: dict[str, Any] = {}
    company: dict[str, _Twice] = {}
    lists: dict[str, dict[int, _Twice]] = {}
    is_default = _is_default_object(members)
    for name, node in members.items():
        what = Field(name)
        if what is Field.NAME:
            changes["name"] = None if node.is_null else NamePatch(**_texts(node, _NAME))
        elif what is Field.COMPANY:
            changes["company"] = None if node.is_null else CompanyPatch(**_aliased(node, _COMPANY, company))
        elif what is Field.KEYWORDS:
            changes["keywords"] = tuple(word.text() for word in _entries(node) if not word.is_null)
        elif what in _LISTS:
            lists[what.attribute] = {}
            changes[what.attribute] = _decode_list(node, _LISTS[what], lists[what.attribute])
        elif what is Field.NATIVE_PROPERTIES:
            changes["native_properties"] = _native(node)
        elif what not in (Field.BIRTHDAY, Field.PHOTO):
            changes[what.attribute] = _text(node)
        if is_default and what.value in _DEFAULT_LISTS and not changes[what.attribute]:
            del changes[what.attribute]
    birthday = text(_text(members["birthday"])) if "birthday" in members else UNSET
    changes["birthday"] = parse_birthday(birthday) or UNSET if birthday else birthday
    echo = birthday if birthday and changes["birthday"] is UNSET else None
    changes["photo"], photo_id = _photo(members["photo"]) if "photo" in members else (UNSET, None)
    open_lists = {attribute: twices for attribute, twices in lists.items() if twices}
    return Request(Patch(**changes), company, open_lists, echo or None, photo_id)


def decode_draft(body: bytes) -> Draft:
    """The body of a POST: a PATCH of the empty contact, whose empty members mean absent.

    Raises:
        BadRequest: as for a PATCH, or nothing is set at all (Google would create a nameless contact, Exchange an
            empty row).
        PayloadTooLarge: the photo has more than MAX_PHOTO_BYTES.
    """
    patch = decode_patch(body).resolve(EMPTY)
    contact = patch.apply(EMPTY)
    named = patch.native_properties or {}
    native = {name: value for name, value in named.items() if value is not None}
    if is_empty(contact) and not native:
        raise BadRequest("$: the contact is empty")
    return Draft(contact, native)


_P = TypeVar("_P", bound=Part)


@dataclass(frozen=True, slots=True)
class _Entries:
    """How the entries of a list look: JSON names (aliases included) -> attributes, and what ``type`` may be."""

    part: type[Part]
    names: Mapping[str, str]
    types: type[Enum] | None = None
    missing_type: Enum | None = None
    aliased: str = ""


def _json_names(struct: type[msgspec.Struct], **aliases: str) -> dict[str, str]:
    return dict(zip(struct.__struct_encode_fields__, struct.__struct_fields__, strict=True)) | aliases


_MEMBERS: Final = frozenset(what.value for what in Field)
_NAME: Final = _json_names(NamePatch)
_COMPANY: Final = _json_names(CompanyPatch, companyName="name", yomiName="yomi_company_name")
_PHONE: Final = {"number": "number", "value": "number", "type": "type"}  # canonicalForm is read-only
_LISTS: Final = {
    Field.RELATIONS: _Entries(Relation, _json_names(Relation), RelationType),
    Field.EMAIL_ADDRESSES: _Entries(Email, _json_names(Email)),
    Field.PHONE_NUMBERS: _Entries(Phone, _PHONE, PhoneType, PhoneType.OTHER, "number"),
    Field.ADDRESSES: _Entries(Address, _json_names(Address), AddressType),
    Field.URLS: _Entries(Url, _json_names(Url, value="href"), UrlType, aliased="href"),
}
_DEFAULT_LISTS: Final = frozenset({Field.KEYWORDS.value, *(what.value for what in _LISTS)})


def _is_default_object(members: Mapping[str, Node]) -> bool:
    """Whether this is the object that the official generated SDK builds: all six lists and empty nativeProperties.

    It sends its lists whether or not anybody set them, so in it, and nowhere else, an empty list says nothing.
    """
    native = members.get(Field.NATIVE_PROPERTIES.value)
    if native is None or native.is_null or native.members():
        return False
    return all(name in members and members[name].is_array for name in _DEFAULT_LISTS)


def _text(node: Node) -> str | None:
    return None if node.is_null else node.text()


def _texts(node: Node, names: Mapping[str, str]) -> dict[str, str | None]:
    return {names[name]: _text(member) for name, member in node.members(names).items()}


def _entries(node: Node) -> list[Node]:
    entries = [] if node.is_null else node.elements()
    if len(entries) > MAX_ENTRIES:
        raise BadRequest(f"{node.path}: more than {MAX_ENTRIES} entries")
    return entries


def _aliased(node: Node, names: Mapping[str, str], twices: dict[str, _Twice]) -> dict[str, str | None]:
    """Texts by attribute; two spellings with different values also go to ``twices``, which decides in the end."""
    values: dict[str, str | None] = {}
    for name, member in node.members(names).items():
        attribute, value = names[name], text(_text(member))
        if attribute in values and values[attribute] != value:
            twices[attribute] = _Twice(member.path, (values[attribute], value))
        values[attribute] = value
    return values


def _decode_list(node: Node, shape: _Entries, twices: dict[int, _Twice]) -> tuple[Part, ...]:
    entries: list[Part] = []
    for entry in _entries(node):
        if entry.is_null:
            continue
        members = entry.members(shape.names)
        kind = members.pop("type", None) if shape.types else None
        values: dict[str, Any] = {}
        for name, member in members.items():
            attribute, value = shape.names[name], _text(member)
            if attribute == shape.aliased:
                # In an entry null is absent, so a spelling without a value is not given.
                value = text(value)
                if value is None:
                    continue
                if values.get(attribute, value) != value:
                    twices[len(entries)] = _Twice(member.path, (values[attribute], value))
            values[attribute] = value
        if shape.types:
            values["type"] = (kind and _enum(kind, shape.types)) or shape.missing_type
        entries.append(shape.part(**values))
    return tuple(entries)


def _resolve_list(entries: tuple[_P, ...], stored: tuple[_P, ...], twices: Mapping[int, _Twice]) -> tuple[_P, ...]:
    """The list with its open spellings decided: the echo is what stands at this place, else anywhere, in the list."""
    resolved = list(entries)
    for index, twice in twices.items():
        attribute = "href" if isinstance(entries[index], Url) else "number"
        known = [getattr(part, attribute) for part in stored]
        edit = twice.edit(*known[index : index + 1], *known)
        resolved[index] = msgspec.structs.replace(entries[index], **{attribute: edit})
    return tuple(resolved)


def _enum(node: Node, kind: type[Enum]) -> Enum | None:
    """The value in any letter case of ASCII, None for null and blank."""
    sent = (_text(node) or "").strip(" \t\r\n").lower()
    if not sent:
        return None
    for value in kind if sent.isascii() else ():
        if value.value.lower() == sent:
            return value
    raise BadRequest(f"{node.path}: not one of {', '.join(value.value for value in kind)}")


def _native(node: Node) -> dict[str, str | None] | UnsetType:
    """Native properties to set (a text) and to remove (null or ""). Null or {} names none, so it says nothing."""
    if node.is_null:
        return UNSET
    named: dict[str, str | None] = {}
    for name, member in node.members().items():
        if text(name) != name:
            raise BadRequest(f"{member.path}: not a name of a property")
        named[name] = _text(member)
    return named or UNSET


_DATA_URL = re.compile(r"data:([^,;]*)(?:;[^,;]*)*;base64,", re.IGNORECASE)


def _photo(node: Node) -> tuple[Photo | None | UnsetType, str | None]:
    """The photo to set, None to remove it, or UNSET and the id that must be the stored one."""
    if node.is_null:
        return None, None
    members = node.members(("id", "name", "mimeType", "content"))
    content = _text(members["content"]) if "content" in members else None
    values = {name: text(_text(member)) for name, member in members.items() if name != "content"}
    if content and (data := _base64(content.strip(), members["content"].path)):
        prefix = _DATA_URL.match(content.strip())
        mime_type = values.get("mimeType") or (text(prefix[1]) if prefix else None)
        return Photo.of(data, mime_type, values.get("name")), None
    if not any(values.values()):
        return None, None
    if photo_id := values.get("id"):
        return UNSET, photo_id
    raise BadRequest(f"{node.path}.content: missing")


def _base64(sent: str, path: str) -> bytes:
    """Bytes from base64 (RFC 4648, 4), with the line breaks of MIME and the prefix of a data URL if it has them."""
    prefix = _DATA_URL.match(sent)
    encoded = "".join(sent[prefix.end() if prefix else 0 :].split())
    if len(encoded) // 4 * 3 - encoded[-2:].count("=") > MAX_PHOTO_BYTES:
        raise PayloadTooLarge(f"{path}: the photo has more than {MAX_PHOTO_BYTES} bytes")
    try:
        return binascii.a2b_base64(encoded, strict_mode=True)
    except ValueError:  # binascii.Error is one; text outside of ASCII is another
        raise BadRequest(f"{path}: not base64") from None
