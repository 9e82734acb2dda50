"""phoneNumbers. Every type of ours is written under its own name; those that Google does not know are custom labels."""

from __future__ import annotations

from polydex.connectors import phones
from polydex.connectors.google import wire
from polydex.connectors.google.entries import is_own
from polydex.connectors.google.fields import Item
from polydex.core.contact import Phone, PhoneType, text

_TYPES = {kind.value: kind for kind in PhoneType}


def read(entries: tuple[wire.Phone, ...] | None, region: str | None) -> tuple[Phone, ...]:
    """The numbers in Google's order, with Google's canonical form, else the one that the region gives."""
    if not entries:
        return ()
    found = []
    for entry in entries:
        number = text(entry.value)
        if number is not None and is_own(entry):
            form = text(entry.canonical_form) or phones.canonical(number, region)
            found.append(Phone(number=number, type=_type(entry), canonical_form=form))
    return tuple(found)


def _type(entry: wire.Phone) -> PhoneType:
    return _TYPES.get(entry.type or "", PhoneType.OTHER)


class Phones:
    """How numbers stand in a person (see :class:`polydex.connectors.google.entries.Kind`)."""

    field = "phoneNumbers"
    entry = wire.Phone

    def value(self, entry: wire.Phone) -> Phone | None:
        number = text(entry.value)
        return None if number is None else Phone(number=number, type=_type(entry))

    def plain(self, value: Phone) -> Phone:
        return Phone(number=value.number, type=value.type or PhoneType.OTHER)

    def key(self, value: Phone) -> object:
        return value.number

    def type(self, value: Phone) -> object:
        return value.type

    def revise(self, item: Item, before: Phone | None, after: Phone) -> None:
        before = before or Phone()
        if after.number != before.number:
            item["value"] = after.number
        if after.type != before.type:
            item["type"] = (after.type or PhoneType.OTHER).value


PHONES = Phones()
