"""Postal addresses: one of each type, its box number in MAPI, its second line as the last one of the street."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from polydex.connectors.outlook import mapi
from polydex.connectors.outlook.item import Item, PhysicalAddress
from polydex.connectors.outlook.slots import assign
from polydex.connectors.outlook.values import Kept, Written, overflow
from polydex.core.contact import Address, AddressType, text
from polydex.core.fields import Loss

PO_BOXES: Final = {
    AddressType.WORK: mapi.WORK_PO_BOX,
    AddressType.HOME: mapi.HOME_PO_BOX,
    AddressType.OTHER: mapi.OTHER_PO_BOX,
}
_PARTS: Final = {"city": "city", "state": "state", "postal_code": "postal_code", "country": "country_or_region"}
_CAPACITY: Final = dict.fromkeys(AddressType, 1)


def native(
    item: Item, extended: Mapping[str, str], second_lines: Mapping[str, str]
) -> list[tuple[AddressType, Address]]:
    """The addresses in their places.

    Args:
        item: the contact.
        extended: its extended properties by lower-case id.
        second_lines: by type, the last line of the street that is a second one, as the bag says.
    """
    stored = (
        (AddressType.WORK, item.business_address),
        (AddressType.HOME, item.home_address),
        (AddressType.OTHER, item.other_address),
    )
    found = []
    for kind, given in stored:
        box = text(extended.get(PO_BOXES[kind].lower())) if extended else None
        if given is None and box is None:
            continue
        entry = given or PhysicalAddress()
        street, second = _split(text(entry.street, multiline=True), second_lines.get(kind.value))
        address = Address(
            street=street,
            street_line2=second,
            po_box=box,
            city=text(entry.city),
            state=text(entry.state),
            postal_code=text(entry.postal_code),
            country=text(entry.country_or_region),
            type=kind,
        )
        if address != Address(type=kind):
            found.append((kind, address))
    return found


def _split(street: str | None, second: str | None) -> tuple[str | None, str | None]:
    """The street and its second line, which is the last one of what is stored if that is still so."""
    if street is None or second is None:
        return street, None
    if street == second:
        return None, second
    if street.endswith(f"\n{second}"):
        return text(street[: -len(second)], multiline=True), second
    return street, None


def plain(address: Address) -> Address:
    """The address as it is read back."""
    kind = address.type or AddressType.OTHER
    return Address(
        street=address.street,
        street_line2=address.street_line2,
        po_box=address.po_box,
        city=address.city,
        state=address.state,
        postal_code=address.postal_code,
        country=address.country,
        type=kind,
    )


def write(
    stored: Sequence[tuple[AddressType, Address]], wanted: Sequence[Address], before: Sequence[Address]
) -> Written[Address]:
    """The places (by type) and the bag that say what is wanted. Arguments as of ``phones.write``."""
    addresses = [plain(address) for address in wanted]
    known = set(map(plain, before))
    assigned = assign(
        stored,
        addresses,
        capacity=_CAPACITY,
        place=lambda address: address.type,
        kind=lambda address: address.type,
        near=same,
    )
    places = {kind.value: [addresses[at] for at in members] for kind, members in assigned.places.items()}
    in_places = {address for members in places.values() for address in members}
    kept = overflow("addresses", [(at, addresses[at]) for at in assigned.rest], same, in_places, known)
    lines = tuple(
        Loss(f"$.addresses[{at}].streetLine2", "Exchange has no second line", kept="as the last line of the street")
        for members in assigned.places.values()
        for at in members
        if addresses[at].street_line2 is not None and addresses[at] not in known
    )
    return Written(places, Kept(kept.bag, (*kept.losses, *lines)))


def second_lines(places: Mapping[str, Sequence[Address]]) -> dict[str, str]:
    """What the bag says of the streets in places."""
    return {
        kind: address.street_line2
        for kind, members in places.items()
        for address in members
        if address.street_line2 is not None
    }


def sent(stored: PhysicalAddress | None, before: Address | None, after: Address | None) -> PhysicalAddress:
    """The address that says what is wanted, those parts that do not change as they stand.

    An address that goes is one with empty parts.
    """
    stored, before, after = stored or PhysicalAddress(), before or Address(), after or Address()
    found: dict[str, str | None] = {}
    if (after.street, after.street_line2) == (before.street, before.street_line2):
        found["street"] = stored.street
    else:
        lines = "\n".join(line for line in (after.street, after.street_line2) if line is not None)
        found["street"] = lines.replace("\n", "\r\n") or None
    for member, part in _PARTS.items():
        value = getattr(after, member)
        found[part] = getattr(stored, part) if value == getattr(before, member) else value
    return PhysicalAddress(**found)


def same(address: Address) -> Address:
    """What makes two of them the same one: everything."""
    return address
