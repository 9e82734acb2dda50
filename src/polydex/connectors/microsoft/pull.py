"""Pulls: the delta of a folder says who has changed, then each is read by itself, twenty in one request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from polydex.connectors.base import Deferred, Page, Record, Walk
from polydex.connectors.microsoft import folders
from polydex.connectors.microsoft.api import READ_SECONDS, Api, decoded
from polydex.connectors.microsoft.contacts import Head, get_many, head, is_elsewhere, is_older, others_answer, path
from polydex.connectors.microsoft.cursor import Position, Trail, expired
from polydex.connectors.microsoft.parts import MOST
from polydex.connectors.microsoft.read import record
from polydex.core.errors import (
    CursorExpired,
    PolydexError,
    ProviderError,
    ProviderMalformed,
    ProviderThrottled,
    ProviderUnauthorized,
    ProviderUnavailable,
    RecordNotFound,
)
from polydex.core.ids import Cursor, RemoteKey, Rev

PAGE_SIZE = 200
PATIENCE = 3
"""So often a page may lead to itself: a service that has nothing yet says so with an empty page (microsoft-graph-docs#2839)."""
_PREFER = f"odata.maxpagesize={PAGE_SIZE}"
"""Of every request of a walk. ``$top`` would limit the whole of it, and nothing else may be said (README.md, delta)."""
_LIST = "Microsoft list"
_LINK_REFUSED = (400, 404, 410)
"""Whatever is said of a link that was given out, in these ways it is not taken any more (JOURNAL.md, J3; README.md)."""


class _Removed(msgspec.Struct, gc=False):
    """Why is not believed: what was moved away and what was deleted look the same."""


class _Entry(msgspec.Struct, rename="camel", gc=False):
    id: str
    etag: str | None = msgspec.field(name="@odata.etag", default=None)
    last_modified_date_time: str | None = None
    parent_folder_id: str | None = None
    removed: _Removed | None = msgspec.field(name="@removed", default=None)


class _Name(msgspec.Struct, gc=False):
    id: str
    removed: _Removed | None = msgspec.field(name="@removed", default=None)


class _Delta(msgspec.Struct, gc=False):
    value: list[msgspec.Raw]
    following: str | None = msgspec.field(name="@odata.nextLink", default=None)
    delta: str | None = msgspec.field(name="@odata.deltaLink", default=None)


_entries = msgspec.json.Decoder(_Entry)


async def pull(
    api: Api, folder: str, cursor: Cursor | None, walk: Walk, *, region: str | None, resume: bool = False
) -> AsyncGenerator[Page, None]:
    """See ``Connector.pull``.

    Args:
        api: of the mailbox.
        folder: whose contacts.
        cursor: as ``Page.cursor`` gave it.
        walk: the engine's.
        region: two letters, for phone numbers.
        resume: the cursor is of a walk in progress.
    """
    position = Position(full=True) if cursor is None else Position.decode(cursor, resume=resume)
    link = position.page or position.delta
    if link is not None and not api.leads_here(link):
        raise expired("The stored cursor leads to another address of the API", resume=resume)
    walking = _Walking(api, folder, walk, region, position, resume=resume)
    async for page in walking.pages():
        yield page


@dataclass(slots=True)
class _Read:
    """What became of those who were asked for together."""

    changed: list[Record] = field(default_factory=list)
    removed: list[RemoteKey] = field(default_factory=list)
    deferred: list[Deferred] = field(default_factory=list)
    unlisted: list[RemoteKey] = field(default_factory=list)
    stopped: ProviderError | None = None


class _Walking:
    """One walk."""

    def __init__(
        self, api: Api, folder: str, walk: Walk, region: str | None, position: Position, *, resume: bool
    ) -> None:
        self._api, self._folder, self._walk, self._region = api, folder, walk, region
        self._position = position
        self._full = position.full
        self._mode: Literal["delta", "snapshot"] = "snapshot" if position.full else "delta"
        # In a delta only what was read before the walk was interrupted: so that it gets on however often that happens.
        self._skips = self._full or resume

    async def pages(self) -> AsyncGenerator[Page, None]:
        link = self._position.page or self._position.delta or path(self._api, self._folder, "delta")
        stands, trail = 0, Trail()
        given, begun = self._position != Position(full=True), self._position.page is not None
        while True:
            stamp = await self._walk.stamp()
            listed = await self._ask(link, given=given, resume=begun)
            following = listed.following
            if following is None and listed.delta is None:
                raise ProviderMalformed(f"{_LIST}: the list neither goes on nor ends")
            stands = stands + 1 if following == link else 0
            if stands == PATIENCE:
                raise expired(f"{_LIST}: the list does not go on", resume=True)
            # A list of everything cannot begin a second time: what goes meanwhile would never be told.
            here = self._resume(link) if given else None
            after = Position(delta=listed.delta).encode() if following is None else self._resume(following)
            page, stopped = await self._page(listed, stamp, here, after, last=following is None)
            yield page
            if stopped is not None:
                raise stopped  # the rest of this page comes when the walk is taken up again
            if following is None:
                return
            if not stands and trail.returns(following):
                raise expired(f"{_LIST}: the list goes in a circle", resume=True)
            link, given, begun = following, True, True

    def _resume(self, link: str) -> Cursor:
        return Position(page=link, full=self._full).encode()

    async def _ask(self, link: str, *, given: bool, resume: bool) -> _Delta:
        """One page of the list. Raises CursorExpired, ProviderError.

        Args:
            link: to it.
            given: it was given out by Graph.
            resume: it is one of a walk in progress.
        """
        try:
            body = await self._api.get(link, step=_LIST, seconds=READ_SECONDS, prefer=_PREFER)
        except CursorExpired as error:
            error.resume = resume
            raise
        except ProviderError as error:
            if given and (error.original or {}).get("status") in _LINK_REFUSED:
                raise expired(error.message, resume=resume) from None
            raise
        listed = decoded(body, _Delta, _LIST)
        for further in (listed.following, listed.delta):
            if further is not None:
                self._api.link(further)
        return listed

    async def _page(
        self, listed: _Delta, stamp: int, here: Cursor | None, after: Cursor, *, last: bool
    ) -> tuple[Page, ProviderError | None]:
        """What one page of the list comes to, and what has stopped the reading.

        It is one page of the walk, too: as long as a link has not been followed, the state of the synchronisation does not
        know of what it brought, and of who goes meanwhile nobody tells.

        Args:
            listed: it.
            stamp: from before it was asked for.
            here: resumes the walk at it.
            after: what follows it, when all of it has been read.
            last: nothing follows.
        """
        told: dict[RemoteKey, _Entry] = {}
        for entry in map(_entry, listed.value):  # what is told twice counts as it was told last
            told.pop(RemoteKey(entry.id), None)
            told[RemoteKey(entry.id)] = entry
        known = await self._walk.known(list(told)) if told and self._skips else {}
        same = {key: known[key] for key, entry in told.items() if _is_same(key, entry, known)}
        read = await self._read({key: entry for key, entry in told.items() if key not in same})
        stays = read.stopped is not None or after == here
        page = Page(
            self._mode,
            changed=tuple(read.changed),
            unchanged=tuple(same.items()),
            removed=tuple(read.removed),
            deferred=tuple(read.deferred),
            unlisted=tuple(told) if stays else tuple(read.unlisted),
            cursor=here if stays else after,
            last=last and not stays,
            asked=stamp,
        )
        return page, read.stopped

    async def _read(self, told: Mapping[RemoteKey, _Entry]) -> _Read:
        """Twenty at a time; the next are asked for while those before are worked out."""
        read = _Read()
        parts = [list(told)[start : start + MOST] for start in range(0, len(told), MOST)]
        if not parts:
            return read
        asking = asyncio.create_task(self._bodies(parts[0]))
        try:
            for following in (*parts[1:], None):
                found = await asking
                if following is not None:
                    asking = asyncio.create_task(self._bodies(following))
                await self._sort(read, {key: (told[key], outcome) for key, outcome in found.items()})
                if read.stopped is not None:
                    break
        except ProviderError as error:
            read.stopped = error  # what has been read before counts
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        return read

    async def _bodies(self, keys: Sequence[RemoteKey]) -> dict[RemoteKey, bytes | ProviderError]:
        return await get_many(self._api, self._folder, keys, step=_LIST, seconds=READ_SECONDS)

    async def _sort(self, read: _Read, found: Mapping[RemoteKey, tuple[_Entry, bytes | ProviderError]]) -> None:
        """Everybody of whom the list says something, as they are now: lists repeat themselves, and tell what is past.

        Also of who is said to be gone: only who cannot be found, or is found elsewhere, is.
        """
        read.stopped = await self._failure({key: outcome for key, (_, outcome) in found.items()})
        if read.stopped is not None:
            return
        parent = None
        if any(entry.removed and isinstance(outcome, bytes) for entry, outcome in found.values()):
            parent = await folders.parent(self._api, self._folder, seconds=READ_SECONDS)
        for key, (entry, outcome) in found.items():
            if isinstance(outcome, ProviderError):
                _miss(read, key, entry, outcome)
            else:
                await self._meet(read, key, entry, outcome, parent)

    async def _meet(self, read: _Read, key: RemoteKey, entry: _Entry, document: bytes, parent: str | None) -> None:
        """Somebody who was read. ``parent``: that of the folder, when somebody is said to be gone."""
        now = head(document)
        failure: PolydexError | None = None
        if entry.removed is not None:
            if now.parent_folder_id != parent:
                read.removed.append(key)
                return
            read.unlisted.append(key)
        if await self._has_left(entry, now, document):
            failure = RecordNotFound(f"{_LIST}: the contact is in another folder by now")
        elif is_older(now.last_modified_date_time, entry.last_modified_date_time):
            failure = ProviderUnavailable(f"{_LIST}: the contact is read as it was before the change that is told of")
        else:
            try:
                read.changed.append(record(document, self._region, key))
            except PolydexError as error:
                failure = error
        if failure is not None:
            read.deferred.append(Deferred(key, _rev(entry.etag), failure))

    async def _failure(self, found: Mapping[RemoteKey, bytes | ProviderError]) -> ProviderError | None:
        """Why nobody at all could be read, when that is no fault of theirs: nobody is taken for unreadable then (J4), and
        nothing for complete (J14).
        """
        failed = [one for one in found.values() if isinstance(one, ProviderError)]
        if len(failed) < len(found) or any(isinstance(one, RecordNotFound) for one in failed):
            return None
        if await others_answer(self._api, self._folder, found.keys(), step=_LIST):
            return None
        return failed[0]

    async def _has_left(self, entry: _Entry, now: Head, document: bytes) -> bool:
        """Whether somebody who is told to be in the folder is found elsewhere, as in that of the deleted ones."""
        if now.parent_folder_id == entry.parent_folder_id:
            return False
        return await is_elsewhere(self._api, self._folder, document, seconds=READ_SECONDS)


def _miss(read: _Read, key: RemoteKey, entry: _Entry, error: ProviderError) -> None:
    """Somebody who could not be read."""
    if isinstance(error, ProviderThrottled | ProviderUnauthorized):
        read.stopped = error
    elif entry.removed is not None and isinstance(error, RecordNotFound):
        read.removed.append(key)
    else:
        if entry.removed is not None:
            read.unlisted.append(key)
        # Who is told to be there and is not found has gone since, or is not to be found yet (J12).
        read.deferred.append(Deferred(key, _rev(entry.etag), error))


def _entry(raw: msgspec.Raw) -> _Entry:
    """One entry of the list; of one that cannot be understood the id, as each is read by itself. Raises ProviderMalformed."""
    try:
        return _entries.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        found = decoded(raw, _Name, _LIST)
        return _Entry(found.id, removed=found.removed)


def _is_same(key: RemoteKey, entry: _Entry, known: Mapping[RemoteKey, Rev]) -> bool:
    """Whether we have the very version that the list tells of."""
    return entry.removed is None and entry.etag is not None and known.get(key) == entry.etag


def _rev(etag: str | None) -> Rev | None:
    return Rev(etag) if etag else None
