"""MAPI properties: what Exchange keeps of an item, whatever the interface that shows it.

See [MS-OXPROPS] and [MS-OXCDATA] section 2.11.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

ADDRESS = "00062004-0000-0000-c000-000000000046"
"""PSETID_Address."""
PUBLIC_STRINGS = "00020329-0000-0000-c000-000000000046"


_FORM = re.compile(
    r"(?P<type>[A-Za-z]+) (?:0[xX](?P<tag>[0-9A-Fa-f]{1,8})"
    r"|\{?(?P<guid>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\}? "
    r"(?:[Ii][Dd] (?:0[xX](?P<id>[0-9A-Fa-f]{1,8})|(?P<decimal>[0-9]{1,9}))|[Nn][Aa][Mm][Ee] (?P<name>.+)))"
)
_LARGEST_TAG = 0x7FFF


@dataclass(frozen=True)
class Property:
    """One MAPI property.

    Attributes:
        type: word of its type, as Graph writes it; ends in ``Array`` when it has several values.
        guid: of its set, in lower case; "" for one that is known by its tag.
        id: the tag, the number in the set, or the name.
    """

    type: str
    guid: str
    id: int | str

    def __hash__(self) -> int:
        # Looking up properties is most of what the sandbox does.
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.type, self.guid, self.id))

    @property
    def named(self) -> tuple[str, str | int] | None:
        """What takes a number of the mailbox's; None for tags."""
        return (self.guid, self.id) if self.guid else None

    @property
    def text(self) -> str:
        """Its id as answers have it: in lower case, but for the words. That names are so too is unconfirmed."""
        if not self.guid:
            return f"{self.type} 0x{self.id:x}"
        rest = f"Name {self.id}" if isinstance(self.id, str) else f"Id 0x{self.id:x}"
        return f"{self.type} {{{self.guid}}} {rest}"

    @property
    def multiple(self) -> bool:
        return self.type.endswith("Array")


def written(text: str) -> Property | None:
    """The property that such a text names, as `Property.text` writes it; None when it names none."""
    match = _FORM.fullmatch(text)
    kind = _KINDS.get(match["type"].lower()) if match else None
    if match is None or kind is None:
        return None
    if match["tag"]:
        tag = int(match["tag"], 16)
        return Property(kind, "", tag) if tag <= _LARGEST_TAG else None
    guid = match["guid"].lower()
    if match["name"]:
        return Property(kind, guid, match["name"])
    return Property(kind, guid, int(match["id"], 16) if match["id"] else int(match["decimal"]))


def canonical(known: Property, value: Any) -> Any:
    """A value as it is kept: a text, or a list of texts for a property with several; None when it is no such value."""
    if known.multiple != isinstance(value, list):
        return None
    kind = known.type.removesuffix("Array")
    given = value if known.multiple else [value]
    found = [_READ[kind](one) if isinstance(one, str) else None for one in given]
    if any(one is None for one in found):
        return None
    return found if known.multiple else found[0]


def _whole(bits: int) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        if not re.fullmatch(r"-?[0-9]{1,20}", text) or not -(2 ** (bits - 1)) <= int(text) < 2 ** (bits - 1):
            return None
        return str(int(text))

    return read


def _number(text: str) -> str | None:
    found = float(text) if re.fullmatch(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", text) else math.inf
    return repr(found) if math.isfinite(found) else None


def _boolean(text: str) -> str | None:
    return text.lower() if text.lower() in ("true", "false") else None


def time_of(text: str) -> str | None:
    """An RFC 3339 time in UTC, to the second; None when it is none."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,12})?)?([Zz]|[+-]\d\d:\d\d)", text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{moment.year:04}-{moment:%m-%dT%H:%M:%S}Z"


def _binary(text: str) -> str | None:
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode()
    except ValueError:
        return None


def _guid(text: str) -> str | None:
    try:
        return str(UUID(text))
    except ValueError:
        return None


_READ: Mapping[str, Callable[[str], str | None]] = {
    "String": lambda text: text,
    "Boolean": _boolean,
    "Short": _whole(16),
    "Integer": _whole(32),
    "Long": _whole(64),
    "Currency": _whole(64),
    "Double": _number,
    "Float": _number,
    "ApplicationTime": _number,
    "SystemTime": time_of,
    "Binary": _binary,
    "CLSID": _guid,
}
_KINDS = {
    word.lower(): word for kind in _READ for word in (kind, f"{kind}Array") if word != "BooleanArray"
}  # Exchange has no arrays of booleans.
