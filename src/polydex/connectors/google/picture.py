"""Photos: read from where Google keeps them, written by calls of their own."""

from __future__ import annotations

import re
from base64 import b64encode

from polydex.connectors import photos
from polydex.connectors.google.api import FETCH_SECONDS, Api, encoded
from polydex.connectors.google.errors import failure
from polydex.core.contact import Photo
from polydex.core.errors import AddressForbidden
from polydex.core.ids import RemoteKey
from polydex.net.message import Call

SIDE = 1024
"""Pixels that are asked for; a smaller picture is given as it is."""
_READ = "Google photo"
_WRITE = "Google new photo"
_REMOVE = "Google photo removal"
_SIZE_AT_END = re.compile(r"=(?:[swh]\d+|[a-z]{1,2})(?:-[a-z0-9]+)*$")
_SIZE_IN_PATH = re.compile(r"/s\d+(?:-[a-z0-9]+)*/(?=[^/]*$)")


def large(url: str) -> str:
    """The address of the picture in a large size (Photo.url in the discovery document; the others as they are seen).

    ``..=s100`` and ``../s100/photo.jpg`` name the size in themselves; to any other ``sz`` is added.
    """
    if _SIZE_AT_END.search(url):
        return _SIZE_AT_END.sub(f"=s{SIDE}", url)
    if _SIZE_IN_PATH.search(url):
        return _SIZE_IN_PATH.sub(f"/s{SIDE}/", url)
    return f"{url}{'&' if '?' in url else '?'}sz={SIDE}"


async def photo_at(api: Api, url: str, known: Photo) -> Photo | None:
    """The photo with its bytes; None when there is none to be had.

    It is asked for without credentials, as from any other host of the internet, and does not count for a quota.

    Args:
        api: whose client is used.
        url: of the photo.
        known: what the contact says of it.

    Raises:
        ProviderError: Google's host cannot be reached, or fails: try again later.
    """
    if not url.startswith(("https://", "http://")):
        return None
    call = Call(
        method="GET",
        url=large(url),
        headers={"Accept": "image/*"},
        deadline=FETCH_SECONDS,
        idempotent=True,
        max_bytes=photos.MAX_INPUT_BYTES,
        purpose="photo",
        label="google",
    )
    try:
        answer = await api.net.send(call)
    except AddressForbidden:
        return None
    if answer.status >= 500 or answer.status == 429:
        raise failure(answer, _READ, api.now())
    kind = photos.mime_type(answer.body)
    if answer.status != 200 or kind is None:
        return None
    return Photo(hash=known.hash, mime_type=kind, content=answer.body)


async def put(api: Api, key: RemoteKey, content: bytes, *, seconds: float) -> None:
    """Set the photo of a contact. The same bytes may be sent twice."""
    body = encoded({"photoBytes": b64encode(content).decode()})
    await api.call("PATCH", f"{key}:updateContactPhoto", step=_WRITE, body=body, idempotent=True, seconds=seconds)


async def remove(api: Api, key: RemoteKey, *, seconds: float) -> None:
    """Remove the photo of a contact."""
    await api.call("DELETE", f"{key}:deleteContactPhoto", step=_REMOVE, idempotent=True, seconds=seconds)
