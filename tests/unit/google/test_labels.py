"""Groups and keywords."""

from __future__ import annotations

import pytest

from polydex.connectors.google import wire
from polydex.connectors.google.labels import Labels
from polydex.core.errors import ProviderMalformed

FRIENDS = Labels({"contactGroups/1": "Friends"})


def test_are_the_user_s_own_groups() -> None:
    groups = (
        wire.ContactGroup("contactGroups/myContacts", name="myContacts", group_type="SYSTEM_CONTACT_GROUP"),
        wire.ContactGroup("contactGroups/1", name=" Friends ", group_type="USER_CONTACT_GROUP"),
        wire.ContactGroup("contactGroups/2", group_type="USER_CONTACT_GROUP"),
        wire.ContactGroup(
            "contactGroups/3", name="Gone", group_type="USER_CONTACT_GROUP", metadata=wire.GroupMetadata(deleted=True)
        ),
    )
    assert Labels.of(groups) == FRIENDS


def test_the_same_groups_are_the_same_bytes() -> None:
    one = Labels({"contactGroups/2": "\u00e9", "contactGroups/1": "b"})
    other = Labels({"contactGroups/1": "b"}).with_group("contactGroups/2", "e\u0301")
    assert one.encode() == other.encode()
    assert Labels.decode(one.encode()) == one
    assert Labels.decode(None) == Labels()
    with pytest.raises(ProviderMalformed):
        Labels.decode(b"[1]")


def test_a_keyword_is_the_label_of_its_name_or_else_of_another_case() -> None:
    assert FRIENDS.group("Friends") == "contactGroups/1"
    assert FRIENDS.group("FRIENDS") == "contactGroups/1"
    assert FRIENDS.group("Friend") is None
    both = FRIENDS.with_group("contactGroups/0", "friends")
    assert (both.group("Friends"), both.group("friends")) == ("contactGroups/1", "contactGroups/0")


def test_of_missing_labels_each_is_named_once() -> None:
    assert FRIENDS.missing(("friends", "New", "Other", "NEW", "Other")) == ("New", "Other")
    assert FRIENDS.missing(()) == ()
    assumed = FRIENDS.assuming(("New", "NEW"))
    assert assumed.missing(("New", "new")) == ()
    assert set(assumed.names.values()) == {"Friends", "New"}


def test_a_group_is_renamed() -> None:
    assert FRIENDS.with_group("contactGroups/1", "Enemies").names == {"contactGroups/1": "Enemies"}
