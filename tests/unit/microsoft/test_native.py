"""Native properties: by their names in Graph, or by the tag of a MAPI property."""

from __future__ import annotations

import pytest

from polydex.connectors.microsoft import wire
from polydex.connectors.microsoft.native import MODELLED, decode, native
from polydex.connectors.outlook import mapi
from polydex.core.contact import Contact
from polydex.core.errors import BadRequest, FieldUnsupported, ProviderMalformed
from polydex.core.patch import Patch
from tests.unit.microsoft.contacts import bag, graph, ids, made, raw, sent

STORED = graph(
    ids(OVERFLOW=bag(urls=[{"href": "https://example.com"}]), MARK="m", CAR_PHONE="1"),
    profession="Astronomer",
    imAddresses=["ann@chat.example"],
    children=[],
    homeAddress={"city": "C"},
    birthday=None,
)


def test_are_read_by_name() -> None:
    names = ("profession", "imAddresses", "homeAddress", "children", "birthday", "initials", "String 0x3a1E", "id")
    assert native(raw(STORED), names) == {
        "profession": "Astronomer",
        "imAddresses": '["ann@chat.example"]',
        "homeAddress": '{"city":"C"}',
        "String 0x3a1E": "1",
        "id": "AAMk1=",
    }


@pytest.mark.parametrize(
    "name", [mapi.OVERFLOW, mapi.MARK.lower(), "singleValueExtendedProperties", "@odata.etag", "", "a b", "x" * 99]
)
def test_ours_and_what_is_no_property_are_never_shown(name: str) -> None:
    assert native(raw(STORED), (name,)) == {}


def test_are_created() -> None:
    body = made(
        Contact(nick_name="A"), profession="Astronomer", imAddresses='["ann@chat.example"]', **{"String 0x3a46": "P"}
    )
    assert body == {
        "nickName": "A",
        "profession": "Astronomer",
        "imAddresses": ["ann@chat.example"],
        "singleValueExtendedProperties": [{"id": "String 0x3A46", "value": "P"}],
    }


def test_are_changed_and_removed() -> None:
    change: dict[str, str | None] = {"profession": None, "imAddresses": None, "initials": "A.E.", "children": "[]"}
    assert sent(STORED, Patch(native_properties=change)) == {"profession": None, "imAddresses": [], "initials": "A.E."}
    same: dict[str, str | None] = {
        "profession": "Astronomer",
        "imAddresses": '[ "ann@chat.example" ]',
        "initials": None,
    }
    assert sent(STORED, Patch(native_properties=same)) == {}
    assert sent(STORED, Patch(native_properties={"String 0x3A46": "P"})) == {
        "singleValueExtendedProperties": [{"id": "String 0x3A46", "value": "P"}]
    }


@pytest.mark.parametrize(
    "name", [*sorted(MODELLED), "String 0x3A06", "String 0x3a1c", "String 0x3A1E", "id", "changeKey"]
)
def test_members_of_the_contact_are_not_written_so(name: str) -> None:
    with pytest.raises(FieldUnsupported):
        made(Contact(), **{name: "x"})


def test_every_extended_property_that_is_read_is_a_member_or_ours() -> None:
    for name in wire.EXTENDED:
        with pytest.raises(FieldUnsupported):
            made(Contact(), **{name: "x"})
        with pytest.raises(FieldUnsupported):
            made(Contact(), **{name.lower(): "x"})


@pytest.mark.parametrize(
    "name",
    [
        "String 0x001A",
        "String {aa59d48a-551f-427a-9156-8aa86e3dbbc7} Name Other",
        "Integer 0x3A4D",
        "String 0x3A46' or '1",
        "a.b",
        "",
        "@odata.type",
        "pro\nfession",
    ],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BadRequest):
        made(Contact(), **{name: "x"})


@pytest.mark.parametrize("value", ["ann", '{"a":1}', "[1]", "[" * 10_000])
def test_a_list_is_json(value: str) -> None:
    with pytest.raises(BadRequest):
        made(Contact(), imAddresses=value)


def test_what_is_no_document() -> None:
    with pytest.raises(ProviderMalformed):
        decode(b'{"contact":[1]}')
