"""Laws of CSV: what is exported is imported as it was, and no file, however broken, loses a row without a word."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import example, given, strategies as st

from polydex.core import csv
from polydex.core.contact import Contact, Name, is_empty, normal
from polydex.core.csv import text
from polydex.core.vcard import entries
from tests.strategies import contacts, words

ID = ["a" * 25 + digit for digit in "abcd"]
_FORMULA = re.compile(r"[=+\-@\t\r]")
_DANGEROUS = ("=1+1", "+cmd", "-x", "@sum", "'=a", "''+", "\u2212", "'", "\tx", "+49 30 123", "-", "\uff1dA1")


def exported(*found: Contact) -> str:
    writer = csv.Writer()
    for contact in found:
        writer.measure(contact)
    return writer.header() + "".join(writer.row(contact, ID[at]) for at, contact in enumerate(found))


@given(st.lists(contacts(photo=False), max_size=4))
def test_export_and_import_give_the_same_contacts(found: list[Contact]) -> None:
    sheet = csv.read(exported(*found).encode(), csv.Options())
    assert sheet.layout == "Polydex"
    assert sheet.unknown == ()
    assert [entry.contact or Contact() for entry in sheet.entries] == found
    assert [entry.losses for entry in sheet.entries] == [()] * len(found)
    for at, (contact, entry) in enumerate(zip(found, sheet.entries, strict=True)):
        assert bool(entry.faults) == is_empty(contact)
        assert entry.identity == f"id:{ID[at]}"


@given(st.sampled_from(_DANGEROUS) | st.tuples(st.sampled_from(_DANGEROUS), words).map("".join))
def test_no_cell_is_a_formula_and_yet_every_text_comes_back(cell: str) -> None:
    contact = normal(Contact(name=Name(display_name=cell), nick_name="n", notes=cell))
    line = next(iter(list(text.records(exported(contact), ","))[1:]))
    for written in line.cells:
        assert not _FORMULA.match(written) or re.fullmatch(r"[+-]?[0-9 ()./-]*", written)
    [entry] = csv.read(exported(contact).encode(), csv.Options()).entries
    assert entry.contact == contact


_PIECES = st.sampled_from(
    ('"', '""', ",", ";", "\t", "\n", "\r\n", "\r", "a", "é", " ", "\x00", "x" * 300, "=1", '","', '"\n"', "sep=;\n")
)


@given(st.lists(_PIECES, max_size=40).map("".join), st.sampled_from(text.DELIMITERS))
@example('a,"b\nc,d\n', ",")
@example('"a"b,c\n"d"\n', ",")
def test_every_character_of_a_file_belongs_to_one_record(content: str, delimiter: str) -> None:
    found = list(text.records(content, delimiter))
    start = content.index("\n") + 1 if text.named_delimiter(content) and "\n" in content else 0
    if found:
        assert found[0].start in (0, start)
    for one, following in pairwise(found):
        assert one.end == following.start
        assert one.last_line + 1 == following.line
    if found:
        assert not content[found[-1].end :].strip("\r\n")


@given(st.lists(_PIECES, max_size=40).map("".join))
def test_a_broken_file_is_told_row_by_row(body: str) -> None:
    header = "Given Name,Family Name,Notes,Email 1 - Address\n"
    sheet = csv.read((header + body).encode(), csv.Options())
    for entry in sheet.entries:
        assert (entry.contact is None) == bool(entry.faults)
    assert sheet.text[sheet.header_end :].strip("\r\n") == "".join(
        sheet.text[entry.start : entry.end] for entry in sheet.entries
    ).strip("\r\n")


_LINES = st.sampled_from(
    (
        "BEGIN:VCARD", "begin:vcard", "END:VCARD", "VERSION:3.0", "VERSION:2.1", "FN:Ann", "N:;Ann;;;", " folded",
        "AGENT:", "junk", "", "NOTE;ENCODING=QUOTED-PRINTABLE:a=", "UID:1", "KIND:group", "item1.BEGIN:VCARD", "\x00",
    )
)  # fmt: skip


@given(st.lists(_LINES, max_size=25), st.sampled_from(("\n", "\r\n", "\r")))
def test_every_line_of_a_vcard_file_is_in_an_entry_or_blank(lines: list[str], end: str) -> None:
    data = "".join(line + end for line in lines).encode()
    at = line = 0
    for entry in entries(data):
        assert not data[at : entry.start].strip(b" \r\n\0")
        assert line < entry.line <= entry.last_line
        assert (entry.contact is None) == bool(entry.faults)
        at, line = entry.end, entry.last_line
    assert not data[at:].strip(b" \r\n\0")
