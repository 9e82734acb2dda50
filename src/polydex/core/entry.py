"""One entry of a file that is to be imported: a row of a CSV file, or a card of a vCard file."""

from __future__ import annotations

import msgspec

from polydex.core.contact import Contact
from polydex.core.fields import Loss


class Fault(msgspec.Struct, frozen=True, gc=False):
    """Why an entry cannot be imported.

    Attributes:
        place: the column, or the property; None for the entry as a whole.
        reason: in plain words, without contact data.
    """

    place: str | None
    reason: str


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One entry.

    Attributes:
        number: of the row, as a spreadsheet counts them (the header is row 1); of the card, from 1.
        line, last_line: where it begins and ends in the file, from 1.
        start, end: what it is cut out of the file's text (characters for CSV, bytes for vCard).
        contact: in normal form; None when there are faults.
        faults: why it cannot be imported.
        losses: what of it no contact has a place for; ``path`` names the column or the property.
        identity: what recognises it in another export of the same contact; None when it has nothing of the kind.
    """

    number: int
    line: int
    last_line: int
    start: int
    end: int
    contact: Contact | None
    faults: tuple[Fault, ...] = ()
    losses: tuple[Loss, ...] = ()
    identity: str | None = None
