"""Photos: attachments of their contact, written and read by calls of their own."""

from __future__ import annotations

from collections.abc import Sequence

from polydex.connectors import photos
from polydex.connectors.deadline import Deadline
from polydex.connectors.exchange.api import FETCH_SECONDS, Api
from polydex.connectors.exchange.contacts import Read, get
from polydex.connectors.exchange.entry import entry
from polydex.connectors.exchange.ids import ItemId
from polydex.connectors.exchange.operations import create_attachment, delete_attachment, get_attachment
from polydex.connectors.exchange.wire import T
from polydex.connectors.exchange.xml import Element, parse
from polydex.core.contact import Photo
from polydex.core.errors import ProviderError, ProviderTimeout, RecordNotFound
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey

_READ = "Exchange photo"
_WRITE = "Exchange new photo"


def fitted(photo: Photo) -> tuple[Photo, tuple[Loss, ...]]:
    """The photo as JPEG, as Outlook writes it; of a size that any address book takes, as Exchange names none.

    Raises BadRequest, PayloadTooLarge. For threads.
    """
    return photos.fitted(photo, kinds=("image/jpeg",))


async def photo_of(api: Api, key: RemoteKey, raw: bytes, known: Photo) -> Photo | None:
    """The photo with its bytes; None when there is none. Raises ProviderError.

    Args:
        api: of the mailbox.
        key: of the contact.
        raw: its document; empty: it is read.
        known: what the contact says of it.
    """
    async with api.opened() as here:
        attachment = _attachment(parse(raw)) if raw else None
        content = None
        if attachment is not None:
            content = await _content(here, attachment)
        if content is None:  # it has been replaced since
            attachment = _attachment((await get(here, key, step=_READ)).element)
            content = None if attachment is None else await _content(here, attachment)
    if not content:
        return None
    return Photo(hash=known.hash, mime_type=photos.mime_type(content) or known.mime_type, content=content)


async def add(api: Api, item: ItemId, content: bytes, deadline: Deadline) -> None:
    """Add a photo to a contact. Raises ProviderError.

    Args:
        api: of the mailbox.
        item: the contact.
        content: JPEG.
        deadline: of the write.
    """
    payload = create_attachment.payload(item, content)
    create_attachment.parse(await api.one(payload, step=_WRITE, seconds=deadline.left))


async def put(api: Api, read: Read, content: bytes, deadline: Deadline) -> bool:
    """Set the photo of a contact; empty content removes it. Whether a new photo is there, as far as that was looked at.

    The old one goes when the new one is there, so that none is lost on the way.

    Args:
        api: of the mailbox.
        read: the contact as it is now.
        content: JPEG.
        deadline: of the write.

    Raises:
        ProviderError: nothing has changed.
        ProviderTimeout: it is to be seen later what has become of it.
    """
    old = attachments(read.element)
    if not content:
        await _delete(api, old, deadline)
        return True
    await add(api, read.item, content, deadline)
    if not old:
        return True
    try:
        now = await get(api, read.item.key, step=_WRITE, seconds=deadline.left)
        there = attachments(now.element)
        left = [id_ for id_ in old if id_ in there]
        if len(left) == len(there):
            return False  # the old one stays
        await _delete(api, left, deadline)
    except ProviderError as error:
        message = f"{_WRITE}: the old one is there, too"
        raise ProviderTimeout(message, original=error.original, retry_after=error.retry_after) from error
    return True


def attachments(item: Element) -> list[str]:
    """The ids of all attachments that are photos of a contact: two, where one was not removed after another had come."""
    found = []
    for file in item.iterfind(f"{T}Attachments/{T}FileAttachment"):
        id_ = file.find(T + "AttachmentId")
        key = None if id_ is None else id_.get("Id")
        if key and file.findtext(T + "IsContactPhoto") in ("true", "1"):
            found.append(key)
    return found


def _attachment(item: Element) -> str | None:
    picture = entry(item).picture
    return None if picture is None else picture.id


async def _content(api: Api, attachment: str) -> bytes | None:
    try:
        message = await api.one(get_attachment.payload(attachment), step=_READ, seconds=FETCH_SECONDS, idempotent=True)
    except RecordNotFound:
        return None
    return get_attachment.parse(message)


async def _delete(api: Api, ids: Sequence[str], deadline: Deadline) -> None:
    """What is gone already is no failure."""
    if not ids:
        return
    payload = delete_attachment.payload(*ids)
    for message in await api.many(payload, len(ids), step=_WRITE, seconds=deadline.left, idempotent=True):
        if isinstance(message, RecordNotFound):
            continue
        if isinstance(message, ProviderError):
            raise message
        delete_attachment.parse(message)
