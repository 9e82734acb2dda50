"""What is taken of the elements that a client sends: which properties they set, to which values."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Callable
from typing import Any

from polydex_sandbox.exchange import errors, paths, properties, values
from polydex_sandbox.exchange.item import CONTACT, LIST
from polydex_sandbox.exchange.paths import DICTIONARIES, URIS, Path
from polydex_sandbox.exchange.xml import Element, child, name_of
from polydex_sandbox.properties import Property, canonical, time_of

Changes = dict[Property, Any]
"""Property -> canonical value; None takes it away."""

DIRECTORY = frozenset(
    f"contacts:{name}"
    for name in (
        "Alias", "Notes", "Photo", "PhoneticFullName", "PhoneticFirstName", "PhoneticLastName", "DirectoryId",
        "ManagerMailbox", "DirectReports", "UserSMIMECertificate", "MSExchangeCertificate",
    )
)  # fmt: skip
"""Fields that only the directory's contacts have: exchangelib's ``items/contact.py``."""


def uri_of(element: Element) -> str:
    """The field that a member of an item is; only its name when no path leads to it."""
    name = name_of(element)
    return next((uri for kind in ("item", "contacts", "distributionlist") if (uri := f"{kind}:{name}") in URIS), name)


def item(element: Element) -> Changes:
    """All properties that the element of a new item sets, which are all but its attachments. Raises EwsError."""
    found: Changes = {}
    for one in element:
        if name_of(one) != "Attachments":
            found |= extended_property(one) if name_of(one) == "ExtendedProperty" else field(one)
    return found


def field(element: Element) -> Changes:
    """The properties that one member sets. Raises EwsError: it cannot be set, or not to this."""
    uri = uri_of(element)
    setter = _SET.get(uri)
    if uri in DIRECTORY:
        raise errors.property_request(uri)
    if setter is None:
        raise errors.property_set(uri)
    return setter(element)


def extended_property(element: Element) -> Changes:
    """Raises EwsError."""
    path = child(element, "ExtendedFieldURI")
    if path is None:
        raise errors.schema("ExtendedProperty has no ExtendedFieldURI.")
    known, place = paths.extended(path), paths.path(path)
    single, several = child(element, "Value"), child(element, "Values")
    if known.multiple != (several is not None):
        raise errors.extended_value(place)
    if known in values.READ_ONLY:
        raise errors.property_set(place)
    given: Any = None if single is None else single.text or ""
    if several is not None:
        given = [one.text or "" for one in several]
    if isinstance(given, list):
        found = canonical(known, [zoned(known.type.removesuffix("Array"), one) for one in given])
    else:
        found = canonical(known, None if given is None else zoned(known.type, given))
    if found is None or (known.type.startswith("SystemTime") and _early(found)):
        raise errors.extended_value(place)
    return {known: found}


def zoned(kind: str, given: str) -> str:
    """The text of a value in full. A time without a zone is one in UTC; true and false may be digits."""
    if kind == "SystemTime" and not re.search(r"([Zz]|[+-]\d\d:\d\d)$", given):
        return f"{given}Z"
    if kind == "Boolean":
        return {"1": "true", "0": "false"}.get(given, given)
    return given


def _early(found: str | list[str]) -> bool:
    """Whether a time is before those that MAPI can hold (FILETIME of [MS-DTYP]). With what that is refused is unconfirmed."""
    return any(one < "1601" for one in ([found] if isinstance(found, str) else found))


def change(element: Element, changed: str) -> Changes:
    """What a SetItemField, DeleteItemField or AppendToItemField asks for, of an item of a kind. Raises EwsError.

    An appended body is returned with `APPENDED` before its text.
    """
    kind = name_of(element)
    path = next((paths.path(one) for one in element if name_of(one) in paths.PATHS), None)
    if path is None:
        raise errors.schema(f"{kind} names no property.")
    if changed != CONTACT and path.uri.startswith("contacts:") and not (changed == LIST and path.uri in _OF_LISTS):
        raise errors.property_request(path)
    if kind == "DeleteItemField":
        return _deleted(path)
    holder = next((one for one in element if name_of(one) not in paths.PATHS), None)
    members = [] if holder is None else list(holder)
    if len(members) != 1:
        raise errors.property_count()
    if kind == "AppendToItemField":
        if path.uri != "item:Body":
            raise errors.property_append(path)
        return {properties.BODY: APPENDED + (members[0].text or "")}
    _matches(path, members[0])
    return extended_property(members[0]) if path.extended is not None else field(members[0])


_OF_LISTS = frozenset({"contacts:DisplayName", "contacts:FileAs"})
"""Fields of contacts that distribution lists have as well."""
APPENDED = "\0append\0"


def _matches(path: Path, member: Element) -> None:
    """Raises EwsError: the member is not what the path names, or more than that."""
    if path.extended is not None:
        found = child(member, "ExtendedFieldURI")
        if name_of(member) != "ExtendedProperty" or found is None or paths.extended(found) != path.extended:
            raise errors.property_mismatch()
        return
    if path.index is None:
        if path.uri in _WHOLE:
            raise errors.property_set(path.uri)
        if uri_of(member) != path.uri:
            raise errors.property_mismatch()
        return
    if path.uri not in DICTIONARIES:
        raise errors.property_set(path)
    uri, part = DICTIONARIES[path.uri][0], path.uri.partition("PhysicalAddress:")[2]
    if uri_of(member) != uri:
        raise errors.property_mismatch()
    entries = list(member)
    if len(entries) != 1 or (part and len(entries[0]) != 1):
        raise errors.property_count()
    if entries[0].get("Key") != path.index or (part and name_of(entries[0][0]) != part):
        raise errors.property_mismatch()


_WHOLE = frozenset(uri for uri, _keys in DICTIONARIES.values())
"""Dictionaries: only their entries can be changed."""


def _deleted(path: Path) -> Changes:
    """Raises EwsError."""
    if path.extended is not None:
        if path.extended in values.READ_ONLY:
            raise errors.property_delete(path)
        return {path.extended: None}
    if path.index is not None:
        return dict.fromkeys(paths.entry(path))
    if path.uri in DIRECTORY:
        raise errors.property_request(path.uri)
    found = _DELETED.get(path.uri)
    if found is None:
        raise errors.property_delete(path.uri)
    return dict.fromkeys(found)


def _text(known: Property) -> Callable[[Element], Changes]:
    return lambda element: {known: element.text or ""}


def _number(uri: str, known: Property) -> Callable[[Element], Changes]:
    def read(element: Element) -> Changes:
        found = canonical(known, (element.text or "").strip())
        if found is None:
            raise errors.property_value(uri)
        return {known: found}

    return read


def _flag(uri: str, known: Property) -> Callable[[Element], Changes]:
    def read(element: Element) -> Changes:
        found = canonical(known, zoned(known.type, (element.text or "").strip()))
        if found is None:
            raise errors.property_value(uri)
        return {known: found}

    return read


def _time(uri: str, known: Property) -> Callable[[Element], Changes]:
    def read(element: Element) -> Changes:
        found = time_of(zoned(known.type, (element.text or "").strip()))
        if found is None or _early(found):
            raise errors.property_value(uri)
        return {known: found}

    return read


def _list(known: Property) -> Callable[[Element], Changes]:
    return lambda element: {known: [one.text or "" for one in element] or None}


def _choice(uri: str, known: Property, words: dict[str, str]) -> Callable[[Element], Changes]:
    numbers = {word: number for number, word in words.items()}

    def read(element: Element) -> Changes:
        number = numbers.get((element.text or "").strip())
        if number is None:
            raise errors.property_value(uri)
        return {known: number}

    return read


def _body(element: Element) -> Changes:
    given = element.text or ""
    if element.get("BodyType") == "HTML":
        return {properties.BODY: plain(given), properties.HTML: base64.b64encode(given.encode()).decode()}
    # Plain text is kept with CR LF, whatever was sent; that is what clients see, and nowhere documented.
    return {properties.BODY: re.sub(r"\r?\n", "\r\n", given), properties.HTML: None}


def plain(page: str) -> str:
    """The text of an HTML page, as far as a simulator needs it."""
    body = re.sub(r"(?is)<(head|style|script)\b.*?</\1>", "", page)
    body = re.sub(r"\s+", " ", body)
    body = re.sub(r"(?i)\s*<br\s*/?>\s*|\s*</p>\s*", "\r\n", body)
    return html.unescape(re.sub(r"<[^>]*>", "", body)).strip()


def _emails(element: Element) -> Changes:
    found: Changes = {}
    for one in element:
        slot, address = properties.EMAILS[one.get("Key", "")], one.text or ""
        routing = one.get("RoutingType") or "SMTP"
        if not address:
            found |= dict.fromkeys(slot.values())
            continue
        name = one.get("Name") or address
        found |= {slot["address"]: address, slot["type"]: routing, slot["name"]: name, slot["original"]: address}
    return found


def _dictionary(slots: dict[str, Property]) -> Callable[[Element], Changes]:
    return lambda element: {slots[one.get("Key", "")]: one.text or "" for one in element}


def _addresses(element: Element) -> Changes:
    found: Changes = {}
    for one in element:
        parts = properties.ADDRESSES[one.get("Key", "")]
        found |= {parts[name_of(part)]: part.text or "" for part in one}
    return found


_SET: dict[str, Callable[[Element], Changes]] = {
    **{uri: _text(known) for uri, known in properties.TEXTS.items()},
    **{uri: _time(uri, known) for uri, known in properties.TIMES.items()},
    **{uri: _list(known) for uri, known in properties.LISTS.items()},
    **{uri: _flag(uri, known) for uri, known in properties.FLAGS.items()},
    **{uri: _number(uri, known) for uri, known in properties.NUMBERS.items()},
    **{uri: _choice(uri, known, words) for uri, (known, words) in properties.CHOICES.items()},
    "item:Body": _body,
    "contacts:EmailAddresses": _emails,
    "contacts:PhoneNumbers": _dictionary(properties.PHONES),
    "contacts:ImAddresses": _dictionary(properties.IMS),
    "contacts:PhysicalAddresses": _addresses,
}
_DELETED: dict[str, tuple[Property, ...]] = {
    **{
        uri: (known,)
        for table in (properties.TEXTS, properties.TIMES, properties.LISTS, properties.FLAGS, properties.NUMBERS)
        for uri, known in table.items()
        if uri != "item:ItemClass"
    },
    **{uri: (known,) for uri, (known, _words) in properties.CHOICES.items()},
    "item:Body": (properties.BODY, properties.HTML),
}


def applied(before: dict[Property, Any], changes: Changes) -> dict[Property, Any]:
    """The properties after changes."""
    found = dict(before)
    for known, value in changes.items():
        if value is None:
            found.pop(known, None)
        elif known == properties.BODY and isinstance(value, str) and value.startswith(APPENDED):
            found[known] = found.get(known, "") + value.removeprefix(APPENDED)
            found.pop(properties.HTML, None)
        else:
            found[known] = value
    return found
