"""Pulls: sources are brought up to date, by schedule, and on demand for those who wait for freshness."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from functools import partial

from polydex.core import errors
from polydex.core.errors import (
    FenceLost,
    GenerationChanged,
    Internal,
    PolydexError,
    ProviderUnauthorized,
    Retry,
    StoreFailed,
    TokenDead,
    Unauthorized,
)
from polydex.core.ids import SourceId
from polydex.engine import doubts, owners, remapping, walk
from polydex.engine.context import Context
from polydex.engine.walk import Start
from polydex.log import logger
from polydex.store import accounts, rows, sources, watches
from polydex.store.accounts import Account
from polydex.store.db import Tx
from polydex.store.sources import Lease, Source

_POLL = 0.05
"""Seconds between two looks at a source that another process is pulling."""
_SPREAD = 0.1

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A source whose lease was taken, with what its pull begins with, all of one moment."""

    lease: Lease
    account: Account
    source: Source
    start: Start


@dataclass(frozen=True, slots=True)
class _Pull:
    """A pull that runs in this process. ``since``: what it brings is of then, unix milliseconds, or later."""

    task: asyncio.Task[PolydexError | None]
    since: int


class Pulls:
    """Runs pulls in this process; any number of processes may do so, each pull under a lease with a fence."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._running: dict[SourceId, _Pull] = {}
        self._unfinished: list[tuple[_Taken, PolydexError | None]] = []

    async def ensure(self, source: SourceId, not_before: int, wait: float) -> None:
        """Return when a pull that began at ``not_before`` (unix ms) or later has succeeded.

        One pull serves all who wait; it goes on when they give up. Raises what stopped the pull, or TimeoutError when
        it takes longer than ``wait`` seconds.
        """
        async with asyncio.timeout(wait):
            while True:
                known = await self._ctx.db.look(sources.get, source)
                if known is None:
                    raise GenerationChanged
                if known.pulled_at is not None and known.pulled_at >= not_before:
                    return
                if known.tried_at is not None and known.tried_at >= not_before and known.error_code:
                    raise failure(known)
                pull = self._running.get(source) or await self._start(source, not_before)
                if pull is None:
                    await asyncio.sleep(_POLL)
                    continue
                await asyncio.wait([pull.task])
                if pull.since >= not_before and _succeeded(pull.task):
                    return

    async def _start(self, source: SourceId, not_before: int) -> _Pull | None:
        """Begin a pull of this source here, unless somebody holds its lease, or has pulled it meanwhile."""
        await self._catch_up()
        now = self._ctx.clock()
        until = now + int(self._ctx.settings.lease * 1000)
        write = self._ctx.db.write(_take_one, source, self._ctx.owner, now, until, not_before)
        taking = asyncio.create_task(write)
        try:
            taken = await asyncio.shield(taking)
        except asyncio.CancelledError:  # who asked gives up; a lease that nobody uses would keep the others waiting
            if (taken := await taking) is not None:
                self._spawn(taken)
            raise
        return self._spawn(taken) if taken else None

    def _spawn(self, taken: _Taken) -> _Pull:
        source = taken.source.id
        task = asyncio.create_task(self._run(taken), name=f"pull {source}")
        pull = self._running[source] = _Pull(task, taken.start.since)
        self._ctx.places.take(source, taken.lease.server)

        def done(finished: asyncio.Task[PolydexError | None]) -> None:
            if self._running.get(source) is pull:
                del self._running[source]
                self._ctx.places.leave(source)
            if not finished.cancelled() and finished.exception() is not None:
                log.error("pull.crashed", source=source, error=type(finished.exception()).__name__)

        task.add_done_callback(done)
        return pull

    async def run_due(self) -> int:
        """Claim due sources as far as there is room and begin to pull them; their number."""
        await self._catch_up()
        places, count = self._ctx.places, self._ctx.settings.parallel_pulls
        room = places.room(count, self._ctx.settings.silent)
        if room <= 0:
            return 0
        now = self._ctx.clock()
        until = now + int(self._ctx.settings.lease * 1000)
        taken = await self._ctx.db.write(_take_due, self._ctx.owner, now, until, room, places.full(count))
        for each in taken:
            self._spawn(each)
        return len(taken)

    async def inherit(self) -> None:
        """Let go of the leases of processes that were killed: what they were pulling is due, and goes on at once."""
        for owner in await self._ctx.db.read(sources.owners):
            if owners.is_gone(owner, self._ctx.owner):
                released = await self._ctx.db.write(sources.release_all, owner)
                log.info("pull.inherited", owner=owner, sources=released)

    async def wait_idle(self) -> None:
        """Return when no pull of this process runs any more."""
        while self._running:
            await asyncio.wait([pull.task for pull in self._running.values()])

    async def stop(self, grace: float) -> None:
        """Let running pulls finish for ``grace`` seconds, then abandon them safely and let go of every lease."""
        running = [pull.task for pull in self._running.values()]
        if running:
            _, late = await asyncio.wait(running, timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        await self._ctx.db.write(sources.release_all, self._ctx.owner)

    async def _run(self, taken: _Taken) -> PolydexError | None:
        """Pull, settle doubts, re-map; then say when the source is due again. Returns what stopped it, or None."""
        ctx, lease = self._ctx, taken.lease
        error: PolydexError | None = None
        try:
            async with self._heartbeat(lease):
                if await self._pull(taken):
                    return None
        except (FenceLost, GenerationChanged) as lost:
            return lost
        except PolydexError as caught:
            error = caught
        except asyncio.CancelledError:
            raise
        except Exception as fault:  # a fault of ours in one account must not stop the others
            log.exception("pull.fault", source=lease.source)
            error = Internal(detail=type(fault).__name__)
        try:
            await ctx.db.write(_finish, ctx, taken, error, ctx.clock())
        except StoreFailed as failed:
            self._unfinished.append((taken, error))
            return failed
        return error

    async def _catch_up(self) -> None:
        """Store how pulls ended while the disk was full: else their leases would last for their whole time."""
        while self._unfinished:
            taken, error = self._unfinished.pop()
            try:
                await self._ctx.db.write(_finish, self._ctx, taken, error, self._ctx.clock())
            except StoreFailed:
                self._unfinished.append((taken, error))
                raise

    async def _pull(self, taken: _Taken) -> bool:
        """Whether the source was let go of with the last page: nothing else was left to do."""
        ctx, lease, account, source = self._ctx, taken.lease, taken.account, taken.source
        target = ctx.target(account, source)
        connector = ctx.connector(account, source)
        more = account.token_status != accounts.ACTIVE
        end = partial(_end, ctx, taken, target.mapping_version, more)
        walked = await walk.run(ctx, lease, target, connector, taken.start, end)
        log.info("pull.done", source=lease.source, changes=walked.applied.counts)
        if walked.let_go:
            return True
        if account.token_status == accounts.INVALID:
            # Of other credentials, that have been stored meanwhile, this says nothing.
            accepted = partial(accounts.set_status, credentials=account.credentials)
            await ctx.db.write(accepted, account.id, accounts.ACTIVE, None, ctx.clock())
        after = await ctx.db.read(sources.get, source.id)
        if after is None:
            raise GenerationChanged
        if after.context != target.context:  # the walk brought another one
            target, connector = ctx.target(account, after), ctx.connector(account, after)
        await doubts.settle(ctx, lease, target, connector)
        if after.mapping_version != target.mapping_version:
            await remapping.remap(ctx, lease, target, connector)
        return False

    @contextlib.asynccontextmanager
    async def _heartbeat(self, lease: Lease) -> AsyncIterator[None]:
        """Keep the lease while the body runs. A lost lease is noticed by the fence in the next transaction."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(self._ctx.settings.lease / 3)
                until = self._ctx.clock() + int(self._ctx.settings.lease * 1000)
                # What stops the work is told by the work itself.
                with contextlib.suppress(FenceLost, StoreFailed):
                    await self._ctx.db.write(sources.renew, lease, until)

        task = asyncio.create_task(beat())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def _succeeded(task: asyncio.Task[PolydexError | None]) -> bool:
    return not task.cancelled() and task.exception() is None and task.result() is None


def failure(source: Source) -> PolydexError:
    """The error that stopped the last pull of a source, as it can be told to those who wait for it."""
    for kind in _FAILURES:
        if kind.code == source.error_code:
            return kind(source.error_message, retry_after=5.0 if kind.retry is Retry.LATER else None)
    return errors.ProviderUnavailable(source.error_message, retry_after=5.0)


_FAILURES: tuple[type[PolydexError], ...] = (
    errors.TokenDead,
    errors.TokenRefreshFailed,
    errors.ProviderUnauthorized,
    errors.ProviderForbidden,
    errors.ProviderRejected,
    errors.ProviderThrottled,
    errors.ProviderMalformed,
    errors.ProviderTimeout,
    errors.AddressForbidden,
    errors.RecordNotFound,
    errors.StoreFailed,
)


def _take_one(tx: Tx, source: SourceId, owner: str, now: int, until: int, not_before: int) -> _Taken | None:
    lease = sources.claim_one(tx, source, owner, now, until, not_before)
    return _opened(tx, lease, now) if lease else None


def _take_due(tx: Tx, owner: str, now: int, until: int, limit: int, without: Sequence[str]) -> list[_Taken]:
    taken = (_opened(tx, lease, now) for lease in sources.claim(tx, owner, now, until, limit, without))
    return [each for each in taken if each is not None]


def _opened(tx: Tx, lease: Lease, now: int) -> _Taken | None:
    """What a pull begins with; its walk begins in the transaction that takes the lease. None: the account is gone."""
    source = sources.get(tx, lease.source)
    account = accounts.get(tx, source.account) if source else None
    if source is None or account is None:
        return None
    return _Taken(lease, account, source, walk.begin(tx, source, now))


def _end(ctx: Context, taken: _Taken, mapping_version: int, more: bool, tx: Tx, now: int) -> bool:
    """See ``walk.End``. ``more``: there is something left to do that is known already."""
    verify = rows.next_verify(tx, taken.source.id)
    source = sources.get(tx, taken.source.id)
    unmapped = source is not None and source.mapping_version != mapping_version
    if more or unmapped or (verify is not None and verify <= now):
        return False
    _finish(tx, ctx, taken, None, now)
    return True


def _interval(tx: Tx, ctx: Context, source: SourceId, now: int) -> float:
    """Seconds until the next poll: longer where the provider tells of changes itself, but not beyond its doing so.

    Up to a tenth less, so that what has begun at one moment, as at a start, does not come back at one moment for ever.
    """
    settings = ctx.settings
    interval = settings.poll_interval
    watched = watches.get(tx, source) if settings.public_url or settings.streams else None
    if watched is not None and watched.lives(watches.STREAM, now):  # when it ends, that brings the next poll forward
        interval = max(interval, settings.watched_poll_interval)
    elif watched is not None and settings.public_url and watched.lives(settings.public_url, now):
        interval = max(interval, min(settings.watched_poll_interval, (watched.expires_at - now) / 1000))
    return interval * (1 - _SPREAD * ctx.random())


def _finish(tx: Tx, ctx: Context, taken: _Taken, error: PolydexError | None, now: int) -> None:
    """Say when the source is due again: by the interval, by the next doubt, or by the back-off after a failure."""
    lease = taken.lease
    source = sources.get(tx, lease.source)
    if source is None or source.fence != lease.fence:
        return
    if error is None:
        pause = _interval(tx, ctx, lease.source, now)
    else:
        fails = sources.failed(tx, lease.source, taken.start.now, error.code, error.message)
        if source.walk_mode == sources.BEGUN:  # and nothing came of it
            sources.drop_walk(tx, lease.source)
        pause = min(ctx.settings.backoff_max, 2.0 ** min(fails, 20)) * (1 - _SPREAD * ctx.random())
        if error.retry is not Retry.LATER:
            pause = max(pause, ctx.settings.poll_interval)
        pause = max(pause, error.retry_after or 0.0)
        if isinstance(error, ProviderUnauthorized):  # of these credentials; that says nothing about newer ones
            refused = taken.account.credentials
            accounts.set_status(tx, source.account, accounts.INVALID, error.message, now, credentials=refused)
    if error is None and source.halted_walk is not None and rows.count_pending(tx, lease.source) == 0:
        sources.resume(tx, lease.source)  # every deletion that waited has been decided
    due = now + int(pause * 1000)
    if error is None and (verify := rows.next_verify(tx, lease.source)) is not None:
        due = min(due, max(verify, now + 1000))
    if isinstance(error, TokenDead | Unauthorized):
        sources.finish(tx, lease, now, now + int(ctx.settings.backoff_max * 1000))
        return
    sources.finish(tx, lease, now, due)
