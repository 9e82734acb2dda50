"""Everything that Google keeps for one account: contacts, groups, "Other contacts", the own profile.

Writes of the API and of the user's phone (the control API) both go through here, so the same rules hold for both.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from polydex_sandbox.clock import DAY
from polydex_sandbox.google.contact import Contact, Fields, Photo, Profile
from polydex_sandbox.google.errors import ApiError, invalid, no_contact, not_found
from polydex_sandbox.google.group import ALL, GROWING, MY_CONTACTS, SYSTEM, Group
from polydex_sandbox.shelf import Shelf

LIMIT = 25_000
"""Contacts of an account, the trash included: long-standing figure of Google's help pages."""

TRASH_DAYS = 30
"""Days that a deleted contact stays in the trash: https://support.google.com/contacts/answer/1069522."""


class Book:
    """The state of one account.

    Args:
        me: the account's own profile.
        now: the sandbox's clock.
        random: where ids come from.

    Attributes:
        limit: contacts at most.
        region: two letters, for telephone numbers without a country code; None when unknown.
        warm: the change up to which searches know the contacts, and the other contacts.
        photos: every picture that was ever there, by key: their URLs go on.
    """

    def __init__(self, me: Profile, now: Callable[[], int], random: Random) -> None:
        self.me, self.now, self._random = me, now, random
        self.limit = LIMIT
        self.region: str | None = None
        self.seq = 0
        self.contacts: Shelf[Contact] = Shelf()
        self.others: Shelf[Contact] = Shelf()
        self.groups: Shelf[Group] = Shelf()
        self.warm = {"contacts": 0, "others": 0}
        self._times: list[int] = []
        self._latest = 0
        self._names: dict[str, str] = {}
        self.photos: dict[str, Photo] = {}
        self._live = 0
        self._trash: dict[str, int] = {}
        for group in SYSTEM:
            self.groups.put(group, Group(group, group, *self._stamp()))

    def horizon(self, delay: int = 0) -> int:
        """The last change that is at least so many milliseconds old."""
        if not delay:
            return self.seq
        self._put_back()
        return bisect_left(self._times, self.now() - delay + 1)

    def _stamp(self) -> tuple[int, int]:
        """Number and time of a new change."""
        self.seq += 1
        self._put_back()
        self._times.append(self.now())
        # Moving the clock back does not make the past younger.
        self._latest = max(self.now(), self._latest)
        return self.seq, self._latest

    def _put_back(self) -> None:
        """What was changed later than now, by a clock that was put back since, counts as changed now."""
        now = self.now()
        for index in range(len(self._times) - 1, -1, -1):
            if self._times[index] <= now:
                break
            self._times[index] = now

    # -- contacts

    def contact(self, name: str) -> Contact:
        """By its resource name, also a former one. Raises ApiError."""
        found = self.contacts.get(self._names.get(name, ""))
        if found is None:
            raise not_found()
        return found

    def own(self, name: str) -> Contact:
        """What is to be written, by its resource name, also a former one. Raises ApiError: also for a profile's name."""
        if not name.startswith("people/c"):
            raise no_contact(name)
        return self.contact(name)

    def room(self, count: int = 1) -> None:
        """Raises ApiError when so many contacts more are too many."""
        oldest = self.now() - TRASH_DAYS * DAY
        in_trash = sum(1 for at in self._trash.values() if at > oldest)
        if self._live + in_trash + count > self.limit:
            # The word is from reports; status and code are unconfirmed.
            raise ApiError("RESOURCE_EXHAUSTED", "MY_CONTACTS_OVERFLOW_COUNT")

    def create(self, fields: Fields, groups: Iterable[str] = ()) -> Contact:
        """Raises ApiError: there are too many, or a group cannot have it."""
        chosen = self.checked(groups) or (MY_CONTACTS,)
        self.room()
        number = self._new_number()
        name = f"people/c{number}"
        contact = Contact(f"{number:x}", name, *self._stamp(), 1, fields, chosen)
        self._names[name] = contact.id
        self._live += 1
        return self.contacts.put(contact.id, contact)

    def _new_number(self) -> int:
        return self._random.getrandbits(62) | 1 << 60

    def update(self, contact: Contact, fields: Fields, groups: Iterable[str] | None = None) -> Contact:
        """Other fields, and other groups unless None. Raises ApiError."""
        changes: dict[str, Any] = {"fields": fields}
        if groups is not None:
            changes["groups"] = self.checked(groups, contact.groups)
            if not changes["groups"]:
                raise invalid("A contact must always have at least one contact group membership.")
        return self._next(contact, **changes)

    def checked(self, groups: Iterable[str], present: Iterable[str] = ()) -> tuple[str, ...]:
        """Ids of groups, each once. Raises ApiError: one does not exist or takes nobody new."""
        chosen = tuple(dict.fromkeys(groups))
        for group in chosen:
            if self.groups.get(group) is None or group == ALL:
                raise invalid(f"Contact group contactGroups/{group} does not exist.")
            if group in SYSTEM and group not in GROWING and group not in present:
                raise invalid(f"Contacts cannot be added to the system group contactGroups/{group}.")
        return chosen

    def delete(self, contact: Contact) -> None:
        """Into the trash."""
        self._live -= 1
        self._trash[contact.id] = self._next(contact, deleted=True).at

    def restore(self, name: str) -> Contact:
        """Out of the trash. Raises ApiError when it is not there, or no longer."""
        contact = self.contacts.last(self._names.get(name, ""))
        if contact is None or self._trash.get(contact.id, 0) <= self.now() - TRASH_DAYS * DAY:
            raise not_found()
        self.room(0)
        self._live += 1
        del self._trash[contact.id]
        groups = tuple(group for group in contact.groups if self.groups.get(group) is not None)
        return self._next(contact, deleted=False, groups=groups or (MY_CONTACTS,))

    def empty_trash(self) -> None:
        """Nothing that is in it can be restored, or counts."""
        self._trash.clear()

    def trash(self) -> list[Contact]:
        """What can be restored."""
        oldest = self.now() - TRASH_DAYS * DAY
        found = (self.contacts.last(key) for key, at in self._trash.items() if at > oldest)
        return [contact for contact in found if contact is not None]

    def set_photo(self, contact: Contact, photo: Photo | None, *, same_etag: bool) -> Contact:
        self.keep(photo)
        return self._next(contact, photo=photo, same_etag=same_etag)

    def keep(self, photo: Photo | None) -> None:
        """Let a picture be served."""
        if photo is not None:
            self.photos[photo.key] = photo

    def link(self, contact: Contact, profile: Profile | None) -> Contact:
        """Link a contact with a profile, or part them: that is no change of the CONTACT source."""
        return self._next(contact, profile=profile, same_etag=True)

    def rename(self, contact: Contact) -> Contact:
        """Another resource name, as Google gives one when the link to a profile changes. The old one still leads here."""
        name = f"people/c{self._new_number()}"
        self._names[name] = contact.id
        return self._next(contact, name=name, former=(*contact.former, contact.name), same_etag=True)

    def merge(self, into: Contact, away: Contact, fields: Fields) -> Contact:
        """Two contacts become one, as by "Merge duplicates": the other arrives as deleted."""
        groups = tuple(dict.fromkeys([*into.groups, *away.groups]))
        self._live -= 1
        self._next(away, deleted=True)
        return self._next(into, fields=fields, groups=groups, photo=into.photo or away.photo)

    def _next(self, contact: Contact, **changes: Any) -> Contact:
        return self.contacts.put(contact.id, contact.changed(*self._stamp(), **changes))

    # -- groups

    def group(self, name: str) -> Group:
        """By its resource name. Raises ApiError."""
        found = self.groups.get(name.removeprefix("contactGroups/"))
        if found is None:
            raise not_found()
        return found

    def create_group(self, title: str, client_data: list[dict[str, Any]]) -> Group:
        """Raises ApiError: the name is empty or taken."""
        self._free_title(title, None)
        group = Group(f"{self._random.getrandbits(52) | 1 << 52:x}", title, *self._stamp(), client_data=client_data)
        return self.groups.put(group.id, group)

    def update_group(self, group: Group, *, again: bool = False, **changes: Any) -> Group:
        """`title`, `client_data`; again: its members arrive as changed. Raises ApiError."""
        if group.system:
            raise invalid("System contact groups cannot be changed.")
        if "title" in changes:
            self._free_title(changes["title"], group.id)
        changed = self.groups.put(group.id, group.changed(*self._stamp(), **changes))
        for member in self.members(group) if again else ():
            self._next(member, same_etag=True)
        return changed

    def _free_title(self, title: str, own: str | None) -> None:
        if not title.strip():
            raise invalid("Contact group name is required.")
        # Whether upper and lower case differ here is unconfirmed: in doubt a name is taken.
        taken = {group.title.strip().casefold() for group in self.groups.now() if group.id != own}
        taken |= {formatted.casefold() for formatted in SYSTEM.values()}
        if title.strip().casefold() in taken:
            raise ApiError("ALREADY_EXISTS", "Contact group name already exists.")

    def delete_group(self, group: Group, *, contacts: bool, same_etag: bool) -> None:
        """A contact that was in this group only goes to myContacts. Raises ApiError."""
        if group.system:
            raise invalid("System contact groups cannot be deleted.")
        for member in self.members(group):
            if contacts:
                self.delete(member)
            else:
                left = tuple(one for one in member.groups if one != group.id) or (MY_CONTACTS,)
                self._next(member, groups=left, same_etag=same_etag)
        self.groups.put(group.id, group.changed(*self._stamp(), deleted=True))

    def members(self, group: Group) -> list[Contact]:
        return [one for one in self.contacts.now() if group.id == ALL or group.id in one.groups]

    def set_groups(self, contact: Contact, groups: tuple[str, ...], *, same_etag: bool) -> Contact:
        return self._next(contact, groups=groups, same_etag=same_etag)

    # -- other contacts

    def other(self, name: str) -> Contact:
        """By its resource name. Raises ApiError."""
        found = self.others.get(name.rpartition("/c")[2])
        if found is None:
            raise not_found()
        return found

    def create_other(self, fields: Fields) -> Contact:
        number = self._new_number()
        contact = Contact(f"{number:x}", f"otherContacts/c{number}", *self._stamp(), 1, fields)
        return self.others.put(str(number), contact)

    def delete_other(self, contact: Contact) -> None:
        self.others.put(contact.name.rpartition("/c")[2], contact.changed(*self._stamp(), deleted=True))
