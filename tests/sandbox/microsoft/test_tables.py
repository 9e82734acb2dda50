"""The tables of the simulator are those of Microsoft's description."""

from __future__ import annotations

import re
from typing import Any

from polydex_sandbox.microsoft import mapi
from polydex_sandbox.microsoft.accept import applied, contact
from polydex_sandbox.microsoft.routes import OPERATIONS
from polydex_sandbox.microsoft.schema import (
    ADDRESS_PARTS,
    FOLDER_PROPERTIES,
    NAVIGATION,
    PROPERTIES,
    STORED,
)
from tests.microsoft.contract import document


def schema(name: str) -> dict[str, Any]:
    """Structural and navigation properties of a type, with those of its ancestors."""
    node = document()["components"]["schemas"][name]
    found: dict[str, Any] = {}
    for part in node.get("allOf", [node]):
        found |= schema(part["$ref"].rpartition("/")[2]) if "$ref" in part else part.get("properties", {})
    return {member: one for member, one in found.items() if "@" not in member}


def kind(described: dict[str, Any]) -> str:
    if "allOf" in described:
        (reference,) = described["allOf"]
        described = {**reference}
    if described.get("type") == "array":
        return {"string": "texts", "emailAddress": "emails"}[kind_of_item(described["items"])]
    if "$ref" in described:
        return {"emailAddress": "email", "physicalAddress": "address"}[described["$ref"].rpartition(".")[2]]
    return "time" if described.get("format") == "date-time" else "text"


def kind_of_item(described: dict[str, Any]) -> str:
    return described["$ref"].rpartition(".")[2] if "$ref" in described else str(described["type"])


def test_properties_of_a_contact() -> None:
    described = schema("microsoft.graph.contact")
    assert set(described) == {*PROPERTIES, *NAVIGATION}
    assert set(NAVIGATION) == {name for name, one in described.items() if "x-ms-navigationProperty" in one}
    read_only = {"id", "changeKey", "createdDateTime", "lastModifiedDateTime"}
    expected = {name: kind(one) for name, one in described.items() if name not in NAVIGATION}
    assert expected | dict.fromkeys(read_only, "read-only") == PROPERTIES
    assert set(STORED) == set(PROPERTIES) - read_only - {
        "parentFolderId", "primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress",
    }  # fmt: skip


def test_parts_of_an_address_and_properties_of_a_folder() -> None:
    assert set(schema("microsoft.graph.physicalAddress")) == set(ADDRESS_PARTS)
    described = schema("microsoft.graph.contactFolder")
    assert set(FOLDER_PROPERTIES) == {name for name, one in described.items() if one.get("type") == "string"}


def test_every_described_path_is_there() -> None:
    """But for those of batches and subscriptions, which have views of their own."""
    nodes = {
        r"/me/contacts": "contacts",
        r"/me/contacts/\{[^}]+\}": "contact",
        r"/me/contactFolders": "folders",
        r"/me/contactFolders/\{[^}]+\}": "folder",
    }
    known = {(operation.node, operation.verb) for operation in OPERATIONS}
    for path, item in document()["paths"].items():
        for pattern, node in nodes.items():
            if re.fullmatch(pattern, path):
                assert {(node, verb.upper()) for verb in item if verb in ("get", "post", "patch", "delete")} <= known


def test_extended_properties_lead_to_properties_that_there_are() -> None:
    for path in mapi.BOUND.values():
        assert path[0] in STORED
    # Each leads somewhere else, and what is put there is found there again.
    assert len(set(mapi.BOUND.values())) == len(mapi.BOUND)
    for known, path in mapi.BOUND.items():
        fields = applied({}, contact({}))
        value: Any = ["x"] if known.multiple else "x"
        mapi.put(fields, (path[0], 0, *path[2:]) if len(path) > 1 and isinstance(path[1], int) else path, value)
        first = (path[0], 0, *path[2:]) if len(path) > 1 and isinstance(path[1], int) else path
        assert mapi.get(fields, first) == value
