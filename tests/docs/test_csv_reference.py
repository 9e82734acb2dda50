"""The reference of CSV names every column of every layout, and what it holds."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from polydex.core import csv
from polydex.core.contact import Address, Company, Contact, Email, Name, Part, Phone, Relation, Url
from polydex.core.csv.google import GOOGLE, GOOGLE_OLD
from polydex.core.csv.layout import Column, Layout, fold
from polydex.core.csv.outlook import OUTLOOK
from polydex.core.csv.own import LISTS, OWN, SCALARS

PAGE = (Path(__file__).parents[2] / "docs/reference/csv.md").read_text(encoding="utf-8")
PARTS: dict[str, type[Part]] = {
    "name": Name,
    "company": Company,
    "email_addresses": Email,
    "phone_numbers": Phone,
    "addresses": Address,
    "urls": Url,
    "relations": Relation,
}


def rows(heading: str) -> list[list[str]]:
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    table = section.partition("|---|")[2].partition("\n\n")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines()[1:]]


def member(column: Column) -> str:
    """The JSON path of what a column holds."""
    if column.field == "id":
        return "id"
    names = dict(zip(Contact.__struct_fields__, Contact.__struct_encode_fields__, strict=True))
    path = names[column.field] + ("[]" if column.number else "")
    if column.field not in PARTS:
        return path
    part = PARTS[column.field]
    known = dict(zip(part.__struct_fields__, part.__struct_encode_fields__, strict=True))
    return f"{path}.{known.get(str(column.part), 'street')}"


def test_our_own_layout_has_exactly_these_columns() -> None:
    told = [(cells[0].strip("`"), cells[1].strip("` ")) for cells in rows("Our layout")]
    assert told == [(header, member(column)) for header, column in (SCALARS | LISTS).items()]


@pytest.mark.parametrize(("at", "layout"), [(1, GOOGLE), (2, GOOGLE_OLD), (3, OUTLOOK)])
def test_the_layouts_of_others_have_exactly_these_columns(at: int, layout: Layout) -> None:
    told = {
        fold(header): cells[0].strip("`")
        for cells in rows("What is read besides")
        for header in re.findall("`([^`]+)`", cells[at] if at < len(cells) else "")
    }
    assert told == {header: member(column) for header, column in layout.columns.items()}


def test_every_member_has_a_column() -> None:
    leaves = {
        f"{name}.{part}"
        for name in Contact.__struct_fields__
        if name in PARTS
        for part in PARTS[name].__struct_fields__
        if part != "canonical_form"
    } | {name for name in Contact.__struct_fields__ if name not in PARTS and name != "photo"}
    held = {f"{column.field}.{column.part}" if column.part else column.field for column in OWN.columns.values()}
    assert leaves | {"id"} == held


def test_what_is_written_is_what_the_page_says() -> None:
    header = csv.Writer().header().strip().split(",")
    assert header == [name.replace("#", "1") for name in SCALARS | LISTS]
