"""A new card."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from polydex.core.contact import EMPTY, Contact, Name, normal
from polydex.core.vcard import native as natives
from polydex.core.vcard.card import Card
from polydex.core.vcard.dates import written_time
from polydex.core.vcard.editor import Edited, write
from polydex.core.vcard.lines import Line
from polydex.core.vcard.names import UNNAMED, ensure, invented
from polydex.core.vcard.params import NO_PREFERENCE

# Short, because iCloud refuses a card whose PRODID is folded.
_SKELETON = "BEGIN:VCARD\r\nVERSION:{}\r\nPRODID:-//Polydex//Polydex//EN\r\nEND:VCARD\r\n"


def create(
    draft: Contact,
    *,
    uid: str,
    mark: str | None,
    version: str = "3.0",
    rev: str | None = None,
    native: Mapping[str, str | None] | None = None,
) -> Edited:
    """A card that says what the draft says.

    Args:
        draft: the contact, its photo with bytes. Without a display name one is made of the other fields.
        uid: the UID.
        mark: the idempotency mark, found again by ``read``.
        version: "3.0" or "4.0".
        rev: RFC 3339 in UTC, goes into REV.
        native: raw values of further properties, by name.

    Raises:
        BadRequest, FieldUnsupported: a native property that cannot be written.
    """
    card = Card.parse(_SKELETON.format(version).encode())
    card.insert(Line.make("UID", card.escape(uid), version))
    if mark is not None:
        card.insert(Line.make(natives.MARK, card.escape(mark), version))
    wanted = normal(draft)
    name = wanted.name or Name()
    name = msgspec.structs.replace(name, display_name=name.display_name or invented(wanted) or UNNAMED)
    losses = write(card, EMPTY, msgspec.structs.replace(wanted, name=name))
    ensure(card, name.display_name)
    emails = card.all("EMAIL")
    if len(emails) > 1 and all(line.pref == NO_PREFERENCE for line in emails):  # the order is one of preference
        card.replace(emails[0], emails[0].revised(version, params=emails[0].params.with_pref(version)))
    if native:
        natives.edit(card, native)
    if rev is not None:
        card.insert(Line.make("REV", written_time(card, rev), version))
    return Edited(card.render(), losses)
