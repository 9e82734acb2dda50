"""Contacts as Graph answers them, with their extended properties and what it says of their photos."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from polydex.connectors.microsoft import folders, wire
from polydex.connectors.microsoft.api import FETCH_SECONDS, READ_SECONDS, Api, decoded, path_of
from polydex.connectors.microsoft.parts import MOST, Part, ask_together
from polydex.core.errors import PolydexError, ProviderError, RecordNotFound
from polydex.core.ids import RemoteKey

FETCH = "Microsoft contact"
_READ = (("$expand", wire.EXPAND),)


class Head(msgspec.Struct, rename="camel", gc=False):
    """What there is to know of a contact before it is mapped.

    Attributes:
        etag: of this version.
        parent_folder_id: of the folder that it is in.
        last_modified_date_time: as Graph writes it, in UTC with seconds.
    """

    etag: str | None = msgspec.field(name="@odata.etag", default=None)
    parent_folder_id: str | None = None
    last_modified_date_time: str | None = None


class _Document(msgspec.Struct, gc=False):
    contact: Head


class _Name(msgspec.Struct, gc=False):
    id: str


class _Names(msgspec.Struct, gc=False):
    value: list[_Name]


def path(api: Api, folder: str, *segments: str) -> str:
    """The address of what belongs to the contacts of a folder."""
    return api.own("contactFolders", folder, "contacts", *segments)


def read_paths(api: Api, folder: str, *keys: RemoteKey) -> list[str]:
    """The addresses of contacts with all that is read of them."""
    start = path(api, folder)
    return [start + path_of(key, query=_READ) for key in keys]


def head(document: bytes) -> Head:
    """Of a document; of one that cannot be understood, nothing."""
    try:
        return msgspec.json.decode(document, type=_Document).contact
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Head()


async def get(api: Api, folder: str, key: RemoteKey, *, step: str = FETCH, seconds: float = FETCH_SECONDS) -> bytes:
    """The document of one contact, as it is now. Raises RecordNotFound, also for one that is in another folder now."""
    raw = await api.get(*read_paths(api, folder, key), step=step, seconds=seconds)
    photo = None
    if _has_picture(raw):
        photo = await _photo(api, folder, key, step=step, seconds=seconds)
    document = wire.Document.of(raw, photo).encode()
    if await is_elsewhere(api, folder, document, seconds=seconds):
        raise RecordNotFound(f"{step}: the contact is in another folder")
    return document


async def get_many(
    api: Api, folder: str, keys: Sequence[RemoteKey], *, step: str = FETCH, seconds: float = READ_SECONDS
) -> dict[RemoteKey, bytes | ProviderError]:
    """The documents of at most 20 contacts, in whatever folder they are; RecordNotFound for what is gone.

    Raises ProviderError when nothing was answered at all.
    """
    assert len(keys) <= MOST  # noqa: S101 - of the caller
    reads = [Part("GET", each) for each in read_paths(api, folder, *keys)]
    found = dict(zip(keys, await ask_together(api, reads, step=step, seconds=seconds), strict=True))
    pictured = [key for key, raw in found.items() if isinstance(raw, bytes) and _has_picture(raw)]
    looks = [Part("GET", path(api, folder, key, "photo")) for key in pictured]
    photos = dict(zip(pictured, await ask_together(api, looks, step=step, seconds=seconds), strict=True))
    documents: dict[RemoteKey, bytes | ProviderError] = {}
    for key, raw in found.items():
        photo = photos.get(key)
        if isinstance(raw, ProviderError):
            documents[key] = raw
        elif isinstance(photo, ProviderError) and not is_missing(photo):
            documents[key] = photo
        else:
            documents[key] = wire.Document.of(raw, photo if isinstance(photo, bytes) else None).encode()
    return documents


async def others_answer(
    api: Api, folder: str, keys: Collection[RemoteKey], *, step: str = FETCH, seconds: float = READ_SECONDS
) -> bool:
    """Whether anybody in a folder but these, at most 20, can be read: who cannot is at fault then, and not Microsoft.

    Raises ProviderError when not even that is answered.
    """
    listed = api.own("contactFolders", folder, "contacts", query=[("$select", "id"), ("$top", str(2 * MOST))])
    names = decoded(await api.get(listed, step=step, seconds=seconds), _Names, step)
    others = [RemoteKey(name.id) for name in names.value if name.id not in keys][:MOST]
    found = await get_many(api, folder, others, step=step, seconds=seconds) if others else {}
    return any(isinstance(one, bytes) for one in found.values())


async def is_elsewhere(api: Api, folder: str, document: bytes, *, seconds: float = FETCH_SECONDS) -> bool:
    """Whether a contact is known to be in another folder, as in that of the deleted ones."""
    there = head(document).parent_folder_id
    if there is None or there == api.shared.parents.get(folder):
        return False
    here = await folders.parent(api, folder, seconds=seconds)
    return here is not None and here != there


def is_older(moment: str | None, than: str | None) -> bool:
    """Whether a time as Graph writes it lies before another. What cannot be compared does not."""
    if moment is None or than is None or moment == than:
        return False
    try:
        return datetime.fromisoformat(moment) < datetime.fromisoformat(than)
    except (ValueError, TypeError):
        return False


def is_from_before(document: bytes, meant: bytes, before: bytes | None) -> bool:
    """Whether what was read after a write is what was there before it: another server may answer that.

    Args:
        document: what was read.
        meant: the document as the answer to the write has it.
        before: the document that was changed; None of a new contact.
    """
    now, then = head(document), head(meant)
    if is_older(now.last_modified_date_time, then.last_modified_date_time):
        return True
    # Both times may be of one second.
    return before is not None and now.etag == head(before).etag != then.etag


def is_missing(error: ProviderError) -> bool:
    """Whether there is no photo: 404, whatever the code says; more than one is seen."""
    return (error.original or {}).get("status") == 404


async def _photo(api: Api, folder: str, key: RemoteKey, *, step: str, seconds: float) -> bytes | None:
    try:
        return await api.get(path(api, folder, key, "photo"), step=step, seconds=seconds)
    except ProviderError as error:
        if is_missing(error):
            return None
        raise


def _has_picture(raw: bytes) -> bool:
    lower = raw.lower()
    if b"0x8015" not in lower or b'"true"' not in lower:  # quicker than reading each
        return False
    try:
        return wire.has_picture(wire.contact(raw))
    except PolydexError:
        return False
