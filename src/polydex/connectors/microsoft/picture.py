"""Photos: read and written by calls of their own; what was written is looked at afterwards.

That a photo was stored is not taken from the status: a PUT is seen to answer 200 and store nothing (README.md, photos).
"""

from __future__ import annotations

from polydex.connectors import photos
from polydex.connectors.deadline import Deadline
from polydex.connectors.microsoft import wire
from polydex.connectors.microsoft.api import FETCH_SECONDS, Api, decoded
from polydex.connectors.microsoft.contacts import is_missing, path
from polydex.connectors.microsoft.photo import read
from polydex.core.contact import Photo
from polydex.core.errors import ProviderError, ProviderTimeout
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey

MAX_BYTES = 3_500_000
"""A request has to be below 4 MB (resources/profilephoto.md)."""
MAX_SIDE = 4096
"""Pixels. Nothing is documented for contacts; a picture that is larger than any screen helps nobody."""
_READ = "Microsoft photo"
_WRITE = "Microsoft new photo"
_TRIES = 2


def fitted(photo: Photo) -> tuple[Photo, tuple[Loss, ...]]:
    """The photo as Graph takes it, JPEG. Raises BadRequest, PayloadTooLarge. For threads."""
    return photos.fitted(photo, max_bytes=MAX_BYTES, max_side=MAX_SIDE, kinds=("image/jpeg",))


async def photo_of(api: Api, folder: str, key: RemoteKey, known: Photo) -> Photo | None:
    """The photo with its bytes; None when there is none. Raises ProviderError.

    Args:
        api: of the mailbox.
        folder, key: of the contact.
        known: what the contact says of it.
    """
    content = await _content(api, folder, key, seconds=FETCH_SECONDS)
    kind = photos.mime_type(content) if content else None
    return None if not content or kind is None else Photo(hash=known.hash, mime_type=kind, content=content)


async def put(api: Api, folder: str, key: RemoteKey, content: bytes, deadline: Deadline) -> bool:
    """Set the photo of a contact; whether it is there afterwards. Empty content removes it, as DELETE is not supported.

    Raises ProviderError; ProviderTimeout when the photo was taken, and it could not be seen what has become of it.
    """
    before = await _metadata(api, folder, key, seconds=deadline.left)
    if before is None and not content:
        return True
    for _ in range(_TRIES):
        await api.call(
            "PUT",
            path(api, folder, key, "photo", "$value"),
            step=_WRITE,
            body=content,
            headers={"Content-Type": "image/jpeg"},
            idempotent=True,
            seconds=deadline.left,
        )
        try:
            there = await _is_there(api, folder, key, content, before, deadline)
        except ProviderError as error:
            # It was taken: this is not to pass for a change that did not happen, or was refused.
            message = f"{_WRITE}: it was taken, and cannot be looked at"
            raise ProviderTimeout(message, original=error.original, retry_after=error.retry_after) from error
        if there:
            return True
    return False


async def _is_there(
    api: Api, folder: str, key: RemoteKey, content: bytes, before: wire.Photo | None, deadline: Deadline
) -> bool:
    now = await _metadata(api, folder, key, seconds=deadline.left)
    if now is None or not content:
        return now is None and not content
    if before is None or now.media_etag != before.media_etag:
        return True
    # The same bytes as before, or nothing was stored. Whether a photo comes back as it was sent is not confirmed.
    return await _content(api, folder, key, seconds=deadline.left) == content


async def _metadata(api: Api, folder: str, key: RemoteKey, *, seconds: float) -> wire.Photo | None:
    try:
        raw = await api.get(path(api, folder, key, "photo"), step=_READ, seconds=seconds)
    except ProviderError as error:
        if is_missing(error):
            return None
        raise
    found = decoded(raw, wire.Photo, _READ)
    return None if read(found) is None else found


async def _content(api: Api, folder: str, key: RemoteKey, *, seconds: float) -> bytes | None:
    try:
        return await api.call(
            "GET",
            path(api, folder, key, "photo", "$value"),
            step=_READ,
            headers={"Accept": "*/*"},
            idempotent=True,
            seconds=seconds,
        )
    except ProviderError as error:
        if is_missing(error):
            return None
        raise
