"""The Google connector: the contacts of one Google account, behind the Connector protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import msgspec

from polydex.connectors import photos
from polydex.connectors.base import Capabilities, Guard, Identity, MarkAnswer, New, Page, Record, Walk
from polydex.connectors.google import edit, native, people, picture
from polydex.connectors.google.api import FETCH_SECONDS, Api
from polydex.connectors.google.batch import BATCH, Batch
from polydex.connectors.google.identity import identify
from polydex.connectors.google.labels import Labels
from polydex.connectors.google.pull import pull
from polydex.connectors.google.read import read
from polydex.connectors.google.seen import LIST_CAP
from polydex.connectors.google.write import Writer
from polydex.core.contact import EMPTY, Contact, Photo
from polydex.core.errors import PolydexError
from polydex.core.fields import Loss
from polydex.core.ids import Cursor, RemoteKey, Rev
from polydex.core.patch import Patch, diff

SOURCE_KEY = "people/me"
"""The one address book of an account."""

CAPABILITIES = Capabilities(
    # updateContact compares the etag of the contact's source; deleteContact takes none, so the contact is read before.
    update_guard=Guard.ENFORCED,
    delete_guard=Guard.CHECKED,
    delta=True,
    photos=True,
    push=False,
    marks=True,
    list_caps={"emailAddresses": LIST_CAP, "phoneNumbers": LIST_CAP},
    # "Writes may have a propagation delay of several minutes for sync requests" (people.connections.list); marks are
    # looked for in the same list.
    read_lag=600.0,
    mark_lag=600.0,
    parallel=4,
    # Nobody promises it.
    trusts_snapshot_cursor=False,
    # Sync tokens die seven days after the full walk: a new one is made while the old one still works.
    full_every=6 * 86_400.0,
    batch=BATCH,
    photo_apart=True,
)


@dataclass(frozen=True)
class GoogleConnector:
    """Args:
    api: of the account.
    source_key: of the address book.
    region: two letters, for phone numbers.
    context: the groups as the last pull saw them, as ``Page.context`` said.
    """

    api: Api
    source_key: str = SOURCE_KEY
    region: str | None = None
    context: bytes | None = None

    @property
    def caps(self) -> Capabilities:
        return CAPABILITIES

    @cached_property
    def labels(self) -> Labels:
        """The user's groups, as far as they are known."""
        return Labels.decode(self.context)

    async def identify(self) -> Identity:
        return await identify(self.api)

    async def fetch(self, key: RemoteKey) -> Record:
        return await people.fetched(self.api, key, self.labels, self.region, seconds=FETCH_SECONDS)

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
        draft, losses = await asyncio.to_thread(photos.fitting_draft, draft, photos.fitted)
        async with self.api.shared.writing:
            return await self._writer().create(draft, mark, native or {}, losses, fresh=fresh)

    async def find_mark(self, mark: str) -> MarkAnswer:
        return await self._writer().find_mark(mark)

    async def update(self, base: Record, patch: Patch) -> Record:
        patch, losses = await asyncio.to_thread(photos.fitting_patch, patch, photos.fitted)
        async with self.api.shared.writing:
            return await self._writer().update(base, patch, losses)

    async def delete(self, key: RemoteKey, rev: Rev | None) -> None:
        async with self.api.shared.writing:
            await self._writer().delete(key, rev)

    async def create_many(self, new: Sequence[New]) -> Sequence[Record | PolydexError]:
        async with self.api.shared.writing:
            return await Batch(self._writer()).create(new)

    async def update_many(self, changes: Sequence[tuple[Record, Patch]]) -> Sequence[Record | PolydexError]:
        async with self.api.shared.writing:
            return await Batch(self._writer()).update(changes)

    async def delete_many(self, keys: Sequence[tuple[RemoteKey, Rev | None]]) -> Sequence[PolydexError | None]:
        async with self.api.shared.writing:
            return await Batch(self._writer()).delete(keys)

    def pull(self, cursor: Cursor | None, walk: Walk, *, resume: bool = False) -> AsyncIterator[Page]:
        return pull(self.api, cursor, walk, labels=self.labels, region=self.region, resume=resume)

    async def photo(self, record: Record) -> Photo | None:
        reading = read(record.raw, self.labels, None)
        if reading.contact is None or reading.contact.photo is None or reading.photo_url is None:
            return None
        return await picture.photo_at(self.api, reading.photo_url, reading.contact.photo)

    def remap(self, raw: bytes, key: RemoteKey, rev: Rev | None) -> Record:
        return msgspec.structs.replace(people.record(raw, self.labels, self.region, key=key), rev=rev)

    def losses(self, draft: Contact, base: Record | None = None, document: bytes | None = None) -> tuple[Loss, ...]:
        del document
        if base is None:
            draft, losses = photos.fitting_draft(draft, photos.fitted)
            return (*losses, *edit.losses(draft, None, self.labels))
        known = base.contact or EMPTY
        _, losses = photos.fitting_patch(diff(known, draft), photos.fitted)
        return (*losses, *edit.losses(draft, base.raw, self.labels, known))

    def native(self, raw: bytes, names: tuple[str, ...]) -> dict[str, str]:
        return native.native(raw, names)

    def _writer(self) -> Writer:
        return Writer.of(self.api, self.labels, self.region)
