"""photos: only their address is in a person; a letter on a coloured tile is none."""

from __future__ import annotations

import hashlib
import re

from polydex.connectors.google import wire
from polydex.connectors.google.entries import is_own
from polydex.core.contact import Photo

# The size stands at the end (=s100, =s100-c), in the path (/s100/, /s100-c/), or in the query (sz=50). That the rest
# of the address stays the same for the same photo is not confirmed.
_SIZE = re.compile(r"=[swh]\d+(?:-[a-z0-9]+)*(?=$|[?#])|/[swh]\d+(?:-[a-z0-9]+)*(?=/[^/]*$)", re.ASCII)
_QUERY = re.compile(r"[?&]sz=\d+", re.ASCII)


def url_of(entries: tuple[wire.Photo, ...] | None) -> str | None:
    """The address of the photo that the user chose, as Google gave it."""
    for entry in entries or ():
        if entry.url and not entry.default and is_own(entry):
            return entry.url
    return None


def without_size(url: str) -> str:
    """The address without the size that is asked for."""
    if "sz=" in url:
        url = _QUERY.sub("", url)
    return _SIZE.sub("", url)


def read(url: str | None) -> Photo | None:
    """The photo by the hash of its address."""
    if url is None:
        return None
    return Photo(hash=hashlib.sha256(without_size(url).encode("utf-8", "surrogatepass")).hexdigest())
