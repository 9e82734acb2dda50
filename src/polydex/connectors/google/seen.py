"""One person of an answer, as far as it can be understood: one that cannot be read does not stop the others."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

import msgspec

from polydex.connectors.google import groups, wire
from polydex.connectors.google.labels import Labels
from polydex.connectors.google.read import source_of
from polydex.core.errors import ProviderMalformed
from polydex.core.ids import RemoteKey, Rev

LIST_CAP = 100
"""E-mail addresses, and phone numbers, that people.connections.list gives of a person (discovery document, Person)."""


class _Head(wire.Wire, frozen=True):
    """What a walk has to know of a person, whatever else is wrong with it."""

    resource_name: str
    metadata: wire.PersonMetadata | None = None
    memberships: tuple[wire.Membership, ...] | None = None
    email_addresses: tuple[msgspec.Raw, ...] | None = None
    phone_numbers: tuple[msgspec.Raw, ...] | None = None


class _Name(wire.Wire, frozen=True):
    resource_name: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One person of an answer.

    Attributes:
        key: its resource name.
        head: what there is to know of it in any case.
        person: all of it; None when it cannot be understood.
    """

    key: RemoteKey
    head: wire.Person | _Head
    person: wire.Person | None

    @property
    def deleted(self) -> bool:
        """Said to be deleted, or nothing is left of it in the address book (a profile, perhaps)."""
        metadata = self.head.metadata
        if metadata is None or metadata.deleted:
            return metadata is not None
        sources = metadata.sources
        return bool(sources) and source_of(self.head.metadata) is None

    @property
    def etag(self) -> Rev | None:
        """Of its contact source: what is known of the revision of a person that cannot be read."""
        source = source_of(self.head.metadata)
        return Rev(source.etag) if source is not None and source.etag else None

    @property
    def former(self) -> list[RemoteKey]:
        """The names that it had before."""
        metadata = self.head.metadata
        names = (metadata.previous_resource_names if metadata else None) or ()
        return [RemoteKey(name) for name in names if name and name != self.key]

    @property
    def capped(self) -> bool:
        """It may have more addresses or numbers than a list gives."""
        return len(self.head.email_addresses or ()) >= LIST_CAP or len(self.head.phone_numbers or ()) >= LIST_CAP

    def groups_unknown_to(self, labels: Labels) -> list[str]:
        """The groups it is in that are not among the labels."""
        named = (membership.contact_group_membership for membership in self.head.memberships or ())
        names = (group.contact_group_resource_name for group in named if group is not None)
        return [name for name in names if name is not None and groups.is_unknown(name, labels)]


_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_person = msgspec.json.Decoder(wire.Person)


def seen(raw: msgspec.Raw | bytes) -> Seen:
    """A person, as far as it can be understood. Raises ProviderMalformed for what is none at all."""
    with contextlib.suppress(*_UNREADABLE):
        person = _person.decode(raw)
        if person.resource_name:
            return Seen(RemoteKey(person.resource_name), person, person)
    with contextlib.suppress(*_UNREADABLE):
        head = msgspec.json.decode(raw, type=_Head)
        return Seen(RemoteKey(head.resource_name), head, None)
    with contextlib.suppress(*_UNREADABLE):
        name = msgspec.json.decode(raw, type=_Name).resource_name
        return Seen(RemoteKey(name), _Head(name), None)
    raise ProviderMalformed("Google list: an entry has no resource name")
