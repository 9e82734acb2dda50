"""Watches: the channels by which providers tell of changes are made, renewed, made anew, and ended.

A channel is no more than a hint that a pull is worth while: all the worse that can come of a lost one is that a change is
found by the next poll. So nothing here is exact, but nothing is forgotten either: what is to be done is a row, under a
lease, and its outcome is stored under that lease's fence. A process that dies between the provider's answer and that
leaves a channel that nobody knows, until it ends by itself; the row is still due, and gets another.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass

from polydex.connectors.base import Watch, Watching
from polydex.connectors.provider import Pushing, streams as tells_over_streams
from polydex.core.errors import (
    FenceLost,
    GenerationChanged,
    Internal,
    PolydexError,
    ProviderForbidden,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnauthorized,
    Retry,
    StoreFailed,
    TokenDead,
    Unauthorized,
)
from polydex.core.ids import AccountId, SourceId
from polydex.engine import owners, push
from polydex.engine.context import Context
from polydex.log import logger
from polydex.store import accounts, sources, streams, watches
from polydex.store.accounts import Account
from polydex.store.db import Tx
from polydex.store.sources import Source
from polydex.store.watches import Lease, Watched

SECONDS = 40.0
"""That an attempt may take: the provider asks our own address for an answer before it gives one."""
LEASE = 60.0
"""Seconds that nobody else tries."""
GAP = 30.0
"""Seconds between two attempts, whatever makes them due."""
PARALLEL = 8
"""Attempts at once in one process."""
LONGEST = 3600.0
"""The longest pause in seconds after failures in a row that may pass by themselves."""
RARELY = 6 * 3600.0
"""The same after refusals, as of an address that the provider does not reach. They begin as short: it is refused as well
while this server, or the proxy in front of it, is not up yet."""
LATEST = 7 * 86400.0
"""The longest time in seconds until a channel is seen to, however long the provider says that it lives."""
_FAREWELL = 5.0
_REFUSED = (ProviderForbidden, ProviderRejected, ProviderUnauthorized)

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class _Job:
    """A watch whose lease was taken, and whose it is."""

    lease: Lease
    watched: Watched
    account: Account
    source: Source


_Outcome = Watch | PolydexError | None
"""The channel that there is now; what went wrong; or None: none is wanted, or to be had."""


class Watches:
    """Keeps channels alive in this process; any number of processes may do so."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._key = push.secret_key(ctx.keys)
        self._running: set[asyncio.Task[None]] = set()
        self._unstored: list[tuple[_Job, _Outcome]] = []
        self._begun = False
        self._looked = 0

    async def run_due(self) -> int:
        """Claim due watches as far as there is room, and begin to see to them; their number. Raises StoreFailed."""
        ctx = self._ctx
        if not self._begun:
            await self._begin()
        await self._catch_up()
        await self._look()
        room = PARALLEL - len(self._running)
        if room <= 0 or not await ctx.db.look(watches.any_due, ctx.clock()):
            return 0
        jobs = await ctx.db.write(_claim, ctx, room)
        for job in jobs:
            task = asyncio.create_task(self._run(job), name=f"watch {job.source.id}")
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return len(jobs)

    async def wait_idle(self) -> None:
        """Return when no attempt of this process runs any more."""
        while self._running:
            await asyncio.wait(set(self._running))

    async def stop(self, grace: float) -> None:
        """Let attempts that run finish for ``grace`` seconds, then abandon them, and let go of every lease."""
        if self._running:
            _, late = await asyncio.wait(set(self._running), timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        with contextlib.suppress(StoreFailed):  # they run out by themselves
            await self._catch_up()
            await self._ctx.db.write(watches.release_all, self._ctx.owner)

    async def _begin(self) -> None:
        """Inherit from processes that were killed, and make due what the settings of this start ask for."""
        ctx = self._ctx
        await inherit(ctx)
        await ctx.db.write(_settle, ctx)
        self._begun = True

    async def _look(self) -> None:
        """Make due what was missed, as often as address books are polled. Raises StoreFailed.

        While versions, or settings, of before are replaced process by process, an account may be connected to one that
        knows nothing of watches, or looked at by one without an address.
        """
        ctx = self._ctx
        now = ctx.clock()
        if ctx.settings.public_url and not 0 <= now - self._looked < ctx.settings.poll_interval * 1000:
            if await ctx.db.read(watches.missed, _pushing(ctx)):
                await ctx.db.write(_settle_missed, ctx)
            self._looked = now

    async def _run(self, job: _Job) -> None:
        outcome: _Outcome
        try:
            async with asyncio.timeout(SECONDS):
                outcome = await self._attempt(job)
        except PolydexError as error:
            outcome = error
        except TimeoutError:
            outcome = ProviderTimeout()
        except Exception as fault:  # a fault of ours in one account must not stop the others
            log.exception("watch.fault", source=job.source.id)
            outcome = Internal(detail=type(fault).__name__)
        try:
            await self._store(job, outcome)
        except StoreFailed:  # what the provider has said is here; it must not be forgotten
            self._unstored.append((job, outcome))

    async def _attempt(self, job: _Job) -> Watch | None:
        """Bring the channel to what it should be. Raises ProviderError, TokenDead, Unauthorized."""
        ctx, watched, url = self._ctx, job.watched, self._ctx.settings.public_url
        connector = ctx.connector(job.account, job.source)
        if not isinstance(connector, Watching):
            return None
        current = _channel(watched)
        if current is not None and watched.url != url:
            if watched.expires_at > ctx.clock():
                with contextlib.suppress(*_REFUSED):  # then it runs out by itself, and keeps no other one from us
                    await connector.unwatch(current)
            current = None
        if not url or not connector.caps.push:
            return None
        name = job.account.provider
        return await connector.watch(push.address(url, name), push.secret(self._key, name, job.source.id), current)

    async def _store(self, job: _Job, outcome: _Outcome) -> None:
        """Store an outcome. Raises StoreFailed."""
        try:
            await self._ctx.db.write(_stored, self._ctx, job, outcome)
        except FenceLost:  # the account is gone, or somebody else had to see to it: nobody will know of this channel
            if isinstance(outcome, Watch) and outcome.id != job.watched.channel:
                await _unwatch(self._ctx, job, outcome)
            return
        if isinstance(outcome, PolydexError):
            log.warning("watch.failed", source=job.source.id, code=outcome.code, detail=outcome.detail)

    async def _catch_up(self) -> None:
        """Store what could not be stored before. Raises StoreFailed."""
        while self._unstored:
            job, outcome = self._unstored.pop()
            try:
                await self._store(job, outcome)
            except StoreFailed:
                self._unstored.append((job, outcome))
                raise


async def inherit(ctx: Context) -> None:
    """Let go of the leases of processes of this machine that were killed. Raises StoreFailed."""
    for owner in await ctx.db.read(watches.owners):
        if owners.is_gone(owner, ctx.owner):
            await ctx.db.write(watches.release_all, owner)


@dataclass(frozen=True, slots=True)
class Departing:
    """A channel of an account whose access is about to end."""

    connector: Watching
    watch: Watch


def departing(tx: Tx, ctx: Context, account: AccountId) -> list[Departing]:
    """Nothing more is to be done about the account's watches; what is left to say to the provider (``farewell``).

    Inside ``write``, before its credentials are removed.
    """
    accounts.lock(tx, account)
    found, leaving = accounts.get(tx, account), list[Departing]()
    for watched in watches.stop(tx, account):
        source, watch = sources.get(tx, watched.source), _channel(watched)
        if found is None or source is None or watch is None:
            continue
        with contextlib.suppress(PolydexError):  # without credentials, or the right key, there is nothing to say
            connector = ctx.connector(found, source, held=True)
            if isinstance(connector, Watching):
                leaving.append(Departing(connector, watch))
    return leaving


async def farewell(leaving: Sequence[Departing]) -> None:
    """End channels whose account is gone, as far as the provider can be told within a few seconds: else they run out."""
    try:
        async with asyncio.timeout(_FAREWELL):
            for each in leaving:
                await each.connector.unwatch(each.watch)
    except (PolydexError, TimeoutError) as error:
        log.warning("watch.not_ended", error=type(error).__name__)


def wanted(tx: Tx, ctx: Context, account: Account, source: SourceId, now: int) -> None:
    """An account was connected, or has other credentials: its source is to be watched, where the provider offers it."""
    if tells_over_streams(ctx.providers.get(account.provider)):
        streams.want(tx, source, now)
    elif isinstance(ctx.providers.get(account.provider), Pushing):
        watches.want(tx, source, now)


def _channel(watched: Watched) -> Watch | None:
    if watched.channel is None or watched.channel == watches.STREAM:  # that connection is its process's to close
        return None
    return Watch(watched.channel, watched.expires_at)


async def _unwatch(ctx: Context, job: _Job, watch: Watch) -> None:
    with contextlib.suppress(PolydexError):  # it runs out by itself
        connector = ctx.connector(job.account, job.source, held=True)
        if isinstance(connector, Watching):
            await farewell([Departing(connector, watch)])


def _claim(tx: Tx, ctx: Context, room: int) -> list[_Job]:
    now = ctx.clock()  # here, for this may have waited for other writers: the leases count from now on
    jobs = []
    for lease in watches.claim(tx, ctx.owner, now, round(LEASE * 1000), room):
        watched, source = watches.get(tx, lease.source), sources.get(tx, lease.source)
        account = accounts.get(tx, source.account) if source else None
        if watched and source and account:
            jobs.append(_Job(lease, watched, account, source))
    return jobs


def _pushing(ctx: Context) -> list[str]:
    """Names of the providers that tell of changes."""
    return [name for name, provider in ctx.providers.items() if isinstance(provider, Pushing)]


def _settle_missed(tx: Tx, ctx: Context) -> None:
    now, pushing = ctx.clock(), _pushing(ctx)
    locked = watches.missed(tx, pushing)
    for source in locked:  # in one order, and before its watch, as everywhere
        sources.lock(tx, source)
    for source in set(locked).intersection(watches.missed(tx, pushing)):  # others may have seen to them meanwhile
        watches.want(tx, source, now)


def _settle(tx: Tx, ctx: Context) -> None:
    now = ctx.clock()
    for source in watches.settle_for(tx, _pushing(ctx), ctx.settings.public_url, now):
        pull_by(tx, source, now)


def _stored(tx: Tx, ctx: Context, job: _Job, outcome: _Outcome) -> None:
    now, source, url = ctx.clock(), job.source.id, ctx.settings.public_url
    sources.lock(tx, source)  # before its watch, as everywhere
    before = watches.check(tx, job.lease)
    due: int | None
    if isinstance(outcome, PolydexError):
        watches.failed(tx, source, url, outcome.code, outcome.message)
        due = _after_failure(ctx, before, outcome, now)
    elif outcome is None:
        watches.drop(tx, source, url)
        due = None
    else:
        watches.keep(tx, source, outcome.id, url, now, outcome.expires_at)
        # Half-way, so that as much time is left to try again, and not for all at the same moment.
        half = (outcome.expires_at - now) * (0.5 - 0.05 * ctx.random())
        due = now + round(min(max(half, GAP * 1000), LATEST * 1000))
    if not isinstance(outcome, PolydexError) and before.channel != (outcome.id if outcome else None):
        pull_by(tx, source, now)  # what has changed until now, nobody has told, or will tell
    watches.finish(tx, job.lease, due, now + round(GAP * 1000))


def pull_by(tx: Tx, source: SourceId, now: int, at: int | None = None) -> None:
    """Have the source pulled at ``at`` at the latest (None: now), unless its pulls have been stopped, or fail, and wait."""
    found = sources.get(tx, source)
    if found is not None and found.due_at is not None and (found.fails == 0 or found.lease_until > now):
        sources.make_due(tx, source, now if at is None else at)


def _after_failure(ctx: Context, watched: Watched, error: PolydexError, now: int) -> int | None:
    """When to try again, unix milliseconds; None: when there are other credentials."""
    if isinstance(error, TokenDead | Unauthorized | GenerationChanged):
        return None
    longest = RARELY if error.retry is Retry.NEVER else LONGEST
    pause = min(longest, GAP * 2.0 ** min(watched.fails, 20)) * (1 - 0.25 * ctx.random())
    left = (watched.expires_at - now) / 1000
    if watched.lives(ctx.settings.public_url, now):  # to be renewed while it lives, if that can be
        pause = min(pause, left / 2)
    return now + int(max(pause, GAP, error.retry_after or 0.0) * 1000)
