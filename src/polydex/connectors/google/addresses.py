"""addresses: the parts, and Google's own text of them."""

from __future__ import annotations

from typing import Final

import msgspec

from polydex.connectors.google import wire
from polydex.connectors.google.entries import assign, is_own
from polydex.connectors.google.fields import Item
from polydex.core.contact import Address, AddressType, text

_TYPES = {kind.value: kind for kind in AddressType}
PARTS: Final = {
    "street": "streetAddress",
    "street_line2": "extendedAddress",
    "po_box": "poBox",
    "city": "city",
    "state": "region",
    "postal_code": "postalCode",
    "country": "country",
}
"""Ours -> Google's."""


def read(entries: tuple[wire.Address, ...] | None) -> tuple[Address, ...]:
    """The addresses in Google's order."""
    if not entries:
        return ()
    return tuple([address for entry in entries if is_own(entry) and (address := ADDRESSES.value(entry)) is not None])


class Addresses:
    """How addresses stand in a person (see :class:`polydex.connectors.google.entries.Kind`)."""

    field = "addresses"
    entry = wire.Address

    def value(self, entry: wire.Address) -> Address | None:
        street, line2 = text(entry.street_address, multiline=True), text(entry.extended_address)
        po_box, city, state = text(entry.po_box), text(entry.city), text(entry.region)
        postal_code, country = text(entry.postal_code), text(entry.country)
        if not (street or line2 or po_box or city or state or postal_code or country):
            street = text(entry.formatted_value, multiline=True)
            if street is None:
                return None
        return Address(
            street=street,
            street_line2=line2,
            po_box=po_box,
            city=city,
            state=state,
            postal_code=postal_code,
            country=country,
            type=_TYPES.get(entry.type or "", AddressType.OTHER),
        )

    def plain(self, value: Address) -> Address:
        return msgspec.structs.replace(value, type=value.type or AddressType.OTHER)

    def key(self, value: Address) -> object:
        return msgspec.structs.replace(value, type=None)

    def type(self, value: Address) -> object:
        return value.type

    def revise(self, item: Item, before: Address | None, after: Address) -> None:
        before = before or Address()
        if after.type != before.type:
            item["type"] = (after.type or AddressType.OTHER).value
        if self.key(after) == self.key(before):
            return
        # Google builds the text anew only when it is not there.
        item.pop("formattedValue", None)
        if after.country != before.country:
            item.pop("countryCode", None)
        bare = not any(text(item.get(member), multiline=True) for member in PARTS.values())
        for part, member in PARTS.items():
            value = getattr(after, part)
            if bare or value != getattr(before, part):
                assign(item, member, value)


ADDRESSES = Addresses()
