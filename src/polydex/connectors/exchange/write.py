"""Single writes: one mutation, guarded by the version of the contact, and read again.

What a write returns is what Exchange says it stores, not what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from msgspec import UNSET

from polydex.connectors.base import Absent, Found, MarkAnswer, Record, Unknown
from polydex.connectors.deadline import Deadline
from polydex.connectors.exchange import contacts, marks, picture
from polydex.connectors.exchange.api import WRITE_SECONDS, Api
from polydex.connectors.exchange.contacts import Read
from polydex.connectors.exchange.draft import create
from polydex.connectors.exchange.edit import edit
from polydex.connectors.exchange.identity import confirm
from polydex.connectors.exchange.ids import ItemId
from polydex.connectors.exchange.marks import Refused
from polydex.connectors.exchange.operations import create_item, delete_item, update_item
from polydex.connectors.exchange.operations.update_item import Change
from polydex.connectors.exchange.wire import document
from polydex.connectors.outcome import half_done, nothing_sent, of_create, without_photo
from polydex.core.contact import EMPTY, Contact, Photo, content
from polydex.core.errors import ProviderError, ProviderTimeout, ProviderUnavailable, RecordNotFound, Stale
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey, Rev
from polydex.core.patch import Patch

CREATE = "Exchange create"
UPDATE = "Exchange update"
DELETE = "Exchange delete"
_NOT_STORED = Loss("$.photo", "Exchange did not store it")
_NOT_REMOVED = Loss("$.photo", "Exchange did not remove it")


@dataclass(frozen=True, slots=True)
class Writer:
    """The writes of one request.

    Args:
        api: of the mailbox, opened.
        folder: whose contacts.
        region: two letters, for phone numbers.
        subject: whose mailbox it has to be; "": nobody knows.
        deadline: the time for all calls together.
    """

    api: Api
    folder: str
    region: str | None
    subject: str
    deadline: Deadline

    @classmethod
    def of(cls, api: Api, folder: str, region: str | None, subject: str) -> Writer:
        return cls(api, folder, region, subject, Deadline(WRITE_SECONDS))

    # --- create ---------------------------------------------------------------------------------------------------

    async def create(
        self,
        draft: Contact,
        mark: str | None,
        native: Mapping[str, str],
        losses: tuple[Loss, ...] = (),
        *,
        fresh: bool = False,
    ) -> Record:
        """See ``Connector.create``. ``losses``: of the photo, which fits already."""
        if mark is not None and not fresh:
            there = await self._marked(mark)
            if there is not None:
                return there
        element, further = create(draft, mark, native)
        payload = create_item.payload(self.folder, [element])
        try:
            item = create_item.parse(await self.api.one(payload, step=CREATE, seconds=self.deadline.left))
        except ProviderError as error:
            raise of_create(error) from None
        losses, photo = (*losses, *further), draft.photo
        if photo is None or not photo.content:
            return (await self.written(item.key, CREATE)).record(self.region, losses)
        try:  # to the contact in whatever version: nobody else knows it yet
            await picture.add(self.api, ItemId(item.key), photo.content, self.deadline)
        except ProviderError as error:
            losses = (*losses, without_photo(error, CREATE))
            photo = None
        made = (await self.written(item.key, CREATE)).record(self.region, losses)
        return made if photo is None else _with_photo(made, photo)

    async def _marked(self, mark: str) -> Record | None:
        """What carries the mark already, where that is found. When it raises, nothing has been sent."""
        with nothing_sent():
            try:
                key = await marks.find(self.api, self.folder, mark, seconds=self.deadline.left)
            except Refused:
                return None
            try:
                return None if key is None else (await self._get(key, CREATE)).record(self.region)
            except RecordNotFound as error:  # else there would be a second one
                raise not_yet() from error

    async def find_mark(self, mark: str) -> MarkAnswer:
        """See ``Connector.find_mark``. Who was moved has been created nevertheless; that they are gone from here is told by
        the pulls.
        """
        try:
            key = await marks.find(self.api, self.folder, mark, seconds=self.deadline.left)
            if key is None:
                key = await marks.find_elsewhere(self.api, self.folder, mark, seconds=self.deadline.left)
            return Absent() if key is None else Found((await self._get(key, CREATE)).record(self.region))
        except (Refused, RecordNotFound):  # it is listed, and gone when it is read
            return Unknown()

    # --- update ---------------------------------------------------------------------------------------------------

    async def update(self, base: Record, patch: Patch, losses: tuple[Loss, ...] = ()) -> Record:
        """See ``Connector.update``. ``losses``: of the photo, which fits already."""
        photo = patch.photo
        rest = msgspec.structs.replace(patch, photo=UNSET)
        if photo is UNSET or (isinstance(photo, Photo) and photo.content is None):
            return await self._rest(base.key, base.rev, base.raw, rest, base.contact or EMPTY, losses)
        with nothing_sent():
            read = await self._same(base.key, base.rev)
        raw = document(read.element)
        edited = edit(raw, rest, base.contact or EMPTY)  # what cannot be written is refused before anything is
        new = b"" if photo is None else photo.content or b""
        stored = await picture.put(self.api, read, new, self.deadline)
        if not stored:
            losses = (*losses, _NOT_STORED)
        with half_done(UPDATE):
            rev = await self._after_photo(read) if edited.updates else read.item.rev
            made = await self._rest(base.key, rev, raw, rest, base.contact or EMPTY, losses, begun=True)
        return _with_photo(made, photo) if stored else made

    async def _after_photo(self, read: Read) -> Rev | None:
        """The version after a photo that was written. Raises Stale when anything else has changed: the version that Exchange
        tells with the photo may have a change of somebody else's in it.

        ``read``: the contact before it.
        """
        now = await self._get(read.item.key, UPDATE)
        if _but_photo(now.record(None)) != _but_photo(read.record(None)):
            raise Stale(f"{UPDATE}: the contact has changed at Exchange")
        return now.item.rev

    async def _same(self, key: RemoteKey, rev: Rev | None) -> Read:
        """The contact as it is now. Raises Stale when that is not the version."""
        read = await self._get(key, UPDATE)
        if rev is None or read.item.rev != rev:
            raise stale(UPDATE)
        return read

    async def _rest(
        self,
        key: RemoteKey,
        rev: Rev | None,
        raw: bytes,
        rest: Patch,
        base: Contact,
        losses: tuple[Loss, ...],
        *,
        begun: bool = False,
    ) -> Record:
        """All but the photo.

        Args:
            key, rev: of the contact; another version is refused by Exchange itself.
            raw: its document in that version, or in one that has the same but the photo.
            rest: the change.
            base: as the client knows it.
            losses: until here.
            begun: something has been written: that is a change, even when there is nothing else.
        """
        if rev is None or not raw:
            raise stale(UPDATE)
        edited = edit(raw, rest, base)
        losses = (*losses, *edited.losses)
        if not edited.updates:
            read = await (self.written(key, UPDATE) if begun else self._same(key, rev))
            return read.record(self.region, losses)
        payload = update_item.payload([Change(ItemId(key, rev), edited.updates)])
        await self.api.one(payload, step=UPDATE, seconds=self.deadline.left)
        return (await self.written(key, UPDATE)).record(self.region, losses)

    # --- delete ---------------------------------------------------------------------------------------------------

    async def delete(self, key: RemoteKey, rev: Rev | None) -> None:
        """See ``Connector.delete``. The version is looked at before, as DeleteItem takes no notice of it."""
        try:
            if rev is not None:
                with nothing_sent():
                    found = (await contacts.versions(self.api, [key], step=DELETE, seconds=self.deadline.left))[key]
                    if isinstance(found, ProviderError):
                        raise found
                    if found.rev != rev:
                        raise stale(DELETE)
            payload = delete_item.payload([ItemId(key, rev)])
            await self.api.one(payload, step=DELETE, seconds=self.deadline.left, idempotent=True)
        except RecordNotFound:
            await self.is_missing()

    async def is_missing(self) -> None:
        """Somebody is not found. Raises ProviderError, where that may be by the word of another mailbox."""
        await confirm(self.api, self.subject, seconds=self.deadline.left)

    # --- reading --------------------------------------------------------------------------------------------------

    async def written(self, key: RemoteKey, step: str) -> Read:
        """A contact after it was written: nothing from here on may look like a write that failed.

        Raises ProviderTimeout when it cannot be read: the engine looks at it later.
        """
        try:
            return await self._get(key, step)
        except ProviderError as error:
            raise unread(error, step) from error

    async def _get(self, key: RemoteKey, step: str) -> Read:
        return await contacts.get(self.api, key, step=step, seconds=self.deadline.left)


def _with_photo(made: Record, photo: Photo | None) -> Record:
    """What a write has made, with a loss where its photo is not as it was sent: stored, or None for removed."""
    if made.contact is None or (made.contact.photo is None) == (photo is None):
        return made
    return msgspec.structs.replace(made, losses=(*made.losses, _NOT_REMOVED if photo is None else _NOT_STORED))


def _but_photo(made: Record) -> Contact | None:
    return None if made.contact is None else msgspec.structs.replace(content(made.contact), photo=None)


def stale(step: str) -> Stale:
    """The base is superseded, and nothing was sent."""
    error = Stale(f"{step}: the contact has changed at Exchange")
    error.sent = False
    return error


def unread(error: ProviderError, step: str) -> ProviderTimeout:
    """A write was carried out, and then the contact could not be read."""
    message = f"{step}: it was carried out, and the contact cannot be read"
    return ProviderTimeout(message, original=error.original, retry_after=error.retry_after)


def not_yet() -> ProviderUnavailable:
    """Who carries a mark is listed, and gone when it is read."""
    return ProviderUnavailable(f"{CREATE}: the contact is there, and cannot be read", sent=False, retry_after=1.0)
