"""The mirror of an account as its readers want it: pulled once, and as fresh as they ask."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Concatenate, ParamSpec, TypeVar

from polydex.core.errors import Internal, NotReady, PolydexError, ProviderTimeout, TokenDead
from polydex.core.ids import AccountId
from polydex.engine.context import Context
from polydex.engine.pull import Pulls, failure
from polydex.store import sources
from polydex.store.accounts import DEAD, Account
from polydex.store.db import Tx
from polydex.store.sources import Source

P = ParamSpec("P")
T = TypeVar("T")

FEW = 200
"""Contacts that the database is asked for at once, on the event loop, where nothing has to be searched."""
_RETRY_FIRST_PULL = 5000
"""Milliseconds for which the failure of a first pull is told to others who ask, before it is tried again."""


class Pull(Enum):
    """Whether the provider is asked before a read."""

    NO = 0
    WHEN_OLD = 1
    ALWAYS = 2


class Mirror:
    """The mirrors of one installation: of each account that of its default source."""

    def __init__(self, ctx: Context, pulls: Pulls) -> None:
        self._ctx, self._pulls = ctx, pulls

    async def read(
        self,
        account: Account,
        pull: Pull,
        rows: int,
        fn: Callable[Concatenate[Tx, Source, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> tuple[Source, T]:
        """The default source, once it is ready, and what ``fn(tx, source, ...)`` finds in the same snapshot.

        Args:
            pull: whether the provider is asked first.
            rows: that ``fn`` looks at, at most.
        """
        read = self._ctx.db.look if rows <= FEW else self._ctx.db.read
        seen = await read(_beside, account.id, fn, *args, **kwargs)
        if seen is not None and (pull is Pull.NO or (pull is Pull.WHEN_OLD and self._is_fresh(seen[0]))):
            return seen
        source = await self.ready(account)
        if pull is not Pull.NO:
            await self.fresh(account, source, no_cache=pull is Pull.ALWAYS)
        seen = await read(_beside, account.id, fn, *args, **kwargs)
        if seen is None:  # ready no longer
            raise NotReady(retry_after=2.0)
        return seen

    async def ready(self, account: Account, wait: float | None = None) -> Source:
        """The default source, once its first pull is complete. Raises NotReady, at once when ``wait`` is 0 (J14)."""
        source = await self._ctx.db.look(sources.default, account.id)
        if source is None:
            raise Internal(detail="the account has no default source")  # an error, never a re-choice (J8)
        if source.ready_at is not None:
            return source
        if account.token_status == DEAD:
            raise TokenDead
        recent = self._ctx.clock() - _RETRY_FIRST_PULL if source.tried_at is not None else 0
        if wait == 0:
            if source.tried_at is not None and source.tried_at >= recent and source.error_code:
                raise failure(source)
            await self._ctx.db.write(sources.make_due, source.id, self._ctx.clock())
            raise NotReady(retry_after=2.0)
        try:
            await self._pulls.ensure(source.id, recent, self._ctx.settings.ready_wait)
        except TimeoutError:
            raise NotReady(retry_after=2.0) from None
        source = await self._ctx.db.read(sources.get, source.id)
        if source is None or source.ready_at is None:
            raise NotReady(retry_after=2.0)
        return source

    async def fresh(self, account: Account, source: Source, *, no_cache: bool) -> None:
        """Pull, when the last pull is too old; go without when the provider cannot be reached.

        ``no_cache``: only a pull whose first request leaves from now on will do (J5); raises what stops it.
        """
        oldest = self._ctx.clock() - (0 if no_cache else int(self._ctx.settings.freshness * 1000))
        if not no_cache and self._is_fresh(source):
            return
        if account.token_status == DEAD:
            raise TokenDead
        try:
            # A pull that was tried and has failed within the window is not tried again for every reader.
            await self._pulls.ensure(source.id, max(oldest, 0), self._ctx.settings.fresh_wait)
        except (TimeoutError, PolydexError) as error:
            if isinstance(error, TimeoutError) and no_cache:
                raise ProviderTimeout(retry_after=5.0) from None
            if isinstance(error, TokenDead) or no_cache:
                raise

    def age(self, source: Source) -> float:
        """Seconds since the source was known to be as it is here."""
        return max(0.0, (self._ctx.clock() - (source.pulled_at or 0)) / 1000)

    def _is_fresh(self, source: Source) -> bool:
        oldest = self._ctx.clock() - int(self._ctx.settings.freshness * 1000)
        return source.pulled_at is not None and source.pulled_at >= oldest


def _beside(
    tx: Tx, account: AccountId, fn: Callable[Concatenate[Tx, Source, P], T], /, *args: P.args, **kwargs: P.kwargs
) -> tuple[Source, T] | None:
    """The default source and what ``fn`` finds; None while the source is not ready."""
    source = tx.recall(sources.default, account)
    if source is None:
        raise Internal(detail="the account has no default source")  # an error, never a re-choice (J8)
    return None if source.ready_at is None else (source, fn(tx, source, *args, **kwargs))
