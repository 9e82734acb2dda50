"""PHOTO: inline in the ways of version 2.1, 3.0 and 4.0, or by address."""

from __future__ import annotations

import binascii
import hashlib
import re

from polydex.core.contact import Photo
from polydex.core.vcard.card import Card
from polydex.core.vcard.escape import unescape
from polydex.core.vcard.lines import Line
from polydex.core.vcard.params import Params

_DATA = re.compile(r"data:([^;,]*)((?:;[^;,]*)*),", re.IGNORECASE)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_CROP = "X-ABCROP-RECTANGLE"
_OWN = ("ENCODING", "TYPE", "VALUE", "MEDIATYPE", "CHARSET", _CROP)
"""Parameters that describe the stored picture."""
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")


def read(card: Card) -> tuple[Photo | None, str | None]:
    """The photo, with its bytes when it is inline; and its address when it is only referred to.

    A photo by address has the hash of the address. What cannot be decoded is no photo.
    """
    line = card.first("PHOTO")
    if line is None:
        return None, None
    value = line.value.strip()
    if "\\" in value:  # some writers escape the comma of a data address
        value = unescape(value)
    if not value:
        return None, None
    declared = line.params.get("MEDIATYPE") or next(iter(sorted(line.params.types)), "")
    data = _DATA.match(value)
    if data is not None:
        if not data[2].lower().endswith(";base64"):
            return None, None
        return _inline(value[data.end() :], data[1]), None
    if value[:5].lower() == "data:":
        return None, None  # cut at its comma, as Radicale's parser does
    if line.params.value in ("uri", "url") or (line.params.encoding != "base64" and _ADDRESS.match(value)):
        return Photo(hash=hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()), value
    return _inline(value, declared), None


def _inline(encoded: str, declared: str) -> Photo | None:
    try:
        content = binascii.a2b_base64(encoded)
    except ValueError:
        # Without padding, or with a stray character: what is there of whole octets.
        bare = _NOT_BASE64.sub("", encoded)
        try:
            content = binascii.a2b_base64(bare[: len(bare) - (len(bare) % 4 == 1)] + "=" * (-len(bare) % 4))
        except ValueError:
            return None
    return Photo.of(content, sniff(content) or _mime(declared)) if content else None


def sniff(content: bytes) -> str | None:
    """The media type that the bytes show, or None."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return None


def _mime(declared: str) -> str | None:
    declared = declared.strip().lower()
    if not declared or declared == "unknown":
        return None
    return declared if "/" in declared else f"image/{declared}"


def edit(card: Card, photo: Photo | None) -> None:
    """Replace or remove the photo. ``photo`` has its bytes. The crop rectangle of the old one goes."""
    lines = list(card.all("PHOTO"))
    first = card.first("PHOTO")
    if photo is None:
        for line in lines:
            card.remove(line)
    else:
        fresh = _line(card, photo, first)
        if first is None:
            card.insert(fresh)
        else:
            card.replace(first, fresh)
    for line in list(card.all(_CROP)):
        card.remove(line)


def _line(card: Card, photo: Photo, before: Line | None) -> Line:
    content = photo.content or b""
    encoded = binascii.b2a_base64(content, newline=False).decode("ascii")
    mime = sniff(content) or photo.mime_type or "image/jpeg"
    kind = mime.partition("/")[2].upper()
    params = before.params.without(*_OWN) if before is not None else Params(())
    group = before.group if before is not None else ""
    if card.version == "4.0":
        return Line.make("PHOTO", f"data:{mime};base64,{encoded}", "4.0", params=params, group=group)
    params = params.having("ENCODING", "BASE64" if card.old else "b").having("TYPE", kind)
    return Line.make("PHOTO", encoded, card.version, params=params, group=group)
