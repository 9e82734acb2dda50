"""The photo, as far as a contact tells of it: who it is, not what it shows."""

from __future__ import annotations

import hashlib

from polydex.connectors.microsoft import wire
from polydex.core.contact import Photo


def read(found: wire.Photo | None) -> Photo | None:
    """The photo, known by its media ETag, else by what else is told of it; None for a picture of one pixel.

    Graph answers that with metadata, and not with 404, for some contacts without a photo (microsoft-graph-docs#20785).
    """
    if found is None or (found.width or 2) <= 1 or (found.height or 2) <= 1 or (found.id or "").upper() == "1X1":
        return None
    told = found.media_etag or f"{found.id}/{found.width}x{found.height}"
    kind = found.media_content_type
    return Photo(
        hash=hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest(),
        mime_type=kind if kind and kind.startswith("image/") else None,
    )
