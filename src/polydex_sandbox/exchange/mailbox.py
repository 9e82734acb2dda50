"""Everything that Exchange keeps for one account: folders and items.

Writes of the API and of the user's Outlook (the control API) both go through here, so the same rules hold for both.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from polydex_sandbox.accounts import Account
from polydex_sandbox.exchange import compute, errors, ids
from polydex_sandbox.exchange.events import Event, Kind, event
from polydex_sandbox.exchange.ids import Id
from polydex_sandbox.exchange.item import CLASSES, CONTACT, ITEM, LIST, MESSAGE, Attachment, Folder, Item
from polydex_sandbox.exchange.properties import CLASS
from polydex_sandbox.properties import Property

NAMED_LIMIT = 16_000
"""Named properties of a mailbox, never freed (https://learn.microsoft.com/troubleshoot/exchange/client-connectivity/named-properties)."""
_MAILBOXES = UUID("5a9db0c5-0b1e-4c75-8d0e-ec5a9d000000")

_FOLDERS = (
    # Distinguished id, parent, shown name, class.
    ("root", "root", "", ""),
    ("msgfolderroot", "root", "Top of Information Store", "IPF"),
    ("contacts", "msgfolderroot", "Contacts", "IPF.Contact"),
    ("deleteditems", "msgfolderroot", "Deleted Items", "IPF.Note"),
    ("inbox", "msgfolderroot", "Inbox", "IPF.Note"),
    ("drafts", "msgfolderroot", "Drafts", "IPF.Note"),
    ("outbox", "msgfolderroot", "Outbox", "IPF.Note"),
    ("sentitems", "msgfolderroot", "Sent Items", "IPF.Note"),
    ("junkemail", "msgfolderroot", "Junk Email", "IPF.Note"),
    ("calendar", "msgfolderroot", "Calendar", "IPF.Appointment"),
    ("tasks", "msgfolderroot", "Tasks", "IPF.Task"),
    ("notes", "msgfolderroot", "Notes", "IPF.StickyNote"),
    ("journal", "msgfolderroot", "Journal", "IPF.Journal"),
    ("recipientcache", "contacts", "Recipient Cache", "IPF.Contact.RecipientCache"),
    ("quickcontacts", "contacts", "Skype for Business Contacts", "IPF.Contact.MOC.QuickContacts"),
    ("imcontactlist", "contacts", "{A9E2BC46-B3A0-4243-B315-60D991004455}", "IPF.Contact.MOC.ImContactList"),
    ("searchfolders", "root", "Finder", ""),
    ("recoverableitemsroot", "root", "Recoverable Items", ""),
    ("recoverableitemsdeletions", "recoverableitemsroot", "Deletions", ""),
    ("recoverableitemsversions", "recoverableitemsroot", "Versions", ""),
    ("recoverableitemspurges", "recoverableitemsroot", "Purges", ""),
)


class Mailbox:
    """The state of one account.

    Args:
        account: whose.
        now: the sandbox's clock.

    Attributes:
        guid: of the mailbox; in every id.
        named_limit: named properties at most.
        named: those that there are.
        seq: counts the changes.
        hears: is told of every change as it is made.
        gone: of every folder, the keys of items that left it, each with the number of that change.
    """

    def __init__(self, account: Account, now: Callable[[], int]) -> None:
        self.account, self.now = account, now
        self.guid = uuid5(_MAILBOXES, account.subject)
        self.hears: Callable[[Event], None] = _nobody
        self.named_limit = NAMED_LIMIT
        self.named: set[tuple[str, str | int]] = set()
        self.seq = 0
        self.items: dict[int, Item] = {}
        self.folders: dict[int, Folder] = {}
        self.known: dict[str, int] = {}
        self.gone: dict[int, list[tuple[int, int]]] = {}
        self.gone_folders: list[tuple[int, int]] = []
        self._inside: dict[int, dict[int, Item]] = {}
        self._latest = self._keys = self._attachments = 0
        for name, parent, shown, kind in _FOLDERS:
            key = self._new_key()
            self.known[name] = key
            self.folders[key] = Folder(key, self.next_seq(), shown, self.known[parent], kind, name, self._time())
        self._keys = 1_000

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def _time(self) -> int:
        # Moving the clock back does not make the past younger.
        self._latest = max(self.now(), self._latest)
        return self._latest

    def _new_key(self) -> int:
        self._keys += 1
        return self._keys

    # -- ids

    def item_id(self, item: Item) -> str:
        return ids.write(Id(ids.ITEM, self.guid, item.key, item.folder))

    def folder_id(self, key: int) -> str:
        return ids.write(Id(ids.FOLDER, self.guid, key))

    def attachment_id(self, item: Item, attachment: Attachment) -> str:
        return ids.write(Id(ids.ATTACHMENT, self.guid, item.key, item.folder, attachment.number))

    def change_key(self, item: Item) -> str:
        """Begins as real ones of this kind of item do."""
        return self._change_key(_ITEM_HEADS[item.kind], item.seq)

    def folder_change_key(self, folder: Folder) -> str:
        return self._change_key(b"\x03" if folder.kind.startswith("IPF.Contact") else b"\x01", folder.seq)

    def _change_key(self, head: bytes, seq: int) -> str:
        return base64.b64encode(head + b"\x00\x00\x00\x16\x00\x00\x00" + self.guid.bytes + seq.to_bytes(6)).decode()

    def seq_of(self, change_key: str) -> int:
        """The number of the change that a change key is of. Raises EwsError: it is none of this mailbox's."""
        try:
            content = base64.b64decode(change_key, validate=True)
        except ValueError:
            raise errors.change_key() from None
        if len(content) != 30 or content[1:24] != b"\x00\x00\x00\x16\x00\x00\x00" + self.guid.bytes:
            raise errors.change_key()
        return int.from_bytes(content[24:])

    # -- folders

    def folder(self, key: int) -> Folder:
        """Raises EwsError."""
        found = self.folders.get(key)
        if found is None:
            raise errors.folder_not_found()
        return found

    def distinguished(self, name: str) -> Folder:
        """Raises EwsError: this mailbox has no such folder."""
        if name not in self.known:
            raise errors.distinguished_not_found()
        return self.folder(self.known[name])

    def below(self, key: int) -> list[Folder]:
        """The folders in a folder, in the order of their creation."""
        return [one for one in self.folders.values() if one.parent == key and one.key != key]

    def tree(self, key: int) -> list[Folder]:
        """The folders in a folder, and in those, and so on."""
        return [one for inner in self.below(key) for one in (inner, *self.tree(inner.key))]

    def create_folder(self, parent: Folder, name: str, kind: str, **more: Any) -> Folder:
        """Raises EwsError: the name is empty or taken."""
        self._free_name(parent.key, name, None)
        self.name(more.get("properties", {}))
        key = self._new_key()
        made = Folder(key, self.next_seq(), name, parent.key, kind, at=self._time(), **more)
        self.folders[key] = made
        self._tell("CreatedEvent", made)
        return made

    def update_folder(self, folder: Folder, **changes: Any) -> Folder:
        """Other `name`, `parent` (a key), `kind`, `properties`. Raises EwsError."""
        target = changes.get("parent", folder.parent)
        if folder.known and (target != folder.parent or "name" in changes):
            raise errors.EwsError("ErrorMoveDistinguishedFolder", "A distinguished folder cannot be renamed or moved.")
        if target == folder.key or any(one.key == target for one in self.tree(folder.key)):
            raise errors.EwsError("ErrorMoveCopyFailed", "The folder cannot be moved below itself.")
        self._free_name(target, changes.get("name", folder.name), folder.key)
        self.name(changes.get("properties", {}))
        changed = replace(folder, seq=self.next_seq(), **changes)
        self.folders[folder.key] = changed
        self._tell_of(changed, folder)
        return changed

    def _free_name(self, parent: int, name: str, own: int | None) -> None:
        if not name.strip():
            raise errors.property_value("folder:DisplayName")
        if any(one.name.casefold() == name.casefold() and one.key != own for one in self.below(parent)):
            raise errors.EwsError("ErrorFolderExists", "A folder with the specified name already exists.")

    def delete_folder(self, folder: Folder, *, forever: bool = False) -> None:
        """With everything in it, into Deleted Items or, from there, away for ever. Raises EwsError."""
        if folder.known:
            raise errors.EwsError("ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
        deleted, name = self.known["deleteditems"], folder.name
        if not forever and folder not in self.tree(deleted):
            taken = {one.name.casefold() for one in self.below(deleted)}
            number = 1
            while name.casefold() in taken:
                name, number = f"{folder.name} ({number})", number + 1
            self.folders[folder.key] = moved = replace(folder, seq=self.next_seq(), parent=deleted, name=name)
            self._tell_of(moved, folder)
            return
        for one in self.below(folder.key):
            self.delete_folder(one, forever=True)
        for item in self.inside(folder.key):
            self.purge(item)
        del self.folders[folder.key]
        self.gone_folders.append((self.next_seq(), folder.key))
        self._tell("DeletedEvent", folder)

    def _tell_of(self, after: Folder, before: Folder) -> None:
        if after.parent == before.parent:
            self._tell("ModifiedEvent", after)
        else:
            self._tell("MovedEvent", after, before)

    def _tell(self, kind: Kind, thing: Item | Folder, before: Item | Folder | None = None) -> None:
        self.hears(event(self, kind, thing, before))

    # -- items

    def item(self, known: Id) -> Item:
        """By its id. Raises EwsError: it is none of an item, or of one that is not there, or elsewhere by now."""
        if known.kind == ids.FOLDER:
            raise errors.wrong_id_kind(folder=False)
        if known.kind == ids.ATTACHMENT:
            raise errors.no_item_attachment()
        return self.holder(known)

    def holder(self, known: Id) -> Item:
        """The item that an id, also of one of its attachments, is about. Raises EwsError: it is not there."""
        found = self.items.get(known.key)
        if found is None or found.folder != known.folder:
            raise errors.item_not_found()
        return found

    def inside(self, key: int) -> list[Item]:
        """The items in a folder, in the order of their last change."""
        return list(self._inside.get(key, {}).values())

    def create(self, folder: Folder, kind: str, given: Mapping[Property, Any], **more: Any) -> Item:
        """Raises EwsError: there is no room for more named properties."""
        self.name(given)
        made = compute.completed(given) if kind == CONTACT else dict(given)
        made.setdefault(CLASS, CLASSES[kind])
        at = self._time()
        item = self._put(Item(self._new_key(), self.next_seq(), kind, folder.key, at, at, made, **more))
        self._tell("CreatedEvent", item)
        return item

    def update(self, item: Item, **changes: Any) -> Item:
        """Other `properties`, `attachments`, `members`, ... Raises EwsError."""
        self.name(changes.get("properties", {}))
        changed = self._put(replace(item, seq=self.next_seq(), at=self._time(), **changes))
        self._tell("ModifiedEvent", changed)
        return changed

    def mark_read(self, item: Item, *, read: bool) -> Item:
        """Not a change of the item: only its flag is told."""
        changed = replace(item, read=read, read_seq=self.next_seq())
        self.items[item.key] = changed
        self._inside[item.folder][item.key] = changed
        self._tell("ModifiedEvent", changed)
        return changed

    def move(self, item: Item, folder: Folder) -> Item:
        """Raises nothing: the item has another key, and so another id, afterwards."""
        self._out(item)
        moved = self._another(item, folder)
        self._tell("MovedEvent", moved, item)
        return moved

    def copy(self, item: Item, folder: Folder) -> Item:
        made = self._another(item, folder)
        self._tell("CopiedEvent", made, item)
        return made

    def _another(self, item: Item, folder: Folder) -> Item:
        return self._put(replace(item, key=self._new_key(), seq=self.next_seq(), folder=folder.key, at=self._time()))

    def purge(self, item: Item) -> None:
        """Out of its folder, away for ever."""
        self._out(item)
        self._tell("DeletedEvent", item)

    def _out(self, item: Item) -> None:
        del self.items[item.key]
        del self._inside[item.folder][item.key]
        self.gone.setdefault(item.folder, []).append((self.next_seq(), item.key))

    def _put(self, item: Item) -> Item:
        self.items[item.key] = item
        inside = self._inside.setdefault(item.folder, {})
        # The newest is the last one.
        inside.pop(item.key, None)
        inside[item.key] = item
        return item

    def attachment(self, name: str, content: bytes, **more: Any) -> Attachment:
        """A new one, to be put to an item."""
        self._attachments += 1
        return Attachment(self._attachments, name, content, self._time(), **more)

    def name(self, extended: Mapping[Property, Any]) -> None:
        """Give every named property its number in this mailbox. Raises EwsError: there are too many."""
        fresh = {found for one in extended if (found := one.named) is not None and found not in self.named}
        if len(self.named) + len(fresh) > self.named_limit:
            raise errors.quota_of_names()
        self.named |= fresh


def _nobody(event: Event) -> None:
    """Hears nothing."""


_ITEM_HEADS = {CONTACT: b"\x11", LIST: b"\x12", MESSAGE: b"\x09", ITEM: b"\x0f"}
