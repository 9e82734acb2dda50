"""What happened in a mailbox, as notifications tell it (MS-OXWSNTIF, 2.2.4).

See https://learn.microsoft.com/exchange/client-developer/exchange-web-services/notification-subscriptions-mailbox-events-and-ews-in-exchange.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from polydex_sandbox.exchange.item import Folder, Item

if TYPE_CHECKING:
    from polydex_sandbox.exchange.mailbox import Mailbox

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
    """

    kind: Kind
    at: int
    thing: Reference
    parent: Reference
    old: Reference | None = None
    old_parent: Reference | None = None

    @property
    def folders(self) -> frozenset[str]:
        """Ids of the folders whose subscribers are told: where it happened, and of a folder itself."""
        found = {self.parent.id} | ({self.thing.id} if self.thing.name == "FolderId" else set())
        return frozenset(found if self.old_parent is None else found | {self.old_parent.id})


def event(mailbox: Mailbox, kind: Kind, thing: Item | Folder, before: Item | Folder | None) -> Event:
    """What a mailbox has heard itself do: to what, and, of a move or copy, how that was before."""
    return Event(
        kind=kind,
        at=mailbox.now(),
        thing=_reference(mailbox, thing),
        parent=_parent(mailbox, thing),
        old=None if before is None else _reference(mailbox, before),
        old_parent=None if before is None else _parent(mailbox, before),
    )


def _reference(mailbox: Mailbox, thing: Item | Folder) -> Reference:
    if isinstance(thing, Folder):
        return Reference("FolderId", mailbox.folder_id(thing.key), mailbox.folder_change_key(thing))
    return Reference("ItemId", mailbox.item_id(thing), mailbox.change_key(thing))


def _parent(mailbox: Mailbox, thing: Item | Folder) -> Reference:
    return _reference(mailbox, mailbox.folders[thing.parent if isinstance(thing, Folder) else thing.folder])
