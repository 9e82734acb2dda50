"""What the contract needs to know of a provider under test."""

from __future__ import annotations

from typing import Protocol

import msgspec

from polydex.connectors.base import Connector
from polydex.core.contact import Contact
from polydex.core.ids import Cursor, RemoteKey
from polydex.testing.contract.samples import content


class World(Protocol):
    """One fresh, empty source, and another client of it (the user's phone) that acts behind the connector's back."""

    @property
    def connector(self) -> Connector:
        """The connector under test."""
        ...

    async def put(self, contact: Contact, key: RemoteKey | None = None) -> RemoteKey:
        """Create a contact, or replace the one under ``key`` (there again if it was removed). Returns its key."""
        ...

    async def remove(self, key: RemoteKey) -> None:
        """Delete a contact."""
        ...

    async def move(self, key: RemoteKey) -> RemoteKey:
        """Give a record another key, by whatever means the provider has for it. Returns the new key."""
        ...

    async def add_alien_data(self, key: RemoteKey) -> None:
        """Add data to a record that the public interface does not model."""
        ...

    async def alien_data(self, key: RemoteKey) -> object:
        """What is there of such data now; compared by ``==``, falsy when there is none."""
        ...

    async def keys(self) -> set[RemoteKey]:
        """The keys of every record at the provider."""
        ...

    async def expired(self, cursor: Cursor) -> Cursor:
        """A cursor that the provider will not accept any more, made of one that it did. Without a change feed, as is."""
        ...

    async def settle(self) -> None:
        """Let all lags of the provider pass."""
        ...


def seen(world: World, contact: Contact | None, sent: Contact) -> Contact | None:
    """A content to be compared with what was sent: without the fields that the provider makes by itself and nobody sent."""
    found = content(contact)
    made = {field.attribute: None for field in world.connector.caps.makes if getattr(sent, field.attribute) is None}
    return None if found is None else msgspec.structs.replace(found, **made)
