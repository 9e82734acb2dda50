"""From a change of the contact to what is sent to Graph: only properties that change.

A collection and an address are replaced as a whole, so they are sent with everything that shall stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec
from msgspec import UNSET

from polydex.connectors.microsoft import addresses, bag, dates, emails, native, phones, relations, urls, wire
from polydex.connectors.microsoft.bag import KEPT, Bag, Markers
from polydex.connectors.microsoft.fields import ADDRESSES, COMPANY, MADE, NAME, RELATIONS, SINGLE, Json
from polydex.connectors.microsoft.read import contact_of
from polydex.core.contact import (
    EMPTY,
    Address,
    Company,
    Contact,
    Name,
    Part,
    Phone,
    Relation,
    Url,
    content,
    normal,
    text,
)
from polydex.core.fields import Loss
from polydex.core.patch import Patch, diff, without_echo

T = TypeVar("T")

_EXTENDED: Final = "singleValueExtendedProperties"
_OVERFLOW: Final = wire.OVERFLOW.lower()


@dataclass(frozen=True, slots=True)
class Edited:
    """An update.

    Attributes:
        body: to PATCH the contact with; None when nothing really changes, and nothing is to be sent.
        losses: what is not kept as it was sent, or is kept where other clients do not show it.
    """

    body: bytes | None
    losses: tuple[Loss, ...]


def edit(raw: bytes, patch: Patch, base: Contact) -> Edited:
    """Change the members of a stored contact that the patch names and whose values really differ. Not the photo.

    Args:
        raw: the stored document.
        patch: the change.
        base: the contact as the client knows it of this document; a value sent back as it is there is no change.

    Raises:
        ProviderMalformed: ``raw`` is no document of a contact.
        BadRequest, FieldUnsupported: what goes to the bag is too large, or would replace that of a newer version; a
            native property that cannot be written.
    """
    found, stored = wire.decoded(raw), native.decode(raw)
    extended = found.contact.extended()
    kept = bag.decode(extended.get(_OVERFLOW))
    before = contact_of(found, extended, kept)
    wanted = patch.apply(before)
    if content(base) != content(before):
        wanted = without_echo(wanted, base, before)
    change = Change(stored, found.contact, extended, kept, before, wanted)
    properties = {} if patch.native_properties is UNSET else patch.native_properties
    change.native(properties)
    if change.is_empty() and content(msgspec.structs.replace(wanted, photo=before.photo)) == content(before):
        return Edited(None, ())
    change.carry_out()
    return Edited(change.body(), tuple(change.losses))


def losses(draft: Contact, raw: bytes | None, base: Contact | None = None) -> tuple[Loss, ...]:
    """What Graph would not keep of a contact that is created, or that a stored one is changed into: the same as the
    losses of the write. Of the photo nothing is told.

    Args:
        draft: the contact as it shall be.
        raw: the stored document, None for a new contact.
        base: the contact as the client knows it; only with ``raw``.

    Raises:
        BadRequest: what goes to the bag is too large.
    """
    if raw is None:
        return tuple(created(draft).losses)
    known = base or EMPTY
    return edit(raw, diff(known, draft), known).losses


def created(draft: Contact) -> Change:
    """A new contact, from nothing. Raises BadRequest when what goes to the bag is too large."""
    change = Change({}, wire.Contact(), {}, bag.EMPTY, EMPTY, normal(draft))
    change.carry_out()
    return change


@dataclass(slots=True)
class Change:
    """From what a contact says (``before``) to what it shall say (``wanted``).

    Attributes:
        stored: its JSON.
        entry: the same, decoded.
        extended: its extended properties by lower-case id.
        kept: its bag.
        before: what it says.
        wanted: in normal form.
        plain: the properties that change.
        ids: the extended properties that change.
        losses: what is not kept.
    """

    stored: Json
    entry: wire.Contact
    extended: Mapping[str, str]
    kept: Bag
    before: Contact
    wanted: Contact
    plain: Json = field(default_factory=dict)
    ids: dict[str, str | None] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)

    def is_empty(self) -> bool:
        """Whether nothing changes, so far."""
        return not self.plain and not self.ids

    def native(self, properties: Mapping[str, str | None]) -> None:
        """Native properties besides. Raises BadRequest, FieldUnsupported."""
        plain, ids = native.edit(self.stored, properties)
        self.plain |= plain
        self.ids |= ids

    def carry_out(self) -> None:
        """Fill ``plain``, ``ids`` and ``losses``. Raises BadRequest when the bag cannot be written."""
        self._texts()
        birthday = self._birthday()
        if self.wanted.keywords != self.before.keywords:
            self.plain["categories"] = self._categories()
        mail = self._emails()
        numbers = self._phones()
        places, second_lines = self._addresses()
        pages, home_page = self._urls()
        kept = Bag(
            emails=mail.kept.bag,
            phones=numbers,
            addresses=places,
            urls=pages,
            relations=self._relations(),
            types=mail.types,
            markers=Markers(birthday=birthday, home_page=home_page, names=mail.names, second_lines=second_lines),
        )
        value = self.extended.get(_OVERFLOW)
        if self.kept != kept:
            self.ids[wire.OVERFLOW] = bag.written(kept, value)

    def body(self) -> bytes | None:
        """What to PATCH with, or None when nothing changes.

        An extended property goes by null, as DavMail does it (GraphObject.put). Only those are that are there, and native ones of
        which nobody knows.
        """
        plain = dict(self.plain)
        if not plain and not self.ids:
            return None
        for name, value in zip(MADE, (self._display(), self.wanted.file_as), strict=True):
            if value is not None:
                plain.setdefault(name, self.stored.get(name))
        if self.ids:
            plain[_EXTENDED] = [{"id": key, "value": value} for key, value in self.ids.items()]
        return msgspec.json.encode(plain)

    def whole(self, mark: str | None) -> bytes:
        """What to POST: nothing that is empty, since null for an object is answered with 500
        (msgraph-sdk-dotnet#2368), and null for an extended property is not a value.
        """
        body = {name: _filled(value) for name, value in self.plain.items() if value not in (None, [])}
        ids = {key: value for key, value in self.ids.items() if value is not None}
        if mark is not None:
            ids[wire.MARK] = mark
        if ids:
            body[_EXTENDED] = [{"id": key, "value": value} for key, value in ids.items()]
        return msgspec.json.encode(body)

    def _display(self) -> str | None:
        return (self.wanted.name or Name()).display_name

    def _texts(self) -> None:
        old, new = self.before, self.wanted
        changes = [
            *_changes(NAME, old.name or Name(), new.name or Name()),
            *_changes(COMPANY, old.company or Company(), new.company or Company()),
            *_changes(SINGLE, old, new),
        ]
        self.plain |= changes
        if "personalNotes" in self.plain and new.notes is not None:
            self.plain["personalNotes"] = new.notes.replace("\n", "\r\n")
        made_of = new.name is not None or new.company is not None
        for name, path in zip(MADE, ("$.name.displayName", "$.fileAs"), strict=True):
            if name in self.plain and self.plain[name] is None and made_of:
                self.losses.append(Loss(path, "Exchange makes it of the name or the company"))

    def _birthday(self) -> str | None:
        """What the bag says of it."""
        old, new = self.before.birthday, self.wanted.birthday
        if new == old:
            return dates.marker_of(self.entry.birthday, self.kept.markers.birthday)
        value, marker = dates.write_birthday(new)
        if value is not None or dates.is_set(self.entry.birthday):
            self.plain["birthday"] = value
        if marker is not None:
            reason = "Graph has no birthdays without a year: it shows 1604" if value else "no date that Graph can keep"
            self.losses.append(Loss("$.birthday", reason, kept=KEPT))
        return marker

    def _categories(self) -> list[str]:
        raw = {text(value): value for value in self.stored.get("categories") or ()}
        return [raw.get(word, word) for word in self.wanted.keywords]

    def _emails(self) -> emails.Emails:
        """What is in places, and what the bag says of them and of the others."""
        wanted, before = self.wanted.email_addresses, self.before.email_addresses
        done = emails.write(wanted, before, self._display())
        raw = [entry for entry in self.stored.get("emailAddresses") or () if entry is not None]
        entries = emails.sent(raw, done.places, self._display())
        if entries != [{name: entry[name] for name in ("address", "name") if entry.get(name)} for entry in raw]:
            self.plain["emailAddresses"] = entries
        self.losses += done.kept.losses
        return done

    def _phones(self) -> tuple[Phone, ...]:
        """The numbers that go to the bag."""
        stored = phones.native(self.entry, self.extended)
        done = phones.write(stored, self.wanted.phone_numbers, self.before.phone_numbers)
        for place in phones.PLACES:
            now = [phone.number for where, phone in stored if where == place]
            new = [phone.number for phone in done.places.get(place, ())]
            if new == now:
                continue
            if place in (phones.WORK, phones.HOME):
                raw = {text(value): value for value in self.stored.get(place) or ()}
                self.plain[place] = [raw.get(number, number) for number in new]
            else:
                self._put(place, new[0] if new else None)
        self.losses += done.kept.losses
        return done.kept.bag

    def _addresses(self) -> tuple[tuple[Address, ...], dict[str, str]]:
        """The addresses that go to the bag, and what it says of those in places."""
        stored = addresses.native(self.entry, self.extended, self.kept.markers.second_lines)
        done = addresses.write(stored, self.wanted.addresses, self.before.addresses)
        known = dict(stored)
        for kind, box in addresses.PO_BOXES.items():
            now = known.get(kind)
            new = next(iter(done.places.get(kind.value, ())), None)
            if new == now:
                continue
            place = ADDRESSES[kind.value]
            raw = self.stored.get(place) or {}
            entry = addresses.sent(raw, now, new)
            if any(entry[part] != (raw.get(part) or None) for part in entry):
                self.plain[place] = entry
            po_box = new.po_box if new else None
            if po_box != (now.po_box if now else None):
                self._put(box, po_box)
        self.losses += done.kept.losses
        return done.kept.bag, addresses.second_lines(done.places)

    def _urls(self) -> tuple[tuple[Url, ...], str | None]:
        """The web addresses that go to the bag, and what it says of the personal one."""
        stored = urls.native(self.entry, self.extended, self.kept.markers.home_page)
        done = urls.write(stored, self.wanted.urls, self.before.urls)
        self._single(stored, done.places, urls.PLACES, lambda url: url.href)
        self.losses += done.kept.losses
        return done.kept.bag, urls.home_page(done.places)

    def _relations(self) -> tuple[Relation, ...]:
        """The relations that go to the bag."""
        stored = relations.native(self.entry)
        done = relations.write(stored, self.wanted.relations, self.before.relations)
        self._single(stored, done.places, tuple(RELATIONS.values()), lambda relation: relation.name)
        self.losses += done.kept.losses
        return done.kept.bag

    def _single(
        self,
        stored: Sequence[tuple[str, T]],
        wanted: Mapping[str, Sequence[T]],
        places: Sequence[str],
        value: Callable[[T], str | None],
    ) -> None:
        """Places with one text each."""
        known = dict(stored)
        for place in places:
            now = value(known[place]) if place in known else None
            new = next(iter(map(value, wanted.get(place, ()))), None)
            if new != now:
                self._put(place, new)

    def _put(self, place: str, value: str | None) -> None:
        if " " in place:
            self.ids[place] = value
        else:
            self.plain[place] = value


def _changes(names: Mapping[str, str], old: Part, new: Part) -> Iterator[tuple[str, Any]]:
    """Property and value of each member that changes."""
    for member, name in names.items():
        value = getattr(new, member)
        if value != getattr(old, member):
            yield name, value


def _filled(value: Any) -> Any:
    """An object without its empty members."""
    return {name: part for name, part in value.items() if part is not None} if isinstance(value, dict) else value
