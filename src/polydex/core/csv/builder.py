"""From the cells of one row to a contact, with everything that could not be taken over named by its column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from polydex.core.contact import (
    Address,
    AddressType,
    Company,
    Contact,
    Email,
    Name,
    Part,
    Phone,
    PhoneType,
    Relation,
    RelationType,
    Url,
    UrlType,
    is_empty,
    normal,
    text,
)
from polydex.core.csv import dates
from polydex.core.csv.layout import Column, Layout
from polydex.core.entry import Fault
from polydex.core.fields import Loss

GUARDED: Final = re.compile("'+[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")
"""What begins so was guarded by one more apostrophe, see ``writer``."""
MAX_CELL: Final = 1_000_000
"""Characters of a cell; no address book takes more."""

_PARTS: Final[dict[str, type[Part]]] = {
    "email_addresses": Email,
    "phone_numbers": Phone,
    "addresses": Address,
    "urls": Url,
    "relations": Relation,
}
_TYPES: Final[Mapping[str, Any]] = {
    "phone_numbers": PhoneType,
    "addresses": AddressType,
    "urls": UrlType,
    "relations": RelationType,
}
_MULTILINE: Final = frozenset({"notes", "street", "street2", "street3", "formatted"})
_OWN_GROUPS: Final = frozenset({"* mycontacts", "* my contacts"})
"""Google's group of everybody."""


class Place(msgspec.Struct, frozen=True):
    """A column of a file: where it is, what it is called, and what it holds."""

    at: int
    header: str
    column: Column


class Built(msgspec.Struct, frozen=True):
    """What became of a row. ``contact`` is None when there are faults."""

    contact: Contact | None
    id: str | None
    faults: tuple[Fault, ...]
    losses: tuple[Loss, ...]


class Builder:
    """Makes contacts out of rows.

    Args:
        layout: of the file.
        places: the known columns.
        order: of day and month in dates.
    """

    def __init__(self, layout: Layout, places: Sequence[Place], order: dates.Order | None) -> None:
        self._layout, self._places, self._order = layout, places, order

    def build(self, cells: Sequence[str]) -> Built:
        """The contact of a row; cells beyond the end of the row are empty."""
        return _Row(self._layout, self._order).build(self._places, cells)


class _Entry:
    """An entry of a list while its cells are read."""

    __slots__ = ("coarse", "first", "header", "kind", "label", "parts")

    def __init__(self) -> None:
        self.parts: dict[str, str] = {}
        self.kind: str | None = None
        self.label: tuple[str, str] | None = None
        self.header = ""
        self.coarse = False
        self.first = False


class _Row:
    def __init__(self, layout: Layout, order: dates.Order | None) -> None:
        self._layout, self._order = layout, order
        self._scalars: dict[str, str | None] = {}
        self._structs: dict[str, dict[str, str | None]] = {"name": {}, "company": {}}
        self._keywords: dict[int, list[str]] = {}
        self._entries: dict[str, dict[tuple[int, int], _Entry]] = {}
        self._faults: list[Fault] = []
        self._losses: list[Loss] = []

    def build(self, places: Sequence[Place], cells: Sequence[str]) -> Built:
        for place in places:
            cell = cells[place.at] if place.at < len(cells) else ""
            if cell and not self._layout.says_nothing(place.header, cell):
                self._take(place, cell)
        contact = normal(self._contact())
        if not self._faults and is_empty(contact):
            self._faults.append(Fault(None, "there is no contact in the row"))
        found = None if self._faults else contact
        return Built(found, text(self._scalars.get("id")), tuple(self._faults), tuple(self._losses))

    def _take(self, place: Place, cell: str) -> None:
        if len(cell) > MAX_CELL:
            self._faults.append(Fault(place.header, f"more than {MAX_CELL} characters"))
            return
        if self._layout.guarded and GUARDED.match(cell):
            cell = cell[1:]
        column = place.column
        split = column.split or self._layout.joined
        if column.field in _PARTS:
            values = cell.split(split) if split and split in cell else [cell]
            for index, value in enumerate(values):
                self._member(place, index, value)
        elif column.field == "keywords":
            for word in cell.split(split) if split else [cell]:
                self._keyword(place, word)
        else:
            self._scalar(place, cell)

    # One value

    def _clean(self, place: Place, cell: str, *, multiline: bool = False) -> str | None:
        clean = text(cell, multiline=multiline)
        if _kept(cell) != _kept(clean or ""):
            self._losses.append(Loss(place.header, "control characters", kept="the text without them"))
        return clean

    def _scalar(self, place: Place, cell: str) -> None:
        column = place.column
        value = self._clean(place, cell, multiline=column.field in _MULTILINE)
        if value is None:
            return
        if column.field == "birthday":
            known = dates.parse(value, self._order)
            if known is None:
                self._faults.append(Fault(place.header, "not a date (YYYY-MM-DD, or --MM-DD without a year)"))
                return
            value = known
        if column.part is not None:
            self._structs[column.field][column.part] = value
        else:
            self._scalars[column.field] = value

    def _keyword(self, place: Place, word: str) -> None:
        clean = self._clean(place, word)
        if clean is None:
            return
        if self._layout.marks_first and clean.startswith("* "):
            if clean.lower() not in _OWN_GROUPS:
                self._losses.append(Loss(place.header, "one of the address book's own groups"))
            return
        self._keywords.setdefault(place.column.number, []).append(clean)

    def _member(self, place: Place, index: int, cell: str) -> None:
        column = place.column
        entries = self._entries.setdefault(column.field, {})
        entry = entries.setdefault((column.number, index), _Entry())
        entry.header = entry.header or place.header
        if column.kind is not None:
            entry.kind, entry.coarse = column.kind, column.coarse
        value = self._clean(place, cell, multiline=column.part in _MULTILINE)
        if value is None:
            return
        if column.part == "type":
            if self._layout.marks_first and value.startswith("*"):
                entry.first, value = True, value[1:].strip()
            entry.label = (place.header, value)
        elif column.part is not None:
            entry.parts[column.part] = value

    # The whole

    def _contact(self) -> Contact:
        scalars: dict[str, Any] = {name: value for name, value in self._scalars.items() if name != "id"}
        name, company = self._structs["name"], self._structs["company"]
        lists: dict[str, Any] = {field: self._list(field, entries) for field, entries in self._entries.items()}
        return Contact(
            name=Name(**name) if name else None,
            company=Company(**company) if company else None,
            keywords=tuple(word for number in sorted(self._keywords) for word in self._keywords[number]),
            **scalars,
            **lists,
        )

    def _list(self, field: str, entries: Mapping[tuple[int, int], _Entry]) -> tuple[Any, ...]:
        self._spread_labels(entries)
        made = []
        for key in sorted(entries, key=lambda key: (not entries[key].first, key)):
            entry = entries[key]
            if field == "addresses":
                self._finish_address(entry)
            if not entry.parts:
                continue
            part = self._part(field, entry)
            if part is not None:
                made.append(part)
        return tuple(made)

    @staticmethod
    def _spread_labels(entries: Mapping[tuple[int, int], _Entry]) -> None:
        """Several values of one cell have one label."""
        for (number, index), entry in entries.items():
            first = entries.get((number, 0))
            if index and entry.label is None and first is not None:
                entry.label, entry.first = first.label, first.first

    @staticmethod
    def _finish_address(entry: _Entry) -> None:
        """The further lines of the street; the formatted text counts only when there is nothing else."""
        formatted = entry.parts.pop("formatted", None)
        lines = [entry.parts.pop(part, None) for part in ("street", "street2", "street3")]
        if street := "\n".join(line for line in lines if line):
            entry.parts["street"] = street
        if formatted and not entry.parts:
            entry.parts["street"] = formatted

    def _part(self, field: str, entry: _Entry) -> Part | None:
        kind: Any = entry.kind
        if entry.coarse:
            self._losses.append(Loss(entry.header, "a contact has no such kind of number", kept="as other"))
        if entry.label is not None:
            header, word = entry.label
            kind = self._kind(field, header, word)
            if field == "relations" and kind is None and word:
                return None
        if kind is not None and field in _TYPES:
            kind = _TYPES[field](kind)
        return _PARTS[field](type=kind, **entry.parts)

    def _kind(self, field: str, header: str, word: str) -> str | None:
        """The type that a word means; reports what it cannot mean."""
        table = self._layout.kinds.get(field)
        if table is None:
            if self._layout.strict:
                return word
            lower = word.lower()
            return lower if lower in ("home", "work", "other") else (word or None)
        if not word:
            return None
        known = table.get(word.lower())
        if known is not None:
            return known
        if self._layout.strict:
            self._faults.append(Fault(header, f"not one of {', '.join(table.values())}"))
        elif field == "relations":
            self._losses.append(Loss(header, "a contact has no such kind of relation; the person is left out"))
        else:
            self._losses.append(Loss(header, "a contact has no such type", kept="as other"))
            return "other"
        return None


def _kept(value: str) -> str:
    """What must not get lost of a text: everything but blanks and line ends, in one form."""
    return unicodedata.normalize("NFC", "".join(value.split()))
