"""Single writes: one mutation each where Google can do it in one, guarded by the etag of the contact's source.

What a write returns is what Google says it stores, not what was sent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import UNSET

from polydex.connectors.base import Absent, Found, MarkAnswer, Record
from polydex.connectors.deadline import Deadline
from polydex.connectors.google import groups, marks, picture, wire
from polydex.connectors.google.api import WRITE_SECONDS, Api
from polydex.connectors.google.draft import create
from polydex.connectors.google.edit import Edited, edit
from polydex.connectors.google.fields import CONTACT
from polydex.connectors.google.labels import Labels
from polydex.connectors.google.people import fetched, get, get_many, mask, record
from polydex.connectors.outcome import half_done, nothing_sent, of_create, unsent, without_photo
from polydex.core.contact import EMPTY, Contact, Photo, content
from polydex.core.errors import (
    PolydexError,
    ProviderError,
    RecordNotFound,
    Stale,
)
from polydex.core.fields import Loss
from polydex.core.ids import RemoteKey, Rev
from polydex.core.patch import Patch

CREATE = "Google create"
UPDATE = "Google update"
DELETE = "Google delete"


@dataclass(frozen=True, slots=True)
class Writer:
    """The writes of one request.

    Args:
        api: of the account.
        labels: the user's groups as the last pull saw them.
        region: two letters, for phone numbers.
        deadline: the time for all calls together.
    """

    api: Api
    labels: Labels
    region: str | None
    deadline: Deadline

    @classmethod
    def of(cls, api: Api, labels: Labels, region: str | None) -> Writer:
        return cls(api, labels, region, Deadline(WRITE_SECONDS))

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
        api = self.api
        photo = draft.photo.content if draft.photo is not None else None
        if mark is not None and not fresh:
            there = (await self.marked([mark])).get(mark)
            if isinstance(there, PolydexError):
                raise there
            if there is not None:
                return there
        labels = await self.labels_for(draft.keywords)
        made = create(draft, mark, native, labels)
        losses = (*losses, *made.losses)
        # Else the photo could be refused by our own budget when the contact is there already.
        api.budget.demand(reads=1 if photo else 0, writes=2 if photo else 1)
        try:
            raw = await api.call(
                "POST", "people:createContact", mask(), step=CREATE, body=made.body, seconds=self.deadline.left
            )
        except ProviderError as error:
            raise of_create(error) from None
        created = self.made(raw, labels, losses)
        return created if photo is None else await self._with_photo(created, photo, labels)

    async def marked(self, wanted: Collection[str]) -> dict[str, Record | PolydexError]:
        """What carries these marks, by mark, among the contacts that were changed last.

        The mirror knows the others, and a create is never asked for again without ``find_mark``, which looks through all:
        this finds what another installation has created a moment ago. When it raises, nothing has been sent.
        """
        with nothing_sent():
            keys = await marks.find(self.api, wanted, seconds=self.deadline.left, pages=1)
            if not keys:
                return {}
            found = await get_many(self.api, list(keys.values()), step=CREATE, seconds=self.deadline.left)
        there: dict[str, Record | PolydexError] = {}
        for mark, key in keys.items():
            raw = found.get(key)
            if isinstance(raw, bytes):
                there[mark] = self.made(raw, self.labels, ())
            elif raw is not None and not isinstance(raw, RecordNotFound):
                there[mark] = unsent(raw)
        return there

    async def _with_photo(self, created: Record, photo: bytes, labels: Labels) -> Record:
        """The photo of a new contact. The contact is there: nothing from here on may look like a create that failed.

        Raises ProviderTimeout when it is to be seen later what has become of the photo.
        """
        try:
            await picture.put(self.api, created.key, photo, seconds=self.deadline.left)
        except ProviderError as error:
            return msgspec.structs.replace(created, losses=(*created.losses, without_photo(error, CREATE)))
        try:
            raw = await get(self.api, created.key, step=CREATE, seconds=self.deadline.left)
        except ProviderError:
            return msgspec.structs.replace(created, rev=None)  # the next pull brings it as it is
        return self.made(raw, labels, created.losses)

    async def find_mark(self, mark: str) -> MarkAnswer:
        """See ``Connector.find_mark``."""
        keys = await marks.find(self.api, [mark], seconds=self.deadline.left)
        found = await self._record(keys[mark]) if keys else None
        return Absent() if found is None else Found(found)

    # --- update ---------------------------------------------------------------------------------------------------

    async def update(self, base: Record, patch: Patch, losses: tuple[Loss, ...] = ()) -> Record:
        """See ``Connector.update``. ``losses``: of the photo, which fits already.

        Groups are changed in the same PATCH as all else: it carries the guard, and is one mutation. (members.modify has
        neither, and would need a call for each group.)
        """
        photo = patch.photo
        rest = msgspec.structs.replace(patch, photo=UNSET)
        labels = await self.labels_for(
            () if patch.keywords is UNSET else patch.keywords, always=patch.keywords is not UNSET
        )
        if photo is not UNSET and not (isinstance(photo, Photo) and photo.content is None):
            base = await self._photo_first(base, photo)
            with half_done(UPDATE):
                return await self._rest(base, rest, labels, losses)
        if not base.raw:
            base = await self._same(base)
        return await self._rest(base, rest, labels, losses)

    async def _rest(self, base: Record, rest: Patch, labels: Labels, losses: tuple[Loss, ...]) -> Record:
        """All but the photo."""
        edited = edit(base.raw, rest, labels, base.contact or EMPTY)
        losses = (*losses, *edited.losses)
        if not edited.fields:
            return self.made(base.raw, labels, losses, key=base.key)
        try:
            raw = await self._patch(base.key, edited.body, edited)
        except Stale:
            raw = await self._after_refusal(base, rest, labels)
        return self.made(raw, labels, losses)

    async def _photo_first(self, base: Record, photo: Photo | None) -> Record:
        """Write the photo, so that one that is refused leaves all as it was; the base for what is left to write.

        Google compares no etag here, so the contact is looked at before, and after for its new etag.
        """
        self.api.budget.demand(reads=2, writes=2)
        before = await self._same(base)
        if photo is None:
            await picture.remove(self.api, base.key, seconds=self.deadline.left)
        else:
            await picture.put(self.api, base.key, photo.content or b"", seconds=self.deadline.left)
        with half_done(UPDATE):
            raw = await get(self.api, base.key, step=UPDATE, seconds=self.deadline.left)
        after = record(raw, self.labels, self.region)
        if _but_photo(after.contact) != _but_photo(before.contact):
            raise Stale(f"{UPDATE}: the contact has changed at Google")  # between the two
        return msgspec.structs.replace(after, contact=base.contact)

    async def _same(self, base: Record) -> Record:
        """The contact as it is now. Raises Stale when that is no longer what the base says."""
        with nothing_sent():
            raw = await get(self.api, base.key, step=UPDATE, seconds=self.deadline.left)
        fresh = record(raw, self.labels, self.region)
        if not _is_same(base, fresh):
            raise Stale(f"{UPDATE}: the contact has changed at Google")
        return msgspec.structs.replace(fresh, contact=base.contact or fresh.contact)

    async def _patch(self, key: RemoteKey, body: bytes, edited: Edited) -> bytes:
        query = [("updatePersonFields", ",".join(edited.fields)), *mask()]
        return await self.api.call(
            "PATCH", f"{key}:updateContact", query, step=UPDATE, body=named(body, key), seconds=self.deadline.left
        )

    async def _after_refusal(self, base: Record, patch: Patch, labels: Labels) -> bytes:
        """Google takes the etag for an old one. Is it?

        Etags of persons have the shape of the request that they come from, and some clients had those out of lists
        refused, or those of sources (README.md, etags). When the contact is the one of the base still, the change is
        sent once more, with the etag of the person that was just read: the guard is as good.
        """
        fresh = await get(self.api, base.key, step=UPDATE, seconds=self.deadline.left)
        there = record(fresh, labels, self.region)
        if base.rev is None or there.rev != base.rev:
            wanted = patch.apply(base.contact or EMPTY)
            if patch.native_properties is UNSET and _but_photo(there.contact) == _but_photo(wanted):
                return fresh  # what was to be done has been done, as by a batch that was refused for another of its entries
            raise Stale(f"{UPDATE}: the contact has changed at Google")
        edited = edit(fresh, patch, labels, base.contact or EMPTY)
        if not edited.fields:
            return fresh
        return await self._patch(base.key, by_person_etag(edited.body, fresh), edited)

    # --- delete ---------------------------------------------------------------------------------------------------

    async def delete(self, key: RemoteKey, rev: Rev | None) -> None:
        """See ``Connector.delete``. Google compares no etag, so the contact is looked at right before."""
        try:
            if rev is not None:
                with nothing_sent():
                    raw = await get(self.api, key, step=DELETE, seconds=self.deadline.left)
                if record(raw, self.labels, self.region).rev != rev:
                    raise Stale(f"{DELETE}: the contact has changed at Google")
            await self.api.call(
                "DELETE", f"{key}:deleteContact", step=DELETE, idempotent=True, seconds=self.deadline.left
            )
        except RecordNotFound:
            return

    # --- reading --------------------------------------------------------------------------------------------------

    async def labels_for(self, keywords: tuple[str, ...], *, always: bool = False) -> Labels:
        """The groups, as they are now when the write is about keywords; with one for each of these."""
        if not keywords and not always:
            return self.labels
        return await groups.having(self.api, keywords, self.labels, self.deadline)

    def made(self, raw: bytes, labels: Labels, losses: tuple[Loss, ...], *, key: RemoteKey | None = None) -> Record:
        """The record of what a write has made; see ``people.record``."""
        return record(raw, labels, self.region, losses, key=key, known=self.labels)

    async def _record(self, key: RemoteKey) -> Record | None:
        try:
            return await fetched(self.api, key, self.labels, self.region, seconds=self.deadline.left)
        except RecordNotFound:
            return None


def named(body: bytes, key: RemoteKey) -> bytes:
    """The body of an update under the name that the contact has now: the document may be of before it was renamed."""
    person: dict[str, Any] = msgspec.json.decode(body)
    return msgspec.json.encode({**person, "resourceName": key})


def by_person_etag(body: bytes, raw: bytes) -> bytes:
    """The body of an update with the etag of the person, as it was read, in place of that of its source."""
    person: dict[str, Any] = msgspec.json.decode(body)
    read_as: dict[str, Any] = msgspec.json.decode(raw)
    if not read_as.get("etag"):
        return body
    for source in person["metadata"]["sources"]:
        if source.get("type") == CONTACT:
            source.pop("etag", None)
    return msgspec.json.encode({**person, "etag": read_as["etag"]})


def _is_same(base: Record, fresh: Record) -> bool:
    """Whether both are one version of a contact. Where its source has no etag, that of the person tells."""
    if base.rev is not None or fresh.rev is not None or not base.raw:
        return base.rev is not None and base.rev == fresh.rev
    etag = wire.person(fresh.raw).etag
    return bool(etag) and wire.person(base.raw).etag == etag


def _but_photo(contact: Contact | None) -> Contact | None:
    return None if contact is None else msgspec.structs.replace(content(contact), photo=None)
