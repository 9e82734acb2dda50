"""Native properties: by the FieldURI of a field, or by the tag of a MAPI property."""

from __future__ import annotations

import pytest

from polydex.connectors.exchange.fields import EXTENDED
from polydex.connectors.exchange.native import LIST_FIELDS, MODELLED, TEXT_FIELDS, native
from polydex.core.contact import Contact
from polydex.core.errors import BadRequest, FieldUnsupported, ProviderMalformed
from polydex.core.patch import Patch
from tests.unit.exchange.contacts import (
    bag,
    emails,
    entries,
    item,
    made,
    numbered,
    ours,
    phones,
    place,
    sent,
    tag,
    text,
    words,
)

STORED = (
    bag(urls=[{"href": "https://example.com", "type": "other"}])
    + ours("PolydexMark", "m")
    + tag("0x3a45", "Dr.")
    + numbered(32812, "An")
    + text("DisplayName", "Ann")
    + "<t:Flag><t:FlagStatus>NotFlagged</t:FlagStatus></t:Flag><t:CompleteName><t:Title>Dr.</t:Title></t:CompleteName>"
    + emails(("a@example.com", "A", "SMTP"))
    + place("Home", City="C")
    + phones(CarPhone="1")
    + words("Children", "Cleo", "Max")
    + entries("ImAddresses", ImAddress3="c", ImAddress1="a")
    + text("Profession", "Astronomer")
    + "<t:Mileage/>"
)


def test_are_read_by_name() -> None:
    found = native(
        item(STORED),
        (
            "contacts:Profession", "contacts:Children", "contacts:ImAddresses", "contacts:Mileage", "contacts:Initials",
            "contacts:EmailAddresses", "contacts:PhysicalAddresses", "contacts:CompleteName", "item:Flag", "item:ItemId",
            "0x3A45/String", "0x3a1E/String", "{00062004-0000-0000-C000-000000000046}/0x802C/String",
        ),
    )  # fmt: skip
    assert found == {
        "contacts:Profession": "Astronomer",
        "contacts:Children": '["Cleo","Max"]',
        "contacts:ImAddresses": '["a","c"]',
        "contacts:EmailAddresses": '{"EmailAddress1":"a@example.com"}',
        "contacts:PhysicalAddresses": '{"Home":{"City":"C"}}',
        "contacts:CompleteName": '{"Title":"Dr."}',
        "item:Flag": '{"FlagStatus":"NotFlagged"}',
        "item:ItemId": '{"Id":"AAMk1=","ChangeKey":"EQ1"}',
        "0x3A45/String": "Dr.",
        "0x3a1E/String": "1",
        "{00062004-0000-0000-C000-000000000046}/0x802C/String": "An",
    }


@pytest.mark.parametrize(
    "name",
    [
        "{aa59d48a-551f-427a-9156-8aa86e3dbbc7}/PolydexOverflow/String",
        "{AA59D48A-551F-427A-9156-8AA86E3DBBC7}/polydexmark/String",
        "item:ExtendedProperty",
        "contacts:Unknown",
        "item:Profession",
        "Profession",
        "*",
        "",
        "contacts:",
        "0x3A45",
        "0x3A45/String ",
    ],
)
def test_ours_and_what_is_no_property_are_never_shown(name: str) -> None:
    assert native(item(STORED), (name,)) == {}


def test_are_created() -> None:
    properties = {
        "contacts:Profession": "Astro\uffffnomer",
        "contacts:Children": '["Cleo"]',
        "contacts:ImAddresses": '["a", " ", "b"]',
        "0x3a47/String": "L",
    }
    assert made(Contact(nick_name="A"), **properties) == (
        tag("0x3A47", "L")
        + text("Nickname", "A")
        + words("Children", "Cleo")
        + entries("ImAddresses", ImAddress1="a", ImAddress2="b")
        + text("Profession", "Astronomer")
    )


def test_are_changed_and_removed() -> None:
    change: dict[str, str | None] = {
        "contacts:Profession": None,
        "contacts:Children": None,
        "contacts:ImAddresses": '["a","b"]',
        "contacts:Initials": "A.E.",
        "contacts:Companies": "[]",
        "0x3A46/String": None,
    }
    assert sent(STORED, Patch(native_properties=change)) == {
        "contacts:Profession": None,
        "contacts:Children": None,
        "contacts:ImAddress#ImAddress2": "b",
        "contacts:ImAddress#ImAddress3": None,
        "contacts:Initials": "A.E.",
        "0x3a46/String": None,
    }
    same: dict[str, str | None] = {
        "contacts:Profession": "Astronomer",
        "contacts:Children": '["Cleo", "Max"]',
        "contacts:ImAddresses": '["a","c"]',
        "contacts:Mileage": None,
    }
    assert sent(STORED, Patch(native_properties=same)) == {}


@pytest.mark.parametrize(
    "name",
    [
        *sorted(MODELLED), "item:Subject", "item:ItemId", "contacts:Notes", "contacts:Photo", "contacts:FileAsMapping",
        "0x3A06/String", "0x3a1c/String", "0x3A50/String", "0x3A4D/Integer", "0x001A/String", "0x3A46/Binary",
        "{00062004-0000-0000-c000-000000000046}/0x802C/String", "{00062004-0000-0000-c000-000000000046}/0x8062/String",
        "{aa59d48a-551f-427a-9156-8aa86e3dbbc7}/PolydexMark/String", "{00020329-0000-0000-c000-000000000046}/Own/String",
    ],
)  # fmt: skip
def test_members_of_the_contact_and_names_of_others_are_not_written_so(name: str) -> None:
    with pytest.raises(FieldUnsupported):
        made(Contact(), **{name: "x"})
    with pytest.raises(FieldUnsupported):
        sent(STORED, Patch(native_properties={name: None}))


def test_every_extended_property_that_is_read_is_refused() -> None:
    for id_ in EXTENDED:
        kind, _, rest = id_.partition(" ")
        name = f"{rest.replace(' Id ', '/').replace(' Name ', '/')}/{kind}"
        with pytest.raises(FieldUnsupported):
            made(Contact(), **{name: "x"})


@pytest.mark.parametrize(
    "name",
    [
        "Profession", "contacts:profession", "contacts:Unknown", "item:ExtendedProperty", "String 0x3A46", "0x3A46",
        "0x3A46/", '0x3A46/String"/>', "{aa59d48a}/Name/String", "{00020329-0000-0000-c000-000000000046}/a/b/String", "",
        "con\ntacts:Profession", "x" * 999,
    ],
)  # fmt: skip
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(BadRequest) as raised:
        made(Contact(), **{name: "x"})
    assert "<" not in str(raised.value)


@pytest.mark.parametrize("name", [*LIST_FIELDS, "contacts:ImAddresses"])
@pytest.mark.parametrize("value", ["ann", '{"a":1}', "[1]", "[" * 10_000])
def test_a_list_is_json(name: str, value: str) -> None:
    with pytest.raises(BadRequest):
        made(Contact(), **{name: value})


def test_there_are_three_places_for_instant_messages() -> None:
    with pytest.raises(BadRequest, match="3"):
        made(Contact(), **{"contacts:ImAddresses": '["a","b","c","d"]'})


def test_texts_are_fields_that_can_be_written() -> None:
    for name in TEXT_FIELDS:
        assert made(Contact(), **{name: "x"}) == text(name.partition(":")[2], "x")


def test_what_is_no_document() -> None:
    with pytest.raises(ProviderMalformed):
        native(b"{}", ("contacts:Profession",))
