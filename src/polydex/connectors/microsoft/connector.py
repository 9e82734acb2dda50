"""The Microsoft connector: the contacts of one folder of a mailbox, behind the Connector protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from polydex.connectors import photos
from polydex.connectors.base import Capabilities, Guard, Identity, MarkAnswer, New, Page, Record, Walk, Watch
from polydex.connectors.microsoft import contacts, edit, likeness, native, picture, watch
from polydex.connectors.microsoft.api import Api
from polydex.connectors.microsoft.batch import Batch
from polydex.connectors.microsoft.folders import DEFAULT
from polydex.connectors.microsoft.identity import identify
from polydex.connectors.microsoft.parts import MOST
from polydex.connectors.microsoft.pull import pull
from polydex.connectors.microsoft.read import record
from polydex.connectors.microsoft.shared import AT_ONCE
from polydex.connectors.microsoft.write import Writer
from polydex.core.contact import EMPTY, Contact, Photo
from polydex.core.errors import PolydexError
from polydex.core.fields import Field, Loss
from polydex.core.ids import Cursor, RemoteKey, Rev
from polydex.core.patch import Patch, diff

CAPABILITIES = Capabilities(
    # The service compares If-Match as far as is seen (davmail#491), and nobody has documented it for contacts: so each is
    # read and compared before, too.
    update_guard=Guard.CHECKED,
    delete_guard=Guard.CHECKED,
    delta=True,
    photos=True,
    push=True,
    marks=True,
    makes=frozenset({Field.FILE_AS}),
    # "Usually seconds": no time is given by anybody. Personal mailboxes answer 404 to an id that has just been made, while
    # lists show it (README.md, personal accounts). What the pull brings is read by id; only what it misses can be late.
    read_lag=600.0,
    mark_lag=120.0,
    create_lag=120.0,
    # Personal mailboxes are seen to lose the extended properties of a create (README.md).
    loses_marks=True,
    parallel=AT_ONCE,
    # The state of a synchronisation holds what it has told, version by version: what changes after it was told, while the
    # walk goes on, is told again (README.md, delta).
    trusts_snapshot_cursor=True,
    # Whoever comes and goes before the next delta was never told of, so that nobody is told of the end either.
    tells_brief=False,
    # Missing deletions are seen elsewhere (PROVIDERS.md): a full walk finds them.
    full_every=7 * 86_400.0,
    batch=MOST,
    photo_apart=True,
)


@dataclass(frozen=True)
class MicrosoftConnector:
    """Args:
    api: of the mailbox.
    source_key: of the folder.
    region: two letters, for phone numbers.
    """

    api: Api
    source_key: str = DEFAULT
    region: str | None = None

    @property
    def caps(self) -> Capabilities:
        return CAPABILITIES

    async def identify(self) -> Identity:
        return await identify(self.api)

    async def fetch(self, key: RemoteKey) -> Record:
        return record(await contacts.get(self.api, self.source_key, key), self.region, key)

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
        return await self._writer().create(draft, mark, native or {}, losses, fresh=fresh)

    async def find_mark(self, mark: str) -> MarkAnswer:
        return await self._writer().find_mark(mark)

    def may_be(self, record_: Record, draft: Contact) -> bool:
        return likeness.may_be(record_.raw, draft)

    async def update(self, base: Record, patch: Patch) -> Record:
        patch, losses = await asyncio.to_thread(photos.fitting_patch, patch, picture.fitted)
        return await self._writer().update(base, patch, losses)

    async def delete(self, key: RemoteKey, rev: Rev | None) -> None:
        await self._writer().delete(key, rev)

    async def create_many(self, new: Sequence[New]) -> Sequence[Record | PolydexError]:
        return await Batch(self._writer()).create(new)

    async def update_many(self, changes: Sequence[tuple[Record, Patch]]) -> Sequence[Record | PolydexError]:
        return await Batch(self._writer()).update(changes)

    async def delete_many(self, keys: Sequence[tuple[RemoteKey, Rev | None]]) -> Sequence[PolydexError | None]:
        return await Batch(self._writer()).delete(keys)

    def pull(self, cursor: Cursor | None, walk: Walk, *, resume: bool = False) -> AsyncIterator[Page]:
        return pull(self.api, self.source_key, cursor, walk, region=self.region, resume=resume)

    async def watch(self, url: str, secret: str, current: Watch | None) -> Watch:
        return await watch.watch(self.api, self.source_key, url, secret, current)

    async def unwatch(self, watch_: Watch) -> None:
        await watch.unwatch(self.api, watch_)

    async def photo(self, record_: Record) -> Photo | None:
        known = record_.contact.photo if record_.contact is not None else None
        return None if known is None else await picture.photo_of(self.api, self.source_key, record_.key, known)

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

    def _writer(self) -> Writer:
        return Writer.of(self.api, self.source_key, self.region)
