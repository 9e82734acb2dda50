"""Databases for tests: opened, migrated, empty, one per test, on each engine. Import what you need into a conftest."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from polydex.store.db import Database
from polydex.store.postgres import open_postgres
from polydex.store.sqlite import open_sqlite

ENGINES = ("sqlite", "postgres")
NOW = 1_790_000_000_000
"""The time in tests, unix milliseconds, September 2026."""

OpenDatabase = Callable[..., Database]


def clock() -> int:
    return NOW


@pytest.fixture(params=ENGINES)
def open_db(request: pytest.FixtureRequest, tmp_path: Path) -> OpenDatabase:
    """Opens the test's storage, the same one each time; takes `migrations=`. Whoever opens it closes it."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        return lambda migrations=None: open_postgres(url, connections=4, migrations=migrations)
    path = tmp_path / "polydex.db"
    return lambda migrations=None: open_sqlite(path, clock=clock, migrations=migrations)


@pytest.fixture(params=ENGINES)
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database on each engine in turn."""
    if request.param == "postgres":
        database = open_postgres(request.getfixturevalue("postgres_migrated_url"), connections=4)
    else:
        database = open_sqlite(tmp_path / "polydex.db", clock=clock)
    yield database
    await database.close()


@pytest.fixture
async def sqlite_db(tmp_path: Path) -> AsyncIterator[Database]:
    """An empty database on SQLite alone, the file polydex.db in tmp_path."""
    database = open_sqlite(tmp_path / "polydex.db", clock=clock)
    yield database
    await database.close()
