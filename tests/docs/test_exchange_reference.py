"""The reference of the Exchange mapping is what the code does, row by row, and names every value and every member."""

from __future__ import annotations

import msgspec
import pytest

from polydex.connectors.exchange import native
from polydex.connectors.exchange.draft import create
from polydex.connectors.outlook import mapi
from polydex.connectors.outlook.bag import MAX_BYTES
from polydex.core.contact import Contact
from polydex.core.errors import FieldUnsupported
from polydex.core.fields import Loss
from tests.docs.mapping import (
    SPAN,
    VALUES,
    assert_every_member_is_in_the_table,
    assert_every_type_has_a_row,
    native_rows,
    page,
    places,
    rows,
    said,
)
from tests.unit.exchange.contacts import contact, made

PAGE = page("exchange-mapping")


def xml(cell: str) -> str:
    (text,) = SPAN.findall(cell)
    return str(text)


@pytest.mark.parametrize("row", rows(PAGE, "Members"), ids=lambda row: row[0])
def test_a_member_is_written_and_read_so(row: list[str]) -> None:
    draft, expected = said(row[0]), xml(row[1])
    assert made(draft).replace("\r\n", "&#13;&#10;") == expected
    assert contact(expected) == draft


@pytest.mark.parametrize("row", rows(PAGE, "Also read"), ids=lambda row: row[0])
def test_a_contact_is_read_so(row: list[str]) -> None:
    assert contact(xml(row[0])) == said(row[1])


@pytest.mark.parametrize("row", rows(PAGE, "Losses"), ids=lambda row: row[0])
def test_a_loss_is_told_so(row: list[str]) -> None:
    sent, path, reason, kept = row
    _, told = create(said(sent), None, {})
    assert told == (Loss(SPAN.findall(path)[0], reason.strip(), kept.strip(" |") or None),)


@pytest.mark.parametrize("row", list(places(PAGE)), ids=lambda row: f"{row[0]} {row[1]}")
def test_a_value_is_in_the_place_that_is_named(row: tuple[str, str, list[str]]) -> None:
    member, kind, named = row
    where = [place for place in named if place != "home"]  # of which a row tells that it goes first
    values = [{VALUES[member]: f"x:{number}", "type": kind} for number in range(max(1, len(where)))]
    body = made(msgspec.convert({member: values}, Contact))
    assert all(f'="{place}"' in body or f"<t:{place}>" in body for place in where)
    assert ("PolydexOverflow" in body) == (not where or kind == "homePage")


def test_every_type_has_a_row() -> None:
    assert_every_type_has_a_row(PAGE)


def test_every_member_is_in_the_table() -> None:
    assert_every_member_is_in_the_table(PAGE)


def test_the_bag_is_as_described() -> None:
    assert f"String {{{mapi.GUID}}} Name PolydexOverflow" == mapi.OVERFLOW
    assert f"`PolydexOverflow` in the set `{mapi.GUID}`" in PAGE
    assert "`PolydexMark`" in PAGE
    assert f"{MAX_BYTES:,} bytes" in PAGE


def test_native_properties_are_as_described() -> None:
    seen = set()
    for name, value in native_rows(PAGE):
        text = '["x"]' if "list" in value else "x"
        if "can be written" in value:
            assert native.edit(None, {name: text})
        else:
            with pytest.raises(FieldUnsupported):
                native.edit(None, {name: text})
        seen.add(name)
    assert {*native.TEXT_FIELDS, *native.LIST_FIELDS, native.IMS} < seen
