"""The tables of the simulator are those of Google's discovery document."""

from __future__ import annotations

import re
from typing import Any

import pytest

from polydex_sandbox.google import schema
from polydex_sandbox.google.methods import METHODS, SCOPE
from polydex_sandbox.google.parse import SYSTEM
from polydex_sandbox.google.schema import ENUMS, MESSAGES, Member
from polydex_sandbox.google.views import VIEWS
from tests.google.discovery import document, mask_values

_FORMATS = {"google-datetime": "time", "google-fieldmask": "mask", "byte": "bytes"}
_TYPES = {"string": "text", "boolean": "bool", "integer": "int32"}


def type_of(described: dict[str, Any]) -> str:
    if "$ref" in described:
        return str(described["$ref"])
    if "enum" in described:
        (name,) = (name for name, values in ENUMS.items() if list(values) == described["enum"])
        return name
    return _FORMATS.get(described.get("format", ""), _TYPES.get(described["type"], ""))


def member_of(described: dict[str, Any]) -> Member:
    output_only = described.get("readOnly", False)
    if described.get("type") == "array":
        return Member(type_of(described["items"]), "list", output_only)
    if "additionalProperties" in described:
        return Member(type_of(described["additionalProperties"]), "map", output_only)
    return Member(type_of(described), "one", output_only)


@pytest.mark.parametrize("name", MESSAGES)
def test_messages(name: str) -> None:
    described = document()["schemas"][name]["properties"]
    assert MESSAGES[name] == {member: member_of(value) for member, value in described.items()}


def methods() -> dict[str, dict[str, Any]]:
    found = {}

    def walk(resource: dict[str, Any]) -> None:
        for method in resource.get("methods", {}).values():
            found[method["id"].removeprefix("people.")] = method
        for below in resource.get("resources", {}).values():
            walk(below)

    walk(document())
    return found


def test_every_method_is_there() -> None:
    assert {method.name for method in METHODS} == set(methods())
    assert {method.name for method in METHODS if method.refused is None} == set(VIEWS)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_methods(method: Any) -> None:
    described = methods()[method.name]
    assert method.verb == described["httpMethod"]
    assert re.sub(r"\{\w+\}", "{}", method.path[1:]) == re.sub(r"\{\w+\}", "{}", described["flatPath"])
    parameters = {
        name: Member(type_of(value), "list" if value.get("repeated") else "one", output_only=False)
        for name, value in described.get("parameters", {}).items()
        if value["location"] == "query"
    }
    assert method.parameters == parameters
    assert method.body == described.get("request", {}).get("$ref")
    assert set(method.scopes) == set(described["scopes"])
    assert all(scope.startswith(SCOPE) for scope in described["scopes"])


def test_parameters_of_every_method() -> None:
    assert set(document()["parameters"]) <= SYSTEM


@pytest.mark.parametrize(
    ("table", "method", "parameter"),
    [
        (schema.READABLE, "people.connections.list", "personFields"),
        (schema.READABLE, "people.get", "personFields"),
        (schema.UPDATABLE, "people.updateContact", "updatePersonFields"),
        (schema.GROUP_READABLE, "contactGroups.list", "groupFields"),
    ],
)
def test_masks(table: tuple[str, ...], method: str, parameter: str) -> None:
    assert set(table) == set(mask_values(methods()[method]["parameters"][parameter]))


@pytest.mark.parametrize(
    ("table", "message", "member"),
    [
        (schema.UPDATABLE, "BatchUpdateContactsRequest", "updateMask"),
        (schema.READABLE, "BatchUpdateContactsRequest", "readMask"),
        (schema.COPYABLE, "CopyOtherContactToMyContactsGroupRequest", "copyMask"),
        (schema.GROUP_UPDATABLE, "UpdateContactGroupRequest", "updateGroupFields"),
        (set(schema.GROUP_READABLE) - {"memberCount"}, "CreateContactGroupRequest", "readGroupFields"),
        (schema.GROUP_READABLE, "UpdateContactGroupRequest", "readGroupFields"),
    ],
)
def test_masks_in_bodies(table: tuple[str, ...], message: str, member: str) -> None:
    assert set(table) == set(mask_values(document()["schemas"][message]["properties"][member]))


def test_what_other_contacts_have() -> None:
    described = methods()["otherContacts.list"]["parameters"]["readMask"]["description"]
    contact, _, profile = described.partition("If READ_SOURCE_TYPE_PROFILE")
    assert set(schema.OTHER_READABLE) == set(re.findall(r"\* (\w+)", contact))
    assert set(schema.READABLE) == set(re.findall(r"\* (\w+)", profile))


def test_singletons() -> None:
    said = {
        name
        for name, value in document()["schemas"]["Person"]["properties"].items()
        if "singleton for contact sources" in value.get("description", "")
    }
    assert set(schema.SINGLETONS) == said
