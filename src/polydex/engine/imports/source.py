"""The file of an import, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from polydex.core import csv, vcard
from polydex.core.csv import UnknownColumn
from polydex.core.decode import decode_draft
from polydex.core.entry import Entry, Fault
from polydex.core.errors import RequestError


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read.

    Attributes:
        kind: of what the entries are, for people: ``row`` or ``card``.
        layout: of a CSV file, else ``vCard``.
        entries: in the order of the file.
        cut: the bytes of an entry, as they stand in the file, with a line end.
        head: what the entries stand under in the file (a CSV file's header), so that some of them are a file again.
        unknown: columns of a CSV file that are not imported.
    """

    kind: str
    layout: str
    entries: Sequence[Entry]
    cut: Callable[[Entry], bytes] = field(repr=False)
    head: bytes = b""
    unknown: Sequence[UnknownColumn] = ()

    def body(self, entry: Entry) -> bytes:
        """What ``Writer.create_once`` is given: the card itself, or the contact of the row as JSON."""
        return self.cut(entry) if self.kind == "card" else msgspec.json.encode(entry.contact)


def of_vcards(data: bytes) -> Source:
    """A file of vCards."""
    data = vcard.utf8(data)

    def cut(entry: Entry) -> bytes:
        return _ended(data[entry.start : entry.end].decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )

    return Source("card", "vCard", tuple(vcard.entries(data)), cut)


def of_csv(data: bytes, options: csv.Options) -> Source:
    """A CSV file. Raises BadRequest when it cannot be read as a whole."""
    sheet = csv.read(data, options)

    def cut(entry: Entry) -> bytes:
        return sheet.encode(_ended(sheet.text[entry.start : entry.end]))

    head = sheet.encode(sheet.text[: sheet.header_end], first=True)
    return Source("row", sheet.layout, tuple(map(_decoded, sheet.entries)), cut, head, sheet.unknown)


def _ended(text: str) -> str:
    """The text with a line end, which the last entry of a file may lack."""
    return text if text.endswith(("\n", "\r")) else f"{text}\r\n"


def _decoded(entry: Entry) -> Entry:
    """The entry with the contact that a create makes of it: under the limits and defaults of any request."""
    if entry.contact is None:
        return entry
    try:
        contact = decode_draft(msgspec.json.encode(entry.contact)).contact
    except RequestError as error:
        return msgspec.structs.replace(entry, contact=None, faults=(Fault(None, error.message),))
    return msgspec.structs.replace(entry, contact=contact)
