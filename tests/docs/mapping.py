"""The pages that describe a mapping: their tables, whose rows the tests run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from polydex.core.contact import AddressType, Contact, Name, PhoneType, RelationType, UrlType

SPAN = re.compile(r"`([^`]+)`")
KINDS = {"phoneNumbers": PhoneType, "addresses": AddressType, "urls": UrlType, "relations": RelationType}
VALUES = {"phoneNumbers": "number", "addresses": "city", "urls": "href", "relations": "name"}
"""Member -> what its entries have."""


def page(name: str) -> str:
    return (Path(__file__).parents[2] / f"docs/reference/{name}.md").read_text(encoding="utf-8")


def section(of: str, heading: str) -> str:
    found = of.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    assert found
    return found


def rows(of: str, heading: str) -> list[list[str]]:
    """The cells of the table under this heading whose rows begin with JSON or XML."""
    lines = section(of, heading).splitlines()
    found = [line.strip("|").split(" | ") for line in lines if line.startswith(("| `{", "| `<"))]
    assert found
    return found


def json(cell: str) -> dict[str, Any]:
    (text,) = SPAN.findall(cell)
    found: dict[str, Any] = msgspec.json.decode(text)
    return found


def said(cell: str) -> Contact:
    return msgspec.convert(json(cell), Contact)


def places(of: str) -> Iterator[tuple[str, str, list[str]]]:
    """Member, type and places of each row."""
    member = ""
    for line in section(of, "Places").splitlines():
        if line.startswith(("| `", "| |")):
            first, kinds, place = (cell.strip() for cell in line.strip("|").split("|"))
            member = first.strip("`") or member
            for kind in SPAN.findall(kinds):
                yield member, kind, SPAN.findall(place)


def assert_every_type_has_a_row(of: str) -> None:
    named = {(member, kind) for member, kind, _ in places(of) if member in KINDS}
    assert named == {(member, kind.value) for member, values in KINDS.items() for kind in values}


def assert_every_member_is_in_the_table(of: str) -> None:
    shown = [said(row[0]) for row in rows(of, "Members")]
    for member in Contact.__struct_fields__:
        assert member == "photo" or any(getattr(one, member) for one in shown), member
    for part in Name.__struct_fields__:
        assert any(getattr(one.name or Name(), part) for one in shown), part


def native_rows(of: str) -> Iterator[tuple[str, str]]:
    """Name and description of each native property in the table."""
    for line in section(of, "Native properties").splitlines():
        if line.startswith("| "):
            names, value = line.strip("|").split("|")
            for name in SPAN.findall(names):
                yield name, value
