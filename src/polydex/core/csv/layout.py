"""What a table of a layout is made of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds.

    Attributes:
        field: attribute of Contact, or ``id``.
        part: attribute of the part or of the list's entry. Of an address besides: ``street2`` and ``street3``, further
            lines of the street, and ``formatted``, the whole of it as text.
        number: which entry of the list, from 1; 0 for what is no list.
        kind: the entry's type, where the column itself says it.
        coarse: the column says more than ``kind`` can.
        split: what separates several values in one cell.
    """

    field: str
    part: str | None = None
    number: int = 0
    kind: str | None = None
    coarse: bool = False
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout.

    Attributes:
        name: as people know it.
        columns: header -> what it holds. A ``#`` in the header stands for a number, that of the entry.
        kinds: field -> word in a cell (lower case) -> type; None where any word is a type. What is not in the table
            becomes ``other``.
        strict: a word that is no type is a fault of the row.
        joined: what separates several values in one cell, for all columns.
        nothing: header -> cells (lower case) that say nothing.
        guarded: an apostrophe before what a spreadsheet would take for a formula is ours.
        marks_first: a type with an asterisk before it belongs to the preferred entry.
    """

    name: str
    columns: Mapping[str, Column]
    kinds: Mapping[str, Mapping[str, str] | None]
    strict: bool = False
    joined: str | None = None
    nothing: Mapping[str, frozenset[str]] = field(default_factory=dict)
    guarded: bool = False
    marks_first: bool = False

    def column(self, header: str) -> Column | None:
        """What the column of this header holds; None for an unknown one. Letter case and blanks around do not count."""
        header = fold(header)
        known = self.columns.get(header)
        if known is not None:
            return known
        found = _NUMBER.search(header)
        if found is None or len(found[0]) > 4:
            return None
        known = self.columns.get(f"{header[: found.start()]}#{header[found.end() :]}")
        if known is None or int(found[0]) < 1:
            return None
        return Column(known.field, known.part, int(found[0]), known.kind, known.coarse, known.split)

    def says_nothing(self, header: str, cell: str) -> bool:
        """Whether a cell has its column's way to say that there is nothing."""
        return bool(self.nothing) and cell.strip().lower() in self.nothing.get(fold(header), ())


def fold(header: str) -> str:
    """A header as it is compared."""
    return " ".join(header.lower().split())
