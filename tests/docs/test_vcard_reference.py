"""The reference of the vCard mapping is what the code does, row by row, and names every value and every property."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from polydex.core import vcard
from polydex.core.contact import AddressType, Contact, Name, PhoneType, RelationType, UrlType
from polydex.core.errors import FieldUnsupported
from polydex.core.fields import Loss

PAGE = (Path(__file__).parents[2] / "docs/reference/vcard.md").read_text(encoding="utf-8")
SPAN = re.compile(r"`([^`]+)`")
FRAME = ("BEGIN", "VERSION", "PRODID", "UID", "END")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under this heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith("| `")]
    assert found
    return found


def lines(cell: str) -> list[str]:
    return SPAN.findall(cell)


def contact(cell: str) -> Contact:
    (json,) = SPAN.findall(cell)
    return msgspec.json.decode(json, type=Contact)


def members(found: Contact) -> Contact:
    """Without a made-up display name."""
    return msgspec.structs.replace(found, name=None)


MEMBERS = rows("Members")
READ = rows("Also read")
LOSSES = rows("Losses")


@pytest.mark.parametrize("row", MEMBERS, ids=lambda row: row[0])
@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_a_member_is_written_and_read_so(row: list[str], version: str) -> None:
    draft, expected = contact(row[0]), lines(row[1 if version == "3.0" else 2])
    raw = vcard.create(draft, uid="u-1", mark=None, version=version).raw
    written = raw.decode().replace("\r\n ", "").split("\r\n")[:-1]
    named = draft.name is not None
    made_up = () if named else ("N", "FN")
    assert [
        line
        for line in written
        if line.partition(":")[0] not in (*FRAME, *made_up) and not (named and line == "N:;;;;")
    ] == expected
    found = vcard.read(raw).contact
    assert found is not None
    assert found == draft or members(found) == draft


@pytest.mark.parametrize("row", READ, ids=lambda row: row[0])
@pytest.mark.parametrize("version", ["2.1", "3.0", "4.0"])
def test_lines_are_read_so(row: list[str], version: str) -> None:
    if version == "2.1" and "\\n" in row[0]:
        return  # knows no such escape
    body = "".join(line + "\r\n" for line in lines(row[0]))
    found = vcard.read(f"BEGIN:VCARD\r\nVERSION:{version}\r\nFN:A\r\n{body}END:VCARD\r\n".encode()).contact
    assert found is not None
    assert found == msgspec.structs.replace(contact(row[1]), name=Name(display_name="A"))


@pytest.mark.parametrize("row", LOSSES, ids=lambda row: row[0])
@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_a_loss_is_told_so(row: list[str], version: str) -> None:
    sent, path, reason, kept = row
    told = vcard.create(contact(sent), uid="u-1", mark=None, version=version).losses
    assert told == (Loss(lines(path)[0], reason.strip(), kept.strip(" |") or None),)


def test_every_type_is_in_the_table() -> None:
    shown = [contact(row[0]) for row in MEMBERS]
    assert {phone.type for one in shown for phone in one.phone_numbers} == set(PhoneType)
    assert {address.type for one in shown for address in one.addresses} == set(AddressType)
    assert {url.type for one in shown for url in one.urls} == set(UrlType)
    assert {relation.type for one in shown for relation in one.relations} == set(RelationType)


def test_every_member_is_in_the_table() -> None:
    shown = [contact(row[0]) for row in MEMBERS]
    for member in Contact.__struct_fields__:
        assert member == "photo" or any(getattr(one, member) for one in shown), member


def test_what_has_a_member_is_no_native_property() -> None:
    cells = [*(cell for row in MEMBERS for cell in row[1:]), *(row[0] for row in READ)]
    names = {re.split("[;:]", line)[0].rpartition(".")[2].upper() for cell in cells for line in lines(cell)}
    assert {"FN", "N", "EMAIL", "X-ABLABEL", "LABEL", "SORT-STRING", "X-EVOLUTION-SPOUSE"} <= names
    for name in {*names, "PHOTO", "X-ABCROP-RECTANGLE", "X-ABADR", "REV", "CREATED", "KIND", "UID"}:
        with pytest.raises(FieldUnsupported):
            vcard.create(Contact(notes="x"), uid="u", mark=None, native={name: "x"})
