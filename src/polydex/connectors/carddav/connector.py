"""The CardDAV connector: one address book of one login, behind the Connector protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import msgspec

from polydex.connectors import photos
from polydex.connectors.base import Capabilities, Guard, Identity, MarkAnswer, Page, Record, Walk
from polydex.connectors.carddav.book import Book
from polydex.connectors.carddav.discovery import Discovery
from polydex.connectors.carddav.mapping import record
from polydex.connectors.carddav.picture import photo_of
from polydex.connectors.carddav.pull import pull
from polydex.connectors.carddav.write import Writer
from polydex.core import vcard
from polydex.core.contact import EMPTY, Contact, Photo
from polydex.core.errors import BadRequest
from polydex.core.fields import Loss
from polydex.core.ids import Cursor, RemoteKey, Rev
from polydex.core.patch import Patch, diff

FETCH_SECONDS = 20.0

CAPABILITIES = Capabilities(
    # Nobody can tell without destroying something whether a server heeds If-Match: Radicale by default takes a write
    # without one, others ignore it on DELETE. So every write compares right before, and sends If-Match besides.
    update_guard=Guard.CHECKED,
    delete_guard=Guard.CHECKED,
    delta=True,
    photos=True,
    push=False,
    marks=True,
    # A PUT whose answer was lost may still be on its way through a proxy.
    mark_lag=30.0,
    parallel=4,
    trusts_snapshot_cursor=True,
    # Nextcloud prunes its change log, and older versions do not notice a pruned token.
    full_every=7 * 86_400.0,
    vcards=True,
)


@dataclass(frozen=True, slots=True)
class CardDavConnector:
    """Args:
    book: the address book.
    server_url: where discovery begins, for ``identify``.
    login: of the account.
    """

    book: Book
    server_url: str
    login: str
    # One write at a time: comparing and writing are two requests, and nobody of ours gets between them. (Xandikos
    # besides answers 423 to a second writer.)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock, compare=False, repr=False)

    @property
    def caps(self) -> Capabilities:
        return CAPABILITIES

    async def identify(self) -> Identity:
        return await Discovery(self.book.dav, self.server_url, self.login).identify()

    async def fetch(self, key: RemoteKey) -> Record:
        return self.book.record(await self.book.read(key, FETCH_SECONDS))

    async def create(
        self,
        draft: Contact,
        mark: str | None,
        native: Mapping[str, str] | None = None,
        document: bytes | None = None,
        *,
        fresh: bool = False,
    ) -> Record:
        del fresh  # its own address is looked at anyway
        draft, losses = await asyncio.to_thread(_with_fitting_photo, draft, document)
        async with self._writing:
            return await Writer.of(self.book).create(draft, mark, native or {}, losses, document)

    async def find_mark(self, mark: str) -> MarkAnswer:
        return await Writer.of(self.book).find_mark(mark)

    async def update(self, base: Record, patch: Patch) -> Record:
        losses: tuple[Loss, ...] = ()
        if isinstance(patch.photo, Photo) and patch.photo.content is not None:
            fitting, losses = await photos.fit(patch.photo)
            patch = msgspec.structs.replace(patch, photo=fitting)
        async with self._writing:
            return await Writer.of(self.book).update(base, patch, losses)

    async def delete(self, key: RemoteKey, rev: Rev | None) -> None:
        async with self._writing:
            await Writer.of(self.book).delete(key, rev)

    def pull(self, cursor: Cursor | None, walk: Walk, *, resume: bool = False) -> AsyncIterator[Page]:
        return pull(self.book, cursor, walk, resume=resume)

    async def photo(self, record: Record) -> Photo | None:
        return await photo_of(self.book, record.raw)

    def remap(self, raw: bytes, key: RemoteKey, rev: Rev | None) -> Record:
        return record(raw, key, rev, self.book.region)

    def losses(self, draft: Contact, base: Record | None = None, document: bytes | None = None) -> tuple[Loss, ...]:
        if base is None:
            draft, losses = _with_fitting_photo(draft, document)
            if document is not None:
                return (*losses, *vcard.adopt(document, draft, uid="losses", mark=None).losses)
            return (*losses, *vcard.create(draft, uid="losses", mark=None, version="3.0", rev=None).losses)
        known = base.contact or EMPTY
        change = diff(known, draft)
        losses = ()
        if isinstance(change.photo, Photo) and change.photo.content is not None:
            fitting, losses = photos.fitted(change.photo)
            change = msgspec.structs.replace(change, photo=fitting)
        return (*losses, *vcard.edit(base.raw, change, base=known, rev=None).losses)

    def native(self, raw: bytes, names: tuple[str, ...]) -> dict[str, str]:
        return vcard.native(raw, names)


def _with_fitting_photo(draft: Contact, document: bytes | None) -> tuple[Contact, tuple[Loss, ...]]:
    """The draft with a photo that servers take. What is no picture stays on a card that has it anyway."""
    if draft.photo is None or draft.photo.content is None:
        return draft, ()
    try:
        fitting, losses = photos.fitted(draft.photo)
    except BadRequest:
        if document is None:
            raise
        return draft, (Loss("$.photo.content", "not a picture that can be read", kept="as it stands"),)
    return msgspec.structs.replace(draft, photo=fitting), losses
