"""One record, asked for by itself: for a fresh read, as the base of a write, and to settle a doubt."""

from __future__ import annotations

from polydex.connectors.base import Connector
from polydex.core.errors import NotFound, ProviderUnavailable, RecordNotFound
from polydex.core.ids import RemoteKey
from polydex.engine import apply
from polydex.engine.context import Context
from polydex.engine.news import News
from polydex.engine.target import Target
from polydex.store import rows
from polydex.store.rows import Stored


async def refresh(ctx: Context, target: Target, connector: Connector, stored: Stored) -> Stored:
    """The row as the provider has it now, applied to the mirror.

    The row that comes back is the live one of the same public id, or raises: a record that is gone is NotFound (and a
    tombstone), unless it was created or written so lately that "not found" is not to be believed yet (J12):
    ProviderUnavailable, later.
    """
    gone = await fetch(ctx, target, connector, stored.key, known_at(stored))
    fresh = await ctx.db.read(rows.at, stored.row)
    if fresh is None or not fresh.live or gone:
        raise NotFound("There is no such contact")
    return fresh


def known_at(stored: Stored) -> int:
    """When the record was last known to have come into being or to be written, unix milliseconds (J12)."""
    return max(stored.wrote_at, stored.created_ms or 0)


async def fetch(ctx: Context, target: Target, connector: Connector, key: RemoteKey, known_at: int) -> bool:
    """Ask for one record and apply the answer; True when the provider says it is gone. Raises ProviderError.

    A "not found" sooner than ``create_lag`` after ``known_at`` is not believed: ProviderUnavailable, later (J12).
    """
    asked_ms = ctx.clock()
    asked = await ctx.db.look(apply.stamp, target.account, target.generation)
    try:
        record = await connector.fetch(key)
    except RecordNotFound:
        if known_at + connector.caps.create_lag * 1000 > ctx.clock():
            raise ProviderUnavailable(
                "The provider does not know this contact yet", retry_after=max(1.0, connector.caps.create_lag)
            ) from None
        news = News(asked=asked, asked_ms=asked_ms, removed=(key,), fetched=True)
        await ctx.db.write(apply.apply, target, news, ctx.clock())
        return True
    # Who answers to a former key tells the new one; under the former there is nobody any more.
    renamed = ((key, record.key),) if record.key != key else ()
    news = News(asked=asked, asked_ms=asked_ms, renamed=renamed, changed=(record,), fetched=True)
    await ctx.db.write(apply.apply, target, news, ctx.clock())
    return False
