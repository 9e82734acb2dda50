"""From a change of the contact to what is sent to Google: only fields that change, their entries merged one by one.

Google replaces every field that the mask names as a whole, so that each is sent with everything that shall stay.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from msgspec import UNSET

from polydex.connectors.google import bag, clientdata, dates, memberships, names, native, notes, organizations, wire
from polydex.connectors.google.addresses import ADDRESSES
from polydex.connectors.google.bag import KEPT, Bag, Markers
from polydex.connectors.google.emails import EMAILS
from polydex.connectors.google.entries import Kind, merge
from polydex.connectors.google.fields import CONTACT, UPDATABLE, Item, own, sendable
from polydex.connectors.google.labels import Labels
from polydex.connectors.google.phones import PHONES
from polydex.connectors.google.read import contact_of, source_of
from polydex.connectors.google.relations import RELATIONS
from polydex.connectors.google.urls import URLS
from polydex.core.contact import EMPTY, Company, Contact, Name, content, normal
from polydex.core.errors import ProviderRejected
from polydex.core.fields import Loss
from polydex.core.patch import Patch, diff, without_echo

T = TypeVar("T")
W = TypeVar("W", bound=wire.Entry)


@dataclass(frozen=True, slots=True)
class Edited:
    """An update.

    Attributes:
        body: the person to send, with the source's etag: the revision that Google compares.
        fields: for ``updatePersonFields``; none when nothing really changes, and nothing is to be sent.
        losses: what is not kept as it was sent, or is kept where other clients do not show it.
    """

    body: bytes
    fields: tuple[str, ...]
    losses: tuple[Loss, ...]


def edit(raw: bytes, patch: Patch, labels: Labels, base: Contact) -> Edited:
    """Change the fields of a stored person that the patch names and whose values really differ. Not the photo.

    Args:
        raw: the stored person.
        patch: the change.
        labels: the user's groups; keywords that are none of them are kept in the bag (see ``Labels.missing``).
        base: the contact as the client knows it of this person; a value sent back as it is there is no change.

    Raises:
        ProviderMalformed: ``raw`` is no person.
        ProviderRejected: it is no contact of the account.
        BadRequest, FieldUnsupported: what goes to the bag is too large; a native property that cannot be written.
    """
    person, decoded = native.decode(raw), wire.person(raw)
    source = source_of(decoded.metadata)
    if source is None:
        raise ProviderRejected("Google Contacts: the person is no contact of the account")
    _, extra = clientdata.read(decoded.client_data)
    before = contact_of(decoded, labels, None, extra, memberships.groups_of(decoded.memberships))
    wanted = patch.apply(before)
    if content(base) != content(before):
        wanted = without_echo(wanted, base, before)
    change = Change(person, before, wanted, labels, extra)
    change.carry_out()
    if patch.native_properties is not UNSET:
        change.native(patch.native_properties)
    # Google compares the etag of the source, or else the person's.
    named = {"type": CONTACT, "id": source.id, "etag": source.etag}
    body: dict[str, Any] = {
        "resourceName": decoded.resource_name,
        "etag": None if source.etag else decoded.etag,
        "metadata": {"sources": [{member: value for member, value in named.items() if value}]},
    }
    body = {member: value for member, value in body.items() if value}
    fields = tuple(name for name in UPDATABLE if name in change.fields)
    body |= {name: sendable(name, change.fields[name]) for name in fields if change.fields[name]}
    return Edited(msgspec.json.encode(body), fields, tuple(change.losses))


def losses(draft: Contact, raw: bytes | None, labels: Labels, base: Contact | None = None) -> tuple[Loss, ...]:
    """What Google would not keep of a contact that is created, or that a stored person is changed into.

    The same as the losses of the write when the labels that are missing are created before. Of the photo nothing is
    told.

    Args:
        draft: the contact as it shall be.
        raw: the stored person, None for a new one.
        labels: the user's groups.
        base: the contact as the client knows it; only with ``raw``.

    Raises:
        BadRequest: what goes to the bag is too large.
    """
    labels = labels.assuming(draft.keywords)
    if raw is None:
        return tuple(created(draft, labels).losses)
    known = base or EMPTY
    return edit(raw, diff(known, draft), labels, known).losses


def created(draft: Contact, labels: Labels) -> Change:
    """A new person, from nothing. Raises BadRequest when what goes to the bag is too large."""
    change = Change({}, EMPTY, normal(draft), labels, bag.EMPTY)
    change.carry_out()
    return change


@dataclass(slots=True)
class Change:
    """From what a person says (``before``) to what it shall say (``wanted``).

    Attributes:
        person: its JSON.
        before: what it says.
        wanted: in normal form.
        labels: the user's groups.
        bag: what is in its bag.
        fields: the fields that change, with the contact's own entries as they shall be.
        losses: what is not kept.
    """

    person: dict[str, Any]
    before: Contact
    wanted: Contact
    labels: Labels
    bag: Bag
    fields: dict[str, list[Item]] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)

    def own(self, name: str) -> list[Item]:
        """The entries of a field as they are to be, so far."""
        return self.fields[name] if name in self.fields else own(self.person, name)

    def carry_out(self) -> None:
        """Fill ``fields`` and ``losses``. Raises BadRequest when the bag becomes too large."""
        before, wanted = self.before, self.wanted
        markers = self._names()
        self._nickname()
        self._company()
        if wanted.birthday != before.birthday:
            if wanted.birthday is not None and not dates.is_date(wanted.birthday):
                self.losses.append(Loss("$.birthday", "not a date of the calendar", kept="as text"))
            self.fields["birthdays"] = dates.edit_birthday(self.own("birthdays"), wanted.birthday)
        if wanted.notes != before.notes:
            self.fields["biographies"] = notes.edit(self.own("biographies"), wanted.notes)
        keywords = self._keywords()
        addressed = tuple(email for email in wanted.email_addresses if email.address is not None)
        self._merge(EMAILS, addressed)
        self._merge(PHONES, wanted.phone_numbers)
        self._merge(ADDRESSES, wanted.addresses)
        self._merge(URLS, wanted.urls)
        self._merge(RELATIONS, wanted.relations)
        for at, email in enumerate(wanted.email_addresses):
            if email.address is None and email not in before.email_addresses:
                loss = Loss(f"$.emailAddresses[{at}]", "Google keeps no e-mail without an address", kept=KEPT)
                self.losses.append(loss)
        nameless = tuple(email for email in wanted.email_addresses if email.address is None)
        bag = Bag(emails=nameless, keywords=keywords, markers=markers)
        if bag != self.bag:
            self.fields["clientData"] = clientdata.edit(self.own("clientData"), bag)

    def native(self, properties: dict[str, str | None]) -> None:
        """Native properties besides. Raises BadRequest, FieldUnsupported."""
        self.fields |= native.edit({**self.person, **self.fields}, properties)

    def _names(self) -> Markers:
        before, wanted = self.before, self.wanted
        display = self.bag.markers.display_name
        if wanted.name != before.name:
            stored = self.own("names")
            edited = names.edit(stored, display, before.name or Name(), wanted.name or Name())
            if edited.items != stored:
                self.fields["names"] = edited.items
            self.losses += edited.losses
            display = edited.marker
        if wanted.file_as is not None and wanted.file_as != before.file_as:
            self.losses.append(Loss("$.fileAs", "Google has no place for it", kept=KEPT))
        return Markers(file_as=wanted.file_as, display_name=display)

    def _nickname(self) -> None:
        if self.wanted.nick_name == self.before.nick_name:
            return
        items = names.edit_nickname(self.own("nicknames"), self.wanted.nick_name)
        self.fields["nicknames"] = items
        if names.read_nickname(_decoded(items, wire.Nickname)) != self.wanted.nick_name:
            self.losses.append(Loss("$.nickName", "another nickname of the contact is shown instead"))

    def _company(self) -> None:
        if self.wanted.company == self.before.company:
            return
        wanted = self.wanted.company or Company()
        items = organizations.edit(self.own("organizations"), self.before.company or Company(), wanted)
        self.fields["organizations"] = items
        if (organizations.read(_decoded(items, wire.Organization)) or Company()) != wanted:
            self.losses.append(Loss("$.company", "another organization of the contact is shown instead"))

    def _keywords(self) -> tuple[str, ...]:
        """The keywords that go to the bag."""
        before, wanted = self.before.keywords, self.wanted.keywords
        if wanted == before:
            return self.bag.keywords
        groups, extra, losses = memberships.resolve(wanted, before, self.labels)
        self.losses += losses
        stored = self.own("memberships")
        items = memberships.edit(stored, groups, self.labels)
        if items != stored:
            self.fields["memberships"] = items
        return extra

    def _merge(self, kind: Kind[W, T], wanted: tuple[T, ...]) -> None:
        items = merge(kind, self.own(kind.field), wanted)
        if items is not None:
            self.fields[kind.field] = items


def _decoded(items: list[Item], entry: type[W]) -> tuple[W, ...]:
    return msgspec.convert(tuple(items), tuple[entry, ...])  # type: ignore[valid-type]  # a type known at run time only
