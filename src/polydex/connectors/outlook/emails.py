"""E-mail addresses: three, in the order of preference; their types, and addresses beyond, are in the bag.

Exchange gives an entry without a name one: its address, or the display name of the contact. So a name that is one of
these is none, unless the bag says that it was set.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence
from typing import Final

import msgspec

from polydex.connectors.outlook.bag import KEPT, Bag
from polydex.connectors.outlook.item import EmailAddress, Item
from polydex.connectors.outlook.values import Kept, overflow
from polydex.core.contact import Email, text
from polydex.core.fields import Loss

MOST: Final = 3
"""A fourth one is refused with 400 (microsoft-graph-docs#15276)."""
_PREFIX: Final = "$.emailAddresses"


def native(item: Item, display: str | None, bag: Bag) -> list[Email]:
    """The addresses in their places. ``display``: the display name of the contact."""
    entries = item.email_addresses
    if not entries:
        return []
    twins = {same(email): email for email in reversed(bag.emails)} if bag.emails else {}
    found = []
    for entry in entries:
        if entry is None:
            continue
        address, name = text(entry.address), text(entry.name)
        if address is None:
            if name is not None:
                found.append(Email(name=name))
            continue
        key = address.casefold()
        if filled_in(name, address, display) and bag.markers.names.get(key) != name:
            name = None
        # Another client may have put an address into a place that the bag has as well, with what it says of it.
        twin = twins.get(key)
        kind = bag.types.get(key) or (twin.type if twin else None)
        found.append(Email(address=address, name=name or (twin.name if twin else None), type=kind))
    return found


def filled_in(name: str | None, address: str, display: str | None) -> bool:
    """Whether a name may be Exchange's own."""
    return name is not None and (name.casefold() == address.casefold() or name == display)


def same(email: Email) -> object:
    """What makes two entries the same one."""
    return email.address.casefold() if email.address else email


class Emails(msgspec.Struct, frozen=True):
    """What says the addresses that are wanted.

    Attributes:
        places: in their order.
        kept: what is in no place.
        types, names: what the bag says of those in places.
    """

    places: list[Email]
    kept: Kept[Email]
    types: dict[str, str]
    names: dict[str, str]


def write(wanted: Sequence[Email], before: Sequence[Email], display: str | None) -> Emails:
    """The first three with an address are in places: the order is one of preference.

    Args:
        wanted: all addresses.
        before: all addresses that there are.
        display: the display name that the contact shall have; None: not known before Exchange has made it.
    """
    known = set(before)
    at_places = [at for at, email in enumerate(wanted) if email.address is not None][:MOST]
    types: dict[str, str] = {}
    names: dict[str, str] = {}
    losses: list[Loss] = []
    first: dict[object, Email] = {}
    for at in at_places:
        email = wanted[at]
        address = email.address or ""
        key = address.casefold()
        leader = first.setdefault(key, email)
        if leader is email:
            if email.type is not None:
                types[key] = email.type
            if email.name is not None and (display is None or filled_in(email.name, address, display)):
                names[key] = email.name
        if leader.type != email.type:
            losses.append(Loss(f"{_PREFIX}[{at}].type", "the same address with another type"))
        elif email.type is not None and email not in known:
            losses.append(Loss(f"{_PREFIX}[{at}].type", "Exchange keeps no types of e-mail addresses", kept=KEPT))
    rest = [(at, email) for at, email in enumerate(wanted) if at not in at_places]
    kept = overflow("emailAddresses", rest, same, set(first), known)
    return Emails([wanted[at] for at in at_places], Kept(kept.bag, (*kept.losses, *losses)), types, names)


def sent(
    stored: Sequence[EmailAddress], places: Sequence[Email], display: str | None
) -> list[tuple[EmailAddress, EmailAddress | None]]:
    """The entries that say what is in places, as they stand where they do already; each with the one that it was.

    Args:
        stored: the entries that there are.
        places: what shall be there; ``name`` None leaves it to Exchange.
        display: the display name that the contact shall have.
    """
    waiting: dict[str, deque[EmailAddress]] = defaultdict(deque)
    for entry in stored:
        waiting[(text(entry.address) or "").casefold()].append(entry)
    found: list[tuple[EmailAddress, EmailAddress | None]] = []
    for email in places:
        address = email.address or ""
        queue = waiting[address.casefold()]
        was = queue.popleft() if queue else None
        there = was or EmailAddress()
        name = text(there.name)
        keeps_name = name is not None and (
            name == email.name or (email.name is None and filled_in(name, address, display))
        )
        made = EmailAddress(
            address=there.address if text(there.address) == address else address,
            name=there.name if keeps_name else email.name,
        )
        found.append((made, was))
    return found
