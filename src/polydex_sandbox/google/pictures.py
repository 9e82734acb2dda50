"""Photos: what is taken, what is served in which size, and the tile with a letter for those who have none."""

from __future__ import annotations

import io
import re
from functools import lru_cache
from random import Random

from PIL import Image, ImageDraw, UnidentifiedImageError

from polydex_sandbox.google.contact import Photo
from polydex_sandbox.google.errors import invalid

_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png"}
_LETTER = re.compile(r"letter-[0-9a-f]+-([0-9]{1,7})")
_COLOURS = ("#1a73e8", "#188038", "#d93025", "#e37400", "#8430ce", "#129eaf")
LARGEST_SIDE = 2048
"""Pixels that are served at most; unconfirmed."""


def photo(data: bytes, random: Random, *, recompress: bool) -> Photo:
    """A picture that a client sent.

    Args:
        data: JPEG or PNG.
        random: where its key comes from.
        recompress: store another file with the same picture, as Google is seen to do.

    Raises:
        ApiError: it is no JPEG or PNG.
    """
    try:
        with Image.open(io.BytesIO(data), formats=list(_FORMATS)) as image:
            image.load()
            media_type = _FORMATS[str(image.format)]
            if recompress:
                data, media_type = _file(image.convert("RGB"), "JPEG"), "image/jpeg"
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise invalid("Invalid photo format. All requests must have a valid photo format: JPEG or PNG.") from None
    return Photo(f"cm-{random.getrandbits(96):024x}", data, media_type)


def sized(photo: Photo, size: int) -> bytes:
    """The file whose longer side has `size` pixels at most; the stored bytes when they are small enough, or size is 0."""
    with Image.open(io.BytesIO(photo.data)) as image:
        if not size or max(image.size) <= size:
            return photo.data
        kind = str(image.format)
        # Pillow makes none of 16 bits smaller.
        small = image.convert("L") if image.mode.startswith("I") else image
        small.thumbnail((size, size))
        return _file(small, kind)


@lru_cache(maxsize=256)
def letter(key: str, size: int) -> bytes | None:
    """The tile of a key of `person.default_photo`, a PNG; None when it is no such key."""
    match = _LETTER.fullmatch(key)
    if match is None or int(match[1]) > 0x10FFFF:
        return None
    side = min(size or 100, LARGEST_SIDE)
    tile = Image.new("RGB", (side, side), _COLOURS[int(match[1]) % len(_COLOURS)])
    ImageDraw.Draw(tile).text((side / 2, side / 2), chr(int(match[1]) or 63), "white", anchor="mm", font_size=side / 2)
    return _file(tile, "PNG")


def _file(image: Image.Image, kind: str) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **({"quality": 80} if kind == "JPEG" else {}))
    return out.getvalue()
