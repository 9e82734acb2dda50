"""Reading a CSV file: which layout it has, and an entry for every row."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from polydex.core.csv import dates, text
from polydex.core.csv.builder import Builder, Place
from polydex.core.csv.google import GOOGLE, GOOGLE_OLD
from polydex.core.csv.layout import Layout, fold
from polydex.core.csv.outlook import OUTLOOK
from polydex.core.csv.own import OWN
from polydex.core.entry import Entry, Fault
from polydex.core.errors import BadRequest
from polydex.core.fields import Loss
from polydex.core.ids import is_contact_id

LAYOUTS = (OWN, GOOGLE, GOOGLE_OLD, OUTLOOK)
MAX_COLUMNS = 5000


@dataclass(frozen=True, slots=True)
class Options:
    """What a file does not say by itself.

    Attributes:
        encoding: as in ``text.decode``.
        order: of day and month in dates; None: as the dates of the file show.
        renamed: header -> header of our own layout, or "" for a column that is to be left out.
    """

    encoding: str | None = None
    order: dates.Order | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnknownColumn:
    """A column that nothing is known of, and how many rows have something in it."""

    header: str
    rows: int


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file, read.

    Attributes:
        layout: the name of its layout.
        encoding: that it is written in.
        unknown: columns that have something, but are not imported.
        entries: one for each row.
        text: the file's text; entries point into it.
        header_end: where the header ends in the text.
    """

    layout: str
    encoding: str
    unknown: tuple[UnknownColumn, ...]
    entries: tuple[Entry, ...]
    text: str
    header_end: int

    def encode(self, part: str, *, first: bool = False) -> bytes:
        """A part of the text as it stands in the file. ``first``: with the byte order mark of the whole."""
        if self.encoding == "utf-16":
            return (codecs.BOM_UTF16_LE if first else b"") + part.encode("utf-16-le")
        if self.encoding == "utf-8-sig":
            return (codecs.BOM_UTF8 if first else b"") + part.encode()
        return part.encode(self.encoding)


def read(data: bytes, options: Options) -> Sheet:
    """Read a file.

    Raises:
        BadRequest: the file as a whole cannot be read: its encoding, no known column, a birthday that is ambiguous.
    """
    content, encoding = text.decode(data, options.encoding)
    delimiter, header, layout = _recognise(content, options.renamed)
    records = text.records(content, delimiter)
    head = next(records, None)
    if head is None:
        raise BadRequest("The file is empty")
    if head.fault is not None:
        raise BadRequest(f"The first row of the file: {head.fault}")
    places, unknown = _places(header, layout, options.renamed)
    rows = list(records)
    order = options.order or _order(rows, places, layout)
    builder = Builder(layout, places, order)
    entries = tuple(_entry(row, number, len(header), builder) for number, row in enumerate(rows, 2))
    counted = []
    for at in unknown:
        count = sum(
            at < len(row.cells) and bool(row.cells[at].strip()) and not layout.says_nothing(header[at], row.cells[at])
            for row in rows
        )
        if count:
            counted.append(UnknownColumn(header[at].strip() or f"column {at + 1}", count))
    return Sheet(layout.name, encoding, tuple(counted), entries, content, head.end)


def _recognise(content: str, renamed: Mapping[str, str]) -> tuple[str, tuple[str, ...], Layout]:
    """Delimiter, header and layout: those under which most columns are known."""
    named = text.named_delimiter(content)
    best: tuple[int, str, tuple[str, ...], Layout] | None = None
    for delimiter in (named,) if named else text.DELIMITERS:
        head = next(text.records(content, delimiter), None)
        if head is None:
            raise BadRequest("The file is empty")
        if len(head.cells) > MAX_COLUMNS:
            raise BadRequest(f"The file has more than {MAX_COLUMNS} columns")
        for layout in LAYOUTS:
            known = sum(layout.column(cell) is not None for cell in head.cells)
            known += sum(fold(cell) in {fold(name) for name in renamed} for cell in head.cells)
            if best is None or known > best[0]:
                best = (known, delimiter, head.cells, layout)
    if best is None or best[0] == 0:
        raise BadRequest(
            "No column of the file is known: its first row must be the header; name what columns mean with --map"
        )
    return best[1:]


def _places(header: Sequence[str], layout: Layout, renamed: Mapping[str, str]) -> tuple[list[Place], list[int]]:
    """The known columns, and the numbers of the others."""
    wanted = {fold(name): target for name, target in renamed.items()}
    missing = [name for name in renamed if fold(name) not in {fold(cell) for cell in header}]
    if missing:
        raise BadRequest(f"The file has no column {missing[0]!r}")
    places: list[Place] = []
    unknown: list[int] = []
    taken: dict[tuple[str, str | None, int], str] = {}
    for at, cell in enumerate(header):
        target = wanted.get(fold(cell))
        if target == "":
            continue
        column = layout.column(cell) if target is None else OWN.column(target)
        if target is not None and column is None:
            raise BadRequest(f"There is no field {target!r}: the fields are the columns of a CSV export")
        if column is None:
            unknown.append(at)
            continue
        key = (column.field, column.part, column.number)
        if key in taken and column.field != "keywords":
            if target is not None:
                raise BadRequest(f"Two columns are {target}: {taken[key]!r} and {cell!r}")
            unknown.append(at)
            continue
        taken[key] = cell
        places.append(Place(at, cell.strip(), column))
    return places, unknown


def _order(rows: Sequence[text.Record], places: Sequence[Place], layout: Layout) -> dates.Order | None:
    """The order of day and month in the file's birthdays. Raises BadRequest when they do not tell."""
    place = next((place for place in places if place.column.field == "birthday"), None)
    if place is None:
        return None
    cells = [row.cells[place.at] for row in rows if place.at < len(row.cells)]
    order, needed = dates.order_of(cell for cell in cells if not layout.says_nothing(place.header, cell))
    if needed and order is None:
        raise BadRequest(
            f"Column {place.header!r}: which number is the day and which the month? Say it with --dates dmy or mdy"
        )
    return order


def _entry(row: text.Record, number: int, width: int, builder: Builder) -> Entry:
    faults: tuple[Fault, ...] = ()
    losses: tuple[Loss, ...] = ()
    contact, identity = None, None
    if row.fault is not None:
        faults = (Fault(None, row.fault),)
    elif not any(cell.strip() for cell in row.cells):
        faults = (Fault(None, "the row is empty"),)
    elif any(cell.strip() for cell in row.cells[width:]):
        faults = (Fault(None, f"the row has more cells than the header, which has {width}"),)
    else:
        built = builder.build(row.cells)
        contact, faults, losses = built.contact, built.faults, built.losses
        if built.id is not None and is_contact_id(built.id):
            identity = f"id:{built.id}"
        elif built.id is not None:  # of another program: two files may well have the same one for different people
            losses = (*losses, Loss("Id", "no id of Polydex"))
    return Entry(number, row.line, row.last_line, row.start, row.end, contact, faults, losses, identity)
