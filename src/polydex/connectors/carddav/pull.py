"""Pulls: what changed since a cursor, or everything.

A token is trusted as far as it can be checked. Removals of a delta are the server's explicit 404 only; everything that
smells (a token that moved without naming a change, a tag that moved without the token, a delta as long as the book, a
token that has not stood still for longer than a clock's second) ends in a listing that is compared with what is known,
as a page sequence of mode "snapshot".
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence

import msgspec

from polydex.connectors.base import Page, Record, Walk
from polydex.connectors.carddav.book import Book, Changes, State
from polydex.connectors.carddav.cursor import SETTLE_MS, Position
from polydex.connectors.carddav.errors import refused
from polydex.connectors.carddav.load import BATCH, Loaded, Loader
from polydex.core.errors import CursorExpired, ProviderError, ProviderMalformed
from polydex.core.ids import Cursor, RemoteKey, Rev

IN_FLIGHT = 2
"""Batches that are asked for at once."""
AGAIN = 3
"""So often a walk asks once more what there is, because a card was gone before it was read: it may have moved on, and only
the walk that knows where a card has left can say where it came to (J7)."""


async def pull(book: Book, cursor: Cursor | None, walk: Walk, *, resume: bool = False) -> AsyncIterator[Page]:
    """See ``connectors.base.Connector.pull``."""
    position = None if cursor is None else Position.decode(cursor)
    if resume and position is not None and position.token is not None:
        pages = _delta(book, walk, position, position.token, None)
    else:
        stamp = await walk.stamp()
        state = await book.state()
        silent = state.token is None and state.ctag is None
        moved = position is None or silent or (state.token, state.ctag) != (position.token, position.ctag)
        if position is not None and not moved and position.settled:
            yield Page("delta", cursor=cursor, asked=stamp, last=True)
            return
        if position is None or not moved:
            pages = _snapshot(book, walk, _fresh(state) if position is None else _stood_still(position, state), state)
        elif position.token is not None and state.syncs and state.token != position.token:
            pages = _delta(book, walk, position, position.token, state)
        else:
            pages = _snapshot(book, walk, _fresh(state), state)
    async with contextlib.aclosing(pages):
        async for page in pages:
            yield page


def _fresh(state: State) -> Position:
    return Position(token=state.token if state.syncs else None, ctag=state.ctag, at=state.clock)


def _stood_still(position: Position, state: State) -> Position:
    settled = state.clock is not None and position.at is not None and state.clock >= position.at + SETTLE_MS
    return msgspec.structs.replace(position, at=state.clock if position.at is None else position.at, settled=settled)


async def _snapshot(
    book: Book,
    walk: Walk,
    position: Position,
    state: State | None,
    doubted: frozenset[RemoteKey] = frozenset(),
) -> AsyncGenerator[Page, None]:
    """Everything that is there.

    Args:
        book: what is walked.
        walk: the engine's.
        position: as of before the listing (J2).
        state: of the book as of then; None when it is known to have a sync token.
        doubted: see ``_doubted``.
    """
    stamp = await walk.stamp()
    syncs = state is None or state.syncs
    listed, position = await _listed(book, position, syncs=syncs)
    position = msgspec.structs.replace(position, members=len(listed))
    known = await walk.known(list(listed))
    unchanged = tuple(
        (key, rev) for key, rev in listed.items() if rev is not None and known.get(key) == rev and key not in doubted
    )
    same = {key for key, _ in unchanged}
    wanted = {key: rev for key, rev in listed.items() if key not in same}
    # A page of its own, as what the listing said must not travel under the later stamp of the first cards (J1). It names
    # every key, so that a card that moved is known as moved before the walk has ended (J7).
    yield Page(
        "snapshot",
        unchanged=unchanged,
        listing=frozenset(listed),
        cursor=None if wanted else position.encode(),
        last=not wanted,
        total=len(listed),
        asked=stamp,
    )
    gone: set[RemoteKey] = set()
    for left in reversed(range(AGAIN + 1)):
        missing: dict[RemoteKey, int] = {}
        async with contextlib.aclosing(_batches(book, walk, wanted)) as batches:
            async for asked, loaded, final in batches:
                missing |= dict.fromkeys(loaded.gone, asked)
                last = final and not missing
                yield Page(
                    "snapshot",
                    changed=_without_rev(loaded.records, doubted),
                    deferred=tuple(loaded.deferred),
                    cursor=position.encode() if last else None,
                    last=last,
                    total=len(listed),
                    asked=asked,
                )
        if not missing:
            return
        more = left > 0 and not gone.issuperset(missing)  # what is listed again and gone again is not there at all
        gone.update(missing)
        # What is gone ends the round: it is written, with all that came before, when the counter is noted again, so that
        # the next listing is believed about it (J1).
        yield Page(
            "snapshot",
            removed=tuple(missing),
            cursor=None if more else position.encode(),
            last=not more,
            total=len(listed),
            asked=min(missing.values()),
        )
        if not more:
            return
        stamp = await walk.stamp()
        newly, _ = await _listed(book, position, syncs=syncs)
        wanted = {key: rev for key, rev in newly.items() if key not in listed or key in gone}
        listed |= newly
        yield Page(
            "snapshot",
            listing=frozenset(newly),  # what was listed as known before may be what has moved to a new key since
            cursor=None if wanted else position.encode(),
            last=not wanted,
            total=len(listed),
            asked=stamp,
        )
        if not wanted:
            return


async def _listed(book: Book, position: Position, *, syncs: bool) -> tuple[dict[RemoteKey, Rev | None], Position]:
    """All members, and the position as of before they were listed."""
    if syncs and position.token is None:  # a server that tells its token only in the report itself
        by_sync, position = await _listed_by_sync(book, position)
        if by_sync is not None:
            return by_sync, position
    listed, complete = await book.listing()
    if not complete:
        by_sync, position = await _listed_by_sync(book, position) if syncs else (None, position)
        if by_sync is None:
            raise ProviderMalformed("CardDAV listing: the server lists only a part of the address book (507)")
        listed = by_sync
    return listed, position


async def _listed_by_sync(book: Book, position: Position) -> tuple[dict[RemoteKey, Rev | None] | None, Position]:
    """The members by sync-collection from nothing, and the position after it; None when the server refuses that."""
    listed: dict[RemoteKey, Rev | None] = {}
    token, clock = "", None
    while True:
        try:
            changes = await book.changes(token)
        except ProviderError as error:
            if not (refused(error) or isinstance(error, CursorExpired)):
                raise
            return None, position
        for key in changes.removed:
            listed.pop(key, None)
        listed |= changes.changed
        clock = clock or changes.clock
        if changes.token is None or (changes.truncated and changes.token == token):
            return None, position
        token = changes.token
        if not changes.truncated:
            return listed, msgspec.structs.replace(position, token=token, at=clock)


async def _delta(
    book: Book, walk: Walk, position: Position, token: str, state: State | None
) -> AsyncGenerator[Page, None]:
    """What changed since the token.

    Args:
        book: what is walked.
        walk: the engine's.
        position: of the cursor.
        token: of the cursor.
        state: of the book as of now; None when a walk is resumed.
    """
    begun = state is None  # pages of this walk have been given out: it can no longer become a snapshot
    ctag = position.ctag if state is None else state.ctag
    members = position.members
    again = AGAIN
    while True:
        stamp = await walk.stamp()
        try:
            changes = await book.changes(token)
        except CursorExpired as error:
            raise _expired(error.message, resume=begun) from None
        except ProviderError as error:
            if not refused(error):
                raise
            if begun or state is None:
                raise _expired(error.message, resume=False) from None
            async with contextlib.aclosing(_snapshot(book, walk, _fresh(state), state)) as pages:
                async for page in pages:
                    yield page
            return
        stuck = changes.token is None or (changes.truncated and changes.token == token)
        if stuck and begun:
            raise _expired("CardDAV sync-collection: the server does not go on", resume=False)
        known = await walk.known(list(changes.changed))
        doubted = _doubted(changes, known)
        whole = len(changes.changed) * 2 >= members or not (changes.changed or changes.removed)
        if not begun and state is not None and (stuck or (whole and not changes.truncated)):
            after = Position(token=changes.token or state.token, ctag=ctag, at=changes.clock)
            if (changes.token, ctag) == (position.token, position.ctag) and not (changes.changed or changes.removed):
                # Nothing moved after all: a server that tells its token only in the report.
                if position.settled:
                    yield Page("delta", cursor=position.encode(), asked=stamp, last=True)
                    return
                after = _stood_still(position, state)
            async with contextlib.aclosing(_snapshot(book, walk, after, state, doubted)) as pages:
                async for page in pages:
                    yield page
            return
        wanted = {
            key: rev for key, rev in changes.changed.items() if rev is None or known.get(key) != rev or key in doubted
        }
        members = max(0, members + len(changes.changed.keys() - known.keys()) - len(changes.removed))
        after = Position(token=changes.token, ctag=ctag, at=changes.clock, members=members)
        last = not changes.truncated
        removed = changes.removed
        gone = False
        if not wanted:
            yield Page("delta", removed=removed, cursor=after.encode(), last=last, asked=stamp)
        async with contextlib.aclosing(_batches(book, walk, wanted)) as batches:
            async for asked, loaded, final in batches:
                if loaded.gone and not gone and again:
                    gone, last, again = True, False, again - 1
                # With the removals in the page of the first cards a card that moved is seen as moved (J7).
                yield Page(
                    "delta",
                    changed=_without_rev(loaded.records, doubted),
                    removed=(*removed, *loaded.gone),
                    deferred=tuple(loaded.deferred),
                    cursor=after.encode() if final else None,
                    last=last and final,
                    asked=min(asked, stamp) if removed else asked,
                )
                removed = ()
        if last:
            return
        begun = True
        token = changes.token or token


def _doubted(changes: Changes, known: Mapping[RemoteKey, Rev]) -> frozenset[RemoteKey]:
    """What is named as changed under the ETag that is known already.

    Mostly a write of our own. But ETags that count, or are made of the time, come back (SOGo: with a card that is deleted
    and put back), so these cards are read all the same; not when they are more than one request asks for, as after
    many writes of our own, or from a server that names everything again and again.
    """
    same = frozenset(key for key, rev in changes.changed.items() if rev is not None and known.get(key) == rev)
    return same if len(same) <= BATCH else frozenset()


def _without_rev(records: Sequence[Record], doubted: frozenset[RemoteKey]) -> tuple[Record, ...]:
    """The records; those in doubt without their revision, so that it does not pass for "nothing new"."""
    return tuple(msgspec.structs.replace(record, rev=None) if record.key in doubted else record for record in records)


def _expired(message: str, *, resume: bool) -> CursorExpired:
    error = CursorExpired(message)
    error.resume = resume
    return error


async def _batches(
    book: Book, walk: Walk, wanted: Mapping[RemoteKey, Rev | None]
) -> AsyncGenerator[tuple[int, Loaded, bool], None]:
    """(stamp, what was loaded, whether it is the last) per batch; the next ones are on their way meanwhile."""
    loader = Loader(book)

    async def load(batch: Mapping[RemoteKey, Rev | None]) -> tuple[int, Loaded]:
        stamp = await walk.stamp()
        return stamp, await loader.load(batch)

    items = list(wanted.items())
    batches = deque(dict(items[start : start + BATCH]) for start in range(0, len(items), BATCH))
    running: deque[asyncio.Task[tuple[int, Loaded]]] = deque()
    try:
        while batches or running:
            while batches and len(running) < IN_FLIGHT:
                running.append(asyncio.create_task(load(batches.popleft())))
            stamp, loaded = await running.popleft()
            if batches:
                running.append(asyncio.create_task(load(batches.popleft())))
            yield stamp, loaded, not (batches or running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
