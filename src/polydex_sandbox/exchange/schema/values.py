"""Texts of simple types: which are allowed, and how .NET says that one is not.

The lexical forms are those of XML Schema, https://www.w3.org/TR/xmlschema-2/; the sentences those of .NET's
XmlSchemaValidator, which Exchange repeats.
"""

from __future__ import annotations

import base64
import binascii
import calendar
import re
from typing import Final

from polydex_sandbox.exchange.schema.notation import XSD, Simple, Tables
from polydex_sandbox.exchange.schema.versions import known

_ZONE = r"(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)?"
_DATE = r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])-(?P<day>0[1-9]|[12]\d|3[01])"
_TIME = r"(([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?|24:00:00(\.0+)?)"
_DURATION = r"-?P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?"

_NUMBERS: Final = {
    "int": (-(2**31), 2**31 - 1, "Int32"),
    "long": (-(2**63), 2**63 - 1, "Int64"),
    "unsignedShort": (0, 2**16 - 1, "UInt16"),
}
_PATTERNS: Final = {
    "boolean": (re.compile(r"true|false|1|0"), "Boolean"),
    "dateTime": (re.compile(f"{_DATE}T{_TIME}{_ZONE}"), "DateTime"),
    "date": (re.compile(f"{_DATE}{_ZONE}"), "Date"),
    "time": (re.compile(f"{_TIME}{_ZONE}"), "Time"),
    "duration": (re.compile(_DURATION), "TimeSpan"),
    "language": (re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*"), "Language"),
}
_SPACES = re.compile(r"[ \t\r\n]+")


def wrong(text: str, name: str, tables: Tables, version: str) -> str | None:
    """What .NET says of a text that a simple type does not allow; None when it does.

    Args:
        text: as it stands in the document.
        name: the expanded name of the type.
        tables: where types are looked up that are not XML Schema's own.
        version: of the schema.
    """
    if name.startswith(f"{{{XSD}}}"):
        return _builtin(text, name.removeprefix(f"{{{XSD}}}"))
    kind = tables.types[name]
    if not isinstance(kind, Simple):
        # The text of a type that has attributes beside it.
        return None if kind.base is None else wrong(text, kind.base, tables, version)
    if kind.items:
        said = (wrong(item, kind.base, tables, version) for item in _SPACES.split(text.strip(" \t\r\n")) if item)
        return next((one for one in said if one), None)
    if kind.members:
        members = [member for member, span in kind.members if known(span, version)]
        if all(wrong(text, member, tables, version) for member in members):
            return f"The value '{text}' is not valid according to any of the memberTypes of the union."
        return None
    return wrong(text, kind.base, tables, version) or _restricted(text, kind, version)


def _restricted(text: str, kind: Simple, version: str) -> str | None:
    if kind.values is not None:
        span = kind.values.get(text)
        return None if span is not None and known(span, version) else "The Enumeration constraint failed."
    if kind.pattern is not None and not re.fullmatch(kind.pattern, text):
        return "The Pattern constraint failed."
    if kind.low is None and kind.high is None:
        return None
    if kind.base == f"{{{XSD}}}string":
        return "The actual length is less than the MinLength value." if len(text) < (kind.low or 0) else None
    number = int(text)
    if kind.low is not None and number < kind.low:
        return "The MinInclusive constraint failed."
    if kind.high is not None and number > kind.high:
        return "The MaxInclusive constraint failed."
    return None


def _builtin(text: str, name: str) -> str | None:
    if name in ("string", "anyURI"):
        return None
    text = text.strip(" \t\r\n")
    if name == "base64Binary":
        return None if _base64(text) else "The input is not a valid Base-64 string."
    if name in _NUMBERS:
        low, high, called = _NUMBERS[name]
        if not re.fullmatch(r"[+-]?[0-9]+", text):
            return f"The string '{text}' is not a valid {called} value."
        return None if low <= int(text) <= high else f"Value '{text}' was either too large or too small for {called}."
    pattern, called = _PATTERNS[name]
    found = pattern.fullmatch(text)
    return None if found and _day(found) else f"The string '{text}' is not a valid {called} value."


def _day(found: re.Match[str]) -> bool:
    """Whether the day is one of its month."""
    parts = found.groupdict()
    if "day" not in parts:
        return True
    year = int(parts["year"])
    return year > 0 and int(parts["day"]) <= calendar.monthrange(year, int(parts["month"]))[1]


def _base64(text: str) -> bool:
    try:
        base64.b64decode(_SPACES.sub("", text), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True
