"""Photos: what kind they are, and made to fit where a provider has limits. Pictures are decoded in a thread."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Collection

import msgspec

from polydex.core.contact import Contact, Photo
from polydex.core.errors import BadRequest, PayloadTooLarge
from polydex.core.fields import Loss
from polydex.core.patch import Patch

MAX_INPUT_BYTES = 4 * 1024 * 1024
"""What is accepted at all; beyond it is 413."""
MAX_BYTES = 700_000
"""So that a card with it in base64 stays below 1 MB, the limit of sabre/dav (Baikal, older Nextcloud) for a card."""
MAX_SIDE = 1024
"""Pixels."""
MAX_PIXELS = 64_000_000
"""A small file can claim to be an enormous picture; beyond this it is refused unread."""

_KINDS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
KINDS = ("image/jpeg", "image/png")
"""What most address books take as it is."""
_DECODED = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
"""What is decoded at all: Pillow would hand EPS to Ghostscript, and has decoders of formats that no photo comes in."""
_QUALITIES = (88, 80, 70, 60, 45, 30)


def mime_type(content: bytes) -> str | None:
    """What the bytes are, by their beginning; None for anything that is no known picture."""
    for magic, kind in _KINDS:
        if content.startswith(magic):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:12] in (b"ftypheic", b"ftypheix", b"ftypmif1"):
        return "image/heic"
    return None


async def fit(
    photo: Photo, *, max_bytes: int = MAX_BYTES, max_side: int = MAX_SIDE, kinds: Collection[str] = KINDS
) -> tuple[Photo, tuple[Loss, ...]]:
    """The photo as an address book takes it: of a kind that it takes as it is when small enough, else scaled down as JPEG.

    Args:
        photo: with its content.
        max_bytes: of the result.
        max_side: pixels of its longer side.
        kinds: MIME types that are taken as they are.

    Returns:
        The photo, and what was lost on the way.

    Raises:
        BadRequest: the content is no picture that can be read.
        PayloadTooLarge: more than MAX_INPUT_BYTES.
    """
    return await asyncio.to_thread(fitted, photo, max_bytes=max_bytes, max_side=max_side, kinds=kinds)


def fitted(
    photo: Photo, *, max_bytes: int = MAX_BYTES, max_side: int = MAX_SIDE, kinds: Collection[str] = KINDS
) -> tuple[Photo, tuple[Loss, ...]]:
    """The same, for callers that are in a thread already."""
    content = photo.content
    if not content:
        raise BadRequest("$.photo.content is empty")
    if len(content) > MAX_INPUT_BYTES:
        raise PayloadTooLarge(f"$.photo.content is larger than {MAX_INPUT_BYTES // 1024 // 1024} MB")
    fitting = _fit(content, max_bytes, max_side, kinds)
    if fitting is None:
        return Photo.of(content, mime_type(content), photo.name), ()
    reason = f"The picture is scaled to at most {max_side} pixels and {max_bytes // 1000} kB and stored as JPEG"
    return Photo.of(fitting, "image/jpeg", photo.name), (Loss("$.photo.content", reason, kept="a smaller JPEG"),)


def _fit(content: bytes, max_bytes: int, max_side: int, kinds: Collection[str]) -> bytes | None:
    """The scaled JPEG, or None when the content may stay as it is."""
    import warnings

    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the limit is checked below
            image = Image.open(io.BytesIO(content), formats=_DECODED)
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise BadRequest(f"$.photo.content has more than {MAX_PIXELS // 1_000_000} million pixels")
        if mime_type(content) in kinds and len(content) <= max_bytes and max(width, height) <= max_side:
            image.verify()
            return None
        image.draft("RGB", (max_side, max_side))
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((max_side, max_side))
        return _jpeg(upright, max_bytes)
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError) as error:
        raise BadRequest("$.photo.content is not a picture that can be read", detail=type(error).__name__) from None


def _jpeg(image: object, max_bytes: int) -> bytes:
    from PIL import Image

    assert isinstance(image, Image.Image)  # noqa: S101 - narrows a type that is imported lazily
    if image.mode in ("RGBA", "LA", "P", "PA"):
        transparent = image.convert("RGBA")
        flat = Image.new("RGB", transparent.size, "white")
        flat.paste(transparent, mask=transparent.getchannel("A"))
        image = flat
    image = image.convert("RGB")
    while True:
        for quality in _QUALITIES:
            output = io.BytesIO()
            image.save(output, "JPEG", quality=quality, optimize=True)
            if output.tell() <= max_bytes:
                return output.getvalue()
        image = image.resize((max(1, image.width // 2), max(1, image.height // 2)))


Fitting = Callable[[Photo], tuple[Photo, tuple[Loss, ...]]]
"""The photo as a provider takes it, and what was lost on the way. Raises BadRequest, PayloadTooLarge."""


def fitting_draft(draft: Contact, fitting: Fitting) -> tuple[Contact, tuple[Loss, ...]]:
    """A draft with a photo that a provider takes. Raises BadRequest, PayloadTooLarge."""
    if draft.photo is None or draft.photo.content is None:
        return draft, ()
    photo, losses = fitting(draft.photo)
    return msgspec.structs.replace(draft, photo=photo), losses


def fitting_patch(patch: Patch, fitting: Fitting) -> tuple[Patch, tuple[Loss, ...]]:
    """The same of a patch."""
    if not isinstance(patch.photo, Photo) or patch.photo.content is None:
        return patch, ()
    photo, losses = fitting(patch.photo)
    return msgspec.structs.replace(patch, photo=photo), losses
