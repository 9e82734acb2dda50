"""The bag: what of a contact Exchange has no place for, as JSON in one property of ours (``mapi.OVERFLOW``).

It holds values, which are shown behind the native ones, and facts about native values (``types``, ``markers``), each
with the value that it is about: when another client has changed that value, the fact holds no longer.
"""

from __future__ import annotations

from typing import Final

import msgspec

from polydex.core.contact import (
    Address,
    AddressType,
    Contact,
    Email,
    Phone,
    PhoneType,
    Relation,
    Url,
    UrlType,
    normal,
    text,
)
from polydex.core.errors import BadRequest

VERSION: Final = 1
MAX_BYTES: Final = 16_000
"""Of the JSON. What a property holds at most is not documented for Graph, whose requests may have 4 MB."""
KEPT: Final = "in a property of the contact that other clients do not show"
"""``Loss.kept`` of what is in here."""
_WHAT: Final = "what Exchange has no place for (values beyond its places, types of e-mail addresses)"


class Markers(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, gc=False):
    """Facts about single native values.

    Attributes:
        birthday: ``--MM-DD`` while the native one is that day in 1604; else what is no date that Exchange can keep, while
            there is no native one.
        home_page: the address in the place of the personal web page that is a ``homePage``.
        names: by e-mail address in lower case: a name that was set, and looks like one that Exchange fills in.
        second_lines: by type of address: the last line of its street that is ``streetLine2``.
    """

    birthday: str | None = None
    home_page: str | None = None
    names: dict[str, str] = msgspec.field(default_factory=dict)
    second_lines: dict[str, str] = msgspec.field(default_factory=dict)


class Bag(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, gc=False):
    """What is kept besides.

    Attributes:
        v: the version of this notation, always written; another one than ours is not understood, and not shown; one that
            is newer is not replaced either (``is_newer``).
        emails, phones, addresses, urls, relations: values without a place.
        types: of native e-mail addresses, by the address in lower case.
        markers: facts about single values.
    """

    v: int = 0
    emails: tuple[Email, ...] = ()
    phones: tuple[Phone, ...] = ()
    addresses: tuple[Address, ...] = ()
    urls: tuple[Url, ...] = ()
    relations: tuple[Relation, ...] = ()
    types: dict[str, str] = msgspec.field(default_factory=dict)
    markers: Markers = Markers()

    def encode(self) -> str | None:
        """The JSON, the same for the same bag; None for an empty one. Raises BadRequest when it is too large."""
        members = {name: value for name, value in msgspec.to_builtins(self).items() if value}
        if not members:
            return None
        raw = msgspec.json.encode({"v": VERSION} | members)
        if len(raw) > MAX_BYTES:
            raise BadRequest(f"$: {_WHAT} is larger than {MAX_BYTES} bytes")
        return raw.decode()


EMPTY: Final = Bag()
_decoder = msgspec.json.Decoder(Bag)


class _Version(msgspec.Struct, frozen=True):
    v: int = 0


_version_decoder = msgspec.json.Decoder(_Version)


def is_newer(value: str | None) -> bool:
    """Whether a property's value was written by a version of Polydex that is newer than this one."""
    try:
        return value is not None and _version_decoder.decode(value).v > VERSION
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return False


def decode(value: str | None) -> Bag:
    """The bag of a property's value; an empty one when it is not ours any more (somebody wrote something else there)."""
    if not value:
        return EMPTY
    try:
        found = _decoder.decode(value)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return EMPTY
    if found.v != VERSION:
        return EMPTY
    clean = normal(
        Contact(
            email_addresses=found.emails,
            phone_numbers=tuple(Phone(number=each.number, type=each.type or PhoneType.OTHER) for each in found.phones),
            addresses=tuple(
                msgspec.structs.replace(each, type=each.type or AddressType.OTHER) for each in found.addresses
            ),
            urls=tuple(Url(href=each.href, type=each.type or UrlType.OTHER) for each in found.urls),
            relations=found.relations,
        )
    )
    markers = found.markers
    return Bag(
        emails=clean.email_addresses,
        phones=clean.phone_numbers,
        addresses=clean.addresses,
        urls=clean.urls,
        relations=clean.relations,
        types=_clean(found.types),
        markers=Markers(
            birthday=text(markers.birthday),
            home_page=text(markers.home_page),
            names=_clean(markers.names),
            second_lines=_clean(markers.second_lines),
        ),
    )


def written(bag: Bag, stored: str | None) -> str | None:
    """The value that replaces the stored one.

    Raises:
        BadRequest: it is too large, or what is stored was written by a newer version of Polydex.
    """
    if is_newer(stored):
        raise BadRequest(
            f"$: {_WHAT} is kept with this contact in the notation of a newer version of Polydex, which this one would"
            " destroy"
        )
    return bag.encode()


def _clean(values: dict[str, str]) -> dict[str, str]:
    return {key: clean for key, value in values.items() if (clean := text(value)) is not None}
