"""Doubts: rows that are to be fetched by themselves, for they could not be read, or what was told was not believed."""

from __future__ import annotations

from polydex.connectors.base import Connector
from polydex.core.errors import ProviderError, ProviderForbidden, ProviderMalformed, ProviderRejected
from polydex.engine import fetch
from polydex.engine.context import Context
from polydex.engine.target import Target
from polydex.store import contacts, rows
from polydex.store.db import Tx
from polydex.store.rows import Stored
from polydex.store.sources import Lease

_BATCH = 200
"""Rows looked up at once."""
_FIRST = 30.0
"""Seconds until a row that could not be settled is tried again; twice as long after each failure, up to _LONGEST."""
_LONGEST = 86_400.0
_OF_ONE_RECORD = (ProviderMalformed, ProviderForbidden, ProviderRejected)
"""What a provider says about one record, and that says nothing about the others (J4)."""


async def settle(ctx: Context, lease: Lease, target: Target, connector: Connector) -> None:
    """Fetch every row that is due for it: what was unreadable, and what was not believed (J1, J4)."""
    for _ in range(3):  # a row written meanwhile is asked for again
        tried: set[int] = set()
        while due := await ctx.db.read(_due, lease, ctx.clock(), tried):
            for stored in due:
                tried.add(stored.row)
                try:
                    await fetch.fetch(ctx, target, connector, stored.key, fetch.known_at(stored))
                except ProviderError as error:
                    await ctx.db.write(_postpone, stored, error, ctx.clock())
                    if not isinstance(error, _OF_ONE_RECORD):
                        raise
        if not tried:
            return


def _due(tx: Tx, lease: Lease, now: int, tried: set[int]) -> list[Stored]:
    due = rows.to_verify(tx, lease.source, now, _BATCH + len(tried))
    return [stored for stored in due if stored.row not in tried]


def _postpone(tx: Tx, stored: Stored, error: ProviderError, now: int) -> None:
    row = tx.one("SELECT verify_fails FROM contact WHERE row_id = ?", stored.row)
    pause = min(_FIRST * 2 ** min(int(row[0]) if row else 0, 12), _LONGEST)
    contacts.retry_verify(tx, stored.row, now + int(pause * 1000), error.code)
