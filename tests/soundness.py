"""What every test of a whole installation may demand of its database: no rule of ``polydex check`` is broken."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from polydex.connectors.provider import Provider
from polydex.engine.check import Report, check
from polydex.engine.keys import Keys
from polydex.store.look import look_at_file, look_at_postgres


async def checked(place: Path | str, keys: Keys | None, providers: Mapping[str, Provider]) -> Report:
    """The report about a SQLite file, or about a PostgreSQL database by its URL. Others may be writing meanwhile."""
    db = look_at_file(place) if isinstance(place, Path) else look_at_postgres(place)
    try:
        return await check(db, keys=keys, providers=providers)
    finally:
        await db.close()


async def demand_sound(place: Path | str, keys: Keys | None, providers: Mapping[str, Provider]) -> None:
    """Fail, naming the broken rules and the rows."""
    report = await checked(place, keys, providers)
    broken = {rule.name: outcome.findings for rule, outcome in report.outcomes.items() if outcome.count}
    assert not broken, broken
    assert not report.outcomes[next(iter(report.outcomes))].skipped


def demand_sound_now(place: Path | str, keys: Keys | None, providers: Mapping[str, Provider]) -> None:
    """The same for code without an event loop that runs."""
    asyncio.run(demand_sound(place, keys, providers))
