"""What is to become of every entry of a file. Pure: the contacts of the address book are shown to it one by one.

An entry is recognised in the address book, in this order, by the id in it (of our own exports), by its UID (of a
vCard), by the mark that an earlier import of the same entry has left, and by its content. What an entry says is compared
with what the contact says: if everything is there already, the entry is unchanged; otherwise it differs, and the contact
stays as it is unless an update is asked for.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec

from polydex.core.contact import Company, Contact, Name, Part
from polydex.core.entry import Entry, Fault
from polydex.core.etag import content_bytes
from polydex.core.fields import Loss
from polydex.core.patch import diff
from polydex.core.search import email_key, fold, phone_key
from polydex.core.vcard.names import invented

_MARK_HEX = 32
_UNORDERED = ("keywords", "addresses", "urls", "relations")
"""Lists whose order says nothing; that of e-mail addresses and numbers is one of preference."""
_ID, _UID, _MARK, _CONTENT = range(4)


class Outcome(StrEnum):
    """What became, or is to become, of an entry."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    """Everything it says is there already."""
    DIFFERS = "differs"
    """Its contact is there and says something else; it was left as it is."""
    DUPLICATE = "duplicate"
    """It repeats an entry further up in the file."""
    REJECTED = "rejected"
    """It is broken, or the provider refuses what it says: it has to be mended."""
    FAILED = "failed"
    """It could not be written now; the same import goes on with it."""
    UNKNOWN = "unknown"
    """The provider's answer was lost and could not be found out yet; the same import finds it out."""
    NOT_TRIED = "notTried"


class Step(msgspec.Struct, frozen=True):
    """What is to be done with an entry.

    Attributes:
        outcome: CREATED and UPDATED are still to be carried out.
        mark: the idempotency mark of a create.
        contact_id, etag: of the contact that is there.
        same_as: the number of the entry that this one repeats.
        similar: ids of contacts that share an e-mail address, a number or the name; a hint, nothing more.
        losses: what will be lost of it.
    """

    entry: Entry
    outcome: Outcome
    mark: str = ""
    contact_id: str | None = None
    etag: str | None = None
    same_as: int | None = None
    faults: tuple[Fault, ...] = ()
    similar: tuple[str, ...] = ()
    losses: tuple[Loss, ...] = ()


class Known(msgspec.Struct, frozen=True, gc=False):
    """A contact of the address book. ``contact`` is None for a card that is none (a group)."""

    contact_id: str | None
    etag: str | None
    uid: str | None
    mark: str | None
    contact: Contact | None


class _Match(msgspec.Struct, frozen=True, gc=False):
    rank: int
    known: Known
    differs: bool


Plan = Sequence[Step]


class Planner:
    """Makes a plan: first it is given the entries, then every contact of the address book, then it is asked.

    Args:
        entries: of the file.
        scope: names the address book, wherever Polydex runs; a part of the marks.
    """

    def __init__(self, entries: Sequence[Entry], scope: str) -> None:
        self._entries = entries
        self._likeness = [None if each.contact is None else likeness(each.contact) for each in entries]
        self._marks = [self._mark(scope, at) for at in range(len(entries))]
        self._matches: dict[int, _Match] = {}
        self._similar: dict[int, list[str]] = defaultdict(list)
        self._by_identity: dict[tuple[int, str], list[int]] = defaultdict(list)
        self._by_hint: dict[str, list[int]] = defaultdict(list)
        for at, entry in enumerate(entries):
            self._index(at, entry)

    def _mark(self, scope: str, at: int) -> str:
        like = self._likeness[at]
        what = self._entries[at].identity or f"content:{like.hex() if like else ''}"
        return hashlib.sha256(f"polydex import\0{scope}\0{what}".encode()).hexdigest()[:_MARK_HEX]

    def _index(self, at: int, entry: Entry) -> None:
        kind, _, value = (entry.identity or "").partition(":")
        if value:
            # A vCard that we have made for a provider without vCards has the id as its UID.
            for rank in (_ID,) if kind == "id" else (_ID, _UID):
                self._by_identity[rank, value].append(at)
        like = self._likeness[at]
        if entry.contact is not None and like is not None:
            self._by_identity[_MARK, self._marks[at]].append(at)
            self._by_identity[_CONTENT, like.hex()].append(at)
            for hint in hints(entry.contact):
                self._by_hint[hint].append(at)

    def show(self, known: Known) -> None:
        """A contact of the address book."""
        for rank, value in ((_ID, known.contact_id), (_UID, known.uid), (_MARK, known.mark)):
            if value is not None:
                self._match(rank, value, known)
        if known.contact is None:
            return
        self._match(_CONTENT, likeness(known.contact).hex(), known)
        if known.contact_id is not None and self._by_hint:
            for at in {at for hint in hints(known.contact) for at in self._by_hint.get(hint, ())}:
                self._similar[at].append(known.contact_id)

    def _match(self, rank: int, value: str, known: Known) -> None:
        for at in self._by_identity.get((rank, value), ()):
            before = self._matches.get(at)
            if before is None or rank < before.rank:
                entry = self._entries[at]
                says = entry.contact
                if says is None or known.contact is None:
                    # A group card that is there is as it is; anything else is no match.
                    if (says is None) == (known.contact is None) and _is_group(entry):
                        self._matches[at] = _Match(rank, known, differs=False)
                    continue
                wanted = merged(known.contact, says)
                differs = not diff(known.contact, wanted).is_empty()
                self._matches[at] = _Match(rank, known, differs)

    def plan(self, *, update: bool) -> Plan:
        """The steps, in the order of the entries. ``update``: contacts that differ are changed."""
        firsts: dict[str, int] = {}
        likes: dict[bytes, int] = {}
        steps = []
        for at, entry in enumerate(self._entries):
            step = self._step(at, entry, firsts, likes, update=update)
            steps.append(step)
        return steps

    def _step(self, at: int, entry: Entry, firsts: dict[str, int], likes: dict[bytes, int], *, update: bool) -> Step:
        match, like = self._matches.get(at), self._likeness[at]
        if entry.contact is None or like is None:
            if match is not None:
                return Step(entry, Outcome.UNCHANGED)
            return Step(entry, Outcome.REJECTED, faults=entry.faults)
        if entry.identity is not None:
            first = firsts.setdefault(entry.identity, at)
            if first != at:
                if self._likeness[first] == like:
                    return self._repeated(entry, first)
                which = "Id" if entry.identity.startswith("id:") else "UID"
                fault = Fault(which, f"number {self._entries[first].number} of the file has the same one")
                return Step(entry, Outcome.REJECTED, faults=(fault,))
        first = likes.setdefault(like, at)
        before = self._matches.get(first)
        if first != at and (
            match is None or (before is not None and before.known.contact_id == match.known.contact_id)
        ):
            return self._repeated(entry, first)
        if match is None:
            similar = tuple(self._similar.get(at, ()))
            return Step(entry, Outcome.CREATED, mark=self._marks[at], similar=similar, losses=entry.losses)
        known = match.known
        outcome = Outcome.UNCHANGED
        if match.differs:
            outcome = Outcome.UPDATED if update else Outcome.DIFFERS
        return Step(
            entry,
            outcome,
            contact_id=known.contact_id,
            etag=known.etag,
            losses=entry.losses if outcome is Outcome.UPDATED else (),
        )

    def _repeated(self, entry: Entry, first: int) -> Step:
        """The step of an entry that repeats another one; a photo that it alone has is a loss."""
        before = self._entries[first]
        here, there = (None if each.contact is None else each.contact.photo for each in (entry, before))
        losses = () if here is None or here == there else (Loss("PHOTO", "what it repeats has another photo, or none"),)
        return Step(entry, Outcome.DUPLICATE, same_as=before.number, losses=losses)


def likeness(contact: Contact) -> bytes:
    """What two contacts have in common that say the same: a digest without the photo, which providers scale.

    A display name that is made of the other fields counts as none: providers that need one make it so.
    """
    bare = msgspec.structs.replace(contact, photo=None)
    if _is_made(contact):
        name = msgspec.structs.replace(contact.name or Name(), display_name=None)
        bare = msgspec.structs.replace(bare, name=None if name == Name() else name)
    lists = {attribute: tuple(sorted(getattr(bare, attribute), key=repr)) for attribute in _UNORDERED}
    return hashlib.sha256(content_bytes(msgspec.structs.replace(bare, **lists))).digest()


def merged(contact: Contact, says: Contact) -> Contact:
    """The contact with everything that ``says`` says; what it says nothing of stays.

    A list replaces the list (but for another order, which some servers change where it means nothing), the parts of name
    and company are set one by one. Of two photos the stored one stays.
    """
    changes: dict[str, Any] = {}
    for attribute in Contact.__struct_fields__:
        value, stored = getattr(says, attribute), getattr(contact, attribute)
        if not value or (attribute == "photo" and stored is not None):
            continue
        if attribute in _UNORDERED and Counter(value) == Counter(stored):
            continue
        if isinstance(value, (Name, Company)):
            value = _merged_part(stored or type(value)(), value)
        changes[attribute] = value
    after = msgspec.structs.replace(contact, **changes)
    if (says.name or Name()).display_name is None and _is_made(contact):
        name = msgspec.structs.replace(after.name or Name(), display_name=None)
        made = invented(msgspec.structs.replace(after, name=name))
        after = msgspec.structs.replace(after, name=msgspec.structs.replace(name, display_name=made))
    return after


def _is_made(contact: Contact) -> bool:
    """Whether the display name is the one that is made of the other fields."""
    name = contact.name
    if name is None or name.display_name is None:
        return False
    without = msgspec.structs.replace(contact, name=msgspec.structs.replace(name, display_name=None))
    return invented(without) == name.display_name


def _merged_part(stored: Part, value: Part) -> Part:
    parts = {part: getattr(value, part) for part in value.__struct_fields__}
    return msgspec.structs.replace(stored, **{part: text for part, text in parts.items() if text is not None})


def hints(contact: Contact) -> set[str]:
    """What contacts of one person often share: e-mail addresses, numbers, the name."""
    found = {f"e{email_key(email.address)}" for email in contact.email_addresses if email.address}
    found |= {f"p{key}" for phone in contact.phone_numbers if phone.number and (key := phone_key(phone.number))}
    name = contact.name or Name()
    full = " ".join(part for part in (name.given_name, name.family_name) if part)
    return found | {f"n{fold(each)}" for each in (full, name.display_name) if each and " " in each}


def _is_group(entry: Entry) -> bool:
    return entry.contact is None and entry.identity is not None
