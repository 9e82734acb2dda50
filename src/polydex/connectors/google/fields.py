"""The field masks, and what of a stored person can be sent back.

A sync token is bound to the mask of its first call: with another ``PERSON_FIELDS`` raise ``MASK_VERSION``, which the
cursor carries.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

Item = dict[str, Any]
"""One entry of a field as it stands in a person's JSON."""

CONTACT: Final = "CONTACT"
"""The type of the source that is the user's own address book."""
SOURCES: Final = "READ_SOURCE_TYPE_CONTACT"
"""For ``sources``: without it the fields of a linked profile are mixed in."""

MASK_VERSION: Final = 1

UPDATABLE: Final = (
    "addresses",
    "biographies",
    "birthdays",
    "calendarUrls",
    "clientData",
    "emailAddresses",
    "events",
    "externalIds",
    "genders",
    "imClients",
    "interests",
    "locales",
    "locations",
    "memberships",
    "miscKeywords",
    "names",
    "nicknames",
    "occupations",
    "organizations",
    "phoneNumbers",
    "relations",
    "sipAddresses",
    "urls",
    "userDefined",
)
"""What ``updatePersonFields`` may name."""

READ: Final = tuple(sorted((*UPDATABLE, "metadata", "photos", "skills")))
"""What a contact can have. Left out are the fields of profiles alone: ageRanges and coverPhotos."""
PERSON_FIELDS: Final = ",".join(READ)
"""The value of ``personFields``, always the same."""
GROUP_FIELDS: Final = "groupType,metadata,name"
"""The value of ``groupFields``."""

_OUTPUT_ONLY: Final = frozenset({"canonicalForm", "formattedProtocol", "formattedType"})
_OUTPUT_ONLY_OF: Final = {
    "names": frozenset({"displayName", "displayNameLastFirst"}),
    "memberships": frozenset({"domainMembership"}),
    "genders": frozenset({"formattedValue"}),
}
_DESCRIBING: Final = frozenset({"metadata", "type", "formattedType", "current", "displayName", "displayNameLastFirst"})
_METADATA: Final = ("source", "sourcePrimary")
_SOURCE: Final = ("type", "id")


def own(person: Item, field: str) -> list[Item]:
    """The entries of a field that belong to the contact, and not to a profile that is linked to it.

    Google replaces nothing but them, and refuses a second name when those of a profile are sent back.
    """
    return [item for item in person.get(field) or () if is_own(item)]


def is_own(item: Item) -> bool:
    """Whether an entry is of the contact itself. One without a source is."""
    source = (item.get("metadata") or {}).get("source") or {}
    return source.get("type") in (None, CONTACT)


def sendable(field: str, items: Iterable[Item]) -> list[Item]:
    """The entries without their output-only members, in new objects."""
    gone = _OUTPUT_ONLY | _OUTPUT_ONLY_OF.get(field, frozenset())
    return [_sendable(field, item, gone) for item in items]


def _sendable(field: str, item: Item, gone: frozenset[str]) -> Item:
    sent = {name: value for name, value in item.items() if value is not None and name not in gone}
    if "metadata" in sent:
        metadata = {name: value for name, value in sent.pop("metadata").items() if name in _METADATA}
        if "source" in metadata:
            metadata["source"] = {name: value for name, value in metadata["source"].items() if name in _SOURCE}
        if metadata:
            sent["metadata"] = metadata
    if field == "memberships":
        group = sent.get("contactGroupMembership") or {}
        sent["contactGroupMembership"] = {"contactGroupResourceName": group.get("contactGroupResourceName")}
    return sent


def is_bare(item: Item) -> bool:
    """Whether nothing is left of an entry but what describes it."""
    return not any(value for name, value in item.items() if name not in _DESCRIBING)
