"""Everything that Exchange keeps of contacts for one account: folders, contacts, photos.

Writes of the API and of the user's Outlook (the control API) both go through here, so the same rules hold for both.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from random import Random
from typing import Any
from uuid import UUID

from polydex_sandbox.accounts import Account
from polydex_sandbox.microsoft import errors, ids
from polydex_sandbox.microsoft.contact import Contact, Fields, Folder, Photo
from polydex_sandbox.microsoft.ids import Id
from polydex_sandbox.properties import Property
from polydex_sandbox.shelf import Shelf

ROOT, CONTACTS, DELETED = 1, 2, 3
"""Keys of the folders that are there from the beginning."""

NAMED_LIMIT = 16_000
"""Named properties of a mailbox, never freed; long-standing figure for Exchange, which documents it for servers only."""

CONCURRENT = 4
"""Requests at once: https://learn.microsoft.com/graph/throttling-limits#outlook-service-limits."""

SUBSCRIPTIONS = 1000
"""https://learn.microsoft.com/graph/outlook-change-notifications-overview."""

Listener = Callable[[Contact | None, Contact], None]


class Mailbox:
    """The state of one account.

    Args:
        account: whose.
        now: the sandbox's clock.
        random: where keys come from.

    Attributes:
        named_limit: named properties at most.
        named: those that there are.
        concurrent: requests at once at most.
        watched: subscriptions at most.
        duration: real seconds that a request takes.
        lists: contact lists in the default folder: counted, never shown.
        running: requests that are being answered.
        listeners: called with a contact before (None: it is new) and after every change.
    """

    def __init__(self, account: Account, now: Callable[[], int], random: Random) -> None:
        self.account, self.now, self._random = account, now, random
        self.guid = UUID(account.oid).bytes
        self.named_limit, self.concurrent, self.duration, self.lists = NAMED_LIMIT, CONCURRENT, 0.0, 0
        self.watched = SUBSCRIPTIONS
        self.named: dict[tuple[str, str | int], int] = {}
        self.running = 0
        self.seq = 0
        self.contacts: Shelf[Contact] = Shelf()
        self.folders: Shelf[Folder] = Shelf()
        self.photos: dict[int, Photo] = {}
        self.listeners: list[Listener] = []
        self._log: list[int] = []
        self._inside: dict[int, dict[int, None]] = {}
        self._folder_ids: dict[int, str] = {}
        self._latest = 0
        self._keys = 1_000
        for key, name in ((ROOT, "Top of Information Store"), (CONTACTS, "Contacts"), (DELETED, "Deleted Items")):
            self.folders.put(str(key), Folder(key, name, ROOT, self._next_seq(0)))

    def _next_seq(self, key: int) -> int:
        """Number of a new change; `key` of the contact that it is of, or 0."""
        self.seq += 1
        self._log.append(key)
        return self.seq

    def _time(self) -> int:
        # Moving the clock back does not make the past younger.
        self._latest = max(self.now(), self._latest)
        return self._latest

    def _new_key(self) -> int:
        self._keys += self._random.randrange(1, 9)
        return self._keys

    # -- ids

    def id_of(self, contact: Contact, *, immutable: bool) -> str:
        form = ids.IMMUTABLE if immutable else ids.REST
        known = Id(form, self.guid, contact.key, 0 if immutable else contact.home)
        return ids.write(known, personal=self.account.personal)

    def folder_id(self, key: int) -> str:
        if key not in self._folder_ids:
            self._folder_ids[key] = self._new_folder_id(key)
        return self._folder_ids[key]

    def _new_folder_id(self, key: int) -> str:
        return ids.write(Id(ids.FOLDER, self.guid, key), personal=self.account.personal)

    def change_key(self, contact: Contact) -> str:
        """In base64, as Exchange's: it begins as real ones do."""
        return base64.b64encode(b"\x11\x00\x00\x00\x16\x00\x00\x00" + self.guid + contact.tag.to_bytes(6)).decode()

    def etag(self, contact: Contact) -> str:
        return f'W/"{self.change_key(contact)}"'

    # -- folders

    def folder(self, text: str) -> Folder:
        """By its id, or its well-known name `contacts`. Raises GraphError."""
        if text.lower() == "contacts":
            return self._folder(CONTACTS)
        known = self._known(text)
        if known.form != ids.FOLDER or not self.shown(known.key):
            raise errors.folder_not_found()
        return self._folder(known.key)

    def _folder(self, key: int) -> Folder:
        found = self.folders.get(str(key))
        if found is None:
            raise errors.folder_not_found()
        return found

    def _known(self, text: str) -> Id:
        known = ids.read(text)
        if known.mailbox != self.guid:
            raise ids.unknown(text)
        return known

    def shown(self, key: int) -> bool:
        """Whether a folder is the default one, or somewhere below it."""
        return key == CONTACTS or self.is_below(key, CONTACTS)

    def is_below(self, key: int, above: int, horizon: int | None = None) -> bool:
        """Whether a folder is somewhere below another one, or was when the mailbox had counted to `horizon`."""
        while key not in (ROOT, DELETED):
            folder = self.folders.seen(str(key), self.seq if horizon is None else horizon)
            if folder is None or folder.deleted:
                return False
            key = folder.parent
            if key == above:
                return True
        return False

    def below(self, key: int) -> list[Folder]:
        """The folders in a folder, in the order of their creation."""
        return [one for one in self.folders.now() if one.parent == key and one.key != ROOT]

    def create_folder(self, parent: Folder, name: str) -> Folder:
        """Raises GraphError: the name is empty or taken."""
        self._free_name(parent.key, name, None)
        key = self._new_key()
        return self.folders.put(str(key), Folder(key, name, parent.key, self._next_seq(0)))

    def update_folder(self, folder: Folder, *, name: str | None = None, parent: Folder | None = None) -> Folder:
        """Rename or move. Raises GraphError."""
        if folder.key == CONTACTS:
            raise errors.GraphError(400, "ErrorInvalidRequest", "Distinguished folders cannot be renamed or moved.")
        target = parent.key if parent else folder.parent
        if parent is not None and (parent.key == folder.key or self.is_below(parent.key, folder.key)):
            raise errors.GraphError(400, "ErrorMoveCopyFailed", "The folder cannot be moved below itself.")
        self._free_name(target, name or folder.name, folder.key)
        changed = folder.changed(self._next_seq(0), name=name or folder.name, parent=target)
        return self.folders.put(str(folder.key), changed)

    def _free_name(self, parent: int, name: str, own: int | None) -> None:
        if not name.strip():
            raise errors.GraphError(400, "ErrorInvalidRequest", "The folder's display name must not be empty.")
        if any(one.name.casefold() == name.casefold() and one.key != own for one in self.below(parent)):
            raise errors.GraphError(409, "ErrorFolderExists", "A folder with the specified name already exists.")

    def delete_folder(self, folder: Folder, *, forever: bool = False) -> None:
        """With everything in it, into Deleted Items or away for ever. Raises GraphError."""
        if folder.key == CONTACTS:
            raise errors.GraphError(400, "ErrorDeleteDistinguishedFolder", "Distinguished folders cannot be deleted.")
        if not forever:
            self.folders.put(str(folder.key), folder.changed(self._next_seq(0), parent=DELETED))
            return
        for one in self.below(folder.key):
            self.delete_folder(one, forever=True)
        for contact in self.inside(folder.key):
            self.purge(contact)
        self.folders.put(str(folder.key), folder.changed(self._next_seq(0), deleted=True))

    # -- contacts

    def contact(self, text: str) -> Contact:
        """By an id, ordinary or immutable, in whatever folder. Raises GraphError: also for what was deleted."""
        found = self.last(text)
        if not self.shown(found.folder):
            raise errors.not_found()
        return found

    def last(self, text: str) -> Contact:
        """By an id, also in Deleted Items. Raises GraphError."""
        known = self._known(text)
        found = self.contacts.get(str(known.key))
        if found is None or known.form not in (ids.REST, ids.IMMUTABLE):
            raise errors.not_found()
        if known.form == ids.REST and known.home != found.home:
            raise errors.not_found()
        return found

    def inside(self, key: int) -> list[Contact]:
        """The contacts in a folder, in the order in which they came into it."""
        return [self._contact(one) for one in self._inside.get(key, ())]

    def count(self, key: int) -> int:
        """What Graph counts in a folder: contact lists too (https://github.com/microsoftgraph/microsoft-graph-docs/issues/11201)."""
        return len(self._inside.get(key, ())) + (self.lists if key == CONTACTS else 0)

    def page(self, key: int, skip: int, size: int) -> list[Contact]:
        """Some of the contacts in a folder."""
        return [self._contact(one) for one in islice(self._inside.get(key, ()), skip, skip + size)]

    def _contact(self, key: int) -> Contact:
        found = self.contacts.get(str(key))
        if found is None:
            raise errors.not_found()
        return found

    def create(
        self,
        folder: Folder,
        fields: Fields,
        extended: Mapping[Property, Any] | None = None,
        extensions: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Contact:
        """Raises GraphError: there is no room for more named properties."""
        self.name(extended or {})
        key, at = self._new_key(), self._time()
        seq = self._next_seq(key)
        contact = Contact(key, seq, at, at, folder.key, 0, fields, extended or {}, extensions or {}, seq)
        self._inside.setdefault(folder.key, {})[key] = None
        return self._put(None, contact)

    def update(self, contact: Contact, **changes: Any) -> Contact:
        """Other `fields`, `extended`, `extensions`; another `folder` (its key) moves it. Raises GraphError."""
        self.name(changes.get("extended", {}))
        changed = contact.changed(self._next_seq(contact.key), self._time(), **changes)
        if changed.folder != contact.folder:
            del self._inside[contact.folder][contact.key]
            self._inside.setdefault(changed.folder, {})[contact.key] = None
        return self._put(contact, changed)

    def delete(self, contact: Contact) -> Contact:
        """Into Deleted Items."""
        return self.update(contact, folder=DELETED)

    def purge(self, contact: Contact) -> None:
        """Away for ever."""
        del self._inside[contact.folder][contact.key]
        self.photos.pop(contact.key, None)
        self._put(contact, contact.changed(self._next_seq(contact.key), self._time(), deleted=True))

    def _put(self, before: Contact | None, contact: Contact) -> Contact:
        self.contacts.put(str(contact.key), contact)
        for listener in list(self.listeners):
            listener(before, contact)
        return contact

    def changes(self, since: int, horizon: int) -> Iterator[tuple[int, Contact]]:
        """Every contact that changed after `since` and up to `horizon`, once, by its last such change, with its number."""
        for seq in range(since + 1, horizon + 1):
            key = self._log[seq - 1]
            last = self.contacts.seen(str(key), horizon) if key else None
            if last is not None and last.seq == seq:
                yield seq, last

    def horizon(self, moment: int) -> int:
        """Number of the last change of a contact that is not younger than this; Unix milliseconds."""
        for seq in range(self.seq, 0, -1):
            key = self._log[seq - 1]
            version = self.contacts.seen(str(key), seq) if key else None
            if version is not None and version.at <= moment:
                return seq
        return 0

    def name(self, extended: Mapping[Property, Any]) -> None:
        """Give every named property its number in this mailbox. Raises GraphError: there are too many."""
        fresh = {known for one in extended if (known := one.named) is not None and known not in self.named}
        if len(self.named) + len(fresh) > self.named_limit:
            # That the store says so is documented for Exchange's servers; the answer of Graph is unconfirmed.
            raise errors.GraphError(
                507, "ErrorInternalServerError", "The named property quota of the mailbox is exceeded."
            )
        for known in fresh:
            self.named[known] = 0x8000 + len(self.named)

    # -- photos

    def set_photo(self, contact: Contact, photo: Photo | None) -> None:
        """A photo is no change of the contact: delta queries do not tell it."""
        if photo is None:
            self.photos.pop(contact.key, None)
        else:
            self.photos[contact.key] = photo
