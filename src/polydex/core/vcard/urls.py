"""URL: web addresses."""

from __future__ import annotations

import msgspec

from polydex.core.contact import Url, UrlType, text
from polydex.core.vcard.card import Card
from polydex.core.vcard.entries import Entry
from polydex.core.vcard.lines import Line, preferred
from polydex.core.vcard.params import Params

_BLOG = "X-EVOLUTION-BLOG-URL"
_NAMES = ("URL", _BLOG)
_READ = {
    "X-HOMEPAGE": UrlType.HOME_PAGE,
    "HOMEPAGE": UrlType.HOME_PAGE,
    "X-FTP": UrlType.FTP,
    "FTP": UrlType.FTP,
    "X-BLOG": UrlType.BLOG,
    "BLOG": UrlType.BLOG,
    "X-PROFILE": UrlType.PROFILE,
    "PROFILE": UrlType.PROFILE,
    "X-RESERVATIONS": UrlType.RESERVATIONS,
    "RESERVATIONS": UrlType.RESERVATIONS,
    "WORK": UrlType.WORK,
    "HOME": UrlType.HOME,
}
_WRITTEN: dict[UrlType, tuple[str, ...]] = {
    UrlType.WORK: ("WORK",),
    UrlType.HOME: ("HOME",),
    UrlType.HOME_PAGE: ("X-HOMEPAGE",),
    UrlType.FTP: ("X-FTP",),
    UrlType.BLOG: ("X-BLOG",),
    UrlType.PROFILE: ("X-PROFILE",),
    UrlType.RESERVATIONS: ("X-RESERVATIONS",),
    UrlType.OTHER: (),
}
_LABELS = {kind.value.lower(): kind for kind in UrlType}
_HOME_PAGE_LABEL = "_$!<HomePage>!$_"


def read(card: Card) -> tuple[Url, ...]:
    """The web addresses in order of preference."""
    lines = card.any(_NAMES)
    if not lines:
        return ()
    return tuple([url for line in preferred(lines) if (url := _url(card, line)) is not None])


def _url(card: Card, line: Line) -> Url | None:
    href = text(card.text(line))
    return None if href is None else Url(href=href, type=_type(card, line))


def _type(card: Card, line: Line) -> UrlType:
    if line.name == _BLOG:
        return UrlType.BLOG
    types = line.params.types
    if types:
        for token, kind in _READ.items():
            if token in types:
                return kind
    label = card.label(line) if line.group else None
    if label is not None:  # Google writes labels such as PROFILE without Apple's brackets
        return _LABELS.get(label[0].lower(), UrlType.OTHER)
    return UrlType.OTHER


class Urls:
    """How web addresses stand on a card (see :class:`polydex.core.vcard.entries.Kind`)."""

    def entries(self, card: Card) -> list[Entry[Url]]:
        return [Entry(line, url) for line in preferred(card.any(_NAMES)) if (url := _url(card, line)) is not None]

    def plain(self, value: Url) -> Url:
        return msgspec.structs.replace(value, type=value.type or UrlType.OTHER)

    def key(self, value: Url) -> str:
        return value.href or ""

    def type(self, value: Url) -> object:
        return value.type

    def build(self, card: Card, value: Url) -> tuple[Line, str | None]:
        params, label = _with_type(card, Params(()), value.type)
        return Line.make("URL", _written(value), card.version, params=params), label

    def revise(self, card: Card, line: Line, before: Url, after: Url) -> Line:
        if after.type != before.type:
            if line.name == _BLOG:
                fresh, label = self.build(card, after)
                line = card.replace(line, fresh)
                return card.set_label(line, label) if label is not None else line
            params = line.params.without_types((line.params.types | {"PREF"}) - _READ.keys())
            params, label = _with_type(card, params, after.type)
            line = card.replace(line, line.revised(card.version, params=params))
            if label is not None or line.group:
                line = card.set_label(line, label)
        if after.href != before.href:
            line = card.replace(line, line.revised(card.version, value=_written(after)))
        return line


def _with_type(card: Card, params: Params, kind: UrlType | None) -> tuple[Params, str | None]:
    """Parameters and label for a type: version 3.0 names a home page as Apple does."""
    if kind is UrlType.HOME_PAGE and card.version != "4.0":
        return params, _HOME_PAGE_LABEL
    return params.with_types(_WRITTEN[kind or UrlType.OTHER], card.version), None


def _written(value: Url) -> str:
    """An address is a URI, not a text, yet a comma is escaped (RFC 6350 section 3.4), as most programs do and some need.

    Radicale's parser (vobject) takes what follows a bare comma for a second value, and drops it.
    """
    return (value.href or "").replace("\\", "\\\\").replace(",", "\\,")
