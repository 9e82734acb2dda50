"""Pulls: the groups, then the people page by page; the next page is on its way while one is read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from polydex.connectors.base import Deferred, Page, Walk
from polydex.connectors.google import groups, wire
from polydex.connectors.google.api import READ_SECONDS, Api
from polydex.connectors.google.cursor import Position, expired
from polydex.connectors.google.fields import MASK_VERSION
from polydex.connectors.google.labels import Labels
from polydex.connectors.google.people import AT_ONCE, BATCH_GET, Read, all_seen, get_many, mask
from polydex.connectors.google.read import rev_of
from polydex.connectors.google.seen import Seen, seen
from polydex.core.errors import CursorExpired, PolydexError, ProviderError, ProviderMalformed, RecordNotFound
from polydex.core.ids import Cursor, RemoteKey, Rev

PAGE_SIZE = "1000"
_LIST = "Google list"
_TOKEN_REFUSED = (400, 404, 410)
"""Google's ways to refuse a token, or parameters that are not those of the first call (JOURNAL.md, J3; README.md)."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A page on its way, or come. ``stamp``: from before its request left (J1)."""

    stamp: int
    page: wire.ListConnections


async def pull(
    api: Api, cursor: Cursor | None, walk: Walk, *, labels: Labels, region: str | None, resume: bool = False
) -> AsyncGenerator[Page, None]:
    """See ``Connector.pull``.

    Args:
        api: of the account.
        cursor: as ``Page.cursor`` gave it.
        walk: the engine's.
        labels: the user's groups as the last pull saw them.
        region: two letters, for phone numbers.
        resume: the cursor is of a walk in progress.
    """
    now = api.now()
    if cursor is None:
        position = Position(MASK_VERSION, now)
    else:
        position = Position.decode(cursor, MASK_VERSION, now, resume=resume)
    walking = _Walking(api, walk, region, position)
    first = asyncio.create_task(walking.ask(position.page))
    try:
        walking.labels = await groups.current(api, labels)
    except BaseException:
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        raise
    async with contextlib.aclosing(walking.pages(first)) as pages:
        async for page in pages:
            yield page


class _Walking:
    """One walk."""

    def __init__(self, api: Api, walk: Walk, region: str | None, position: Position) -> None:
        self._api, self._walk, self._region, self._position = api, walk, region, position
        self._mode: Literal["delta", "snapshot"] = "snapshot" if position.sync is None else "delta"
        self.labels = Labels()
        self._told: bytes | None = None
        self._strange: set[str] = set()

    async def ask(self, token: str | None) -> _Asked:
        """One page of the list. Raises CursorExpired, ProviderError."""
        stamp = await self._walk.stamp()
        query = [*mask(), ("pageSize", PAGE_SIZE), ("requestSyncToken", "true")]
        if self._position.sync is not None:
            query.append(("syncToken", self._position.sync))
        if token is not None:
            query.append(("pageToken", token))
        try:
            body = await self._api.get("people/me/connections", query, step=_LIST, seconds=READ_SECONDS)
        except CursorExpired as error:
            error.resume = token is not None and "sync" not in error.message
            raise
        except ProviderError as error:
            if (token or self._position.sync) and (error.original or {}).get("status") in _TOKEN_REFUSED:
                raise expired(error.message, resume=token is not None) from None
            raise
        return _Asked(stamp, wire.connections(body))

    async def pages(self, asking: asyncio.Task[_Asked]) -> AsyncGenerator[Page, None]:
        """The pages from the one that is asked for on."""
        token = self._position.page
        try:
            while True:
                asked = await asking
                following = asked.page.next_page_token or None
                if following is not None and following == token:
                    raise expired(f"{_LIST}: the list does not go on", resume=True)
                if following is not None:
                    asking = asyncio.create_task(self.ask(following))
                yield await self._page(asked, following)
                if following is None:
                    return
                token = following
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _page(self, asked: _Asked, following: str | None) -> Page:
        raws = asked.page.connections or ()
        people = await all_seen(raws)
        await self._learn_groups(people)
        whole = await self._whole([person.key for person in people if person.capped and not person.deleted])
        known = await self._walk.known([person.key for person in people]) if self._mode == "snapshot" else {}
        done = Read()
        for at, (person, raw) in enumerate(zip(people, raws, strict=True)):
            if at % AT_ONCE == 0:
                await asyncio.sleep(0)
            if person.key in whole:
                _add_whole(done, person, whole[person.key], self.labels, self._region)
            elif (rev := _as_known(person, known)) is not None:
                done.unchanged.append((person.key, rev))
            else:
                done.add(person, raw, self.labels, self._region)
        return Page(
            self._mode,
            changed=tuple(done.records),
            unchanged=tuple(done.unchanged),
            removed=tuple(done.gone) if self._mode == "delta" else (),
            renamed=await self._renamed(people),
            deferred=tuple(done.deferred),
            cursor=self._cursor(asked.page, following),
            context=self._context(),
            last=following is None,
            total=asked.page.total_items if self._mode == "snapshot" else None,
            asked=asked.stamp,
        )

    async def _learn_groups(self, people: list[Seen]) -> None:
        """List the groups once more when somebody is in one that has been created since."""
        strange = {name for person in people for name in person.groups_unknown_to(self.labels)} - self._strange
        if strange:
            self.labels = await groups.current(self._api, self.labels, strange)
            self._strange |= strange  # a group that is not even there now: nobody asks for it again

    async def _whole(self, keys: list[RemoteKey]) -> dict[RemoteKey, bytes | PolydexError]:
        """Those of whom the list may have cut off something (J11), read by themselves."""
        found: dict[RemoteKey, bytes | PolydexError] = {}
        for start in range(0, len(keys), BATCH_GET):
            found |= await get_many(self._api, keys[start : start + BATCH_GET], seconds=READ_SECONDS)
        missing = ProviderMalformed(f"{_LIST}: the contact was asked for and not answered")
        return {key: found.get(key, missing) for key in keys}

    async def _renamed(self, people: list[Seen]) -> tuple[tuple[RemoteKey, RemoteKey], ...]:
        """(old, new) names of those whom we know under an old name alone.

        Google tells all names that a person ever had. Under one of them there may be somebody else by now, and whom we
        know under the new name has moved already.
        """
        moved = [person for person in people if person.former]
        if not moved:
            return ()
        known = await self._walk.known([person.key for person in moved])
        here = {person.key for person in people if not person.deleted}
        return tuple(
            (old, person.key) for person in moved if person.key not in known for old in person.former if old not in here
        )

    def _cursor(self, page: wire.ListConnections, following: str | None) -> Cursor | None:
        if following is not None:
            return replace(self._position, page=following).encode()
        # Without a token the next pull is a full walk; the old token would bring the same changes again and again.
        token = page.next_sync_token
        return replace(self._position, page=None, sync=token).encode() if token else None

    def _context(self) -> bytes | None:
        """The groups, with the first page that is mapped with them."""
        context = self.labels.encode()
        if context == self._told:
            return None
        self._told = context
        return context


def _as_known(person: Seen, known: Mapping[RemoteKey, Rev]) -> Rev | None:
    """Its revision when that is the one we have: then it need not be read once more."""
    rev = known.get(person.key)
    if rev is None or person.person is None or person.deleted or rev_of(person.person) != rev:
        return None
    return rev


def _add_whole(done: Read, person: Seen, outcome: bytes | PolydexError, labels: Labels, region: str | None) -> None:
    if isinstance(outcome, bytes):
        done.add(seen(outcome), outcome, labels, region)
    elif isinstance(outcome, RecordNotFound):
        done.gone.append(person.key)
    else:
        done.deferred.append(Deferred(person.key, person.etag, outcome))
