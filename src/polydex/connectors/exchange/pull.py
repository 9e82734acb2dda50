"""Pulls: SyncFolderItems says who has changed, then GetItem reads them, many in one request."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from polydex.connectors.base import Deferred, Page, Record, Walk
from polydex.connectors.exchange.api import READ_SECONDS, Api
from polydex.connectors.exchange.contacts import Read, get_many, others_answer
from polydex.connectors.exchange.cursor import Position, expired
from polydex.connectors.exchange.errors import is_unreadable
from polydex.connectors.exchange.identity import home
from polydex.connectors.exchange.operations import sync_folder_items
from polydex.connectors.exchange.operations.sync_folder_items import Changes, Entry
from polydex.core.errors import (
    CursorExpired,
    PolydexError,
    ProviderError,
    ProviderMalformed,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
    RecordNotFound,
)
from polydex.core.ids import Cursor, RemoteKey, Rev

AT_ONCE = 100
"""Contacts in one request, of a server that keeps up, as exchangelib asks for (services/common.py, CHUNK_SIZE). Microsoft's own
figure is 10, for messages with their bodies (mailbox-synchronization-and-ews-in-exchange).
"""
PATIENCE = 12
"""So many requests in a row may fail before it is Exchange, and not a contact, that is at fault: halves of halves of
AT_ONCE lead to one contact in eight. Also how many pages in a row may be empty, or lead back to themselves.
"""
FEWEST = 8
"""Entries of a list that are asked for at least, of a server that gives up on more (ErrorTimeoutExpired; learn.microsoft.com,
handling-synchronization-related-errors-in-ews-in-exchange).
"""
_STEP_UP = 10
_STRETCH = 8
"""Contacts that are read at a stretch."""
_LIST = "Exchange list"


async def pull(
    api: Api,
    folder: str,
    cursor: Cursor | None,
    walk: Walk,
    *,
    region: str | None,
    subject: str = "",
    resume: bool = False,
) -> AsyncGenerator[Page, None]:
    """See ``Connector.pull``.

    Args:
        api: of the mailbox.
        folder: whose contacts.
        cursor: as ``Page.cursor`` gave it.
        walk: the engine's.
        region: two letters, for phone numbers.
        subject: whose mailbox it has to be: what another mailbox does not have would be taken for deleted, and what it has
            for this user's. "": nobody knows yet.
        resume: the cursor is of a walk in progress.
    """
    position = None if cursor is None else Position.decode(cursor, resume=resume)
    async with api.opened() as here:
        folder = await home(here, folder, subject, anew=position is None)
        walking = _Walking(here, folder, walk, region, position, resume=resume)
        async for page in walking.pages():
            yield page


@dataclass(slots=True)
class _Gathered:
    """What became of those who were asked for together."""

    changed: list[Record] = field(default_factory=list)
    deferred: list[Deferred] = field(default_factory=list)
    stopped: ProviderError | None = None


class _Walking:
    """One walk."""

    def __init__(
        self, api: Api, folder: str, walk: Walk, region: str | None, position: Position | None, *, resume: bool
    ) -> None:
        self._api, self._folder, self._walk, self._region = api, folder, walk, region
        self._state = None if position is None else position.state
        self._full = position is None or position.full
        self._mode: Literal["delta", "snapshot"] = "snapshot" if self._full else "delta"
        # In a delta only what was read before the walk was interrupted: so that it gets on however often that happens.
        self._skips = self._full or resume
        self._begun = resume
        self._most = sync_folder_items.MOST
        self._size, self._failures = AT_ONCE, 0

    async def pages(self) -> AsyncGenerator[Page, None]:
        state, idle = self._state, 0
        following: asyncio.Task[tuple[int, Changes]] | None = None
        try:
            while True:
                stamp, changes = await (following or self._listed(state))
                following = None
                idle = 0 if changes.entries and changes.state != state else idle + 1
                if idle == PATIENCE and not changes.last:
                    raise expired(f"{_LIST}: the list does not go on", resume=True)
                # A list of everything cannot begin a second time: what goes meanwhile would never be told.
                here = None if state is None else Position(state, walking=True, full=self._full).encode()
                page, stopped = await self._page(changes, stamp, here)
                goes_on = stopped is None and not changes.last
                state, self._begun = changes.state, True
                if goes_on and self._full and not page.removed:
                    # While this one is written. In a delta the next page has to be asked for after that (J1).
                    following = asyncio.create_task(self._listed(state))
                yield page
                if stopped is not None:
                    raise stopped  # the rest of this page comes when the walk is taken up again
                if not goes_on:
                    return
        finally:
            if following is not None:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    async def _listed(self, state: str | None) -> tuple[int, Changes]:
        """One page of the list, and the counter from before it was asked for. Raises CursorExpired, ProviderError."""
        stamp = await self._walk.stamp()
        return stamp, await self._ask(state)

    async def _ask(self, state: str | None) -> Changes:
        """One page of the list, a shorter one where Exchange has no time for it. Raises CursorExpired, ProviderError."""
        while True:
            payload = sync_folder_items.payload(self._folder, state, self._most)
            try:
                message = await self._api.one(payload, step=_LIST, seconds=READ_SECONDS, idempotent=True)
            except CursorExpired as error:
                error.resume = self._begun
                raise
            except ProviderTimeout as error:
                if error.original is None or self._most <= FEWEST:  # nobody has answered, or it would not help
                    raise
                self._most //= 4
            else:
                return sync_folder_items.parse(message)

    async def _page(self, changes: Changes, stamp: int, here: Cursor | None) -> tuple[Page, ProviderError | None]:
        """What one page of the list comes to, and what has stopped the reading.

        It is one page of the walk, too: as long as nobody has asked with the state that came with it, there is no state that
        knows of what it brought, and of who goes meanwhile nobody tells.

        Args:
            changes: it.
            stamp: from before it was asked for.
            here: resumes the walk at it.
        """
        told: dict[RemoteKey, Entry] = {}
        for entry in changes.entries:  # what is told twice counts as it was told last
            told.pop(entry.item.key, None)
            told[entry.item.key] = entry
        there = {key: entry for key, entry in told.items() if not entry.gone}
        known = await self._walk.known(list(there)) if there and self._skips else {}
        same = {key: known[key] for key, entry in there.items() if _is_same(entry, known.get(key))}
        read = await self._read({key: entry for key, entry in there.items() if key not in same})
        stays = read.stopped is not None
        after = Position(changes.state, walking=not changes.last, full=self._full and not changes.last).encode()
        page = Page(
            self._mode,
            changed=tuple(read.changed),
            unchanged=tuple(same.items()),
            removed=tuple(key for key, entry in told.items() if entry.gone),
            deferred=tuple(read.deferred),
            unlisted=tuple(told) if stays else (),
            cursor=here if stays else after,
            last=changes.last and not stays,
            asked=stamp,
        )
        return page, read.stopped

    async def _read(self, told: Mapping[RemoteKey, Entry]) -> _Gathered:
        """Many at a time; the next are asked for while those before are worked out."""
        read = _Gathered()
        waiting: deque[RemoteKey] = deque()
        for key, entry in told.items():
            if entry.element is None:
                waiting.append(key)
            else:  # a distribution list, or whatever else lies among the contacts
                read.changed.append(Read(entry.item, entry.element).record(self._region))
        asking = self._begin(waiting)
        try:
            while asking is not None:
                found = await asking
                asking = self._begin(waiting)
                read.stopped = await self._failure(found)
                if read.stopped is not None:
                    break
                await self._sort(read, told, found)
        except ProviderError as error:
            read.stopped = error  # what has been read before counts
        finally:
            if asking is not None:
                asking.cancel()
                await asyncio.gather(asking, return_exceptions=True)
        return read

    def _begin(self, waiting: deque[RemoteKey]) -> asyncio.Task[dict[RemoteKey, Read | ProviderError]] | None:
        keys = [waiting.popleft() for _ in range(min(self._size, len(waiting)))]
        return asyncio.create_task(self._bodies(keys)) if keys else None

    async def _bodies(self, keys: Sequence[RemoteKey]) -> dict[RemoteKey, Read | ProviderError]:
        """What there is of them. When nothing is answered, or nothing that can be read, it may be for one of them: each
        half is asked for by itself. Raises ProviderError.
        """
        try:
            found = await get_many(self._api, keys, step=_LIST, seconds=READ_SECONDS)
            trouble = _trouble(found)
        except (ProviderUnavailable, ProviderTimeout, ProviderMalformed) as error:
            if not error.sent:
                raise
            found, trouble = dict.fromkeys(keys, error), error
        if trouble is None:
            self._failures = 0
            self._size = min(AT_ONCE, self._size + _STEP_UP)
            return found
        self._failures += 1
        self._size = max(1, len(keys) // 2)
        if self._failures >= PATIENCE:
            raise trouble
        if len(keys) == 1:
            return found
        half = len(keys) // 2
        return await self._bodies(keys[:half]) | await self._bodies(keys[half:])

    async def _sort(
        self, read: _Gathered, told: Mapping[RemoteKey, Entry], found: Mapping[RemoteKey, Read | ProviderError]
    ) -> None:
        """Everybody of whom there is something to say."""
        for at, (key, outcome) in enumerate(found.items()):
            if at % _STRETCH == 0:
                await asyncio.sleep(0)  # so that the next request leaves, and its answer arrives
            failure: PolydexError
            if isinstance(outcome, ProviderError):
                # Who is told to be there and is not found has gone since: a fetch decides, as nobody may vanish by one
                # answer that is odd.
                failure = outcome
            else:
                try:
                    read.changed.append(outcome.record(self._region))
                    continue
                except PolydexError as error:
                    failure = error
            read.deferred.append(Deferred(key, told[key].item.rev, failure))

    async def _failure(self, found: Mapping[RemoteKey, Read | ProviderError]) -> ProviderError | None:
        """Why nobody at all could be read, when that is no fault of theirs: nobody is taken for unreadable then (J4), and
        nothing for complete (J14).
        """
        failed = [one for one in found.values() if isinstance(one, ProviderError)]
        for error in failed:
            if isinstance(error, ProviderThrottled | ProviderUnauthorized):
                return error
        if len(failed) < len(found) or any(isinstance(one, RecordNotFound) for one in failed):
            return None
        others = await others_answer(self._api, self._folder, found.keys(), step=_LIST)
        if others or (others is None and all(map(is_unreadable, failed))):
            return None
        return failed[0]


def _trouble(found: Mapping[RemoteKey, Read | ProviderError]) -> ProviderError | None:
    """Why nobody at all was read, when it may be for having asked for too many, or for one of them."""
    failed = [
        one for one in found.values() if isinstance(one, ProviderUnavailable | ProviderTimeout | ProviderMalformed)
    ]
    return failed[0] if failed and len(failed) == len(found) else None


def _is_same(entry: Entry, known: Rev | None) -> bool:
    """Whether we have the very version that the list tells of."""
    return known is not None and entry.item.rev == known
