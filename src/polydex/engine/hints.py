"""Hints: what providers tell of changes is noted at once, without the database, and leads to pulls, but not to many.

Nothing is believed of a notification but that a pull may be worth while. Whoever sends it is answered before anything is
stored: a provider waits three seconds, and the database may be locked for longer. What was noted waits here, once for
each source, until it has been written down that the source is due; a pull that begins after that brings the change (J5).
Between two pulls for this reason some seconds pass, however many notifications come, and in how many processes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from polydex import metrics
from polydex.connectors.provider import Handshake, Notice, Pushing
from polydex.core.errors import BadRequest, NotFound, StoreFailed
from polydex.core.ids import SourceId
from polydex.engine import push, watches as engine_watches
from polydex.engine.context import Context
from polydex.log import logger
from polydex.store import watches
from polydex.store.db import Tx

GAP = 5.0
"""Seconds between two pulls of a source because of notifications."""
BOUND = 10_000
"""Sources that wait here at most; the poll is the net for all others."""
_BATCH = 500
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
"""Seconds between two attempts to write down, while the database cannot be used."""
_MEASURE = 60.0
"""Seconds between two counts of the watches."""

log = logger(__name__)

_Kinds = frozenset[str]
_CHANGED: _Kinds = frozenset({"changed"})


class Hints:
    """What was told to this process and is not written down yet."""

    def __init__(self, ctx: Context, *, bound: int = BOUND) -> None:
        self._ctx = ctx
        self._key = push.secret_key(ctx.keys)
        self._bound = bound
        self._waiting: dict[SourceId, tuple[int, _Kinds]] = {}
        self._news, self._ending = asyncio.Event(), asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Sources that wait to be made due."""
        return len(self._waiting)

    def hear(self, provider: str, query: Mapping[str, str], body: bytes) -> str | None:
        """Take what came to the address of a provider. Never waits for anything.

        Returns the text that the provider wants to hear, if it only tries the address.
        Raises NotFound: there is no such provider, or it tells nothing. BadRequest: this is no notification.
        """
        known: object = self._ctx.providers.get(provider)
        if not isinstance(known, Pushing):
            raise NotFound("There is nothing at this path")
        try:
            heard = known.notified(query, body)
        except BadRequest:
            metrics.hint("malformed")
            raise
        if isinstance(heard, Handshake):
            metrics.hint("handshake")
            return heard.text
        for notice in dict.fromkeys(heard):  # the same one, repeated, is judged once
            metrics.hint(self._note(provider, notice))
        self._news.set()
        return None

    def tell(self, source: SourceId) -> None:
        """Take what came over a connection of ours: something of this source may have changed. Never waits."""
        metrics.hint(self._take(source, "changed"))
        self._news.set()

    def _note(self, provider: str, notice: Notice) -> str:
        """What becomes of a notice."""
        source = push.source_of(self._key, provider, notice.secret)
        return "forged" if source is None else self._take(source, notice.kind)

    def _take(self, source: SourceId, kind: str) -> str:
        """What becomes of what was told."""
        at, kinds = self._waiting.get(source, (0, frozenset()))
        if not kinds and len(self._waiting) >= self._bound:
            return "dropped"
        self._waiting[source] = at, kinds | {kind}
        return "merged" if kinds else "accepted"

    def start(self) -> None:
        """Begin to write down what comes."""
        self._task = asyncio.create_task(self._run(), name="hints")

    async def stop(self, grace: float) -> None:
        """Write down what waits, as far as that is possible within ``grace`` seconds, and end."""
        self._ending.set()
        self._news.set()
        with contextlib.suppress(StoreFailed, TimeoutError):
            async with asyncio.timeout(grace):
                if self._task is not None:
                    await self._task
                while self._waiting:
                    await self.flush(last=True)

    async def _run(self) -> None:
        """Until the end. A failure of the store is logged and tried again."""
        fault, measured = _FIRST_PAUSE, float("-inf")
        loop = asyncio.get_running_loop()
        while not self._ending.is_set():
            self._news.clear()
            wait_for = self._news
            try:
                pause = await self.flush()
                if loop.time() - measured >= _MEASURE:
                    measured = loop.time()
                    await self._measure()
                fault = _FIRST_PAUSE
            except StoreFailed as error:
                log.warning("hints.storage", detail=error.detail)
                pause = fault = min(fault * 2, _LONGEST_PAUSE)
                wait_for = self._ending  # no news makes a database work again
            except Exception:
                log.exception("hints.fault")
                pause, wait_for = _LONGEST_PAUSE, self._ending
            if not self._ending.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(min(pause, _MEASURE)):
                        await wait_for.wait()

    async def flush(self, *, last: bool = False) -> float:
        """Make due what waits, as far as its time has come; seconds until there is more to do. Raises StoreFailed.

        ``last``: what would have to wait is written down as well, before its time: there is no later.
        """
        now, gap = self._ctx.clock(), round(GAP * 1000)
        # A time that is further away was noted by a clock that has been put back since.
        ready = [s for s, (at, _) in self._waiting.items() if last or at <= now or at > now + 2 * gap][:_BATCH]
        taken = {source: self._waiting.pop(source)[1] for source in ready}  # what comes from now on comes after
        if taken:
            later: Mapping[SourceId, int] = {}
            try:
                later = await self._ctx.db.write(_make_due, self._ctx, taken, last=last)
            except BaseException:
                for source, kinds in taken.items():
                    self._put_back(source, 0, kinds)
                raise
            for source, at in later.items():
                self._put_back(source, at, _CHANGED)
        if not self._waiting:
            return float("inf")
        return max(0.0, min(at for at, _ in self._waiting.values()) - now) / 1000

    def _put_back(self, source: SourceId, at: int, kinds: _Kinds) -> None:
        since = self._waiting.get(source, (0, frozenset()))[1]
        self._waiting[source] = at, kinds | since

    async def _measure(self) -> None:
        ctx = self._ctx
        for name, count in (await ctx.db.read(watches.states, ctx.settings.public_url, ctx.clock())).items():
            metrics.watches(name, count)


def _make_due(tx: Tx, ctx: Context, taken: Mapping[SourceId, _Kinds], *, last: bool) -> dict[SourceId, int]:
    """Make sources, and their watches, due; those that are to be tried again, with their times (unix milliseconds).

    ``last``: none is.
    """
    now, later = ctx.clock(), dict[SourceId, int]()
    for source in sorted(taken):  # in one order, so that no two processes wait for each other
        kinds = taken[source]
        if kinds - {"renew"}:
            at = watches.hint(tx, source, now, round(GAP * 1000), last=last)
            if at is not None:
                later[source] = at
        if kinds - _CHANGED:
            watches.wake(tx, source, now, round(engine_watches.GAP * 1000), ended="ended" in kinds)
    return later
