"""A contact group at one moment; Google calls it a label."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

MY_CONTACTS = "myContacts"
STARRED = "starred"
ALL = "all"

SYSTEM = {
    MY_CONTACTS: "My Contacts",
    STARRED: "Starred",
    "friends": "Friends",
    "family": "Family",
    "coworkers": "Coworkers",
    "blocked": "Blocked",
    ALL: "All Contacts",
    "chatBuddies": "Chat contacts",
}
"""Id of a system group -> its formatted name in English."""

GROWING = (MY_CONTACTS, STARRED)
"""The system groups that contacts can be added to."""


@dataclass(frozen=True)
class Group:
    """One version of a group.

    Attributes:
        id: what follows ``contactGroups/``.
        title: the name that the user gave it, or the id of a system group.
        seq: number of the change that made this version.
        at: Unix milliseconds of that change.
        revision: counts changes.
        client_data: entries with ``key`` and ``value``.
        deleted: it is gone.
    """

    id: str
    title: str
    seq: int
    at: int
    revision: int = 1
    client_data: Sequence[dict[str, Any]] = ()
    deleted: bool = False

    def changed(self, seq: int, at: int, **changes: Any) -> Group:
        """The next version."""
        return replace(self, seq=seq, at=at, revision=self.revision + 1, **changes)

    @property
    def name(self) -> str:
        """Resource name."""
        return f"contactGroups/{self.id}"

    @property
    def system(self) -> bool:
        return self.id in SYSTEM

    @property
    def etag(self) -> str:
        return base64.b64encode(hashlib.sha256(f"{self.id} {self.revision}".encode()).digest()[:9]).decode()
