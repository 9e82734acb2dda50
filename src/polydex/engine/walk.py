"""One walk of a source: pages are pulled, planned and applied, and at its end what it did not find is decided."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from polydex.connectors.base import Capabilities, Connector, Page, Record
from polydex.core.errors import CursorExpired, ProviderMalformed
from polydex.core.ids import Cursor, RemoteKey, Rev
from polydex.core.plan import Known, halts, removals
from polydex.engine import apply, content
from polydex.engine.content import Ready
from polydex.engine.context import Context
from polydex.engine.execution import Applied
from polydex.engine.news import News
from polydex.engine.target import Target
from polydex.store import contacts, rows, sources
from polydex.store.db import Tx
from polydex.store.sources import Lease, Source

_TOGETHER = 500
"""Records that wait for the next transaction, from which on no page is taken: it stays short for clients that write
meanwhile, and memory does not grow with the address book."""
_AT_ONCE = 20
"""Records worked out between two turns of the event loop: one takes some 25 us, and others wait for their answers."""

End = Callable[[Tx, int], bool]
"""Called at a time (unix ms) in the transaction of the last page: lets go of the source, unless there is more to do for
it; whether it did."""


@dataclass(frozen=True, slots=True)
class Start:
    """How a walk begins.

    Attributes:
        walk: its id.
        cursor: where it begins; with ``resume`` that of a walk in progress.
        asked: the account's counter at ``now``, unix milliseconds, before the first request (J1).
        since: when the walk began, unix milliseconds, be it long ago and in another process; it is complete as of then (J5).
        full_at: as in ``sources.Source``.
    """

    walk: int
    cursor: Cursor | None
    resume: bool
    asked: int
    now: int
    since: int
    full_at: int | None


@dataclass(slots=True)
class Walked:
    """What a walk has done. ``let_go``: the source was let go of with the last page."""

    applied: Applied = field(default_factory=Applied)
    let_go: bool = False

    def include(self, other: Walked) -> None:
        """Add what came after it."""
        self.applied.include(other.applied)
        self.let_go = other.let_go


class Noted:
    """The engine's side of a walk, lent to the connector: what is known, and the counter (``connectors.base.Walk``)."""

    def __init__(self, ctx: Context, target: Target, start: Start) -> None:
        self._ctx, self._target = ctx, target
        self._times: dict[int, int] = {start.asked: start.now}
        self._first: int | None = start.asked

    async def known(self, keys: Sequence[RemoteKey]) -> Mapping[RemoteKey, Rev]:
        """The revisions of those keys that are live and known."""
        return await self._ctx.db.read(rows.revisions, self._target.source, keys)

    async def stamp(self) -> int:
        """The account's counter now; for the first request, as the walk's start noted it."""
        first, self._first = self._first, None
        if first is not None:
            return first
        now = self._ctx.clock()
        asked = await self._ctx.db.look(apply.stamp, self._target.account, self._target.generation)
        self._times.setdefault(asked, now)
        return asked

    def answered(self) -> None:
        """A page is there: what is asked for from now on is not asked for as at the start."""
        self._first = None

    def time_of(self, asked: int) -> int:
        """When this counter was first noted, unix milliseconds; the earliest is the careful answer."""
        return self._times.get(asked, 0)


async def run(
    ctx: Context,
    lease: Lease,
    target: Target,
    connector: Connector,
    start: Start | None = None,
    end: End = lambda _tx, _now: False,
) -> Walked:
    """Bring the mirror up to the provider's state. Raises ProviderError, FenceLost, GenerationChanged.

    A cursor that the provider no longer accepts is not a failure: a resume cursor falls back to the cursor of the last
    complete walk, and that one to a snapshot (J3), also when the pages that follow it expire a second time.

    Args:
        ctx: the parts.
        lease: of the source.
        target: of the source.
        connector: of the source.
        start: as ``begin`` gave it in the transaction that took the lease; None: it begins here.
        end: see End.
    """
    walked, dropped = Walked(), False
    for _ in range(3):
        if start is None:
            start = await ctx.db.write(_begin, lease, ctx.clock())
        start = _whole_if_due(start, connector.caps)
        try:
            last = await _pages(ctx, lease, target, connector, start, walked, end)
        except CursorExpired as error:
            resume = start.resume or error.resume
            if not resume and start.cursor is None:
                raise ProviderMalformed("The provider refuses to list from the start") from None
            await ctx.db.write(_expired, lease, resume=resume and not (dropped and start.cursor is not None))
            start, dropped = None, True
            continue
        if last.mode == "snapshot" and not connector.caps.trusts_snapshot_cursor:
            # J2: edits during the walk may lie before this cursor; a second walk, begun after it, covers them.
            again = await ctx.db.write(_begin_snapshot, lease, ctx.clock())
            await _pages(ctx, lease, target, connector, again, walked, end, trusted=last.cursor)
        return walked
    raise ProviderMalformed("The provider expires every cursor")


async def _pages(
    ctx: Context,
    lease: Lease,
    target: Target,
    connector: Connector,
    start: Start,
    walked: Walked,
    end: End,
    *,
    trusted: Cursor | None = None,
) -> Page:
    noted = Noted(ctx, target, start)
    writing = _Writing(ctx, lease, target, walked, end)
    try:
        return await _pulled(noted, writing, connector, start, trusted, target.context)
    except Exception:
        await writing.finish()  # what came before the failure counts
        raise
    finally:
        await writing.abandon()


async def _pulled(
    noted: Noted,
    writing: _Writing,
    connector: Connector,
    start: Start,
    trusted: Cursor | None,
    context: bytes | None,
) -> Page:
    """``context``: what the connector was made with."""
    asked = start.asked
    async for page in connector.pull(start.cursor, noted, resume=start.resume):
        noted.answered()
        context = context if page.context is None else page.context
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
            ready=await _ready(page.changed),
        )
        cursor, end = page.cursor, page.last
        if page.last and page.mode == "snapshot" and not connector.caps.trusts_snapshot_cursor:
            cursor, end = trusted, trusted is not None
        asks = page.mode == "delta" and not connector.caps.tells_brief
        await writing.add(_Piece(page, news, cursor, end, context, asks=asks))
        if page.last or page.mode == "delta" or page.removed or page.asked is None:
            # A page of a delta may go on with what the one before it said (a rename of what that created), one after
            # removals with what has become of them, and is believed about it only when it is asked for after that has
            # been written (J1).
            await writing.finish()
        if page.last:
            return page
        if page.asked is None:  # a connector that notes its counter itself needs none noted here
            asked = await noted.stamp()
    raise ProviderMalformed("The provider's list ended without its last page")


async def _ready(records: Sequence[Record]) -> list[Ready]:
    made = []
    for at, record in enumerate(records):
        if at % _AT_ONCE == 0:
            await asyncio.sleep(0)
        made.append(content.ready(record))
    return made


@dataclass(frozen=True, slots=True)
class _Piece:
    """A page as it is applied, with the cursor to store.

    Attributes:
        end: no other walk follows this page.
        context: what its records were mapped with; None: the connector knows of none.
        asks: the delta may be silent about those of whom none has told yet (``Capabilities.tells_brief``).
    """

    page: Page
    news: News
    cursor: Cursor | None
    end: bool
    context: bytes | None
    asks: bool = False


class _Writing:
    """Pages on their way into the mirror, in their order, while the provider is asked for the next ones.

    What arrives during a transaction is written together in the next one: a commit waits for the disk, and the slower
    the disk is, the fewer there are. ``walked`` gets what was done.
    """

    def __init__(self, ctx: Context, lease: Lease, target: Target, walked: Walked, end: End) -> None:
        self._ctx, self._lease, self._target, self._walked, self._end = ctx, lease, target, walked, end
        self._waiting: list[_Piece] = []
        self._task: asyncio.Task[Walked] | None = None

    async def add(self, piece: _Piece) -> None:
        """Take a page. Raises what stopped the writing of an earlier one."""
        self._ctx.places.heard(self._lease.source)
        self._waiting.append(piece)
        if self._task is not None and (self._task.done() or self._records() >= _TOGETHER):
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

    def _records(self) -> int:
        return sum(len(piece.page.changed) + len(piece.page.unchanged) for piece in self._waiting)

    def _begin(self) -> None:
        ctx, pieces, self._waiting = self._ctx, self._waiting, []
        write = ctx.db.write(_apply_pieces, ctx, self._lease, self._target, pieces, self._end, ctx.clock())
        self._task = asyncio.create_task(write)

    async def _written(self) -> None:
        if self._task is not None:
            self._walked.include(await self._task)
            self._task = None  # a failure stays: nothing may be written after a page that was not


def begin(tx: Tx, source: Source, now: int) -> Start:
    """Go on with an interrupted walk, or follow the cursor. The caller holds the lease, and has locked the source."""
    if source.walk_mode is not None and source.walk_cursor is not None:
        return _start(tx, source, source.walk_id, source.walk_cursor, now, resume=True)
    return _new_walk(tx, source, source.cursor, now)


def _begin(tx: Tx, lease: Lease, now: int) -> Start:
    return begin(tx, sources.check(tx, lease), now)


def _begin_snapshot(tx: Tx, lease: Lease, now: int) -> Start:
    return _new_walk(tx, sources.check(tx, lease), None, now)


def _new_walk(tx: Tx, source: Source, cursor: Cursor | None, now: int) -> Start:
    contacts.clear_gone(tx, source.id)  # of a walk that was abandoned
    walk = sources.begin_walk(tx, source.id, _touch(tx, source), now)
    return _start(tx, source, walk, cursor, now, resume=False)


def _start(tx: Tx, source: Source, walk: int, cursor: Cursor | None, now: int, *, resume: bool) -> Start:
    return Start(
        walk=walk,
        cursor=cursor,
        resume=resume,
        asked=_touch(tx, source),
        now=now,
        since=source.walk_start_ms if resume else now,
        full_at=source.full_at,
    )


def _whole_if_due(start: Start, caps: Capabilities) -> Start:
    """List everything, in place of following the cursor, when that has not been done for long."""
    if start.resume or start.cursor is None or caps.full_every is None:
        return start
    full_due = start.full_at is None or start.full_at + caps.full_every * 1000 <= start.now
    return replace(start, cursor=None) if full_due else start


def _touch(tx: Tx, source: Source) -> int:
    row = tx.one("SELECT touch FROM account WHERE id = ?", source.account)
    return int(row[0]) if row else 0


def _expired(tx: Tx, lease: Lease, *, resume: bool) -> None:
    source = sources.check(tx, lease)
    if resume:
        contacts.unlist_walk(tx, source.id, source.walk_id)
        sources.drop_walk(tx, source.id)
    else:
        sources.forget_cursor(tx, source.id)


def _apply_pieces(
    tx: Tx, ctx: Context, lease: Lease, target: Target, pieces: Sequence[_Piece], end: End, now: int
) -> Walked:
    walked = Walked()
    for piece in pieces:
        walked.applied.include(_apply_page(tx, ctx, lease, target, piece, now))
        walked.let_go = piece.end and end(tx, now)
    return walked


def _apply_page(tx: Tx, ctx: Context, lease: Lease, target: Target, piece: _Piece, now: int) -> Applied:
    """One page in one transaction: fence, rows, journal, cursor (J6)."""
    page, news, cursor = piece.page, piece.news, piece.cursor
    source = sources.check(tx, lease)
    sources.renew(tx, lease, now + int(ctx.settings.lease * 1000))
    if piece.context is not None and piece.context != source.context:
        # Also at the first time: a client may have written before the first page came.
        if contacts.unmap(tx, source.id):
            sources.mapped(tx, source.id, contacts.UNMAPPED)
        sources.set_context(tx, source.id, piece.context)
    target = replace(target, context=piece.context)
    applied = apply.apply(tx, target, news, now)
    contacts.unlist(tx, source.id, page.unlisted)
    brought = len(page.changed) + len(page.unchanged) + len(page.deferred)
    if not page.last:
        sources.step_walk(tx, source.id, page.mode, cursor, brought, page.total)
        return applied
    sources.step_walk(tx, source.id, page.mode, None, brought, page.total)
    applied.include(_decide(tx, target, source, page, news, brought, now))
    if piece.asks:
        contacts.verify(tx, now, rows.unlisted(tx, source.id))
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
    contacts.seen_in_walk(
        tx, 0, [row.row for row in doubtful]
    )  # the list does not know them (Capabilities.tells_brief)
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
