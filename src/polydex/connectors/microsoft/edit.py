"""From a change of the contact to what is sent to Graph: only properties that change.

A collection and an address are replaced as a whole, so they are sent with everything that shall stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from msgspec import UNSET

from polydex.connectors.microsoft import native, photo, wire
from polydex.connectors.microsoft.native import Json
from polydex.connectors.outlook import mapi
from polydex.connectors.outlook.change import Change, created, patched
from polydex.connectors.outlook.fields import MADE
from polydex.connectors.outlook.item import EmailAddress, Item, PhysicalAddress
from polydex.core.contact import EMPTY, Contact
from polydex.core.fields import Loss
from polydex.core.patch import Patch, diff

_EXTENDED: Final = "singleValueExtendedProperties"
_NAMES: Final = dict(zip(Item.__struct_fields__, Item.__struct_encode_fields__, strict=True))


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
    found = wire.decoded(raw)
    change = patched(found.contact, found.contact.extended(), photo.read(found.photo), patch, base)
    properties = {} if patch.native_properties is UNSET else patch.native_properties
    plain, ids = native.edit(native.decode(raw), properties)
    if not plain and not ids and change.is_idle:
        return Edited(None, ())
    change.carry_out()
    plain |= _plain(change)
    ids |= change.ids
    return Edited(_body(change, plain, ids), tuple(change.losses))


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


def whole(change: Change, mark: str | None, properties: Mapping[str, str]) -> bytes:
    """What to POST for a new contact: nothing that is empty, since null for an object is answered with 500
    (msgraph-sdk-dotnet#2368), and null for an extended property is not a value.

    Args:
        change: carried out.
        mark: the idempotency mark.
        properties: native properties by name.

    Raises:
        BadRequest, FieldUnsupported: a native property that cannot be written.
    """
    plain, native_ids = native.edit({}, properties)
    plain = _plain(change) | plain
    body = {name: _filled(value) for name, value in plain.items() if value not in (None, [])}
    ids = {key: value for key, value in (change.ids | native_ids).items() if value is not None}
    if mark is not None:
        ids[mapi.MARK] = mark
    if ids:
        body[_EXTENDED] = _entries(ids)
    return msgspec.json.encode(body)


def _body(change: Change, plain: Json, ids: Mapping[str, str | None]) -> bytes | None:
    """What to PATCH with, or None when nothing changes.

    What Exchange makes of the others is sent along as it stands: "later updates to other properties may cause an automatically
    generated value to overwrite the displayName value" (microsoft-graph-docs#3153; evolution-ews sends it every time).
    An extended property goes by null, as DavMail does it (GraphObject.put). Only those are that are there, and native ones of
    which nobody knows.
    """
    if not plain and not ids:
        return None
    for name, value in zip(MADE, (change.display_name, change.wanted.file_as), strict=True):
        if value is not None:
            plain.setdefault(_NAMES[name], getattr(change.item, name))
    if ids:
        plain[_EXTENDED] = _entries(ids)
    return msgspec.json.encode(plain)


def _plain(change: Change) -> Json:
    """The named properties that change, as JSON."""
    return {_NAMES[name]: _json(value) for name, value in change.named.items()}


def _json(value: Any) -> Any:
    """An address with all its parts, as it replaces the whole one: evolution-ews sends an empty object for one that goes, and
    null for an object has been answered with 500 (msgraph-sdk-dotnet#2368).
    """
    if isinstance(value, PhysicalAddress):
        return msgspec.to_builtins(value)
    if isinstance(value, list):
        return [_email(*entry) if isinstance(entry, tuple) else entry for entry in value]
    return value


def _email(entry: EmailAddress, _was: EmailAddress | None) -> Json:
    """An entry, its name left out where it is left to Exchange."""
    return {"address": entry.address} if entry.name is None else {"address": entry.address, "name": entry.name}


def _entries(ids: Mapping[str, str | None]) -> list[Json]:
    return [{"id": key, "value": value} for key, value in ids.items()]


def _filled(value: Any) -> Any:
    """An object without its empty members."""
    return {name: part for name, part in value.items() if part is not None} if isinstance(value, dict) else value
