"""Single writes: read, compare, one mutation with If-Match, and read again, for Graph answers without extended properties.

What a write returns is what Microsoft says it stores, not what was sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from msgspec import UNSET

from polydex.connectors.base import Absent, Found, MarkAnswer, Record, Unknown
from polydex.connectors.deadline import Deadline
from polydex.connectors.microsoft import contacts, marks, picture
from polydex.connectors.microsoft.api import WRITE_SECONDS, Api
from polydex.connectors.microsoft.draft import create
from polydex.connectors.microsoft.edit import edit
from polydex.connectors.microsoft.marks import Refused
from polydex.connectors.microsoft.read import read, record
from polydex.connectors.microsoft.sent import amiss, as_sent, body_of, unkept
from polydex.connectors.outcome import half_done, nothing_sent, of_create, without_photo
from polydex.core.contact import EMPTY, Contact, Photo, content
from polydex.core.errors import (
    ProviderError,
    ProviderUnavailable,
    RecordNotFound,
    Stale,
)
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey, Rev
from polydex.core.patch import Patch

CREATE = "Microsoft create"
UPDATE = "Microsoft update"
DELETE = "Microsoft delete"
_NOT_STORED = Loss("$.photo", "Microsoft did not store it")
_NOT_REMOVED = Loss("$.photo", "Microsoft did not remove it")


@dataclass(frozen=True, slots=True)
class Writer:
    """The writes of one request.

    Args:
        api: of the mailbox.
        folder: whose contacts.
        region: two letters, for phone numbers.
        deadline: the time for all calls together.
    """

    api: Api
    folder: str
    region: str | None
    deadline: Deadline

    @classmethod
    def of(cls, api: Api, folder: str, region: str | None) -> Writer:
        return cls(api, folder, region, Deadline(WRITE_SECONDS))

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
        made = create(draft, mark, native)
        try:
            answer = await self.api.call(
                "POST", contacts.path(self.api, self.folder), step=CREATE, body=made.body, seconds=self.deadline.left
            )
        except ProviderError as error:
            raise of_create(error) from None
        meant = as_sent(answer, made.body)
        created = await self._settled(read(meant).key, meant, None, made.body, (*losses, *made.losses), CREATE)
        photo = draft.photo.content if draft.photo is not None else None
        return created if photo is None else await self._with_photo(created, photo)

    async def _marked(self, mark: str) -> Record | None:
        """What carries the mark already, where that is found quickly. When it raises, nothing has been sent."""
        with nothing_sent():
            try:
                key = await marks.find(self.api, self.folder, mark, seconds=self.deadline.left)
            except Refused:
                return None
            try:
                return None if key is None else await self._read(key, CREATE)
            except RecordNotFound as error:  # else there would be a second one
                raise not_yet() from error

    async def _settled(
        self, key: RemoteKey, meant: bytes, before: bytes | None, body: bytes, losses: tuple[Loss, ...], step: str
    ) -> Record:
        """The record of a contact that has been written: nothing from here on may look like a write that failed.

        Args:
            key: of the contact.
            meant: its document as it should be.
            before: its document before, None of a new one.
            body: that was sent.
            losses: of the write.
            step: of the write.
        """
        try:
            document: bytes | None = await contacts.get(
                self.api, self.folder, key, step=step, seconds=self.deadline.left
            )
        except ProviderError:
            document = None
        if document is None or contacts.is_from_before(document, meant, before):
            return msgspec.structs.replace(
                self.made(meant, key, losses), rev=None
            )  # the next pull reads what has no revision
        if wrong := amiss(document, body):
            document = await self._sent_again(key, document, body_of(wrong), step)
            if amiss(document, body):
                losses = (*losses, *unkept(document, meant))
        return self.made(document, key, losses)

    async def _sent_again(self, key: RemoteKey, document: bytes, body: bytes, step: str) -> bytes:
        """Extended properties that a write has lost, by another one; the document after it."""
        try:
            await self._patch(key, body, contacts.head(document).etag, step)
            return await contacts.get(self.api, self.folder, key, step=step, seconds=self.deadline.left)
        except ProviderError:
            return document

    async def _with_photo(self, created: Record, photo: bytes) -> Record:
        """The photo of a new contact. Raises ProviderTimeout when it is to be seen later what has become of it."""
        try:
            stored = await picture.put(self.api, self.folder, created.key, photo, self.deadline)
        except ProviderError as error:
            return msgspec.structs.replace(created, losses=(*created.losses, without_photo(error, CREATE)))
        losses = created.losses if stored else (*created.losses, _NOT_STORED)
        try:
            return msgspec.structs.replace(await self._read(created.key, CREATE), losses=losses)
        except ProviderError:
            return msgspec.structs.replace(created, rev=None, losses=losses)  # the next pull brings it as it is

    async def find_mark(self, mark: str) -> MarkAnswer:
        """See ``Connector.find_mark``."""
        try:
            key = await marks.find(self.api, self.folder, mark, seconds=self.deadline.left)
            if key is not None:
                return Found(await self._read(key, CREATE))
            key = await marks.find_elsewhere(self.api, self.folder, mark, self.deadline)
            return Absent() if key is None else Found(await self._moved(key))
        except Refused:
            return Unknown()
        except RecordNotFound:  # it is listed, and not to be read (yet)
            return Unknown()

    async def _moved(self, key: RemoteKey) -> Record:
        """Who was created here, and is in another folder by now: that they are gone from here is told by the pulls."""
        found = await contacts.get_many(self.api, self.folder, [key], step=CREATE, seconds=self.deadline.left)
        document = found[key]
        if isinstance(document, ProviderError):
            raise document
        return self.made(document, key, ())

    # --- update ---------------------------------------------------------------------------------------------------

    async def update(self, base: Record, patch: Patch, losses: tuple[Loss, ...] = ()) -> Record:
        """See ``Connector.update``. ``losses``: of the photo, which fits already."""
        photo = patch.photo
        rest = msgspec.structs.replace(patch, photo=UNSET)
        document = await self._same(base, photo=photo is not UNSET)
        if photo is UNSET or (isinstance(photo, Photo) and photo.content is None):
            return await self._rest(base, document, rest, losses)
        edit(document, rest, base.contact or EMPTY)  # what cannot be written is refused before anything is
        stored = await picture.put(
            self.api, self.folder, base.key, b"" if photo is None else photo.content or b"", self.deadline
        )
        if not stored:
            losses = (*losses, _NOT_REMOVED if photo is None else _NOT_STORED)
        with half_done(UPDATE):
            after = await contacts.get(self.api, self.folder, base.key, step=UPDATE, seconds=self.deadline.left)
            if _but_photo(after) != _but_photo(document):
                raise Stale(f"{UPDATE}: the contact has changed at Microsoft")  # between the two
            return await self._rest(base, after, rest, losses)

    async def _same(self, base: Record, *, photo: bool) -> bytes:
        """The document of the contact as it is now. Raises Stale when it is no longer the base's.

        ``photo``: it has to have the same photo, too, which is not said to change the etag.
        """
        with nothing_sent():
            document = await contacts.get(self.api, self.folder, base.key, step=UPDATE, seconds=self.deadline.left)
        known = base.rev or (contacts.head(base.raw).etag if base.raw else None)
        same = known is not None and contacts.head(document).etag == known
        if not same or (photo and base.raw and read(document).contact.photo != read(base.raw).contact.photo):
            raise Stale(f"{UPDATE}: the contact has changed at Microsoft")
        return document

    async def _rest(self, base: Record, document: bytes, rest: Patch, losses: tuple[Loss, ...]) -> Record:
        """All but the photo. ``document``: as the contact is now."""
        edited = edit(document, rest, base.contact or EMPTY)
        losses = (*losses, *edited.losses)
        if edited.body is None:
            return self.made(document, base.key, losses)
        etag = contacts.head(document).etag
        try:
            answer = await self._patch(base.key, edited.body, etag, UPDATE)
        except Stale:
            await self._is_spurious(base.key, etag, UPDATE)
            answer = await self._patch(base.key, edited.body, etag, UPDATE)
        meant = as_sent(answer, edited.body, document)
        return await self._settled(base.key, meant, document, edited.body, losses, UPDATE)

    async def _patch(self, key: RemoteKey, body: bytes, etag: str | None, step: str) -> bytes:
        return await self.api.call(
            "PATCH",
            contacts.path(self.api, self.folder, key),
            step=step,
            body=body,
            headers=if_match(etag),
            seconds=self.deadline.left,
        )

    async def _is_spurious(self, key: RemoteKey, etag: str | None, step: str) -> None:
        """Microsoft says that the contact is another by now: 412 is seen now and then when it is not (msgraph-sdk-dotnet#1201).

        Raises Stale when it really is.
        """
        document = await contacts.get(self.api, self.folder, key, step=step, seconds=self.deadline.left)
        if etag is None or contacts.head(document).etag != etag:
            raise Stale(f"{step}: the contact has changed at Microsoft")

    # --- delete ---------------------------------------------------------------------------------------------------

    async def delete(self, key: RemoteKey, rev: Rev | None) -> None:
        """See ``Connector.delete``. Looked at before, as its id leads to a contact in whatever folder it is by now."""
        try:
            with nothing_sent():
                document = await contacts.get(self.api, self.folder, key, step=DELETE, seconds=self.deadline.left)
            etag = contacts.head(document).etag
            if rev is not None and etag != rev:
                raise Stale(f"{DELETE}: the contact has changed at Microsoft")
            try:
                await self._remove(key, etag if rev is not None else None)
            except Stale:
                await self._is_spurious(key, etag, DELETE)
                await self._remove(key, etag if rev is not None else None)
        except RecordNotFound:
            return

    async def _remove(self, key: RemoteKey, etag: str | None) -> None:
        await self.api.call(
            "DELETE",
            contacts.path(self.api, self.folder, key),
            step=DELETE,
            headers=if_match(etag),
            idempotent=True,
            seconds=self.deadline.left,
        )

    # --- reading --------------------------------------------------------------------------------------------------

    def made(self, document: bytes, key: RemoteKey, losses: tuple[Loss, ...]) -> Record:
        """The record of what a write has made. Raises ProviderMalformed."""
        return record(document, self.region, key, losses)

    async def _read(self, key: RemoteKey, step: str) -> Record:
        return self.made(await contacts.get(self.api, self.folder, key, step=step, seconds=self.deadline.left), key, ())


def if_match(etag: str | None) -> dict[str, str]:
    """Not documented for contacts; the service answers 412 to another etag than the one that it has (davmail#491)."""
    return {} if etag is None else {"If-Match": etag}


def not_yet() -> ProviderUnavailable:
    """Who carries a mark is listed, and not found by the id: gone just now, or not to be found yet (J12)."""
    return ProviderUnavailable(f"{CREATE}: the contact is there, and cannot be read yet", sent=False, retry_after=1.0)


def _but_photo(document: bytes) -> Contact:
    return msgspec.structs.replace(content(read(document).contact), photo=None)
