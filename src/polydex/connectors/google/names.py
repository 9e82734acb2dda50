"""names and nicknames.

Google makes the display name of the parts. It takes a free one (``unstructuredName``) as well, of which it then makes
the parts; so that is sent only when no part is set, and a display name beside parts goes to the bag. Of one that was
set alone the bag says so: the parts are then Google's guess, and go when another one is set.
"""

from __future__ import annotations

from typing import Final

import msgspec

from polydex.connectors.google import wire
from polydex.connectors.google.bag import KEPT, DisplayName
from polydex.connectors.google.entries import assign, is_own
from polydex.connectors.google.fields import Item, is_bare
from polydex.core.contact import Name, text
from polydex.core.fields import Loss

PARTS: Final = {
    "prefix": "honorificPrefix",
    "given_name": "givenName",
    "middle_name": "middleName",
    "family_name": "familyName",
    "suffix": "honorificSuffix",
}
"""Ours -> Google's: what the display name is made of."""
PHONETIC: Final = {"yomi_given_name": "phoneticGivenName", "yomi_family_name": "phoneticFamilyName"}
_DEFAULT: Final = (None, "", "DEFAULT")


def read(entries: tuple[wire.Name, ...] | None, marker: DisplayName | None) -> Name | None:
    """The name. ``marker``: of a display name that was set beside the parts."""
    for entry in entries or ():
        if not is_own(entry):
            continue
        prefix, given, middle = text(entry.honorific_prefix), text(entry.given_name), text(entry.middle_name)
        family, suffix = text(entry.family_name), text(entry.honorific_suffix)
        if marker is not None and marker.parts == (prefix, given, middle, family, suffix):
            display = text(marker.value)
        else:
            display = text(entry.display_name) or text(entry.unstructured_name)
        name = Name(
            display_name=display,
            prefix=prefix,
            given_name=given,
            middle_name=middle,
            family_name=family,
            suffix=suffix,
            yomi_given_name=text(entry.phonetic_given_name),
            yomi_family_name=text(entry.phonetic_family_name),
        )
        return None if name == _NAMELESS else name
    return None


_NAMELESS = Name()


class Edited(msgspec.Struct, frozen=True):
    """A name after a change.

    Attributes:
        items: the contact's names.
        marker: the display name that goes to the bag, or None.
        losses: what is not kept as it was sent.
    """

    items: list[Item]
    marker: DisplayName | None
    losses: tuple[Loss, ...]


def edit(items: list[Item], marker: DisplayName | None, before: Name, wanted: Name) -> Edited:
    """Change the parts that differ from what the person says (``before``).

    A display name that is not changed stays what it is: one that somebody set stays, in the bag if need be; one that
    Google made of the parts follows them.
    """
    item = dict(items[0]) if items else {}
    for part, member in (PARTS | PHONETIC).items():
        if getattr(wanted, part) != getattr(before, part):
            assign(item, member, getattr(wanted, part))
    if any(getattr(wanted, part) != getattr(before, part) for part in PHONETIC):
        item.pop("phoneticFullName", None)  # it would contradict
    display, parts, stored = wanted.display_name, _parts(wanted), _parts(before)
    if parts != stored:
        item.pop("unstructuredName", None)  # Google makes it of the parts when it is not there
    if not any(parts):
        if display == before.display_name and parts == stored:
            return Edited(_unless_bare(item), marker, ())
        return _free(item, display)
    if display is None:
        return Edited([item], None, () if before.display_name is None else (_MADE,))
    alone = marker is not None and not marker.parts and marker.value == before.display_name
    if alone and parts == stored and display != before.display_name:
        return _free({name: value for name, value in item.items() if name not in PARTS.values()}, display)
    if display != before.display_name:
        plain = display == " ".join(part for part in parts if part)
        return Edited([item], DisplayName(parts, display), () if plain else (_BESIDE,))
    if parts == stored:
        return Edited([item], marker, ())
    if marker is not None and marker.parts == stored:
        return Edited([item], DisplayName(parts, display), ())
    if _letters(display) == _letters("".join(part for part in stored if part)):
        return Edited([item], None, ())
    return Edited([item], DisplayName(parts, display), (_BESIDE,))


def _free(item: Item, display: str | None) -> Edited:
    """A name without parts of ours: Google makes them, and anew when the display name changes."""
    item = dict(item)
    assign(item, "unstructuredName", display)
    if display is None:
        return Edited(_unless_bare(item), None, ())
    return Edited([item], DisplayName((), display), (_SPLIT,))


_SPLIT: Final = Loss("$.name.displayName", "Google splits a name into parts", kept="as it was sent, with parts")
_MADE: Final = Loss("$.name.displayName", "Google makes it of the parts of the name")
_BESIDE: Final = Loss("$.name.displayName", "Google makes it of the parts of the name", kept=KEPT)


def _letters(name: str) -> list[str]:
    """What is left of a name in whatever order and punctuation the user's language wants it."""
    return sorted(letter for letter in name if letter.isalnum())


def _parts(name: Name) -> tuple[str | None, ...]:
    return tuple(getattr(name, part) for part in PARTS)


def _unless_bare(item: Item) -> list[Item]:
    return [] if is_bare(item) else [item]


def read_nickname(entries: tuple[wire.Nickname, ...] | None) -> str | None:
    """The first nickname of the type DEFAULT; the others (a maiden name, initials) are not shown."""
    for entry in entries or ():
        if entry.type in _DEFAULT and is_own(entry):
            return text(entry.value)
    return None


def edit_nickname(items: list[Item], value: str | None) -> list[Item]:
    """The contact's nicknames with another one in the place of the first of the type DEFAULT."""
    place = next((at for at, item in enumerate(items) if item.get("type") in _DEFAULT), len(items))
    item = dict(items[place]) if place < len(items) else {}
    kept = [] if value is None else [item | {"value": value}]
    return [*items[:place], *kept, *items[place + 1 :]]
