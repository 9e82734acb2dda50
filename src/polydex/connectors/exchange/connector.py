"""The Exchange connector: the contacts of one folder of a mailbox, behind the Connector protocol."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from polydex.connectors import photos
from polydex.connectors.base import Capabilities, Guard, Identity, MarkAnswer, New, Page, Record, Unknown, Walk
from polydex.connectors.exchange import contacts, edit, native, picture
from polydex.connectors.exchange.api import Api
from polydex.connectors.exchange.batch import MOST, Batch
from polydex.connectors.exchange.folders import DEFAULT
from polydex.connectors.exchange.identity import home, identify
from polydex.connectors.exchange.listen import listen
from polydex.connectors.exchange.pull import pull
from polydex.connectors.exchange.read import record
from polydex.connectors.exchange.write import Writer
from polydex.connectors.outcome import nothing_sent
from polydex.core.contact import EMPTY, Contact, Photo
from polydex.core.errors import PolydexError, ProviderRejected
from polydex.core.fields import Field, Loss
from polydex.core.ids import Cursor, RemoteKey, Rev
from polydex.core.patch import Patch, diff

CAPABILITIES = Capabilities(
    # UpdateItem with NeverOverwrite refuses another ChangeKey than the one that the item has.
    update_guard=Guard.ENFORCED,
    # DeleteItem takes a ChangeKey and compares nothing: it is compared just before.
    delete_guard=Guard.CHECKED,
    delta=True,
    photos=True,
    # No server of a company's reaches an address of ours, but each answers a request that does not end.
    push=False,
    streams=True,
    marks=True,
    makes=frozenset({Field.FILE_AS}),
    # What is written is there for the next request, of SyncFolderItems, too.
    read_lag=0.0,
    # A search finds what is there. A create whose answer was lost may be under way for as long as a proxy waits.
    mark_lag=60.0,
    create_lag=0.0,
    # Exchange allows 27 connections of a user (EWSMaxConcurrency), which other clients of the user need, too.
    parallel=4,
    # The state holds which version of which item it has told of: what changes after it was told, while the walk goes on, is
    # told again.
    trusts_snapshot_cursor=True,
    # By the same state, who comes and goes between two pulls was never told of, and nobody is told of the end either.
    tells_brief=False,
    # A restored or repaired mailbox may forget changes: a full walk finds them.
    full_every=7 * 86_400.0,
    batch=MOST,
    photo_apart=True,
)


@dataclass(frozen=True)
class ExchangeConnector:
    """Args:
    api: of the mailbox.
    source_key: of the folder.
    region: two letters, for phone numbers.
    subject: whose mailbox it has to be; "": nobody knows yet.
    """

    api: Api
    source_key: str = DEFAULT
    region: str | None = None
    subject: str = ""

    @property
    def caps(self) -> Capabilities:
        return CAPABILITIES

    async def identify(self) -> Identity:
        return await identify(self.api)

    async def fetch(self, key: RemoteKey) -> Record:
        async with self.api.opened() as api:
            return (await contacts.fetch(api, self.source_key, key, self.subject)).record(self.region)

    async def create(
        self,
        draft: Contact,
        mark: str | None,
        native: Mapping[str, str] | None = None,
        document: bytes | None = None,
        *,
        fresh: bool = False,
    ) -> Record:
        del document  # vCards only
        draft, losses = await asyncio.to_thread(photos.fitting_draft, draft, picture.fitted)
        async with self._writer(at_home=True) as writer:
            return await writer.create(draft, mark, native or {}, losses, fresh=fresh)

    async def find_mark(self, mark: str) -> MarkAnswer:
        try:
            async with self._writer(at_home=True) as writer:
                return await writer.find_mark(mark)
        except ProviderRejected:  # another mailbox cannot tell
            return Unknown()

    async def update(self, base: Record, patch: Patch) -> Record:
        patch, losses = await asyncio.to_thread(photos.fitting_patch, patch, picture.fitted)
        async with self._writer() as writer:
            return await writer.update(base, patch, losses)

    async def delete(self, key: RemoteKey, rev: Rev | None) -> None:
        async with self._writer() as writer:
            await writer.delete(key, rev)

    async def create_many(self, new: Sequence[New]) -> Sequence[Record | PolydexError]:
        async with self._writer(at_home=True) as writer:
            return await Batch(writer).create(new)

    async def update_many(self, changes: Sequence[tuple[Record, Patch]]) -> Sequence[Record | PolydexError]:
        async with self._writer() as writer:
            return await Batch(writer).update(changes)

    async def delete_many(self, keys: Sequence[tuple[RemoteKey, Rev | None]]) -> Sequence[PolydexError | None]:
        async with self._writer() as writer:
            return await Batch(writer).delete(keys)

    def pull(self, cursor: Cursor | None, walk: Walk, *, resume: bool = False) -> AsyncIterator[Page]:
        return pull(self.api, self.source_key, cursor, walk, region=self.region, subject=self.subject, resume=resume)

    async def photo(self, record_: Record) -> Photo | None:
        known = record_.contact.photo if record_.contact is not None else None
        return None if known is None else await picture.photo_of(self.api, record_.key, record_.raw, known)

    def listen(self) -> AsyncGenerator[None, None]:
        return listen(self.api, self.source_key)

    def remap(self, raw: bytes, key: RemoteKey, rev: Rev | None) -> Record:
        return msgspec.structs.replace(record(raw, self.region, key), rev=rev)

    def losses(self, draft: Contact, base: Record | None = None, document: bytes | None = None) -> tuple[Loss, ...]:
        del document
        if base is None:
            draft, losses = photos.fitting_draft(draft, picture.fitted)
            return (*losses, *edit.losses(draft, None))
        known = base.contact or EMPTY
        _, losses = photos.fitting_patch(diff(known, draft), picture.fitted)
        return (*losses, *edit.losses(draft, base.raw, known))

    def native(self, raw: bytes, names: tuple[str, ...]) -> dict[str, str]:
        return native.native(raw, names)

    @contextlib.asynccontextmanager
    async def _writer(self, *, at_home: bool = False) -> AsyncIterator[Writer]:
        """The writes of one request, over one connection. ``at_home``: they name the folder, and not a contact, whose id
        is of one mailbox.
        """
        async with self.api.opened() as api:
            writer = Writer.of(api, self.source_key, self.region, self.subject)
            if at_home:
                with nothing_sent():
                    folder = await home(api, self.source_key, self.subject, seconds=writer.deadline.left)
                writer = replace(writer, folder=folder)
            yield writer
