"""Restrictions and sort orders of FindItem.

See https://learn.microsoft.com/exchange/client-developer/web-service-reference/restriction.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from polydex_sandbox.exchange import errors, paths, properties, values
from polydex_sandbox.exchange.item import Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.paths import Path
from polydex_sandbox.exchange.xml import Element, child, name_of
from polydex_sandbox.properties import Property, time_of

_FIELDS: dict[str, Property] = {
    **properties.TEXTS,
    **properties.TIMES,
    **properties.LISTS,
    **properties.FLAGS,
    **properties.NUMBERS,
    **{uri: known for uri, (known, _words) in properties.CHOICES.items()},
    "item:Body": properties.BODY,
    "item:Size": properties.tag(0x0E08, "Integer"),
    "item:HasAttachments": properties.tag(0x0E1B, "Boolean"),
    "item:DateTimeCreated": properties.tag(0x3007, "SystemTime"),
    "item:DateTimeReceived": properties.tag(0x0E06, "SystemTime"),
    "item:DateTimeSent": properties.tag(0x0E06, "SystemTime"),
    "item:LastModifiedTime": properties.tag(0x3008, "SystemTime"),
    "item:LastModifiedName": properties.tag(0x3FFA),
    "contacts:HasPicture": properties.HAS_PICTURE,
    "item:ItemId": properties.tag(0x0FFF, "Binary"),
}


def matches(body: Element, mailbox: Mailbox, item: Item) -> bool:
    """Whether an item is what the call's Restriction wants; every one without. Raises EwsError."""
    restriction = child(body, "Restriction")
    if restriction is None:
        return True
    return all(expression(one, mailbox, item) for one in restriction)


def expression(element: Element, mailbox: Mailbox, item: Item) -> bool:
    """Raises EwsError: it is none."""
    name = name_of(element)
    if name in ("And", "Or"):
        return (all if name == "And" else any)([expression(one, mailbox, item) for one in element])
    if name == "Not":
        return not expression(element[0], mailbox, item)
    known = _known(paths.path(element[0]))
    found = values.value(item, mailbox, known)
    if name == "Exists":
        return found is not None
    if name == "Contains":
        return _contains(element, found)
    if name == "Excludes":
        mask = element[1].get("Value", "0")
        return (int(found or "0") & int(mask, 0)) == 0
    if name in _COMPARED:
        return _compared(element, known, found, mailbox, item)
    raise errors.EwsError("ErrorInvalidRestriction", f"The sandbox does not know the restriction {name}.")


def _known(path: Path) -> Property:
    """The property behind a path. Raises EwsError: it cannot be searched or sorted by."""
    if path.extended is not None:
        return path.extended
    if path.index:
        if path.uri == "contacts:EmailAddress":
            return properties.EMAILS[path.index]["address"]
        if path.uri == "contacts:PhoneNumber":
            return properties.PHONES[path.index]
        if path.uri == "contacts:ImAddress":
            return properties.IMS[path.index]
        if path.uri in paths.DICTIONARIES:
            return properties.ADDRESSES[path.index][path.uri.partition("PhysicalAddress:")[2]]
    if path.uri not in _FIELDS:
        raise errors.EwsError("ErrorUnsupportedPathForQuery", "The property cannot be used in a restriction.")
    return _FIELDS[path.uri]


def _contains(element: Element, found: Any) -> bool:
    constant = element[1].get("Value", "")
    mode, comparison = element.get("ContainmentMode", "FullString"), element.get("ContainmentComparison", "Exact")
    texts = found if isinstance(found, list) else [found] if found is not None else []
    return any(_holds(_folded(text, comparison), _folded(constant, comparison), mode) for text in texts)


def _holds(text: str, part: str, mode: str) -> bool:
    if mode == "FullString":
        return text == part
    if mode == "Prefixed":
        return text.startswith(part)
    if mode == "Substring":
        return part in text
    if mode == "ExactPhrase":
        return re.search(rf"(?<!\w){re.escape(part)}(?!\w)", text) is not None
    return all(re.search(rf"(?<!\w){re.escape(word)}", text) is not None for word in part.split())


def _folded(text: str, comparison: str) -> str:
    if "Case" in comparison or comparison.startswith("Loose"):
        text = text.casefold()
    if "Spac" in comparison or comparison.startswith("Loose"):
        text = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    return text


_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "IsEqualTo": lambda one, other: bool(one == other),
    "IsNotEqualTo": lambda one, other: bool(one != other),
    "IsGreaterThan": lambda one, other: bool(one > other),
    "IsGreaterThanOrEqualTo": lambda one, other: bool(one >= other),
    "IsLessThan": lambda one, other: bool(one < other),
    "IsLessThanOrEqualTo": lambda one, other: bool(one <= other),
}


def _compared(element: Element, known: Property, found: Any, mailbox: Mailbox, item: Item) -> bool:
    """Texts are compared without regard to case, as the store does. Raises EwsError."""
    operand = element[1][0]
    if name_of(operand) == "Constant":
        other = _constant(known, operand.get("Value", ""))
    else:
        other = values.value(item, mailbox, _known(paths.path(operand)))
    name = name_of(element)
    if found is None or other is None:
        return name == "IsNotEqualTo" and found != other
    compare = _COMPARED[name]
    if isinstance(found, list):
        # Of several values any one can do.
        return any(compare(_comparable(known, one), _comparable(known, other)) for one in found)
    return compare(_comparable(known, found), _comparable(known, other))


def _constant(known: Property, text: str) -> str:
    """Raises EwsError: it is no value of the property."""
    if known.type == "SystemTime":
        found = time_of(text) or time_of(f"{text}Z")
        if found is None:
            raise errors.EwsError("ErrorInvalidValueForProperty", "The value is no time.")
        return found
    for choice, words in properties.CHOICES.values():
        if choice == known:
            return {word: number for number, word in words.items()}.get(text, text)
    return text


def _comparable(known: Property, value: Any) -> Any:
    kind = known.type.removesuffix("Array")
    try:
        if kind in ("Integer", "Short", "Long", "Currency"):
            return int(value)
        if kind in ("Double", "Float", "ApplicationTime"):
            return float(value)
    except (TypeError, ValueError):
        raise errors.EwsError("ErrorInvalidRestriction", "The constant is no value of the property.") from None
    if kind == "Boolean":
        return {"1": "true", "0": "false"}.get(value, str(value).lower())
    return str(value).casefold() if kind == "String" else value


def sorted_by(order: Element, mailbox: Mailbox, rows: list[Item]) -> list[Item]:
    """Stably, by one FieldOrder; items without the property are the smallest. Raises EwsError."""
    path = next((paths.path(one) for one in order if name_of(one) in paths.PATHS), None)
    if path is None:
        raise errors.schema("FieldOrder names no property.")
    known = _known(path)

    def key(item: Item) -> tuple[bool, Any]:
        found = values.value(item, mailbox, known)
        if isinstance(found, list):
            found = found[0] if found else None
        return (False, "") if found is None else (True, _comparable(known, found))

    present = [one for one in rows if key(one)[0]]
    absent = [one for one in rows if not key(one)[0]]
    descending = order.get("Order") == "Descending"
    present.sort(key=lambda one: key(one)[1], reverse=descending)
    return present + absent if descending else absent + present


def named_between(mailbox: Mailbox, rows: list[Item], first: str | None, last: str | None) -> list[Item]:
    """Of ContactsView: by display name, in order."""

    def name(item: Item) -> str:
        return str(values.value(item, mailbox, properties.DISPLAY_NAME) or "").casefold()

    found = [
        one
        for one in rows
        if (first is None or name(one) >= first.casefold()) and (last is None or name(one) <= last.casefold())
    ]
    return sorted(found, key=name)
