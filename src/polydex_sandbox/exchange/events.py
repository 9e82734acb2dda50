"""What happened in a mailbox, as notifications tell it (MS-OXWSNTIF, 2.2.4).

See https://learn.microsoft.com/exchange/client-developer/exchange-web-services/notification-subscriptions-mailbox-events-and-ews-in-exchange.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["CopiedEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent"]
KINDS: Final = ("CopiedEvent", "CreatedEvent", "DeletedEvent", "ModifiedEvent", "MovedEvent", "NewMailEvent", "FreeBusyChangedEvent")  # fmt: skip
"""What can be subscribed to; the sandbox has nothing to tell of the last two."""


@dataclass(frozen=True)
class Reference:
    """An id as answers write it: of an item, or of a folder."""

    name: Literal["ItemId", "FolderId"]
    id: str
    change_key: str


@dataclass(frozen=True)
class Event:
    """One change.

    Attributes:
        kind: of what kind; also its element.
        at: Unix milliseconds.
        thing: what was changed; of a move or copy what came of it.
        parent: the folder that it is in.
        old: what was moved or copied, as it was.
        old_parent: the folder that it was in.
        unread: items that are not read, in a folder.
    """

    kind: Kind
    at: int
    thing: Reference
    parent: Reference
    old: Reference | None = None
    old_parent: Reference | None = None
    unread: int | None = None

    @property
    def folders(self) -> frozenset[str]:
        """Ids of the folders whose subscribers are told: where it happened, and of a folder itself."""
        found = {self.parent.id} | ({self.thing.id} if self.thing.name == "FolderId" else set())
        return frozenset(found if self.old_parent is None else found | {self.old_parent.id})
