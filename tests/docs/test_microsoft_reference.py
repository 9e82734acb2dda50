"""The reference of the Microsoft mapping is what the code does, row by row, and names every value and every member."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from polydex.connectors.microsoft import native
from polydex.connectors.microsoft.draft import create
from polydex.connectors.outlook import mapi
from polydex.connectors.outlook.bag import MAX_BYTES
from polydex.core.contact import AddressType, Contact, Name, PhoneType, RelationType, UrlType, content
from polydex.core.errors import FieldUnsupported
from polydex.core.fields import Loss
from tests.unit.microsoft.contacts import contact, graph, made

PAGE = (Path(__file__).parents[2] / "docs/reference/microsoft-mapping.md").read_text(encoding="utf-8")
SPAN = re.compile(r"`([^`]+)`")


def section(heading: str) -> str:
    found = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert found
    return found


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under this heading."""
    found = [line.strip("|").split(" | ") for line in section(heading).splitlines() if line.startswith("| `{")]
    assert found
    return found


def json(cell: str) -> dict[str, Any]:
    (text,) = SPAN.findall(cell)
    found: dict[str, Any] = msgspec.json.decode(text)
    return found


def said(cell: str) -> Contact:
    return msgspec.convert(json(cell), Contact)


def places() -> Iterator[tuple[str, str, str]]:
    """Member, type and place of each row."""
    member = ""
    for line in section("Places").splitlines():
        if line.startswith(("| `", "| |")):
            first, kinds, place = (cell.strip() for cell in line.strip("|").split("|"))
            member = first.strip("`") or member
            for kind in SPAN.findall(kinds):
                yield member, kind, (SPAN.findall(place) or [""])[0]


MEMBERS = rows("Members")
READ = rows("Also read")
LOSSES = rows("Losses")


@pytest.mark.parametrize("row", MEMBERS, ids=lambda row: row[0])
def test_a_member_is_written_and_read_so(row: list[str]) -> None:
    draft, expected = said(row[0]), json(row[1])
    assert made(draft) == expected
    assert contact(graph(**expected)) == draft


@pytest.mark.parametrize("row", READ, ids=lambda row: row[0])
def test_a_contact_is_read_so(row: list[str]) -> None:
    assert content(contact(graph(**json(row[0])))) == said(row[1])


@pytest.mark.parametrize("row", LOSSES, ids=lambda row: row[0])
def test_a_loss_is_told_so(row: list[str]) -> None:
    sent, path, reason, kept = row
    told = create(said(sent), None, {}).losses
    assert told == (Loss(SPAN.findall(path)[0], reason.strip(), kept.strip(" |") or None),)


VALUES = {"phoneNumbers": "number", "addresses": "city", "urls": "href", "relations": "name"}


@pytest.mark.parametrize("row", list(places()), ids=lambda row: f"{row[0]} {row[1]}")
def test_a_value_is_in_the_place_that_is_named(row: tuple[str, str, str]) -> None:
    member, kind, place = row
    value = {VALUES[member]: "1", "type": kind}
    body = made(msgspec.convert({member: [value]}, Contact))
    extended = {entry["id"] for entry in body.pop("singleValueExtendedProperties", ())}
    assert place in extended | set(body) if place else extended == {mapi.OVERFLOW}


def test_every_type_has_a_row() -> None:
    named = {(member, kind) for member, kind, _ in places()}
    kinds = {"phoneNumbers": PhoneType, "addresses": AddressType, "urls": UrlType, "relations": RelationType}
    assert named == {(member, kind.value) for member, values in kinds.items() for kind in values}


def test_every_member_is_in_the_table() -> None:
    shown = [said(row[0]) for row in MEMBERS]
    for member in Contact.__struct_fields__:
        assert member == "photo" or any(getattr(one, member) for one in shown), member
    for part in Name.__struct_fields__:
        assert any(getattr(one.name or Name(), part) for one in shown), part


def test_the_bag_is_as_described() -> None:
    assert f"`{mapi.OVERFLOW}`" in PAGE
    assert "`PolydexMark`" in PAGE
    assert mapi.OVERFLOW.replace("Overflow", "Mark") == mapi.MARK
    assert f"{MAX_BYTES:,} bytes" in PAGE


def test_native_properties_are_as_described() -> None:
    table = [line.strip("|").split("|") for line in section("Native properties").splitlines() if line.startswith("| ")]
    seen = set()
    for names, value in table:
        for name in SPAN.findall(names):
            text = '["x"]' if "list" in value else "x"
            if "can be written" in value:
                plain, extended = native.edit({}, {name: text})
                assert plain or extended
            else:
                with pytest.raises(FieldUnsupported):
                    native.edit({}, {name: text})
            seen.add(name)
    assert {"profession", "initials", "imAddresses", "children"} < seen
