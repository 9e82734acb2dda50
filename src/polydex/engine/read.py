"""Reads: one contact, pages of a list, and the two feeds of the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from polydex.core.body import parse_body, photo_member, rfc3339, with_members
from polydex.core.errors import (
    NotFound,
    NotReady,
    ProviderError,
    ProviderTimeout,
    StoreFailed,
    SyncHalted,
    TokenDead,
    TokenNotValid,
)
from polydex.core.ids import RowId
from polydex.core.search import email_key, phone_key, phone_matches, query_words
from polydex.core.tokens import DeltaToken, ListToken, PageToken, Stream, Tokens, filter_hash
from polydex.engine import content, fetch
from polydex.engine.context import Context
from polydex.engine.mirror import FEW, Mirror, Pull
from polydex.engine.pull import Pulls
from polydex.store import epochs, journal, rows
from polydex.store.accounts import Account
from polydex.store.db import Tx
from polydex.store.journal import Filters
from polydex.store.rows import Stored
from polydex.store.sources import Source

DEFAULT_FEED_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Served:
    """One contact. ``age``: seconds since it was known to be so; None when it comes from the provider just now."""

    body: bytes
    etag: str
    age: float | None


@dataclass(frozen=True, slots=True)
class ListPage:
    """A page of a list: JSON objects, and the token of the next page, if there is one."""

    bodies: Sequence[bytes]
    next_page: str | None
    age: float


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A page of a feed: either ``next_page`` or ``next_delta`` is set, never both."""

    bodies: Sequence[bytes]
    next_page: str | None
    next_delta: str | None
    age: float


@dataclass(frozen=True, slots=True)
class SyncStart:
    """The answer of ``POST /v1/contacts/sync``: tokens when ready."""

    ready: bool
    updated_token: str | None = None
    deleted_token: str | None = None


class Reader:
    """Reads of one installation."""

    def __init__(self, ctx: Context, pulls: Pulls) -> None:
        self._ctx, self._mirror = ctx, Mirror(ctx, pulls)
        self._tokens = Tokens(ctx.keys.tokens)

    # One contact

    async def get(
        self,
        account: Account,
        contact_id: str,
        *,
        no_cache: bool = False,
        with_photo: bool = False,
        native: tuple[str, ...] = (),
    ) -> Served:
        """One contact, from the mirror while it is fresh, else from the provider.

        Raises NotFound, NotReady, and with ``no_cache`` or without a usable mirror what the provider's failure is.
        """
        source, stored = await self._mirror.read(account, Pull.NO, 1, _find, contact_id)
        if stored is None or not stored.live or stored.source != source.id:
            raise NotFound("There is no such contact")
        now = self._ctx.clock()
        age: float | None = max(0.0, (now - max(stored.checked_at, source.pulled_at or 0)) / 1000)
        if no_cache or age is None or age > self._ctx.settings.freshness:
            try:
                stored = await self._fetched(account, source, stored)
                age = None
            except (ProviderError, StoreFailed) as error:
                if no_cache or isinstance(error, TokenDead):
                    raise
        members: dict[str, Any] = {}
        if with_photo and stored.photo_hash is not None:
            members |= await self._photo(account, source, stored)
        if native:
            found = self._ctx.connector(account, source).native(stored.raw or b"", native)
            members["nativeProperties"] = found
        if stored.body is None or stored.etag is None:
            raise NotFound("There is no such contact")
        return Served(with_members(stored.body, members), stored.etag, age)

    async def _fetched(self, account: Account, source: Source, stored: Stored) -> Stored:
        connector = self._ctx.connector(account, source)
        try:
            async with asyncio.timeout(self._ctx.settings.fresh_wait):
                return await fetch.refresh(self._ctx, self._ctx.target(account, source), connector, stored)
        except TimeoutError:
            raise ProviderTimeout(retry_after=5.0) from None

    async def _photo(self, account: Account, source: Source, stored: Stored) -> dict[str, Any]:
        photo = await self._ctx.connector(account, source).photo(content.record_of(stored))
        return {"photo": photo_member(photo)} if photo is not None else {}

    # Lists

    async def page(
        self,
        account: Account,
        *,
        limit: int,
        page_token: str | None = None,
        q: str | None = None,
        email: str | None = None,
        phone: str | None = None,
        modified_since: int | None = None,
        no_cache: bool = False,
    ) -> ListPage:
        """A page of the contacts that match every filter, in an immutable order.

        The page token carries the place, the limit and a hash of the filters: with other filters it is TokenNotValid.
        ``no_cache``: the first page is preceded by a pull; raises what stops that.
        """
        filters, matches = _filters(q, email, phone, modified_since)
        digest = filter_hash(q, email, phone, None if modified_since is None else str(modified_since))
        after = RowId(0)
        if page_token:
            token = self._tokens.row(page_token, account.id, digest)
            after, limit = token.after, token.limit
        found: list[bytes] = []
        looked_at = limit if filters == Filters() else FEW + 1
        pull = Pull.NO if page_token else Pull.ALWAYS if no_cache else Pull.WHEN_OLD
        while True:
            wanted = limit + 1 - len(found)
            source, some = await self._mirror.read(account, pull, looked_at, _list, filters, after, wanted)
            pull = Pull.NO
            for row, body in some:
                if matches is not None and not matches(body):
                    after = row
                    continue
                if len(found) == limit:
                    following = ListToken(account.id, Stream.LIST, after, digest, limit)
                    return ListPage(found, self._tokens.encode(following), self._mirror.age(source))
                found.append(body)
                after = row
            if len(some) < wanted:
                return ListPage(found, None, self._mirror.age(source))

    async def source(self, account: Account) -> Source:
        """The address book that is read and written by default: pulled once, and fresh if the provider can be reached.

        Raises NotReady while the first pull is not complete, and what stops it.
        """
        source = await self._mirror.ready(account)
        await self._mirror.fresh(account, source, no_cache=False)
        return source

    # Feeds

    async def start(self, account: Account, *, await_ready: bool = True) -> SyncStart:
        """Start tokens, once the first pull is complete (J14).

        Raises SyncHalted while a mass deletion awaits approval, and the provider's error when the first pull cannot
        succeed.
        """
        try:
            source = await self._mirror.ready(account, wait=None if await_ready else 0.0)
        except NotReady:
            return SyncStart(ready=False)
        if source.halted_walk is not None:
            raise SyncHalted(
                f"Synchronisation is halted: {source.halted_count} deletions await approval",
                original={"deletions": source.halted_count},
            )
        epoch, head = await self._ctx.db.read(_head, account)
        return SyncStart(
            ready=True,
            updated_token=self._tokens.encode(DeltaToken(account.id, Stream.UPDATED, epoch, 0)),
            deleted_token=self._tokens.encode(DeltaToken(account.id, Stream.DELETED, epoch, head)),
        )

    async def updated(
        self,
        account: Account,
        *,
        delta_token: str | None,
        page_token: str | None,
        limit: int | None = None,
        no_cache: bool = False,
    ) -> FeedPage:
        """A page of the contacts that were created or changed since the token. ``no_cache``: as in ``page``."""
        return await self._feed(account, Stream.UPDATED, delta_token, page_token, limit, no_cache=no_cache)

    async def deleted(
        self,
        account: Account,
        *,
        delta_token: str | None,
        page_token: str | None,
        limit: int | None = None,
        no_cache: bool = False,
    ) -> FeedPage:
        """A page of the contacts that were deleted since the token. ``no_cache``: as in ``page``."""
        return await self._feed(account, Stream.DELETED, delta_token, page_token, limit, no_cache=no_cache)

    async def _feed(
        self,
        account: Account,
        stream: Stream,
        delta_token: str | None,
        page_token: str | None,
        limit: int | None,
        *,
        no_cache: bool,
    ) -> FeedPage:
        token: PageToken | DeltaToken
        if page_token:
            token = self._tokens.page(page_token, account.id, stream)
        elif delta_token:
            token = self._tokens.delta(delta_token, account.id, stream)
        else:
            raise TokenNotValid("Page token is invalid: a deltaToken or a pageToken is required")
        if isinstance(token, PageToken):
            size, pull = token.limit, Pull.NO
        else:
            size, pull = limit or DEFAULT_FEED_LIMIT, Pull.ALWAYS if no_cache else Pull.WHEN_OLD
        source, (epoch, hi, entries) = await self._mirror.read(account, pull, size, _range, stream, token, size)
        shown = entries[:size]
        bodies = [body for _, body in shown]
        if len(entries) > size:
            following = PageToken(account.id, stream, epoch, token.lo, hi, shown[-1][0], size)
            return FeedPage(bodies, self._tokens.encode(following), None, self._mirror.age(source))
        ended = DeltaToken(account.id, stream, epoch, hi)
        return FeedPage(bodies, None, self._tokens.encode(ended), self._mirror.age(source))


def _head(tx: Tx, account: Account) -> tuple[int, int]:
    return epochs.current(tx), journal.head(tx, account.id)


def _find(tx: Tx, source: Source, contact_id: str) -> Stored | None:
    return rows.find(tx, source.account, contact_id)


def _list(tx: Tx, source: Source, filters: Filters | None, after: int, limit: int) -> list[tuple[RowId, bytes]]:
    return [] if filters is None else journal.page(tx, source.id, filters, after, limit)


def _range(
    tx: Tx, source: Source, stream: Stream, token: DeltaToken | PageToken, size: int
) -> tuple[int, int, list[tuple[int, bytes]]]:
    """The rows of one page and one more, with their end: ``hi`` is read first, in the same snapshot (J6)."""
    if isinstance(token, PageToken):
        hi, after = token.hi, token.after
    else:
        hi, after = tx.recall(journal.head, source.account), token.lo
    last = hi if isinstance(token, PageToken) else token.lo
    epoch = epochs.check_token(tx, source.account, token.epoch, token.lo, last)
    if stream is Stream.UPDATED:
        return epoch, hi, journal.updated(tx, source.id, after, hi, size + 1)
    gone = journal.deleted(tx, source.id, after, hi, size + 1)
    return epoch, hi, [(d.seq, _deletion(d)) for d in gone]


def _deletion(gone: journal.Deletion) -> bytes:
    return b'{"id":"%s","timestamp":"%s"}' % (gone.public_id.encode(), rfc3339(gone.deleted_at).encode())


def _filters(
    q: str | None, email: str | None, phone: str | None, modified_since: int | None
) -> tuple[Filters | None, Callable[[bytes], bool] | None]:
    """The filters for the store, and a test for what it cannot decide; None when nothing can match."""
    words = tuple(query_words(q)) if q else ()
    key = phone_key(phone) if phone else None
    if (q and not words) or (phone and key is None):
        return None, None
    filters = Filters(words=words, email=email_key(email) if email else None, phone=key, modified_since=modified_since)
    if not phone:
        return filters, None

    def matches(body: bytes) -> bool:
        numbers = parse_body(body).phone_numbers
        return any(phone_matches(phone, p.number, p.canonical_form) for p in numbers if p.number)

    return filters, matches
