"""Restrictions and sort orders of FindItem.

See https://learn.microsoft.com/exchange/client-developer/web-service-reference/restriction.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
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
    return Restriction(_known, lambda known: values.value(item, mailbox, known)).holds(child(body, "Restriction"))


@dataclass(frozen=True)
class Restriction:
    """What a restriction is held against.

    Attributes:
        property_of: the property behind a path. Raises EwsError: it cannot be searched by.
        value: of a property; None when it is not there.
    """

    property_of: Callable[[Path], Property]
    value: Callable[[Property], Any]

    def holds(self, element: Element | None) -> bool:
        """Whether the only expression in it is true; True without any. Raises EwsError."""
        return True if element is None else all(self._true(one) for one in element)

    def _true(self, element: Element) -> bool:
        name = name_of(element)
        if name in ("And", "Or"):
            return (all if name == "And" else any)([self._true(one) for one in element])
        if name == "Not":
            return not self._true(element[0])
        known = self.property_of(paths.path(element[0]))
        found = self.value(known)
        if name == "Exists":
            return found is not None
        if name == "Contains":
            if not known.type.startswith("String"):
                raise errors.EwsError("ErrorContainsFilterWrongType", "Contains is for texts alone.")
            return _contains(element, found)
        if name == "Excludes":
            return (int(found or "0") & int(element[1].get("Value", "0"), 0)) == 0
        if name not in _COMPARED:
            raise errors.EwsError("ErrorInvalidRestriction", f"The sandbox does not know the restriction {name}.")
        operand = element[1][0]
        if name_of(operand) == "Constant":
            other: Any = _constant(known, operand.get("Value", ""))
        else:
            other = self.value(self.property_of(paths.path(operand)))
        return _compared(name, known, found, other)


def _known(path: Path) -> Property:
    """The property of an item behind a path. Raises EwsError: it cannot be searched or sorted by."""
    if path.extended is not None:
        return path.extended
    if path.index is not None:
        return paths.entry(path)[0]
    if path.uri not in _FIELDS:
        raise errors.unsupported_path()
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


def _compared(name: str, known: Property, found: Any, other: Any) -> bool:
    """Texts are compared without regard to case, as the store does. Raises EwsError."""
    if found is None or other is None:
        return name == "IsNotEqualTo" and found != other
    # Of several values any one can do.
    several = found if isinstance(found, list) else [found]
    return any(_COMPARED[name](_comparable(known, one), _comparable(known, other)) for one in several)


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
