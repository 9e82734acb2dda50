"""Stored documents, mapped anew: by a new version of the mapping, or with another context (J16)."""

from __future__ import annotations

import asyncio

from polydex.connectors.base import Connector, Record
from polydex.core.errors import PolydexError
from polydex.core.ids import RowId
from polydex.engine import apply
from polydex.engine.context import Context
from polydex.engine.target import Target
from polydex.store import contacts, rows, sources
from polydex.store.db import Tx
from polydex.store.rows import Stored
from polydex.store.sources import Lease

_BATCH = 200
"""Rows mapped in one transaction."""


async def remap(ctx: Context, lease: Lease, target: Target, connector: Connector) -> None:
    """Map stored documents by the new version of the mapping; only real differences reach the journal (J16)."""
    after = 0
    while old := await ctx.db.read(rows.outdated, lease.source, target.mapping_version, after, _BATCH):
        after = old[-1].row
        mapped, broken = [], []
        for stored in old:
            try:
                mapped.append((stored, connector.remap(stored.raw or b"", stored.key, stored.rev)))
            except PolydexError:
                broken.append(stored.row)
        await ctx.db.write(_apply_remap, lease, target, mapped, broken, ctx.clock())
        await asyncio.sleep(0)
    await ctx.db.write(_mapped, lease, target.mapping_version)


def _apply_remap(
    tx: Tx, lease: Lease, target: Target, mapped: list[tuple[Stored, Record]], broken: list[RowId], now: int
) -> None:
    sources.check(tx, lease)
    apply.remap(tx, target, mapped, now)
    contacts.verify(tx, now, broken)
    contacts.mapped(tx, target.mapping_version, broken)


def _mapped(tx: Tx, lease: Lease, version: int) -> None:
    sources.check(tx, lease)
    if not rows.outdated(tx, lease.source, version, 0, 1):  # else a row was touched meanwhile: the next pull goes on
        sources.mapped(tx, lease.source, version)
