"""ADR: postal addresses, with LABEL (their formatted text) where there is nothing better."""

from __future__ import annotations

import msgspec

from polydex.core.contact import Address, AddressType, text
from polydex.core.vcard.card import Card
from polydex.core.vcard.entries import Entry
from polydex.core.vcard.escape import components, escape, unescape
from polydex.core.vcard.lines import Line, preferred
from polydex.core.vcard.params import Params

_PARTS = ("po_box", "street_line2", "street", "city", "state", "postal_code", "country")
"""In the order of ADR. More components (RFC 9554) are refinements of these."""
_STREET = ("po_box", "street_line2", "street")
_TYPES = frozenset({"WORK", "HOME"})
_STALE = ("LABEL", "GEO", "TZ")
"""Parameters that describe the place itself: wrong as soon as it is another one."""
_WRITTEN: dict[AddressType, tuple[str, ...]] = {
    AddressType.WORK: ("WORK",),
    AddressType.HOME: ("HOME",),
    AddressType.OTHER: (),
}
_SYSTEM_LABELS = {"home": AddressType.HOME, "work": AddressType.WORK}


def read(card: Card) -> tuple[Address, ...]:
    """The addresses in order of preference."""
    lines = card.all("ADR")
    if card.all("LABEL"):
        return tuple(entry.value for entry in _entries(card))
    if not lines:
        return ()
    return tuple([address for line in preferred(lines) if (address := _address(card, line)) is not None])


def _entries(card: Card) -> list[Entry[Address]]:
    result = [Entry(line, address) for line in card.all("ADR") if (address := _address(card, line)) is not None]
    labels = card.all("LABEL")
    if labels:
        result += _formatted_only(card, labels, result)
        places = {line: place for place, line in enumerate(card.any(("ADR", "LABEL")))}
        result.sort(key=lambda entry: places[entry.line])
    order = preferred([entry.line for entry in result])
    if any(entry.line is not line for entry, line in zip(result, order, strict=True)):
        result.sort(key=lambda entry: entry.line.pref)
    return result


def _formatted_only(card: Card, labels: list[Line], structured: list[Entry[Address]]) -> list[Entry[Address]]:
    """The entries of LABEL lines that have no ADR of their type; the other lines become twins of theirs.

    Nothing but the type joins a LABEL to an ADR. With as many of one as of the other the first belongs to the first, and so
    on; else each may belong to any.
    """
    result = []
    for kind in AddressType:
        mine = [line for line in labels if _type(card, line) is kind]
        owners = [entry for entry in structured if entry.value.type is kind]
        if not owners:
            streets = ((line, text(card.text(line), multiline=True)) for line in mine)
            result += [
                Entry(line, Address(street=street, type=kind), loose=True)
                for line, street in streets
                if street is not None
            ]
        elif len(owners) == len(mine):
            for owner, line in zip(owners, mine, strict=True):
                owner.twins.append(line)
        else:
            for owner in owners:
                owner.twins += mine
    return result


def _address(card: Card, line: Line) -> Address | None:
    parts = card.texts(line)[:7]
    parts += [None] * (7 - len(parts))
    if parts[2] is not None:
        parts[2] = text(unescape(components(line.value)[2], old=card.old), multiline=True)
    if not any(parts):
        parts[2] = text(_formatted(line), multiline=True)
        if parts[2] is None:
            return None
    box, second, street, city, state, code, country = parts
    return Address(
        street=street,
        street_line2=second,
        po_box=box,
        city=city,
        state=state,
        postal_code=code,
        country=country,
        type=_type(card, line),
    )


def _formatted(line: Line) -> str | None:
    """The LABEL parameter of version 4.0; some writers escape its line breaks as in a value."""
    label = line.params.get("LABEL")
    return None if label is None else unescape(label)


def _type(card: Card, line: Line) -> AddressType:
    types = line.params.types
    if "WORK" in types:
        return AddressType.WORK
    if "HOME" in types:
        return AddressType.HOME
    label = card.label(line) if line.group else None
    if label is not None and label[1]:
        return _SYSTEM_LABELS.get(label[0].lower(), AddressType.OTHER)
    return AddressType.OTHER


class Addresses:
    """How postal addresses stand on a card (see :class:`polydex.core.vcard.entries.Kind`)."""

    def entries(self, card: Card) -> list[Entry[Address]]:
        return _entries(card)

    def plain(self, value: Address) -> Address:
        return msgspec.structs.replace(value, type=value.type or AddressType.OTHER)

    def key(self, value: Address) -> str:
        return "\0".join(getattr(value, part) or "" for part in _PARTS)

    def type(self, value: Address) -> object:
        return value.type

    def build(self, card: Card, value: Address) -> tuple[Line, str | None]:
        params = Params(()).with_types(_WRITTEN[value.type or AddressType.OTHER], card.version)
        parts = [escape(getattr(value, part) or "", old=card.old) for part in _PARTS]
        return Line.make("ADR", ";".join(parts), card.version, params=params), None

    def revise(self, card: Card, line: Line, before: Address, after: Address) -> Line:
        params = line.params
        if after.type != before.type:
            if line.group:
                line = card.set_label(line, None)
            types = _WRITTEN[after.type or AddressType.OTHER]
            params = params.without_types((params.types | {"PREF"}) - _TYPES).with_types(types, card.version)
        if line.name == "LABEL":
            fresh, _ = self.build(card, after)
            return card.replace(line, fresh)
        parts = components(line.value)
        parts += [""] * (7 - len(parts))
        changed = [
            place
            for place, part in enumerate(_PARTS)
            if getattr(after, part) != text(unescape(parts[place], old=card.old), multiline=part == "street")
        ]
        if changed:
            for place in changed:
                parts[place] = escape(getattr(after, _PARTS[place]) or "", old=card.old)
            if any(_PARTS[place] in _STREET for place in changed):
                del parts[7:]  # building, floor, house number ... of the old street
            params = params.without(*_STALE)
        if after.country != before.country and line.group:
            for country in [other for other in card.all("X-ABADR") if other.group.lower() == line.group.lower()]:
                card.remove(country)
        return card.replace(line, line.revised(card.version, value=";".join(parts), params=params))
