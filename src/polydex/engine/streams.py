"""Streams: connections that this process holds open, over which providers tell of changes; each telling is a hint.

A stream is a row that is due, claimed under a lease, which is kept while the connection is open. What is told makes the
source due, as a notification does (``engine.hints``), and so does each opening: what changed while nobody listened, the
next pull brings. So a connection may break, or its process die, at any moment; the poll is the net, and comes as often as
before when no connection is there in its place.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from polydex import metrics
from polydex.connectors.base import Listening
from polydex.connectors.provider import streams as tells_over_streams
from polydex.core.errors import (
    FenceLost,
    GenerationChanged,
    Internal,
    PolydexError,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnavailable,
    Retry,
    StoreFailed,
    TokenDead,
    Unauthorized,
)
from polydex.core.ids import SourceId
from polydex.engine import watches as engine_watches
from polydex.engine.context import Context
from polydex.engine.hints import Hints
from polydex.log import logger
from polydex.store import accounts, sources, streams, watches
from polydex.store.accounts import Account
from polydex.store.db import Tx
from polydex.store.sources import Source
from polydex.store.watches import STREAM, Lease

SECONDS = 60.0
"""In which a provider has to say that it listens."""
LEASE = 60.0
"""Seconds that a lease lasts without being kept; after them another process opens what this one had open."""
OPENING = 8
"""Connections that one process opens at once."""
STEADY = 30.0
"""Seconds after which a connection that ends is nobody's failure: providers end them by themselves, some every minute."""
AGAIN = 1.0
"""Seconds until a connection that was steady is opened again, and up to four more, so that not all come at once."""
GAP = 30.0
"""The first pause in seconds after a failure; each further one in a row doubles it."""
CROWDED = 300.0
"""The same where the provider has too many connections, of others perhaps."""
LONGEST = 3600.0
"""The longest pause in seconds after failures in a row that may pass by themselves."""
RARELY = 6 * 3600.0
"""The same after refusals."""
_SPREAD = 4.0

log = logger(__name__)


class _End(Enum):
    """How a stream ended that did not fail."""

    CLOSED = "closed"  # by the provider, in good order
    LEFT = "left"  # by us: it is to be opened again, here or elsewhere
    NOT_OFFERED = "not offered"  # the address book has none


_Outcome = PolydexError | _End


@dataclass(eq=False)
class _Stream:
    """A stream of this process.

    Attributes:
        opened_at: since when the provider listens, unix milliseconds; None: not yet.
        leaving: it was asked to end.
        settled: it is open, or has ended.
    """

    lease: Lease
    account: Account
    source: Source
    opened_at: int | None = None
    leaving: bool = False
    task: asyncio.Task[None] | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    def leave(self) -> None:
        """Have it end, without blame."""
        if not self.leaving and self.task is not None:
            self.leaving = True
            self.task.cancel()


class Streams:
    """Holds connections open in this process; any number of processes may do so.

    Args:
        ctx: with the number of connections in its settings; 0: none is opened, and none is to be.
        hints: of this process, to which everything that is told goes.
    """

    def __init__(self, ctx: Context, hints: Hints) -> None:
        self._ctx, self._hints = ctx, hints
        self._held: dict[SourceId, _Stream] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._unstored: list[tuple[_Stream, _Outcome]] = []
        self._begun, self._stopping = False, asyncio.Event()
        self._looked = self._kept = 0

    @property
    def held(self) -> Mapping[SourceId, int | None]:
        """Whom this process listens to, or is about to: since when, unix milliseconds."""
        return {source: stream.opened_at for source, stream in self._held.items()}

    async def run_due(self) -> int:
        """Keep what is open, and open what is due as far as there is room; the number of those. Nothing once it is stopped.

        Raises StoreFailed.
        """
        ctx = self._ctx
        if self._stopping.is_set():
            return 0
        if not self._begun:
            await engine_watches.inherit(ctx)
            self._begun = True
        if not ctx.settings.streams:
            if await ctx.db.look(streams.idle, ctx.clock(), _ms(LEASE)):
                await ctx.db.write(_put_off, ctx)
            return 0
        await self._catch_up()
        await self._keep()
        await self._look()
        opening = sum(stream.opened_at is None for stream in self._held.values())
        room = min(ctx.settings.streams - len(self._held), OPENING - opening)
        if room <= 0 or not await ctx.db.look(streams.any_due, ctx.clock(), _ms(LEASE)):
            return 0
        claimed = await ctx.db.write(_claim, ctx, room)
        if self._stopping.is_set():  # meanwhile: nobody would end them any more
            self._unstored += [(stream, _End.LEFT) for stream in claimed]
            await self._catch_up()
            return 0
        for stream in claimed:
            self._begin(stream)
        return len(claimed)

    async def stop(self, grace: float) -> None:
        """End every stream, and let go of what can be told to the database within ``grace`` seconds."""
        self._stopping.set()
        for stream in self._held.values():
            stream.leave()
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=grace)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
        with contextlib.suppress(StoreFailed):  # leases run out by themselves
            await self._catch_up()

    async def settled(self) -> None:
        """Return when each stream of this process is open, or has ended."""
        for stream in list(self._held.values()):
            await stream.settled.wait()

    def _begin(self, stream: _Stream) -> None:
        source = stream.source.id
        before = self._held.get(source)
        if before is not None:  # a lease of ours that ran out, as after a long stop of this process
            before.leave()
        self._held[source] = stream
        task = stream.task = asyncio.create_task(self._run(stream), name=f"stream {source}")
        self._tasks.add(task)

        def done(_: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            stream.settled.set()
            if self._held.get(source) is stream:
                del self._held[source]
            metrics.streams(len(self._held))

        task.add_done_callback(done)
        metrics.streams(len(self._held))

    async def _keep(self) -> None:
        """Keep the leases, in time; end what somebody else has, or what is to be opened anew, or not at all any more."""
        ctx = self._ctx
        now = ctx.clock()
        if not self._held or 0 <= now - self._kept < _ms(LEASE / 3):
            return
        held = dict(self._held)
        leases = [(stream.lease, stream.opened_at is not None) for _, stream in sorted(held.items())]
        going = await ctx.db.write(_renewed, ctx, leases)
        self._kept = now
        for source, stream in held.items():
            if source not in going:
                stream.leave()

    async def _look(self) -> None:
        """Make due what was missed, as often as address books are polled; and see to those whose process has died."""
        ctx = self._ctx
        now = ctx.clock()
        if 0 <= now - self._looked < ctx.settings.poll_interval * 1000:
            return
        if await ctx.db.read(streams.missed, _streaming(ctx)) or await ctx.db.read(streams.lapsed, now):
            await ctx.db.write(_settle, ctx)
        self._looked = now

    async def _run(self, stream: _Stream) -> None:
        outcome: _Outcome
        try:
            outcome = await self._listen(stream)
        except asyncio.CancelledError:
            if not stream.leaving:
                raise
            outcome = _End.LEFT
        except FenceLost:  # somebody else was quicker, or nobody is to listen any more
            return
        except PolydexError as error:
            outcome = error
        except TimeoutError:
            outcome = ProviderTimeout()
        except Exception as fault:  # a fault of ours in one account must not stop the others
            log.exception("stream.fault", source=stream.source.id)
            outcome = Internal(detail=type(fault).__name__)
        try:
            await self._store(stream, outcome)
        except StoreFailed:
            self._unstored.append((stream, outcome))

    async def _listen(self, stream: _Stream) -> _End:
        """Until the provider ends it. Raises ProviderError, TimeoutError, FenceLost, and what ``connector`` raises."""
        ctx, source = self._ctx, stream.source.id
        connector = ctx.connector(stream.account, stream.source)
        if not isinstance(connector, Listening) or not connector.caps.streams:
            return _End.NOT_OFFERED
        async with contextlib.aclosing(connector.listen()) as told:
            async with asyncio.timeout(SECONDS):
                begun = await anext(told, _End.CLOSED)
            if begun is None:
                stream.opened_at = ctx.clock()
                with contextlib.suppress(StoreFailed):  # it is noted when the lease is kept, then
                    await ctx.db.write(_opened, ctx, stream.lease)
                self._hints.tell(source)
                stream.settled.set()
                async for _ in told:
                    self._hints.tell(source)
        if stream.opened_at is None or ctx.clock() - stream.opened_at < _ms(STEADY):
            raise ProviderUnavailable("The provider ended the connection at once")
        return _End.CLOSED

    async def _store(self, stream: _Stream, outcome: _Outcome) -> None:
        """Store how a stream ended. Raises StoreFailed."""
        with contextlib.suppress(FenceLost):  # somebody else listens, or nobody is to
            await self._ctx.db.write(_ended, self._ctx, stream, outcome)
        if isinstance(outcome, PolydexError):
            log.warning("stream.failed", source=stream.source.id, code=outcome.code, detail=outcome.detail)

    async def _catch_up(self) -> None:
        """Store what could not be stored before. Raises StoreFailed."""
        while self._unstored:
            stream, outcome = self._unstored.pop()
            try:
                await self._store(stream, outcome)
            except StoreFailed:
                self._unstored.append((stream, outcome))
                raise


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _streaming(ctx: Context) -> list[str]:
    """Names of the providers that tell over streams."""
    return [name for name, provider in ctx.providers.items() if tells_over_streams(provider)]


def _claim(tx: Tx, ctx: Context, room: int) -> list[_Stream]:
    now = ctx.clock()  # here, for this may have waited for other writers: the leases count from now on
    claimed = []
    for lease in streams.claim(tx, ctx.owner, now, _ms(LEASE), room):
        source = sources.get(tx, lease.source)
        account = accounts.get(tx, source.account) if source else None
        if source and account:
            claimed.append(_Stream(lease, account, source))
    return claimed


def _opened(tx: Tx, ctx: Context, lease: Lease) -> None:
    now = ctx.clock()
    watches.check(tx, lease)
    streams.opened(tx, lease.source, now, now + _ms(LEASE))


def _renewed(tx: Tx, ctx: Context, leases: list[tuple[Lease, bool]]) -> set[SourceId]:
    """Keep these leases, in the order of their sources; those that may go on."""
    until, alive = ctx.clock() + _ms(LEASE), streams.alive(tx, ctx.owner)
    kept = {lease.source for lease, is_open in leases if streams.renew(tx, lease, until, is_open=is_open)}
    return kept & alive


def _settle(tx: Tx, ctx: Context) -> None:
    now = ctx.clock()
    missed, lapsed = streams.missed(tx, _streaming(ctx)), streams.lapsed(tx, now)
    for source in sorted({*missed, *lapsed}):  # in one order, and before its watch, as everywhere
        sources.lock(tx, source)
    for source in set(missed).intersection(streams.missed(tx, _streaming(ctx))):  # others may have seen to it meanwhile
        streams.want(tx, source, now)
    for source in set(lapsed).difference(missed):
        if streams.lapse(tx, source, now):
            _poll(tx, ctx, source, now)


def _put_off(tx: Tx, ctx: Context) -> None:
    now = ctx.clock()
    for source in streams.idle(tx, now, _ms(LEASE)):
        sources.lock(tx, source)
        before = watches.get(tx, source)
        streams.put_off(tx, source, "POLYDEX_STREAMS is not set")
        if before is not None and before.channel is not None:
            _poll(tx, ctx, source, now)


def _poll(tx: Tx, ctx: Context, source: SourceId, now: int) -> None:
    """Nobody tells of its changes any more: the next poll comes as soon as where nobody ever did."""
    engine_watches.pull_by(tx, source, now, now + _ms(ctx.settings.poll_interval))


def _ended(tx: Tx, ctx: Context, stream: _Stream, outcome: _Outcome) -> None:
    now, source = ctx.clock(), stream.source.id
    sources.lock(tx, source)  # before its watch, as everywhere
    before = watches.check(tx, stream.lease)
    steady = stream.opened_at is not None and now - stream.opened_at >= _ms(STEADY)
    failed = outcome if isinstance(outcome, PolydexError) and not steady else None
    streams.closed(tx, source, well=steady or outcome is _End.NOT_OFFERED)
    due: int | None = now
    if failed is not None:
        watches.failed(tx, source, STREAM, failed.code, failed.message)
        due = _after_failure(ctx, before.fails, failed, now)
    elif outcome is _End.NOT_OFFERED:
        due = None
    elif outcome is not _End.LEFT:
        pause = AGAIN + _SPREAD * ctx.random()
        due = now + _ms(max(pause, outcome.retry_after or 0.0) if isinstance(outcome, PolydexError) else pause)
    if before.channel is not None:
        _poll(tx, ctx, source, now)
    watches.finish(tx, stream.lease, due, now)


def _after_failure(ctx: Context, fails: int, error: PolydexError, now: int) -> int | None:
    """When to try again, unix milliseconds; None: when there are other credentials."""
    if isinstance(error, TokenDead | Unauthorized | GenerationChanged):
        return None
    longest = RARELY if error.retry is Retry.NEVER else LONGEST
    first = CROWDED if isinstance(error, ProviderThrottled) else GAP
    pause = min(longest, first * 2.0 ** min(fails, 20)) * (1 - 0.25 * ctx.random())
    return now + _ms(max(pause, error.retry_after or 0.0))
