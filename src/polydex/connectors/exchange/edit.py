"""From a change of the contact to what UpdateItem is sent: one SetItemField or DeleteItemField for each property that changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from msgspec import UNSET

from polydex.connectors.exchange import names, native, paths
from polydex.connectors.exchange.entry import Entry, Mail, entry
from polydex.connectors.exchange.fields import (
    ADDRESSES,
    BUSINESS_HOME_PAGE,
    EMAILS,
    EXTENDED_TEXTS,
    ORIGINALS,
    PARTS,
    PHONES,
    TEXTS,
)
from polydex.connectors.exchange.paths import Path, Value
from polydex.connectors.exchange.read import photo
from polydex.connectors.exchange.text import encodable
from polydex.connectors.exchange.xml import Element, parse
from polydex.connectors.outlook.change import Change, created, patched
from polydex.connectors.outlook.fields import COMPANY, NAME
from polydex.connectors.outlook.item import EmailAddress, PhysicalAddress
from polydex.core.contact import EMPTY, Contact, normal
from polydex.core.errors import BadRequest
from polydex.core.fields import Loss
from polydex.core.patch import Patch, diff

Settings = dict[Path, Value | None]
"""What becomes of properties: None clears one."""

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?://)?[A-Za-z0-9._~!$&'()*+,;=:@/?-]+(?:#[A-Za-z0-9._~-]*)?")
"""What is an ``xs:anyURI`` for every implementation."""
_NAMING: Final = frozenset({*NAME.values(), COMPANY["name"]})
"""What Exchange makes names of."""


@dataclass(frozen=True, slots=True)
class Edited:
    """An update.

    Attributes:
        updates: ``t:SetItemField`` and ``t:DeleteItemField``, to be sent once; none when nothing really changes.
        losses: what is not kept as it was sent, or is kept where other clients do not show it.
    """

    updates: tuple[Element, ...]
    losses: tuple[Loss, ...]


def edit(raw: bytes, patch: Patch, base: Contact) -> Edited:
    """Change the members of a stored contact that the patch names and whose values really differ. Not the photo.

    Args:
        raw: the stored document.
        patch: the change.
        base: the contact as the client knows it of this document; a value sent back as it is there is no change.

    Raises:
        ProviderMalformed: ``raw`` is no document of an item.
        BadRequest, FieldUnsupported: the item is no contact; what goes to the bag is too large, or would replace that of
            a newer version; a native property that cannot be written.
    """
    item = parse(raw)
    found = entry(item)
    if not found.is_contact:
        raise BadRequest("$: this item of the mailbox is no contact")
    change = patched(found.item, found.extended, photo(found.picture), patch, base)
    change.wanted, losses = encodable(change.wanted)
    change.losses += losses
    properties = {} if patch.native_properties is UNSET else patch.native_properties
    further = native.edit(item, properties)
    if not further and change.is_idle:
        return Edited((), ())
    change.carry_out()
    done = settings(change, found) | further
    if done and any(name in change.named for name in _NAMING):
        _keep_names(done, change, found)
    ordered = sorted(done, key=lambda path: (path.is_extended, path.place))
    return Edited(tuple(paths.update(path, done[path]) for path in ordered), tuple(change.losses))


def losses(draft: Contact, raw: bytes | None, base: Contact | None = None) -> tuple[Loss, ...]:
    """What Exchange would not keep of a contact that is created, or that a stored one is changed into: the same as the
    losses of the write. Of the photo nothing is told.

    Args:
        draft: the contact as it shall be.
        raw: the stored document, None for a new contact.
        base: the contact as the client knows it; only with ``raw``.

    Raises:
        BadRequest: what goes to the bag is too large.
    """
    if raw is None:
        return tuple(new(draft).losses)
    known = base or EMPTY
    return edit(raw, diff(known, draft), known).losses


def new(draft: Contact) -> Change:
    """A new contact, from nothing. Raises BadRequest when what goes to the bag is too large."""
    wanted, losses = encodable(normal(draft))
    change = created(wanted)
    change.losses[:0] = losses
    return change


def settings(change: Change, found: Entry | None) -> Settings:
    """What becomes of the properties that a change names.

    Args:
        change: carried out.
        found: the stored contact, None for a new one.
    """
    done: Settings = {}
    stored = {} if found is None else found.phones
    for name, value in change.named.items():
        if name in MADE:
            text = value or MADE[name](change.wanted)
            if text != getattr(change.item, name):
                done[Path(f"contacts:{TEXTS[name]}")] = text
        elif name in PHONES:
            done |= _numbers(PHONES[name], value if isinstance(value, list) else [value], stored)
        elif name in EXTENDED_TEXTS:
            done[Path(EXTENDED_TEXTS[name])] = value
        elif name == "email_addresses":
            done |= _emails(value, found)
        elif name == "business_home_page":
            is_uri = value is None or _URI.fullmatch(value)
            done[Path("contacts:BusinessHomePage" if is_uri else BUSINESS_HOME_PAGE)] = value
        elif isinstance(value, PhysicalAddress):
            done |= _parts(ADDRESSES[name], value, getattr(change.item, name) or PhysicalAddress())
        elif name == "personal_notes":
            done[Path("item:Body")] = value
        elif name == "categories":
            done[Path("item:Categories")] = value or None
        else:
            done[Path(f"contacts:{TEXTS[name]}")] = value
    for id_, value in change.ids.items():
        done |= _numbers(PHONES[id_], [value], stored) if id_ in PHONES else {Path(id_): value}
    return done


def _numbers(keys: Sequence[str], numbers: Sequence[str | None], stored: dict[str, str]) -> Settings:
    """The numbers in their order, without a hole."""
    return {
        Path("contacts:PhoneNumber", key): number
        for key, number in zip_longest(keys, numbers)
        if number != stored.get(key)
    }


def _parts(key: str, wanted: PhysicalAddress, stored: PhysicalAddress) -> Settings:
    return {
        Path(f"contacts:PhysicalAddress:{element}", key): value
        for part, element in PARTS.items()
        if (value := getattr(wanted, part)) != (getattr(stored, part) or None)
    }


def _emails(wanted: Sequence[tuple[EmailAddress, EmailAddress | None]], found: Entry | None) -> Settings:
    """The entries in their order, without a hole. One with a legacy DN keeps it, wherever it goes, and what is known of it."""
    done: Settings = {}
    entries = () if found is None else found.item.email_addresses or ()
    there = {mail.key for mail in entries if isinstance(mail, Mail)}
    for key, original, pair in zip_longest(EMAILS, ORIGINALS, wanted):
        path = Path("contacts:EmailAddress", key)
        made, was = pair or (None, None)
        if made is None:
            if key in there:
                done[path] = None
        elif not isinstance(was, Mail) or was.address != made.address:
            done[path] = paths.Entry(made.address or "", made.name)
        elif was.key != key or (was.name or None) != (made.name or None):
            done[path] = paths.Entry(was.stored, made.name, was.routing)
            if was.stored != was.address:
                done[Path(original)] = was.address
    return done


def _keep_names(done: Settings, change: Change, found: Entry) -> None:
    """Send along as they stand, with a change of what they could be made of, the names that do not change.

    ``FileAs`` not where Exchange makes it as the user wants it (``FileAsMapping``): that would end it.
    """
    if change.display_name is not None:
        done.setdefault(Path("contacts:DisplayName"), change.item.display_name)
    if change.wanted.file_as is not None and found.file_as_mapping is None:
        done.setdefault(Path("contacts:FileAs"), change.item.file_as)


MADE: Final[dict[str, Callable[[Contact], str | None]]] = {
    "display_name": names.display_name,
    "file_as": names.file_as,
}
"""Names that are made of the others where nobody sets them."""
