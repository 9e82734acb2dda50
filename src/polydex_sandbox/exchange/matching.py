"""Restrictions and sort orders of FindItem.

See https://learn.microsoft.com/exchange/client-developer/web-service-reference/restriction; for what is refused, and how,
``responsecode`` there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from polydex_sandbox.exchange import errors, paths, properties, values
from polydex_sandbox.exchange.accept import zoned
from polydex_sandbox.exchange.item import Item
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.paths import Path
from polydex_sandbox.exchange.xml import Element, child, name_of
from polydex_sandbox.properties import Property, canonical

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


MOST = 255
"""Expressions in a restriction."""

Values = Callable[[Property], Any]
"""What a thing has of a property; None when that is not there."""
Test = Callable[[Values], bool]


class Restriction:
    """What a call wants of the things that it looks for; every one when it says nothing.

    Args:
        element: None for none.
        property_of: the property behind a path. Raises EwsError: it cannot be searched by.

    Raises:
        EwsError: it is wrong, whether or not there is anything to hold it against.
    """

    def __init__(self, element: Element | None, property_of: Callable[[Path], Property]) -> None:
        expressions = list(element) if element is not None else []
        if sum(name_of(one) in _EXPRESSIONS for top in expressions for one in top.iter()) > MOST:
            raise errors.EwsError("ErrorRestrictionTooLong", f"The restriction has more than {MOST} nodes.")
        self._property_of = property_of
        self._tests = [self._test(one) for one in expressions]

    def __bool__(self) -> bool:
        """Whether it wants anything."""
        return bool(self._tests)

    def holds(self, values_of: Values) -> bool:
        """Whether it is true of a thing."""
        return all(test(values_of) for test in self._tests)

    def _test(self, element: Element) -> Test:
        """Raises EwsError."""
        name = name_of(element)
        if name in ("And", "Or"):
            parts, joined = [self._test(one) for one in element], all if name == "And" else any
            return lambda values_of: joined(part(values_of) for part in parts)
        if name == "Not":
            inner = self._test(element[0])
            return lambda values_of: not inner(values_of)
        known = self._property_of(paths.path(element[0]))
        if name == "Exists":
            return lambda values_of: values_of(known) is not None
        if name == "Contains":
            if not known.type.startswith("String"):
                raise errors.EwsError("ErrorContainsFilterWrongType", "Contains is for texts alone.")
            return lambda values_of: _contains(element, values_of(known))
        if name == "Excludes":
            mask = _mask(known, element[1].get("Value", ""))
            return lambda values_of: int(values_of(known) or "0") & mask == 0
        return self._comparison(name, known, element[1][0])

    def _comparison(self, name: str, known: Property, operand: Element) -> Test:
        """Raises EwsError."""
        if name_of(operand) == "Constant":
            constant = _comparable(known, _constant(known, operand.get("Value", "")))
            return lambda values_of: _compared(name, known, values_of(known), constant)
        other = self._property_of(paths.path(operand))
        if other.type != known.type or known.multiple:
            raise errors.unsupported_path()

        def test(values_of: Values) -> bool:
            found = values_of(other)
            return _compared(name, known, values_of(known), None if found is None else _comparable(other, found))

        return test


def restriction(body: Element) -> Restriction:
    """That of a call for items. Raises EwsError: it is none."""
    return Restriction(child(body, "Restriction"), _known)


def _mask(known: Property, text: str) -> int:
    """Raises EwsError: it is none, or the property has no bits."""
    digits, base = (text[2:], 16) if text[:2] in ("0x", "0X") else (text, 10)
    if not digits or int(digits, base) >= 1 << 32 or known.type not in ("Integer", "Short", "Long"):
        raise errors.EwsError("ErrorInvalidExcludesRestriction", "The bitmask is none of the property.")
    return int(digits, base)


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


_EXPRESSIONS = frozenset(_COMPARED) | {"And", "Or", "Not", "Exists", "Contains", "Excludes"}


def _compared(name: str, known: Property, found: Any, other: Any) -> bool:
    """Texts are compared without regard to case, as the store does. ``other`` is comparable already."""
    if found is None or other is None:
        return name == "IsNotEqualTo" and found is not other
    # Of several values any one can do.
    several = found if isinstance(found, list) else [found]
    return any(_COMPARED[name](_comparable(known, one), other) for one in several)


def _constant(known: Property, text: str) -> str:
    """Canonical. Raises EwsError: it is no value of the property."""
    words = next((words for choice, words in properties.CHOICES.values() if choice == known), {})
    kind = known.type.removesuffix("Array")
    given = next((number for number, word in words.items() if word == text), text)
    found = canonical(replace(known, type=kind), zoned(kind, given))
    if found is None:
        raise errors.EwsError("ErrorInvalidValueForProperty", "The constant is no value of the property.")
    return str(found)


def _comparable(known: Property, value: str) -> Any:
    """A canonical value as it is compared."""
    kind = known.type.removesuffix("Array")
    if kind in ("Integer", "Short", "Long", "Currency"):
        return int(value)
    if kind in ("Double", "Float", "ApplicationTime"):
        return float(value)
    return value.casefold() if kind == "String" else value


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
