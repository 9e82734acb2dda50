from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from polydex.store.db import Database
from polydex.store.postgres import open_postgres
from polydex.store.sqlite import open_sqlite
from polydex.testing.clock import FakeClock
from polydex.testing.world import Character
from tests.contract.engine.home import Home, furnish

Furnish = Callable[..., Awaitable[Home]]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        opened = open_sqlite(tmp_path / "polydex.db", clock=clock)
    else:
        opened = open_postgres(request.getfixturevalue("postgres_migrated_url"))
    yield opened
    await opened.close()


on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what does not depend on the database."""


@pytest.fixture
async def home(database: Database, clock: FakeClock) -> Home:
    return await furnish(database, clock)


@pytest.fixture
def make_home(database: Database, clock: FakeClock) -> Furnish:
    async def make(**habits: Any) -> Home:
        return await furnish(database, clock, Character(**habits))

    return make
