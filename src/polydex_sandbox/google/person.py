"""A person as an answer shows it: chosen fields, of chosen sources, with metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from polydex_sandbox.clock import rfc3339
from polydex_sandbox.google import compute
from polydex_sandbox.google.book import Book
from polydex_sandbox.google.contact import Contact, Fields, Photo, Profile, profile_etag
from polydex_sandbox.google.schema import MESSAGES

LIST_CAP = 100
"""E-mail addresses and telephone numbers that lists give: descriptions of Person in the discovery document."""

_CAPPED = ("emailAddresses", "phoneNumbers")


@dataclass(frozen=True)
class View:
    """What of a person is shown.

    Attributes:
        fields: of the mask.
        sources: ``CONTACT``, ``PROFILE``, ``OTHER_CONTACT``.
        base: URL of the sandbox as the client knows it, for photos.
        in_list: as lists show it, with fewer e-mail addresses and telephone numbers.
        history: with the former resource names, as an incremental list shows it.
    """

    fields: Sequence[str]
    sources: frozenset[str]
    base: str
    in_list: bool = False
    history: bool = False


@dataclass(frozen=True)
class _Part:
    """What one source knows of a person."""

    type: str
    id: str
    fields: Fields
    photo: Photo | None


def show(contact: Contact, book: Book, view: View) -> dict[str, Any]:
    """A contact, or an "other contact"."""
    kind = "OTHER_CONTACT" if contact.name.startswith("otherContacts/") else "CONTACT"
    sources, parts = [], []
    if kind in view.sources or (kind == "OTHER_CONTACT" and "CONTACT" in view.sources):
        # With nanoseconds left out, the number of the change keeps the order of two in one millisecond.
        time = f"{rfc3339(contact.at, 3)[:-1]}{contact.seq % 1000:03}Z"
        sources.append({"type": kind, "id": contact.id, "etag": contact.source_etag, "updateTime": time})
        parts.append(_Part(kind, contact.id, contact.fields, contact.photo))
    if contact.profile is not None and "PROFILE" in view.sources:
        sources.append(_profile_source(contact.profile))
        parts.append(_Part("PROFILE", contact.profile.id, contact.profile.fields, contact.profile.photo))
    metadata: dict[str, Any] = {"sources": sources, "objectType": "PERSON"}
    if view.history and contact.former:
        metadata["previousResourceNames"] = list(contact.former)
    if contact.profile is not None and "PROFILE" in view.sources:
        metadata["linkedPeopleResourceNames"] = [f"people/{contact.profile.id}"]
    person: dict[str, Any] = {"resourceName": contact.name, "etag": contact.etag}
    return person | _fields(metadata, parts, contact.groups, contact, book, view)


def show_profile(profile: Profile, book: Book, view: View) -> dict[str, Any]:
    """A Google account that is no contact: the own one, or one that a contact is linked to."""
    parts, sources = [], []
    if "PROFILE" in view.sources:
        sources.append(_profile_source(profile))
        parts.append(_Part("PROFILE", profile.id, profile.fields, profile.photo))
    metadata = {"sources": sources, "objectType": "PERSON"}
    person: dict[str, Any] = {"resourceName": f"people/{profile.id}", "etag": "%" + profile_etag(profile)[1:]}
    return person | _fields(metadata, parts, (), None, book, view)


def deleted(contact: Contact, view: View) -> dict[str, Any]:
    """What an incremental list says of a person that is gone."""
    metadata: dict[str, Any] = {"deleted": True}
    if view.history and contact.former:
        metadata["previousResourceNames"] = list(contact.former)
    return {"resourceName": contact.name, "etag": contact.etag, "metadata": metadata}


def photo_url(base: str, key: str, size: int = 100) -> str:
    return f"{base}/photos/{key}=s{size}"


def default_photo(contact: Contact) -> str:
    """Key of the tile with a letter that stands for a contact without a photo."""
    names = contact.fields.get("names", ())
    letter = next((char for char in compute.display_name(names[0]) if char.isalnum()), "") if names else ""
    return f"letter-{contact.id}-{ord(letter.upper()[:1]) if letter else 0}"


def _profile_source(profile: Profile) -> dict[str, Any]:
    return {
        "type": "PROFILE",
        "id": profile.id,
        "etag": profile_etag(profile),
        "profileMetadata": {"objectType": "PERSON", "userTypes": ["GOOGLE_USER"]},
    }


def _fields(
    metadata: dict[str, Any],
    parts: list[_Part],
    groups: tuple[str, ...],
    contact: Contact | None,
    book: Book,
    view: View,
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in view.fields:
        if name == "metadata":
            found[name] = metadata
            continue
        if name == "memberships":
            entries = list(_memberships(parts, groups))
        elif name == "photos":
            entries = list(_photos(parts, contact, view))
        else:
            entries = [shown for part in parts for shown in _entries(name, part, book)]
        if entries:
            # The first source goes first: a contact's own data stands before that of a linked profile.
            primary = next((shown for shown in entries if shown["metadata"].get("sourcePrimary")), entries[0])
            primary["metadata"] = {"primary": True, **primary["metadata"]}
            found[name] = entries[:LIST_CAP] if view.in_list and name in _CAPPED else entries
    return found


def _entries(name: str, part: _Part, book: Book) -> Iterator[dict[str, Any]]:
    kind = MESSAGES["Person"][name].type
    stored = part.fields.get(name, ())
    primary = next((number for number, one in enumerate(stored) if one.get("metadata", {}).get("sourcePrimary")), 0)
    for number, one in enumerate(stored):
        metadata: dict[str, Any] = {"source": {"type": part.type, "id": part.id}}
        if number == primary:
            metadata["sourcePrimary"] = True
        if part.type == "PROFILE" and name in ("emailAddresses", "phoneNumbers"):
            metadata["verified"] = True
        yield {"metadata": metadata, **compute.entry(kind, one, book.region)}


def _memberships(parts: list[_Part], groups: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for part in parts:
        if part.type == "CONTACT":
            for group in groups:
                yield {
                    "metadata": {"source": {"type": "CONTACT", "id": part.id}},
                    "contactGroupMembership": {
                        "contactGroupId": group,
                        "contactGroupResourceName": f"contactGroups/{group}",
                    },
                }


def _photos(parts: list[_Part], contact: Contact | None, view: View) -> Iterator[dict[str, Any]]:
    for part in parts:
        metadata: dict[str, Any] = {"source": {"type": part.type, "id": part.id}}
        if part.photo is not None:
            metadata["sourcePrimary"] = True
            yield {"metadata": metadata, "url": photo_url(view.base, part.photo.key)}
        elif contact is not None and part.type != "PROFILE":
            yield {"metadata": metadata, "url": photo_url(view.base, default_photo(contact)), "default": True}
