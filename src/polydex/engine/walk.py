"""One walk of a source: pages are pulled, planned and applied, and at its end what it did not find is decided."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polydex.connectors.base import Capabilities, Connector, Page
from polydex.core.errors import CursorExpired, ProviderMalformed
from polydex.core.ids import Cursor, RemoteKey, Rev
from polydex.core.plan import Known, halts, removals
from polydex.engine import apply, content
from polydex.engine.apply import Applied, News, Target
from polydex.engine.context import Context
from polydex.store import contacts, rows, sources
from polydex.store.db import Tx
from polydex.store.sources import Lease, Source

_TOGETHER = 5
"""Pages in one transaction at most, so that a write by a client need not wait for long."""


class Noted:
    """The engine's side of a walk, lent to the connector: what is known, and the counter (``connectors.base.Walk``)."""

    def __init__(self, ctx: Context, target: Target) -> None:
        self._ctx, self._target = ctx, target
        self._times: dict[int, int] = {}

    async def known(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Rev]:
        """The revisions of those keys that are live and known."""
        return await self._ctx.db.read(rows.revisions, self._target.source, keys)

    async def stamp(self) -> int:
        """The account's counter now."""
        now = self._ctx.clock()
        asked = await self._ctx.db.read(apply.stamp, self._target.account, self._target.generation)
        self.note(asked, now)
        return asked

    def note(self, asked: int, now: int) -> None:
        """The counter was read at ``now`` (unix milliseconds) or later."""
        self._times.setdefault(asked, now)

    def time_of(self, asked: int) -> int:
        """When this counter was first noted, unix milliseconds; the earliest is the careful answer."""
        return self._times.get(asked, 0)


@dataclass(frozen=True, slots=True)
class _Start:
    """Attributes: asked: the account's counter at ``now``, unix milliseconds, before the first request."""

    walk: int
    cursor: Cursor | None
    resume: bool
    asked: int
    now: int


async def run(ctx: Context, lease: Lease, target: Target, connector: Connector) -> Applied:
    """Bring the mirror up to the provider's state. Raises ProviderError, FenceLost, GenerationChanged.

    A cursor that the provider no longer accepts is not a failure: a resume cursor falls back to the cursor of the last
    complete walk, and that one to a snapshot (J3).
    """
    total = Applied()
    for _ in range(3):
        start = await ctx.db.write(_begin, lease, connector.caps, ctx.clock())
        try:
            last = await _pages(ctx, lease, target, connector, start, total)
        except CursorExpired as error:
            resume = start.resume or error.resume
            if not resume and start.cursor is None:
                raise ProviderMalformed("The provider refuses to list from the start") from None
            await ctx.db.write(_expired, lease, resume=resume)
            continue
        if last.mode == "snapshot" and not connector.caps.trusts_snapshot_cursor:
            # J2: edits during the walk may lie before this cursor; a second walk, begun after it, covers them.
            again = await ctx.db.write(_begin_snapshot, lease, ctx.clock())
            await _pages(ctx, lease, target, connector, again, total, trusted=last.cursor)
        return total
    raise ProviderMalformed("The provider expires every cursor")


async def _pages(
    ctx: Context,
    lease: Lease,
    target: Target,
    connector: Connector,
    start: _Start,
    total: Applied,
    *,
    trusted: Cursor | None = None,
) -> Page:
    noted = Noted(ctx, target)
    writing = _Writing(ctx, lease, target, total)
    try:
        return await _pulled(noted, writing, connector, start, trusted)
    except Exception:
        await writing.finish()  # what came before the failure counts
        raise
    finally:
        await writing.abandon()


async def _pulled(noted: Noted, writing: _Writing, connector: Connector, start: _Start, trusted: Cursor | None) -> Page:
    asked = start.asked
    noted.note(asked, start.now)
    async for page in connector.pull(start.cursor, noted, resume=start.resume):
        stamped = asked if page.asked is None else page.asked
        news = News(
            asked=stamped,
            asked_ms=noted.time_of(stamped),
            walk=start.walk,
            read_lag_ms=int(connector.caps.read_lag * 1000),
            create_lag_ms=int(connector.caps.create_lag * 1000),
            renamed=page.renamed,
            removed=page.removed,
            changed=page.changed,
            unchanged=page.unchanged,
            deferred=page.deferred,
            listing=page.listing,
            ready=[content.ready(record) for record in page.changed],
        )
        cursor = page.cursor
        if page.last and page.mode == "snapshot" and not connector.caps.trusts_snapshot_cursor:
            cursor = trusted
        await writing.add(_Piece(page, news, cursor))
        if page.last or page.mode == "delta" or page.asked is None:
            # A page of a delta may go on with what the one before it said (a rename of what that created), and is
            # believed about it only when it is asked for after that has been written (J1).
            await writing.finish()
        if page.last:
            return page
        asked = await noted.stamp()
    raise ProviderMalformed("The provider's list ended without its last page")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A page as it is applied, with the cursor to store."""

    page: Page
    news: News
    cursor: Cursor | None


class _Writing:
    """Pages on their way into the mirror, in their order, while the provider is asked for the next ones.

    What arrives during a transaction is written together in the next one: a commit waits for the disk, and the slower
    the disk is, the fewer there are. ``total`` gets what was done.
    """

    def __init__(self, ctx: Context, lease: Lease, target: Target, total: Applied) -> None:
        self._ctx, self._lease, self._target, self._total = ctx, lease, target, total
        self._waiting: list[_Piece] = []
        self._task: asyncio.Task[Applied] | None = None

    async def add(self, piece: _Piece) -> None:
        """Take a page. Raises what stopped the writing of an earlier one."""
        self._waiting.append(piece)
        if self._task is not None and (self._task.done() or len(self._waiting) >= _TOGETHER):
            await self._written()
        if self._task is None:
            self._begin()

    async def finish(self) -> None:
        """Return when every page that was taken is in the mirror. Raises what stopped it."""
        await self._written()
        if self._waiting:
            self._begin()
            await self._written()

    async def abandon(self) -> None:
        """Give up, but not while a transaction runs."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def _begin(self) -> None:
        ctx, pieces, self._waiting = self._ctx, self._waiting, []
        write = ctx.db.write(_apply_pieces, ctx, self._lease, self._target, pieces, ctx.clock())
        self._task = asyncio.create_task(write)

    async def _written(self) -> None:
        if self._task is not None:
            self._total.include(await self._task)
            self._task = None  # a failure stays: nothing may be written after a page that was not


def _begin(tx: Tx, lease: Lease, caps: Capabilities, now: int) -> _Start:
    """Go on with an interrupted walk, follow the cursor, or list everything."""
    source = sources.check(tx, lease)
    if source.walk_mode is not None and source.walk_cursor is not None:
        return _Start(source.walk_id, source.walk_cursor, resume=True, asked=_touch(tx, source), now=now)
    full_due = (
        caps.full_every is not None
        and source.cursor is not None
        and (source.full_at is None or source.full_at + caps.full_every * 1000 <= now)
    )
    return _new_walk(tx, source, None if full_due else source.cursor, now)


def _begin_snapshot(tx: Tx, lease: Lease, now: int) -> _Start:
    return _new_walk(tx, sources.check(tx, lease), None, now)


def _new_walk(tx: Tx, source: Source, cursor: Cursor | None, now: int) -> _Start:
    contacts.clear_gone(tx, source.id)  # of a walk that was abandoned
    touch = _touch(tx, source)
    return _Start(sources.begin_walk(tx, source.id, touch, now), cursor, resume=False, asked=touch, now=now)


def _touch(tx: Tx, source: Source) -> int:
    row = tx.one("SELECT touch FROM account WHERE id = ?", source.account)
    return int(row[0]) if row else 0


def _expired(tx: Tx, lease: Lease, *, resume: bool) -> None:
    source = sources.check(tx, lease)
    if resume:
        sources.drop_walk(tx, source.id)
    else:
        sources.forget_cursor(tx, source.id)


def _apply_pieces(tx: Tx, ctx: Context, lease: Lease, target: Target, pieces: Sequence[_Piece], now: int) -> Applied:
    total = Applied()
    for piece in pieces:
        total.include(_apply_page(tx, ctx, lease, target, piece.page, piece.news, piece.cursor, now))
    return total


def _apply_page(
    tx: Tx, ctx: Context, lease: Lease, target: Target, page: Page, news: News, cursor: Cursor | None, now: int
) -> Applied:
    """One page in one transaction: fence, rows, journal, cursor (J6)."""
    source = sources.check(tx, lease)
    sources.renew(tx, lease, now + int(ctx.settings.lease * 1000))
    applied = apply.apply(tx, target, news, now)
    if page.context is not None and source.context is not None and page.context != source.context:
        contacts.unmap(tx, source.id)
        sources.mapped(tx, source.id, -1)
    brought = len(page.changed) + len(page.unchanged) + len(page.deferred)
    if not page.last:
        sources.step_walk(tx, source.id, page.mode, cursor, brought, page.total, page.context)
        return applied
    sources.step_walk(tx, source.id, page.mode, None, brought, page.total, page.context)
    applied.include(_decide(tx, target, source, page, news, brought, now))
    sources.end_walk(tx, source.id, cursor, _touch(tx, source), now, full=page.mode == "snapshot")
    return applied


def _decide(tx: Tx, target: Target, source: Source, page: Page, news: News, brought: int, now: int) -> Applied:
    """What the complete walk did not find becomes tombstones, waits for approval, or is verified (J1, J13)."""
    gone, asked = rows.gone_in_walk(tx, source.id, source.walk_id)
    missing = {row.row: row for row in gone}
    if page.mode == "snapshot":
        for row in rows.unseen(tx, source.id, source.walk_id):
            missing.setdefault(row.row, row)
            asked.setdefault(row.key, source.walk_start)
    candidates, doubtful = removals(
        missing.values(), asked, read_lag_ms=news.read_lag_ms, asked_ms=source.walk_start_ms
    )
    contacts.verify(tx, now, [row.row for row in doubtful])
    waiting = {row.row for row in candidates if row.pending is not None}
    new: list[Known] = [row for row in candidates if row.pending is None]
    held = rows.count_pending(tx, source.id)
    empty_walk = page.mode == "snapshot" and source.walk_done + brought == 0
    if new and halts(len(new) + max(held, len(waiting)), rows.count_live(tx, source.id), empty_walk=empty_walk):
        contacts.mark_pending(tx, source.walk_id, [row.row for row in new])
        held += len(new)
        new = []
    if held:
        sources.halt(tx, source.id, source.halted_walk or source.walk_id, held)
    elif source.halted_walk is not None:
        sources.resume(tx, source.id)
    return apply.bury(tx, target, new, now) if new else Applied()
