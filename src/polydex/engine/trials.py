"""Trials of refresh tokens that belong to no account yet: what one has become is stored before anything is done with it.

A trial runs in a task of its own, whoever waits for it, as the refresh of an account does (``engine.access``), and takes a
turn that all processes see: of those that try the same token at once, one asks, and the others find what it got.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from polydex.connectors.provider import OAuth
from polydex.connectors.tokens import Grant
from polydex.core.errors import PolydexError, ProviderTimeout, StoreFailed, TokenDead
from polydex.engine import successors
from polydex.engine.grants import Kept
from polydex.store.db import Tx

if TYPE_CHECKING:
    from polydex.engine.context import Context

SECONDS = 15.0
"""That a refresh may take."""
LEASE = 20.0
"""Seconds that nobody else asks: longer than a refresh, so that after a crash others go on soon."""
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 0.5
"""Seconds between two looks whether somebody else's turn has ended."""
_STORE_AGAIN = 12
"""Attempts to store what a refresh token has become."""


class Trials:
    """The trials that run in this process, at most one for each token.

    Args:
        again: seconds between two attempts to store what could not be stored.
    """

    def __init__(self, again: float) -> None:
        self._again = again
        self._trying: dict[tuple[str | None, str | None], asyncio.Task[Grant]] = {}

    @property
    def running(self) -> list[asyncio.Task[Grant]]:
        """Those that have not ended."""
        return list(self._trying.values())

    async def tried(self, ctx: Context, provider: OAuth, given: Grant) -> Grant:
        """Try a grant that belongs to no account yet: the one that is good from now on, whatever becomes of the login.

        What a refresh token was ended for is stored before anything else is done with it, also when nobody waits for it
        any more, and is found when the same refresh token is given again. Raises as ``token``.
        """
        used = given.refresh_token, given.application  # whatever else is said of the access token
        running = self._trying.get(used)
        if running is None:
            running = asyncio.create_task(self._try(ctx, provider, given), name="try tokens")
            self._trying[used] = running

            def done(finished: asyncio.Task[Grant]) -> None:
                del self._trying[used]
                if not finished.cancelled():
                    finished.exception()  # those who wait hear of it; perhaps nobody does

            running.add_done_callback(done)
        return await asyncio.shield(running)

    async def _try(self, ctx: Context, provider: OAuth, given: Grant) -> Grant:
        before, ours = await self._turn(ctx, given)
        if before is not None and before.serves(None, ctx.clock()):
            return before.grant
        held = given if before is None else before.grant
        try:
            async with asyncio.timeout(SECONDS):
                newer = held.followed_by(await provider.refresh(ctx.net, held, ctx.clock()))
        except TokenDead:  # perhaps of what somebody else has tried meanwhile
            after = await ctx.db.write(_ended, ctx, given, held, ours=ours)
            if after is None or after.grant.renewed_like(held):
                raise
            return after.grant
        except (PolydexError, TimeoutError) as error:
            with contextlib.suppress(StoreFailed):  # it runs out by itself
                await ctx.db.write(_ended, ctx, given, held, ours=ours)
            if isinstance(error, TimeoutError):
                raise ProviderTimeout from None
            raise
        if newer.renewed_like(given):
            with contextlib.suppress(StoreFailed):  # likewise
                await ctx.db.write(_ended, ctx, given, held, ours=ours)
        else:
            await self._keep_apart(ctx, given, held, newer)
        return newer

    async def _turn(self, ctx: Context, given: Grant) -> tuple[Kept | None, bool]:
        """What a refresh token has become that is to be tried, and the turn to use that, once nobody else has it.

        Who waits for longer than a refresh takes goes on without it: the process that has it has died, or cannot store.
        """
        pause, loop = FIRST_PAUSE, asyncio.get_running_loop()
        trial, patience = SECONDS + self._again * _STORE_AGAIN, loop.time() + LEASE
        while True:
            before, ours = await ctx.db.write(successors.begin, ctx.keys, given, ctx.clock(), trial)
            if ours or loop.time() >= patience:
                return before, ours
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _keep_apart(self, ctx: Context, given: Grant, held: Grant, newer: Grant) -> None:
        for left in range(_STORE_AGAIN, -1, -1):
            try:
                await ctx.db.write(_keep, ctx, given, held, newer)
            except StoreFailed:
                if not left:
                    raise
                await asyncio.sleep(self._again)
            else:
                return


def _ended(tx: Tx, ctx: Context, given: Grant, held: Grant, *, ours: bool) -> Kept | None:
    """Give the turn back to try a token, if it is ours; what came in the place of the one that was given."""
    if ours:
        successors.end(tx, held)
    return successors.find(tx, ctx.keys, given)


def _keep(tx: Tx, ctx: Context, given: Grant, held: Grant, newer: Grant) -> None:
    successors.keep(tx, ctx.keys, given, newer, ctx.clock())
    successors.end(tx, held)
