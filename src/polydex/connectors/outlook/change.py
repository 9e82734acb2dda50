"""From a change of the contact to the properties that change: what a provider sends of it is its own affair."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

import msgspec

from polydex.connectors.outlook import addresses, bag, dates, emails, mapi, phones, relations, urls
from polydex.connectors.outlook.bag import KEPT, Bag, Markers
from polydex.connectors.outlook.contact import contact_of
from polydex.connectors.outlook.fields import ADDRESSES, COMPANY, MADE, NAME, RELATIONS, SINGLE
from polydex.connectors.outlook.item import EmailAddress, Item
from polydex.core.contact import (
    EMPTY,
    Address,
    Company,
    Contact,
    Name,
    Part,
    Phone,
    Photo,
    Relation,
    Url,
    content,
    normal,
    text,
)
from polydex.core.fields import Loss
from polydex.core.patch import Patch, without_echo

T = TypeVar("T")

_OVERFLOW: Final = mapi.OVERFLOW.lower()


def created(draft: Contact) -> Change:
    """A new contact, from nothing. Raises BadRequest when what goes to the bag is too large."""
    change = Change(Item(), {}, bag.EMPTY, EMPTY, normal(draft))
    change.carry_out()
    return change


def patched(item: Item, extended: Mapping[str, str], photo: Photo | None, patch: Patch, base: Contact) -> Change:
    """A change of a stored contact, to be carried out.

    Args:
        item, extended, photo: the contact, as of ``contact_of``.
        patch: the change.
        base: the contact as the client knows it; a value sent back as it is there is no change.
    """
    kept = bag.decode(extended.get(_OVERFLOW))
    before = contact_of(item, extended, kept, photo)
    wanted = patch.apply(before)
    if content(base) != content(before):
        wanted = without_echo(wanted, base, before)
    return Change(item, extended, kept, before, wanted)


@dataclass(slots=True)
class Change:
    """From what a contact says (``before``) to what it shall say (``wanted``).

    Attributes:
        item: its named properties.
        extended: its other ones, by their ids in lower case.
        kept: its bag.
        before: what it says.
        wanted: in normal form.
        named: the properties of the item that change, by their names there, each as it shall be: a text or None; a list of
            texts for ``categories`` and the lists of numbers; a ``PhysicalAddress`` of which empty parts go; for
            ``email_addresses`` a list of pairs, the entry and the one that it was.
        ids: the other properties that change, by their ids.
        losses: what is not kept.
    """

    item: Item
    extended: Mapping[str, str]
    kept: Bag
    before: Contact
    wanted: Contact
    named: dict[str, Any] = field(default_factory=dict)
    ids: dict[str, str | None] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)

    @property
    def is_idle(self) -> bool:
        """Whether the contact says already what it shall say. Of the photo nothing is asked."""
        return content(msgspec.structs.replace(self.wanted, photo=self.before.photo)) == content(self.before)

    def carry_out(self) -> None:
        """Fill ``named``, ``ids`` and ``losses``. Raises BadRequest when the bag cannot be written."""
        self._texts()
        birthday = self._birthday()
        if self.wanted.keywords != self.before.keywords:
            self.named["categories"] = self._categories()
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
            self.ids[mapi.OVERFLOW] = bag.written(kept, value)

    @property
    def display_name(self) -> str | None:
        """The display name that the contact shall have."""
        return (self.wanted.name or Name()).display_name

    def _texts(self) -> None:
        old, new = self.before, self.wanted
        changes = [
            *_changes(NAME, old.name or Name(), new.name or Name()),
            *_changes(COMPANY, old.company or Company(), new.company or Company()),
            *_changes(SINGLE, old, new),
        ]
        self.named |= changes
        if "personal_notes" in self.named and new.notes is not None:
            self.named["personal_notes"] = new.notes.replace("\n", "\r\n")
        made_of = new.name is not None or new.company is not None
        for name, path in zip(MADE, ("$.name.displayName", "$.fileAs"), strict=True):
            if name in self.named and self.named[name] is None and made_of:
                self.losses.append(Loss(path, "it is made of the name or the company"))

    def _birthday(self) -> str | None:
        """What the bag says of it."""
        old, new = self.before.birthday, self.wanted.birthday
        if new == old:
            return dates.marker_of(self.item.birthday, self.kept.markers.birthday)
        value, marker = dates.write_birthday(new)
        if value is not None or dates.is_set(self.item.birthday):
            self.named["birthday"] = value
        if marker is not None:
            no_year = "Exchange has no birthdays without a year: it shows 1604"
            reason = no_year if value else "no date that Exchange can keep"
            self.losses.append(Loss("$.birthday", reason, kept=KEPT))
        return marker

    def _categories(self) -> list[str]:
        stored = {text(value): value for value in self.item.categories or ()}
        return [stored.get(word) or word for word in self.wanted.keywords]

    def _emails(self) -> emails.Emails:
        """What is in places, and what the bag says of them and of the others."""
        wanted, before = self.wanted.email_addresses, self.before.email_addresses
        done = emails.write(wanted, before, self.display_name)
        stored = [entry for entry in self.item.email_addresses or () if entry is not None]
        entries = emails.sent(stored, done.places, self.display_name)
        if [_said(entry) for entry, _ in entries] != [_said(entry) for entry in stored]:
            self.named["email_addresses"] = entries
        self.losses += done.kept.losses
        return done

    def _phones(self) -> tuple[Phone, ...]:
        """The numbers that go to the bag."""
        stored = phones.native(self.item, self.extended)
        done = phones.write(stored, self.wanted.phone_numbers, self.before.phone_numbers)
        for place in phones.PLACES:
            now = [phone.number for where, phone in stored if where == place]
            new = [phone.number for phone in done.places.get(place, ())]
            if new == now:
                continue
            if place in (phones.WORK, phones.HOME):
                raw = {text(value): value for value in getattr(self.item, place) or ()}
                self.named[place] = [raw.get(number, number) for number in new]
            else:
                self._put(place, new[0] if new else None)
        self.losses += done.kept.losses
        return done.kept.bag

    def _addresses(self) -> tuple[tuple[Address, ...], dict[str, str]]:
        """The addresses that go to the bag, and what it says of those in places."""
        stored = addresses.native(self.item, self.extended, self.kept.markers.second_lines)
        done = addresses.write(stored, self.wanted.addresses, self.before.addresses)
        known = dict(stored)
        for kind, box in addresses.PO_BOXES.items():
            now = known.get(kind)
            new = next(iter(done.places.get(kind.value, ())), None)
            if new == now:
                continue
            place = ADDRESSES[kind.value]
            raw = getattr(self.item, place)
            entry = addresses.sent(raw, now, new)
            if any(getattr(entry, part) != (getattr(raw, part, None) or None) for part in entry.__struct_fields__):
                self.named[place] = entry
            po_box = new.po_box if new else None
            if po_box != (now.po_box if now else None):
                self._put(box, po_box)
        self.losses += done.kept.losses
        return done.kept.bag, addresses.second_lines(done.places)

    def _urls(self) -> tuple[tuple[Url, ...], str | None]:
        """The web addresses that go to the bag, and what it says of the personal one."""
        stored = urls.native(self.item, self.extended, self.kept.markers.home_page)
        done = urls.write(stored, self.wanted.urls, self.before.urls)
        self._single(stored, done.places, urls.PLACES, lambda url: url.href)
        self.losses += done.kept.losses
        return done.kept.bag, urls.home_page(done.places)

    def _relations(self) -> tuple[Relation, ...]:
        """The relations that go to the bag."""
        stored = relations.native(self.item)
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
            self.named[place] = value


def _changes(names: Mapping[str, str], old: Part, new: Part) -> Iterator[tuple[str, Any]]:
    """Property and value of each member that changes."""
    for member, name in names.items():
        value = getattr(new, member)
        if value != getattr(old, member):
            yield name, value


def _said(entry: EmailAddress) -> tuple[str | None, str | None]:
    return entry.address or None, entry.name or None
