"""From a change of the contact to a change of the stored card: edited, never made anew."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from msgspec import UNSET

from polydex.core.contact import Company, Contact, Name, Relation, content
from polydex.core.errors import ProviderRejected
from polydex.core.fields import Loss
from polydex.core.patch import Patch, without_echo
from polydex.core.vcard import dates, names, native, notes, organization, photo
from polydex.core.vcard.addresses import Addresses
from polydex.core.vcard.card import Card
from polydex.core.vcard.emails import NAME_PARAMETER, Emails, plain_type
from polydex.core.vcard.entries import merge
from polydex.core.vcard.phones import Phones
from polydex.core.vcard.reader import contact_of, is_group
from polydex.core.vcard.relations import Relations
from polydex.core.vcard.urls import Urls


@dataclass(frozen=True, slots=True)
class Edited:
    """A card after a change.

    Attributes:
        raw: the document to store; the very bytes that came in when nothing really changed.
        losses: what is not kept as it was sent, or is kept in a place that other clients may not show.
    """

    raw: bytes
    losses: tuple[Loss, ...]


def edit(raw: bytes, patch: Patch, *, base: Contact, rev: str | None) -> Edited:
    """Change the fields of a stored card that the patch names and whose values really differ.

    Args:
        raw: the stored card.
        patch: the change.
        base: the contact as the client knows it from this card; a field sent back as it is there is no change.
        rev: the time of the change, RFC 3339 in UTC; goes into REV when the card has one.

    Raises:
        ProviderMalformed: ``raw`` is no card.
        ProviderRejected: ``raw`` is a group card, which is no contact.
        BadRequest, FieldUnsupported: a native property that cannot be written.
    """
    card = Card.parse(raw)
    if is_group(card):
        raise ProviderRejected("The card is a group, no contact")
    before, _ = contact_of(card)
    wanted = patch.apply(before)
    if content(base) != content(before):
        wanted = without_echo(wanted, base, before)
    losses = write(card, before, wanted)
    if patch.native_properties is not UNSET:
        native.edit(card, patch.native_properties)
    if not card.changed:
        return Edited(raw, losses)
    names.ensure(card, (wanted.name or Name()).display_name or names.invented(wanted))
    if rev is not None:
        dates.edit_rev(card, rev)
    return Edited(card.render(), losses)


def write(card: Card, before: Contact, wanted: Contact) -> tuple[Loss, ...]:
    """Make the card say ``wanted`` where that differs from ``before``, what it says now; returns what is not kept."""
    losses: list[Loss] = []
    if wanted.name != before.name:
        name = wanted.name or Name()
        if name.display_name is None:
            if before.name is not None and before.name.display_name is not None:
                losses.append(Loss("$.name.displayName", "a vCard needs a formatted name: made of the other fields"))
            name = msgspec.structs.replace(name, display_name=names.invented(wanted) or names.UNNAMED)
        names.edit(card, before.name or Name(), name)
    if wanted.nick_name != before.nick_name:
        names.edit_nick_name(card, wanted.nick_name)
    if wanted.file_as != before.file_as:
        names.edit_file_as(card, wanted.file_as)
    if wanted.company != before.company:
        organization.edit(card, before.company or Company(), wanted.company or Company())
    if wanted.birthday != before.birthday:
        if wanted.birthday is not None and not dates.is_date(wanted.birthday):
            losses.append(Loss("$.birthday", "not a date of the calendar", kept="as text"))
        dates.edit_birthday(card, wanted.birthday)
    if wanted.keywords != before.keywords:
        notes.edit_keywords(card, wanted.keywords)
    if wanted.notes != before.notes:
        notes.edit_notes(card, wanted.notes)
    merge(card, Emails(), wanted.email_addresses)
    merge(card, Phones(), wanted.phone_numbers)
    merge(card, Addresses(), wanted.addresses)
    merge(card, Urls(), wanted.urls)
    merge(card, Relations(), _kept_relations(wanted.relations, losses))
    known = {(email.address, email.name) for email in before.email_addresses}
    for at, email in enumerate(wanted.email_addresses):
        if email.name is not None and (email.address, email.name) not in known:
            path = f"$.emailAddresses[{at}].name"
            losses.append(Loss(path, "a vCard has no place for it", kept=f"parameter {NAME_PARAMETER}"))
        plain = plain_type(email.type)
        if plain != email.type:
            losses.append(Loss(f"$.emailAddresses[{at}].type", "Apple's notation of a label", kept="the plain word"))
    _photo(card, before, wanted, losses)
    return tuple(losses)


def _kept_relations(relations: tuple[Relation, ...], losses: list[Loss]) -> tuple[Relation, ...]:
    """Those that a card can have: each with a type, and once."""
    kept: dict[Relation, None] = {}
    for at, relation in enumerate(relations):
        if relation.type is None:
            losses.append(Loss(f"$.relations[{at}]", "a relation without a type cannot be kept on a vCard"))
        elif relation in kept:
            losses.append(Loss(f"$.relations[{at}]", "the same relation a second time", kept="once"))
        else:
            kept[relation] = None
    return tuple(kept)


def _photo(card: Card, before: Contact, wanted: Contact, losses: list[Loss]) -> None:
    if wanted.photo is None:
        if before.photo is not None:
            photo.edit(card, None)
        return
    if before.photo is not None and before.photo.hash == wanted.photo.hash:
        return
    if wanted.photo.content is None:
        losses.append(Loss("$.photo", "the bytes of the photo are not at hand; the stored one stays"))
        return
    if wanted.photo.name is not None:
        losses.append(Loss("$.photo.name", "a vCard keeps no name of a photo"))
    photo.edit(card, wanted.photo)
