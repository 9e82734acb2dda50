"""Writing contacts in our own layout.

Spreadsheets take a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula, wherever it comes from (OWASP, CSV
Injection). Such a cell gets an apostrophe before it, and so does one that already begins with apostrophes before such a
character, so that reading takes away exactly what writing has added. A cell of digits and signs alone, as telephone
numbers are, computes a number at worst, and stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from polydex.core.birthday import parse_birthday
from polydex.core.contact import Contact, Part
from polydex.core.csv.own import LISTS, SCALARS
from polydex.core.fields import Loss

_FORMULA = re.compile("'*[=+\\-@\t\r\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?[0-9 ()./-]*")
_TO_QUOTE = re.compile(r'[",\r\n;\t]|^\s|\s$')
_FIELDS = tuple(dict.fromkeys(column.field for column in LISTS.values()))


class Writer:
    """Writes rows under a header that is wide enough for all of them.

    First every contact is given to ``measure``, then ``header`` and ``row`` are called.
    """

    def __init__(self) -> None:
        self._counts = dict.fromkeys(_FIELDS, 1)

    def measure(self, contact: Contact) -> None:
        """Make room for the lists of a contact."""
        for field in _FIELDS:
            self._counts[field] = max(self._counts[field], len(getattr(contact, field)))

    def header(self) -> str:
        """The first line."""
        names = list(SCALARS)
        for field in _FIELDS:
            columns = [name for name, column in LISTS.items() if column.field == field]
            names += [name.replace("#", str(at)) for at in range(1, self._counts[field] + 1) for name in columns]
        return _line(names)

    def row(self, contact: Contact, contact_id: str) -> str:
        """The line of a contact in normal form."""
        cells: list[str | None] = []
        for column in SCALARS.values():
            if column.field == "id":
                cells.append(contact_id)
            else:
                whole = getattr(contact, column.field)
                cells.append(getattr(whole, column.part, None) if column.part else whole)
        for field in _FIELDS:
            parts = [column.part for column in LISTS.values() if column.field == field]
            entries: Sequence[Part | str] = getattr(contact, field)
            for at in range(self._counts[field]):
                entry = entries[at] if at < len(entries) else None
                cells += [_cell(entry, part) for part in parts]
        return _line([_guarded(cell or "") for cell in cells])


def losses(contact: Contact) -> tuple[Loss, ...]:
    """What a row does not say of a contact, or says so that an import does not take it."""
    found = []
    if contact.photo is not None:
        found.append(Loss("$.photo", "CSV has no photos"))
    if contact.birthday is not None and parse_birthday(contact.birthday) != contact.birthday:
        found.append(Loss("$.birthday", "not a date: an import refuses it", kept="as it is"))
    return tuple(found)


def _cell(entry: Part | str | None, part: str | None) -> str | None:
    if entry is None or isinstance(entry, str):
        return entry
    value: str | None = getattr(entry, part or "")
    return None if value is None else str(value)


def _guarded(cell: str) -> str:
    if _FORMULA.match(cell) and not (_NUMBER.fullmatch(cell) and not cell.startswith("'")):
        return f"'{cell}"
    return cell


def _line(cells: Sequence[str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' if _TO_QUOTE.search(cell) else cell for cell in cells) + "\r\n"
