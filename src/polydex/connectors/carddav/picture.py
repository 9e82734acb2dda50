"""The photo of a stored card: inline, or fetched from the address that it names."""

from __future__ import annotations

from yarl import URL

from polydex.connectors import photos
from polydex.connectors.carddav.book import Book
from polydex.connectors.carddav.errors import failure
from polydex.core import vcard
from polydex.core.contact import Photo
from polydex.core.errors import AddressForbidden
from polydex.net.message import Call
from polydex.net.redirects import credentials_follow


async def photo_of(book: Book, raw: bytes) -> Photo | None:
    """The photo with its bytes; None when there is none, or none that can be had.

    A photo by address keeps the hash of its address. The credentials go along only where they may (iCloud asks for
    them for ``PHOTO;VALUE=uri``); addresses inside the operator's networks are refused by the outbound guard.

    Raises:
        ProviderError: the photo's host cannot be reached or fails: try again later.
    """
    reading = vcard.read(raw)
    photo = reading.contact.photo if reading.contact is not None else None
    if photo is None or photo.content is not None or reading.photo_uri is None:
        return photo
    try:
        url = URL(reading.photo_uri)
    except ValueError:
        return None
    if url.scheme not in ("http", "https"):
        return None
    trusted = credentials_follow(URL(book.url), url, book.dav.trusted)
    call = Call(
        method="GET",
        url=reading.photo_uri,
        headers={"Accept": "image/*"},
        auth=book.dav.auth if trusted else None,
        idempotent=True,
        max_bytes=photos.MAX_INPUT_BYTES,
        trusted_hosts=book.dav.trusted,
        purpose="photo",
        label="carddav",
    )
    try:
        answer = await book.dav.net.send(call)
    except AddressForbidden:
        return None
    if answer.status >= 500 or answer.status == 429:
        raise failure(answer, "CardDAV photo")
    kind = photos.mime_type(answer.body)
    if answer.status != 200 or kind is None:
        return None
    return Photo(hash=photo.hash, mime_type=kind, content=answer.body)
