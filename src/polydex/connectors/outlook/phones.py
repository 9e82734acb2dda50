"""Phone numbers: two work, two home and one mobile number in the contact itself, one of each other type in MAPI.

``workMobile`` and ``workPager`` have no place, and go to the bag.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from polydex.connectors.outlook import mapi
from polydex.connectors.outlook.item import Item
from polydex.connectors.outlook.slots import assign
from polydex.connectors.outlook.values import Kept, Written, overflow
from polydex.core.contact import Phone, PhoneType, text

WORK: Final = "business_phones"
HOME: Final = "home_phones"
MOBILE: Final = "mobile_phone"
MOST: Final = 2
"""Of work and of home numbers; more are refused with 400 (microsoft-graph-docs#15276, #2151)."""

PLACES: Final = {
    WORK: PhoneType.WORK,
    HOME: PhoneType.HOME,
    MOBILE: PhoneType.MOBILE,
    mapi.OTHER_PHONE: PhoneType.OTHER,
    mapi.MAIN_PHONE: PhoneType.MAIN,
    mapi.COMPANY_MAIN_PHONE: PhoneType.COMPANY_MAIN,
    mapi.ASSISTANT_PHONE: PhoneType.ASSISTANT,
    mapi.WORK_FAX: PhoneType.WORK_FAX,
    mapi.HOME_FAX: PhoneType.HOME_FAX,
    mapi.OTHER_FAX: PhoneType.OTHER_FAX,
    mapi.CALLBACK_PHONE: PhoneType.CALLBACK,
    mapi.PAGER: PhoneType.PAGER,
    mapi.RADIO_PHONE: PhoneType.RADIO,
    mapi.TELEX: PhoneType.TELEX,
    mapi.TTY_PHONE: PhoneType.TTY,
    mapi.CAR_PHONE: PhoneType.OTHER,
    mapi.ISDN: PhoneType.OTHER,
    **dict.fromkeys(mapi.UNWRITTEN_PHONES, PhoneType.OTHER),
}
"""Property -> what is in it, in the order in which they are shown. Car phones and the like have no type of their own."""
_PLACE_OF: Final = {kind: place for place, kind in reversed(PLACES.items())}
"""Type -> where a new number of it goes: of the places for ``other`` the first one."""
_CAPACITY: Final = {place: MOST if place in (WORK, HOME) else 1 for place in PLACES} | dict.fromkeys(
    mapi.UNWRITTEN_PHONES, 0
)
_EXTENDED: Final = tuple((place, place.lower(), kind) for place, kind in PLACES.items() if " " in place)
_PUNCTUATION = re.compile(r"[\s()./\-\u2010-\u2015]+")


def native(item: Item, extended: Mapping[str, str]) -> list[tuple[str, Phone]]:
    """The numbers in their places."""
    return list(_native(item, extended))


def _native(item: Item, extended: Mapping[str, str]) -> Iterator[tuple[str, Phone]]:
    for value in item.business_phones or ():
        if number := text(value):
            yield WORK, Phone(number=number, type=PhoneType.WORK)
    for value in item.home_phones or ():
        if number := text(value):
            yield HOME, Phone(number=number, type=PhoneType.HOME)
    if number := text(item.mobile_phone):
        yield MOBILE, Phone(number=number, type=PhoneType.MOBILE)
    if extended:
        for place, low, kind in _EXTENDED:
            if low in extended and (number := text(extended[low])):
                yield place, Phone(number=number, type=kind)


def same(phone: Phone) -> tuple[PhoneType | None, str]:
    """What makes two numbers the same one, however they are punctuated."""
    number = phone.number or ""
    return phone.type, _PUNCTUATION.sub("", number).casefold() or number


def plain(phone: Phone) -> Phone:
    """The number as it is read back."""
    return Phone(number=phone.number, type=phone.type or PhoneType.OTHER)


def write(stored: Sequence[tuple[str, Phone]], wanted: Sequence[Phone], before: Sequence[Phone]) -> Written[Phone]:
    """The places and the bag that say what is wanted.

    Args:
        stored: as ``native`` says.
        wanted: all numbers.
        before: all numbers that there are.
    """
    phones = [plain(phone) for phone in wanted]
    assigned = assign(
        stored,
        phones,
        capacity=_CAPACITY,
        place=lambda phone: _PLACE_OF.get(phone.type or PhoneType.OTHER),
        kind=lambda phone: phone.type,
        near=same,
    )
    places = {place: [phones[at] for at in members] for place, members in assigned.places.items()}
    in_places = {same(phone) for members in places.values() for phone in members}
    kept: Kept[Phone] = overflow(
        "phoneNumbers", [(at, phones[at]) for at in assigned.rest], same, in_places, set(map(plain, before))
    )
    return Written(places, kept)
