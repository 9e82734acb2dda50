"""Native properties of a person: read by name, written where that is safe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from polydex.connectors.google.native import native
from polydex.core.contact import Contact
from polydex.core.errors import BadRequest, FieldUnsupported, ProviderMalformed
from polydex.core.patch import Patch
from tests.unit.google.people import PROFILE, bare, made, person, raw, sent

DOCUMENT = person(
    userDefined=[{"key": "Shoe size", "value": "38"}, {"key": "Pet", "value": "Rex"}, {"key": "Pet", "value": "Tom"}],
    clientData=[
        {"key": "polydex.mark", "value": "m"},
        {"key": "polydex.overflow", "value": '{"v":1,"markers":{"fileAs":"F"}}'},
        {"key": "crm.id", "value": "7"},
    ],
    genders=[{"value": "female"}],
    names=[{"givenName": "Ann"}, {"givenName": "P", "metadata": {"source": PROFILE}}],
)


def read(*names: str) -> dict[str, str]:
    return native(raw(DOCUMENT), names)


def write(properties: Mapping[str, str | None], document: dict[str, Any] = DOCUMENT) -> dict[str, Any]:
    update = sent(document, Patch(native_properties=dict(properties)))
    return {name: bare(items) for name, items in update.items()}


def test_texts_are_read_by_key() -> None:
    assert read("userDefined.Shoe size", "userDefined.Pet", "clientData.crm.id", "userDefined.None") == {
        "userDefined.Shoe size": "38",
        "userDefined.Pet": "Rex\nTom",
        "clientData.crm.id": "7",
    }


def test_fields_are_read_as_json() -> None:
    found = read("genders", "events", "names", "clientData", "metadata", "resourceName", "nothing")
    assert set(found) == {"genders", "names", "clientData"}
    assert msgspec.json.decode(found["genders"]) == DOCUMENT["genders"]
    assert msgspec.json.decode(found["names"]) == DOCUMENT["names"][:1]
    assert [item["key"] for item in msgspec.json.decode(found["clientData"])] == ["crm.id"]


def test_what_is_ours_is_never_shown() -> None:
    assert read("clientData.polydex.mark", "clientData.polydex.overflow") == {}


def test_texts_are_set_and_removed() -> None:
    assert write({"userDefined.Shoe size": "39", "clientData.crm.id": None}) == {
        "userDefined": [
            {"key": "Shoe size", "value": "39"},
            {"key": "Pet", "value": "Rex"},
            {"key": "Pet", "value": "Tom"},
        ],
        "clientData": bare(DOCUMENT["clientData"])[:2],
    }
    assert write({"userDefined.Pet": "Max", "userDefined.New": "1"})["userDefined"] == [
        {"key": "Shoe size", "value": "38"},
        {"key": "Pet", "value": "Max"},
        {"key": "New", "value": "1"},
    ]
    one = person(userDefined=[{"key": "a", "value": "1"}])
    assert write({"userDefined.a": None, "userDefined.b": "2"}, one) == {"userDefined": [{"key": "b", "value": "2"}]}


def test_what_is_there_already_is_not_sent() -> None:
    assert write({"userDefined.Pet": "Rex\nTom", "userDefined.None": None, "clientData.crm.id": "7"}) == {}


def test_are_written_in_normal_form() -> None:
    assert write({"userDefined.Shoe size": " 38\x00 ", "userDefined.New": " "}) == {}
    assert write({"userDefined.Shoe size": "\ud800a\r\nb"})["userDefined"][0] == {"key": "Shoe size", "value": "a\nb"}


def test_are_written_together_with_the_bag() -> None:
    update = sent(DOCUMENT, Patch(file_as=None, native_properties={"clientData.crm.id": "8"}))
    assert bare(update["clientData"]) == [{"key": "polydex.mark", "value": "m"}, {"key": "crm.id", "value": "8"}]


def test_of_a_new_contact() -> None:
    body = made(Contact(file_as="F"), mark="m", native={"userDefined.Pet": "Rex", "clientData.crm.id": "7"})
    assert body["userDefined"] == [{"key": "Pet", "value": "Rex"}]
    assert [item["key"] for item in body["clientData"]] == ["polydex.overflow", "crm.id", "polydex.mark"]


@pytest.mark.parametrize(
    "name", ["genders", "names", "metadata", "clientData", "clientData.polydex.mark", "clientData.polydex.x"]
)
def test_what_may_not_be_written_is_refused(name: str) -> None:
    with pytest.raises(FieldUnsupported):
        write({name: "x"})


@pytest.mark.parametrize(
    "name", ["", "X-SKYPE", "userDefined.", "userDefined.a\nb", "clientData." + "k" * 129, "clientData.\x07"]
)
def test_what_is_no_name_is_a_bad_request(name: str) -> None:
    with pytest.raises(BadRequest):
        write({name: "x"})


def test_what_is_no_person_is_malformed() -> None:
    with pytest.raises(ProviderMalformed):
        native(b"[]", ("genders",))
