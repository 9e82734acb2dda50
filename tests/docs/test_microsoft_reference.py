"""The reference of the Microsoft mapping is what the code does, row by row, and names every value and every member."""

from __future__ import annotations

import msgspec
import pytest

from polydex.connectors.microsoft import native
from polydex.connectors.microsoft.draft import create
from polydex.connectors.outlook import mapi
from polydex.connectors.outlook.bag import MAX_BYTES
from polydex.core.contact import Contact, content
from polydex.core.errors import FieldUnsupported
from polydex.core.fields import Loss
from tests.docs.mapping import (
    SPAN,
    VALUES,
    assert_every_member_is_in_the_table,
    assert_every_type_has_a_row,
    json,
    native_rows,
    page,
    places,
    rows,
    said,
)
from tests.unit.microsoft.contacts import contact, graph, made

PAGE = page("microsoft-mapping")
MEMBERS = rows(PAGE, "Members")
READ = rows(PAGE, "Also read")
LOSSES = rows(PAGE, "Losses")


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


@pytest.mark.parametrize("row", list(places(PAGE)), ids=lambda row: f"{row[0]} {row[1]}")
def test_a_value_is_in_the_place_that_is_named(row: tuple[str, str, list[str]]) -> None:
    member, kind, where = row
    value = {VALUES[member]: "1", "type": kind}
    body = made(msgspec.convert({member: [value]}, Contact))
    extended = {entry["id"] for entry in body.pop("singleValueExtendedProperties", ())}
    assert where[0] in extended | set(body) if where else extended == {mapi.OVERFLOW}


def test_every_type_has_a_row() -> None:
    assert_every_type_has_a_row(PAGE)


def test_every_member_is_in_the_table() -> None:
    assert_every_member_is_in_the_table(PAGE)


def test_the_bag_is_as_described() -> None:
    assert f"`{mapi.OVERFLOW}`" in PAGE
    assert "`PolydexMark`" in PAGE
    assert mapi.OVERFLOW.replace("Overflow", "Mark") == mapi.MARK
    assert f"{MAX_BYTES:,} bytes" in PAGE


def test_native_properties_are_as_described() -> None:
    seen = set()
    for name, value in native_rows(PAGE):
        text = '["x"]' if "list" in value else "x"
        if "can be written" in value:
            plain, extended = native.edit({}, {name: text})
            assert plain or extended
        else:
            with pytest.raises(FieldUnsupported):
                native.edit({}, {name: text})
        seen.add(name)
    assert {"profession", "initials", "imAddresses", "children"} < seen
