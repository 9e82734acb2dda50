"""The access tokens of OAuth accounts: in time, once for all who wait, in one process after the other (J9).

A refresh runs in a task of its own, whoever waits for it: the provider's answer may hold the only refresh token that is
good from now on (RFC 6749 section 6), so that it is stored even when nobody is there any more. Between processes a lease
on the account's row decides who asks; who has to wait finds the new token in the database. The lease only saves
requests: what keeps a stored token from being overwritten is that an answer is stored, or believed, only while what
was used (a refresh token, or the tenant in which the application has access) is still what is stored.

Many providers end a refresh token with its use, and give another one. Wherever such an answer is held, it counts: one
that cannot be stored now is stored as soon as it can be, and raises an account that died meanwhile of the old token; one
to a token that was only tried (``engine.trials``) is kept apart, and found by whoever uses the old token next. While it is tried,
no account dies of it.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from polydex.connectors.provider import OAuth
from polydex.connectors.tokens import Grant
from polydex.core.errors import (
    GenerationChanged,
    Internal,
    ProviderError,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
    StoreFailed,
    TokenDead,
    Unauthorized,
)
from polydex.core.ids import AccountId
from polydex.engine import grants, successors
from polydex.engine.grants import Kept
from polydex.engine.trials import FIRST_PAUSE, LEASE, LONGEST_PAUSE, SECONDS, Trials
from polydex.log import logger
from polydex.store import accounts, sources, watches
from polydex.store.accounts import DEAD, Account
from polydex.store.db import Tx

if TYPE_CHECKING:
    from polydex.engine.context import Context

AGAIN_SECONDS = 5.0
"""Between two attempts to store what could not be stored."""

log = logger(__name__)


@dataclass(frozen=True, slots=True)
class AccountTokens:
    """See ``connectors.tokens.Tokens``. The stored tokens count, whichever process has got them."""

    ctx: Context = field(repr=False)
    account: AccountId

    async def current(self) -> str:
        return await self.ctx.refreshes.token(self.ctx, self.account)

    async def renewed(self, refused: str) -> str:
        return await self.ctx.refreshes.token(self.ctx, self.account, refused)

    async def look(self) -> Grant:
        """See ``connectors.tokens.Looking``."""
        kept = await self.ctx.db.look(_kept, self.ctx, self.account)
        if kept.grant.renewable:
            await self.renewed(kept.grant.access_token)
            return (await self.ctx.db.look(_kept, self.ctx, self.account)).grant
        if kept.grant.expires_at is not None and kept.grant.expires_at <= self.ctx.clock():
            raise ProviderUnauthorized("The access token has ended, and there is no refresh token")
        return kept.grant


@dataclass(frozen=True, slots=True)
class _Turn:
    """The right to refresh. ``until``: unix milliseconds; tells this turn from others of the same process."""

    provider: OAuth
    grant: Grant
    until: int


class Refreshes:
    """The refreshes that run in this process, at most one for each account.

    Args:
        again: seconds between two attempts to store what could not be stored.

    Attributes:
        trials: of tokens that belong to no account yet.
    """

    def __init__(self, again: float = AGAIN_SECONDS) -> None:
        self._again = again
        self._running: dict[AccountId, asyncio.Task[str]] = {}
        self._unstored: dict[AccountId, tuple[Grant, Grant]] = {}
        self._storing: dict[AccountId, asyncio.Task[None]] = {}
        self.trials = Trials(again)

    async def token(self, ctx: Context, account: AccountId, refused: str | None = None) -> str:
        """An access token that is not ``refused``; see ``connectors.tokens.Tokens``.

        Raises:
            TokenDead: the refresh token is refused for good; so it is at once for an account that is known to be dead.
            TokenRefreshFailed: refused, and not for good, nor is the token of before still good; so with the next one.
            ProviderUnavailable, ProviderTimeout, ProviderThrottled, ProviderMalformed: the provider gave no answer.
            ProviderUnauthorized: there is no refresh token.
            GenerationChanged, Unauthorized: the account, or its credentials, are gone.
            StoreFailed: the database cannot be used.
        """
        while True:
            await self._catch_up(ctx, account)
            kept = await ctx.db.look(_kept, ctx, account)
            if kept.serves(refused, ctx.clock()):
                return kept.grant.access_token
            running = self._running.get(account)
            try:
                token = await asyncio.shield(running or self._begin(ctx, account, refused))
            except TokenDead:
                raise
            except ProviderError:
                kept = await ctx.db.look(_kept, ctx, account)
                if kept.lasts(refused, ctx.clock()):  # it was early, and there is time to try again
                    return kept.grant.access_token
                raise
            if running is None or token != refused:
                return token

    async def drain(self, ctx: Context, grace: float) -> None:
        """Wait for refreshes that run, at most ``grace`` seconds, and store what could not be stored before."""
        if running := [*self._running.values(), *self.trials.running]:
            await asyncio.wait(running, timeout=grace)
        storing = list(self._storing.values())
        for task in storing:
            task.cancel()
        await asyncio.gather(*storing, return_exceptions=True)
        for account in list(self._unstored):
            with contextlib.suppress(StoreFailed):
                await self._catch_up(ctx, account)

    def _begin(self, ctx: Context, account: AccountId, refused: str | None) -> asyncio.Task[str]:
        task = asyncio.create_task(self._renew(ctx, account, refused), name=f"refresh {account}")
        self._running[account] = task

        def done(finished: asyncio.Task[str]) -> None:
            del self._running[account]
            if not finished.cancelled():
                finished.exception()  # those who wait hear of it; perhaps nobody does

        task.add_done_callback(done)
        return task

    async def _renew(self, ctx: Context, account: AccountId, refused: str | None) -> str:
        pause = FIRST_PAUSE
        while True:
            turn = await ctx.db.write(_take, ctx, account, refused)
            if isinstance(turn, str):
                return turn
            if turn is None:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)
            elif (token := await self._ask(ctx, account, turn)) is not None:
                return token

    async def _ask(self, ctx: Context, account: AccountId, turn: _Turn) -> str | None:
        """The new access token; None when other credentials were stored meanwhile, which count."""
        try:
            async with asyncio.timeout(SECONDS):
                granted = await turn.provider.refresh(ctx.net, turn.grant, ctx.clock())
        except TokenDead as error:
            match await ctx.db.write(_died, ctx, account, turn, error.message):
                case _Verdict.SUPERSEDED:
                    return None
                case _Verdict.DOUBTED:
                    said = (
                        "The refresh token has just been given, or is being tried: whether it is dead is not known yet"
                    )
                    raise ProviderUnavailable(said, original=error.original, retry_after=LEASE) from error
            log.warning("tokens.dead", account=account)
            raise
        except TimeoutError:
            await self._leave(ctx, account, turn)
            raise ProviderTimeout from None
        except BaseException:
            await self._leave(ctx, account, turn)
            raise
        try:
            stored = await ctx.db.write(_store, ctx, account, turn.grant, granted, turn.until)
        except StoreFailed:  # what was asked for is here; it must not be forgotten
            self._unstored[account] = turn.grant, granted
            log.warning("tokens.not_stored", account=account)
            self._store_later(ctx, account)
            return granted.access_token
        return granted.access_token if stored else None

    def _store_later(self, ctx: Context, account: AccountId) -> None:
        if account in self._storing:
            return
        task = asyncio.create_task(self._keep_storing(ctx, account), name=f"store tokens {account}")
        self._storing[account] = task
        task.add_done_callback(lambda _: self._storing.pop(account))

    async def _keep_storing(self, ctx: Context, account: AccountId) -> None:
        """Until it is stored: nobody may ask in this process for a long time, and others use the token of before."""
        while account in self._unstored:
            await asyncio.sleep(self._again)
            with contextlib.suppress(StoreFailed):
                await self._catch_up(ctx, account)

    async def _leave(self, ctx: Context, account: AccountId, turn: _Turn) -> None:
        with contextlib.suppress(StoreFailed):  # it runs out by itself
            await ctx.db.write(accounts.leave_refresh, account, ctx.owner, turn.until)

    async def _catch_up(self, ctx: Context, account: AccountId) -> None:
        """Store what a refresh has brought while the database could not be used. Raises StoreFailed."""
        while (unstored := self._unstored.pop(account, None)) is not None:
            try:
                await ctx.db.write(_store, ctx, account, *unstored, 0)
            except BaseException:  # also when nobody waits for it any more; what is stored twice is stored once
                self._unstored.setdefault(account, unstored)
                raise


def _account(tx: Tx, account: AccountId) -> Account:
    found = accounts.get(tx, account)
    if found is None:
        raise GenerationChanged
    if found.token_status == DEAD:
        raise TokenDead(found.token_error)
    return found


def _kept(tx: Tx, ctx: Context, account: AccountId) -> Kept:
    found = _account(tx, account)
    if found.secret is None:
        raise Unauthorized("The account's credentials were removed")
    return grants.opened(ctx.keys, account, found.secret)


def _take(tx: Tx, ctx: Context, account: AccountId, refused: str | None) -> _Turn | str | None:
    """The turn to refresh, or the token that somebody else has got meanwhile; None while somebody else has the turn."""
    accounts.lock(tx, account)  # before the tokens are read: those of a refresh that ends just now count
    kept = _kept(tx, ctx, account)
    now = ctx.clock()  # here, for this may have waited for other writers: the lease counts from now on
    until = now + int(LEASE * 1000)
    if kept.serves(refused, now):
        return kept.grant.access_token
    if not kept.grant.renewable:
        raise ProviderUnauthorized(
            "The provider refused the access token, and there is no refresh token: connect again"
        )
    provider = ctx.provider(_account(tx, account))
    if not isinstance(provider, OAuth):
        raise Internal(detail=f"the provider {provider.name!r} has no tokens")
    if not accounts.take_refresh(tx, account, ctx.owner, now, until):
        return None
    return _Turn(provider, kept.grant, until)


def _same(tx: Tx, ctx: Context, account: AccountId, used: Grant) -> tuple[Account, Kept] | None:
    """The account, if what it has stored is renewed with what was used."""
    accounts.lock(tx, account)
    found = accounts.get(tx, account)
    if found is None or found.secret is None:
        return None
    kept = grants.opened(ctx.keys, account, found.secret)
    return (found, kept) if kept.grant.renewed_like(used) else None


def _store(tx: Tx, ctx: Context, account: AccountId, used: Grant, granted: Grant, until: int) -> bool:
    """Store what a refresh has brought, and let go of the turn. Whether other credentials count by now: False."""
    same = _same(tx, ctx, account, used)
    if same is not None:
        found, kept = same
        newer = kept.grant.followed_by(granted)
        if found.token_status == DEAD:
            # Of the old token, when somebody else asked with it. With the same one nothing would be any better.
            if newer.renewed_like(kept.grant):
                same = None
            else:
                _revive(tx, account, ctx.clock())
        if same is not None:
            accounts.refreshed(tx, account, grants.seal(ctx.keys, account, newer, ctx.clock(), before=kept))
    accounts.leave_refresh(tx, account, ctx.owner, until)
    return same is not None


def _revive(tx: Tx, account: AccountId, now: int) -> None:
    accounts.revive(tx, account, now)
    source = sources.default(tx, account)
    if source is not None:
        sources.make_due(tx, source.id, now)
        if watches.get(tx, source.id) is not None:
            watches.want(tx, source.id, now)


class _Verdict(Enum):
    """What a refusal for good means: SUPERSEDED: it was of what is not stored any more; DOUBTED: the token is so new that
    the provider may not know it everywhere, or somebody tries it, and may hold what it has become; DEAD.
    """

    SUPERSEDED = 1
    DOUBTED = 2
    DEAD = 3


def _died(tx: Tx, ctx: Context, account: AccountId, turn: _Turn, message: str) -> _Verdict:
    """What follows from the refusal of what was used; it is noted."""
    now = ctx.clock()
    same = _same(tx, ctx, account, turn.grant)
    verdict = _Verdict.SUPERSEDED
    if same is not None and same[0].token_status != DEAD:
        kept = same[1]
        successor = successors.take(tx, ctx.keys, kept.grant)
        if successor is not None:
            newer = kept.grant.followed_by(successor.grant)
            accounts.refreshed(tx, account, grants.seal(ctx.keys, account, newer, now, before=kept))
        elif (kept.rotated_at is not None and 0 <= now - kept.rotated_at < LEASE * 1000) or successors.expected(
            tx, kept.grant, now
        ):
            verdict = _Verdict.DOUBTED
        else:
            verdict = _Verdict.DEAD
            accounts.set_status(tx, account, DEAD, message, now)
    accounts.leave_refresh(tx, account, ctx.owner, turn.until)
    return verdict
