"""Photos: what is taken of what a client sends."""

from __future__ import annotations

import hashlib
import io

from PIL import Image, UnidentifiedImageError

from polydex_sandbox.microsoft.contact import Photo
from polydex_sandbox.microsoft.errors import GraphError

_FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png"}


def photo(data: bytes) -> Photo | None:
    """A picture to keep; None for no bytes at all, which takes a photo away.

    So does evolution-ews (https://gitlab.gnome.org/GNOME/evolution-ews).

    Raises:
        GraphError: it is no picture. The code and the text are unconfirmed.
    """
    if not data:
        return None
    try:
        with Image.open(io.BytesIO(data), formats=list(_FORMATS)) as image:
            image.load()
            width, height = image.size
            media_type = _FORMATS[str(image.format)]
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise GraphError(400, "ErrorInvalidImage", "The photo is not a valid image.") from None
    return Photo(data, media_type, width, height, hashlib.sha256(data).hexdigest()[:8].upper())
