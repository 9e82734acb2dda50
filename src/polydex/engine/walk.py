"""One walk of a source: pages are pulled, planned and applied, and at its end what it did not find is decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polydex.connectors.base import Capabilities, Connector, Page
from polydex.core.errors import CursorExpired, ProviderMalformed
from polydex.core.ids import Cursor, RemoteKey, Rev
from polydex.core.plan import Known, halts, removals
from polydex.engine import apply
from polydex.engine.apply import Applied, News, Target
from polydex.engine.context import Context
from polydex.store import contacts, rows, sources
from polydex.store.db import Tx
from polydex.store.sources import Lease, Source


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
        self._times.setdefault(asked, now)
        return asked

    def time_of(self, asked: int) -> int:
        """When this counter was first noted, unix milliseconds; the earliest is the careful answer."""
        return self._times.get(asked, 0)


@dataclass(frozen=True, slots=True)
class _Start:
    walk: int
    cursor: Cursor | None
    resume: bool


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
    asked = await noted.stamp()
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
        )
        cursor = page.cursor
        if page.last and page.mode == "snapshot" and not connector.caps.trusts_snapshot_cursor:
            cursor = trusted
        applied = await ctx.db.write(_apply_page, ctx, lease, target, page, news, cursor, ctx.clock())
        for action, count in applied.counts.items():
            total.counts[action] = total.counts.get(action, 0) + count
        total.seq = applied.seq
        if page.last:
            return page
        asked = await noted.stamp()
    raise ProviderMalformed("The provider's list ended without its last page")


def _begin(tx: Tx, lease: Lease, caps: Capabilities, now: int) -> _Start:
    """Go on with an interrupted walk, follow the cursor, or list everything."""
    source = sources.check(tx, lease)
    if source.walk_mode is not None and source.walk_cursor is not None:
        return _Start(source.walk_id, source.walk_cursor, resume=True)
    full_due = (
        caps.full_every is not None
        and source.cursor is not None
        and (source.full_at is None or source.full_at + caps.full_every * 1000 <= now)
    )
    walk = _new_walk(tx, source, now)
    return _Start(walk, None if full_due else source.cursor, resume=False)


def _begin_snapshot(tx: Tx, lease: Lease, now: int) -> _Start:
    return _Start(_new_walk(tx, sources.check(tx, lease), now), None, resume=False)


def _new_walk(tx: Tx, source: Source, now: int) -> int:
    contacts.clear_gone(tx, source.id)  # of a walk that was abandoned
    touch = tx.one("SELECT touch FROM account WHERE id = ?", source.account)
    return sources.begin_walk(tx, source.id, int(touch[0]) if touch else 0, now)


def _expired(tx: Tx, lease: Lease, *, resume: bool) -> None:
    source = sources.check(tx, lease)
    if resume:
        sources.drop_walk(tx, source.id)
    else:
        sources.forget_cursor(tx, source.id)


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
    decided = _decide(tx, target, source, page, news, brought, now)
    for action, count in decided.counts.items():
        applied.counts[action] = applied.counts.get(action, 0) + count
    applied.seq = max(applied.seq, decided.seq)
    sweep = tx.one("SELECT touch FROM account WHERE id = ?", target.account)
    sources.end_walk(tx, source.id, cursor, int(sweep[0]) if sweep else 0, now, full=page.mode == "snapshot")
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
