"""The real servers as fixtures, one of each per test process; imported by tests/conftest.py.

A server that cannot run here skips the tests that need it (in CI a skip is a failure).
"""

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest

from polydex.store.migrate import Hooks, load, migrate
from polydex.store.postgres import PostgresSession
from tests.servers import cyrus, postgres, radicale, sabre, sandbox, xandikos
from tests.servers.dav import DavServer
from tests.servers.postgres import Postgres
from tests.servers.process import ServerUnavailableError
from tests.servers.sandbox import SandboxServer

Server = TypeVar("Server")

DAV_SERVERS = ("radicale", "xandikos", "cyrus", "sabre")


def _serve(serve: Callable[[], contextlib.AbstractContextManager[Server]]) -> Iterator[Server]:
    with contextlib.ExitStack() as stack:
        try:
            server = stack.enter_context(serve())
        except ServerUnavailableError as error:
            pytest.skip(str(error))
        yield server


@pytest.fixture(scope="session", name="radicale")
def radicale_server() -> Iterator[DavServer]:
    yield from _serve(radicale.serve)


@pytest.fixture(scope="session", name="xandikos")
def xandikos_server() -> Iterator[DavServer]:
    yield from _serve(xandikos.serve)


@pytest.fixture(scope="session", name="cyrus")
def cyrus_server() -> Iterator[DavServer]:
    yield from _serve(cyrus.serve)


@pytest.fixture(scope="session", name="sabre")
def sabre_server() -> Iterator[DavServer]:
    yield from _serve(sabre.serve)


@pytest.fixture(scope="session", name="sandbox_server")
def sandbox_process() -> Iterator[SandboxServer]:
    """The simulated providers; a test makes its own account there."""
    yield from _serve(sandbox.serve)


@pytest.fixture(params=DAV_SERVERS)
def dav_server(request: pytest.FixtureRequest) -> DavServer:
    """Each of the CardDAV servers in turn."""
    server = request.getfixturevalue(request.param)
    assert isinstance(server, DavServer)
    return server


@pytest.fixture(scope="session", name="postgres")
def postgres_server() -> Iterator[Postgres]:
    yield from _serve(postgres.serve)


@pytest.fixture(scope="session")
def postgres_template(postgres: Postgres) -> Iterator[str]:
    """The URL of a database with Polydex's tables in it, and nothing else: copying it is quicker than making them."""
    with postgres.database() as url:
        with contextlib.closing(PostgresSession(url)) as session:
            migrate(session, load(), Hooks())
        yield url


@pytest.fixture
def postgres_migrated_url(postgres: Postgres, postgres_template: str) -> Iterator[str]:
    """The URL of a fresh database in which the tables are there already, as no program has opened it before."""
    with postgres.database(postgres_template) as url:
        yield url


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """The URL of a fresh, empty database, dropped after the test."""
    with postgres.database() as url:
        yield url
