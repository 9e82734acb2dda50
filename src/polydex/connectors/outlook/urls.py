"""Web addresses: one of work, one personal web page and the FTP site; the others go to the bag."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from polydex.connectors.outlook import mapi
from polydex.connectors.outlook.bag import KEPT
from polydex.connectors.outlook.item import Item
from polydex.connectors.outlook.slots import assign
from polydex.connectors.outlook.values import Kept, Written, overflow
from polydex.core.contact import Url, UrlType, text
from polydex.core.fields import Loss

WORK: Final = "business_home_page"
PERSONAL: Final = mapi.PERSONAL_HOME_PAGE
"""Of the type ``home``; without one of that type, a ``homePage``, of which the bag says so."""
FTP: Final = mapi.FTP_SITE
PLACES: Final = (WORK, PERSONAL, FTP)
_PLACE_OF: Final = {UrlType.WORK: WORK, UrlType.HOME: PERSONAL, UrlType.FTP: FTP}
_CAPACITY: Final = dict.fromkeys(PLACES, 1)


def native(item: Item, extended: Mapping[str, str], home_page: str | None) -> list[tuple[str, Url]]:
    """The addresses in their places. ``home_page``: which one is no ``home`` but a ``homePage``, as the bag says."""
    found = []
    if href := text(item.business_home_page):
        found.append((WORK, Url(href=href, type=UrlType.WORK)))
    if extended:
        if href := text(extended.get(PERSONAL.lower())):
            found.append((PERSONAL, Url(href=href, type=UrlType.HOME_PAGE if href == home_page else UrlType.HOME)))
        if href := text(extended.get(FTP.lower())):
            found.append((FTP, Url(href=href, type=UrlType.FTP)))
    return found


def plain(url: Url) -> Url:
    """The address as it is read back."""
    return Url(href=url.href, type=url.type or UrlType.OTHER)


def write(stored: Sequence[tuple[str, Url]], wanted: Sequence[Url], before: Sequence[Url]) -> Written[Url]:
    """The places and the bag that say what is wanted. Arguments as of ``phones.write``."""
    urls = [plain(url) for url in wanted]
    known = set(map(plain, before))
    if any(url.type is UrlType.HOME for url in urls):  # which goes before a home page
        stored = [(place, url) for place, url in stored if url.type is not UrlType.HOME_PAGE]
    assigned = assign(
        stored,
        urls,
        capacity=_CAPACITY,
        place=lambda url: _PLACE_OF.get(url.type or UrlType.OTHER),
        kind=lambda url: url.type,
        near=same,
    )
    taken, rest = dict(assigned.places), list(assigned.rest)
    losses: tuple[Loss, ...] = ()
    if PERSONAL not in taken:
        page = next((at for at in rest if urls[at].type is UrlType.HOME_PAGE), None)
        if page is not None:
            rest.remove(page)
            taken[PERSONAL] = [page]
    for at in taken.get(PERSONAL, ()):
        if urls[at].type is UrlType.HOME_PAGE and urls[at] not in known:
            losses = (Loss(f"$.urls[{at}].type", "Exchange keeps it as a personal web page", kept=KEPT),)
    places = {place: [urls[at] for at in members] for place, members in taken.items()}
    in_places = {url for members in places.values() for url in members}
    kept = overflow("urls", [(at, urls[at]) for at in rest], same, in_places, known)
    return Written(places, Kept(kept.bag, (*kept.losses, *losses)))


def home_page(places: Mapping[str, Sequence[Url]]) -> str | None:
    """What the bag says of the personal web page."""
    return next((url.href for url in places.get(PERSONAL, ()) if url.type is UrlType.HOME_PAGE), None)


def same(url: Url) -> Url:
    """What makes two of them the same one: everything."""
    return url
