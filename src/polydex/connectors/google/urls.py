"""urls."""

from __future__ import annotations

import msgspec

from polydex.connectors.google import wire
from polydex.connectors.google.entries import is_own
from polydex.connectors.google.fields import Item
from polydex.core.contact import Url, UrlType, text

_TYPES = {kind.value: kind for kind in UrlType}


def read(entries: tuple[wire.Url, ...] | None) -> tuple[Url, ...]:
    """The web addresses in Google's order."""
    if not entries:
        return ()
    return tuple([url for entry in entries if is_own(entry) and (url := URLS.value(entry)) is not None])


class Urls:
    """How web addresses stand in a person (see :class:`polydex.connectors.google.entries.Kind`)."""

    field = "urls"
    entry = wire.Url

    def value(self, entry: wire.Url) -> Url | None:
        href = text(entry.value)
        return None if href is None else Url(href=href, type=_TYPES.get(entry.type or "", UrlType.OTHER))

    def plain(self, value: Url) -> Url:
        return msgspec.structs.replace(value, type=value.type or UrlType.OTHER)

    def key(self, value: Url) -> object:
        return value.href

    def type(self, value: Url) -> object:
        return value.type

    def revise(self, item: Item, before: Url | None, after: Url) -> None:
        before = before or Url()
        if after.href != before.href:
            item["value"] = after.href
        if after.type != before.type:
            item["type"] = (after.type or UrlType.OTHER).value


URLS = Urls()
