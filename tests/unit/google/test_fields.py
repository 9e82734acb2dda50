"""The masks are those that Google describes."""

from __future__ import annotations

import hashlib

from polydex.connectors.google.connector import CAPABILITIES
from polydex.connectors.google.fields import GROUP_FIELDS, MASK_VERSION, PERSON_FIELDS, UPDATABLE, sendable
from tests.google.discovery import document, mask_values, method


def test_the_masks_are_google_s() -> None:
    listed = mask_values(method("people.people.connections.list").parameters["personFields"])
    assert set(listed) - set(PERSON_FIELDS.split(",")) == {"ageRanges", "coverPhotos"}
    assert set(PERSON_FIELDS.split(",")) <= set(listed)
    assert set(UPDATABLE) == set(mask_values(method("people.people.updateContact").parameters["updatePersonFields"]))
    groups = mask_values(method("people.contactGroups.list").parameters["groupFields"])
    assert set(GROUP_FIELDS.split(",")) <= set(groups)


def test_the_caps_of_lists_are_google_s() -> None:
    described = document()["schemas"]["Person"]["properties"]
    capped = {
        name: value["description"] for name, value in described.items() if "is limited to" in value["description"]
    }
    caps = CAPABILITIES.list_caps
    assert set(capped) == set(caps)
    assert all(f"is limited to {caps[name]}." in text for name, text in capped.items())


def test_every_field_of_a_person_is_read_or_known_not_to_be() -> None:
    members = set(document()["schemas"]["Person"]["properties"])
    nothing_comes = {
        "ageRange",
        "braggingRights",
        "relationshipInterests",
        "relationshipStatuses",
        "residences",
        "taglines",
    }
    profiles_only = {"ageRanges", "coverPhotos"}
    no_mask = {"fileAses", "etag", "resourceName"}
    assert members - set(PERSON_FIELDS.split(",")) == nothing_comes | profiles_only | no_mask


def test_another_mask_is_another_version() -> None:
    """Google refuses a sync token with another mask: raise MASK_VERSION together with this digest."""
    digest = hashlib.sha256(PERSON_FIELDS.encode()).hexdigest()[:8]
    assert (MASK_VERSION, digest) == (1, "5528b1a1")


def test_what_is_taken_out_of_an_entry_is_what_is_output_only() -> None:
    """Every member of every field that can be written, once."""
    schemas = document()["schemas"]
    for field in UPDATABLE:
        members = schemas[schemas["Person"]["properties"][field]["items"]["$ref"]]["properties"]
        full = {name: name for name in members if name not in ("metadata", "contactGroupMembership")}
        full["metadata"] = {"primary": True, "verified": True, "sourcePrimary": True, "source": {"type": "CONTACT"}}
        if field == "memberships":
            full["contactGroupMembership"] = {"contactGroupId": "1", "contactGroupResourceName": "contactGroups/1"}
        (sent,) = sendable(field, [full])
        writable = {name for name, value in members.items() if not value.get("readOnly")}
        assert set(sent) == writable, field
        assert sent["metadata"] == {"sourcePrimary": True, "source": {"type": "CONTACT"}}
