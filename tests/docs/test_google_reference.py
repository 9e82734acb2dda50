"""The reference of the Google mapping is what the code does, row by row, and names every value and every member."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from polydex.connectors.google.bag import MAX_BYTES
from polydex.connectors.google.clientdata import MARK, OVERFLOW
from polydex.connectors.google.draft import create
from polydex.connectors.google.labels import MY_CONTACTS, Labels
from polydex.core.contact import AddressType, Contact, Name, PhoneType, RelationType, UrlType
from polydex.core.fields import Loss
from tests.google.discovery import document
from tests.unit.google.people import contact, made, person

PAGE = (Path(__file__).parents[2] / "docs/reference/google-mapping.md").read_text(encoding="utf-8")
SPAN = re.compile(r"`([^`]+)`")
LABELS = Labels({"contactGroups/1": "Friends"})


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under this heading."""
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    found = [line.strip("|").split(" | ") for line in section.splitlines() if line.startswith(("| `{", "| | "))]
    assert found
    return found


def json(cell: str) -> dict[str, Any]:
    (text,) = SPAN.findall(cell)
    found: dict[str, Any] = msgspec.json.decode(text)
    return found


def said(cell: str) -> Contact:
    return msgspec.convert(json(cell), Contact)


MEMBERS = rows("Members")
READ = rows("Also read")
LOSSES = rows("Losses")


@pytest.mark.parametrize("row", MEMBERS, ids=lambda row: row[0])
def test_a_member_is_written_and_read_so(row: list[str]) -> None:
    draft, expected = said(row[0]), json(row[1])
    body = made(draft)
    assert body["memberships"].pop() == {"contactGroupMembership": {"contactGroupResourceName": MY_CONTACTS}}
    assert {name: items for name, items in body.items() if items} == expected
    assert contact(person(**expected)) == draft


@pytest.mark.parametrize("row", READ, ids=lambda row: row[0])
def test_a_person_is_read_so(row: list[str]) -> None:
    assert contact(person(**json(row[0]))) == said(row[1])


@pytest.mark.parametrize("row", LOSSES, ids=lambda row: row[0])
def test_a_loss_is_told_so(row: list[str]) -> None:
    sent, path, reason, kept = row
    told = create(said(sent), None, {}, LABELS).losses
    assert told == (Loss(SPAN.findall(path)[0], reason.strip(), kept.strip(" |") or None),)


def test_every_type_is_named_as_google_s_or_as_a_label() -> None:
    section = PAGE.partition("\n## Types\n")[2].partition("\n## ")[0]
    table = {line.split("|")[1].strip(" `"): line for line in section.splitlines() if line.startswith("| `")}
    custom = next(line for line in section.splitlines() if line.startswith("| |"))
    known, labels = set(SPAN.findall(table["phoneNumbers"])) - {"phoneNumbers"}, set(SPAN.findall(custom))
    assert known | labels == {kind.value for kind in PhoneType}
    listed = document()["schemas"]["PhoneNumber"]["properties"]["type"]["description"]
    assert known == {kind.value for kind in PhoneType} & set(SPAN.findall(listed))
    for member, kinds in (("addresses", AddressType), ("urls", UrlType), ("relations", RelationType)):
        assert set(SPAN.findall(table[member])) - {member} == {kind.value for kind in kinds}


def test_every_member_is_in_the_table() -> None:
    shown = [said(row[0]) for row in MEMBERS]
    for member in Contact.__struct_fields__:
        assert member == "photo" or any(getattr(one, member) for one in shown), member
    for part in Name.__struct_fields__:
        assert any(getattr(one.name or Name(), part) for one in shown), part


def test_the_bag_is_as_described() -> None:
    assert f"`{OVERFLOW}`" in PAGE
    assert f"`{MARK}`" in PAGE
    assert f"{MAX_BYTES:,} bytes" in PAGE
