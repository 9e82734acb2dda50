"""PostgreSQL: threads that each own a connection (psycopg 3); the driver is imported when it is needed."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from polydex.core.errors import StoreFailed
from polydex.store import epochs
from polydex.store.db import A, Database, Row, Tx
from polydex.store.dialect import POSTGRES, Dialect, format_style
from polydex.store.epochs import RandomBytes
from polydex.store.migrate import Hooks, load, migrate
from polydex.store.threads import ThreadedDatabase, Threads

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")

ATTEMPTS = 5
"""How often a transaction is tried when others stand in its way: deadlock, serialisation failure."""
LOCK_SECONDS = 30
CONNECT_SECONDS = 10
MIGRATION_LOCK = 0x706F6C79646578
"""Number of the advisory lock under which the schema is brought up to date: "polydex" in ASCII."""

# Which storage this is. The system identifier is that of the cluster, the timeline changes when a replica is promoted
# or a base backup recovered (the first eight digits of a WAL file's name), the two numbers when a dump is restored.
_LINEAGE = """
SELECT (SELECT system_identifier FROM pg_control_system()) || '/' || left(pg_walfile_name(pg_current_wal_lsn()), 8)
    || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()) || '/' || CAST('account'::regclass AS oid)
"""


def open_postgres(
    url: str,
    *,
    connections: int = 8,
    migrations: Path | None = None,
    random_bytes: RandomBytes = secrets.token_bytes,
) -> Database:
    """Open a database, bring its schema up to date, and settle its epoch (J15). Blocks.

    Args:
        url: ``postgresql://user:password@host/database``, or a connection string of libpq.
        connections: threads, with one connection each.
        migrations: a directory to take in place of the product's migrations.
        random_bytes: for the epoch.

    Raises:
        StoreFailed: the server cannot be reached or used, or the database was made by a newer version.
    """
    _require_driver()
    try:
        session = PostgresSession(url)
    except StoreFailed as error:
        raise StoreFailed(f"The database of POLYDEX_DATABASE_URL: {error.detail}", detail=error.detail) from error
    with contextlib.closing(session):
        migrate(session, load(migrations), Hooks(lock=_lock))
        session.settle(random_bytes)
    threads = Threads("postgres", connections, lambda: PostgresSession(url, random_bytes))
    return ThreadedDatabase(threads, threads)


def others(tx: Tx) -> int:
    """Connections of other processes of Polydex to this database."""
    sql = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'polydex' "
        "AND pid <> pg_backend_pid()"
    )
    return int(tx.all(sql)[0][0])


def open_read_only(url: str) -> Database:
    """A database to look at as it is; nothing is asked yet. Raises StoreFailed: the driver is not installed."""
    _require_driver()
    threads = Threads("postgres-examine", 1, lambda: PostgresSession(url))
    return ThreadedDatabase(threads, threads)


def _require_driver() -> None:
    try:
        import psycopg  # noqa: F401 - whether it is there
    except ImportError as error:
        raise StoreFailed("PostgreSQL needs the package psycopg: install polydex[postgres]") from error


class PostgresTx:
    """A transaction of PostgreSQL; see Tx."""

    dialect: Dialect = POSTGRES

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection
        self._open = True

    def recall(self, fn: Callable[[Tx, A], T], arg: A) -> T:
        return fn(self, arg)

    def all(self, sql: str, *params: object) -> list[Row]:
        return self._execute(sql, params).fetchall()

    def one(self, sql: str, *params: object) -> Row | None:
        return self._execute(sql, params).fetchone()

    def run(self, sql: str, *params: object) -> int:
        return self._execute(sql, params).rowcount

    def many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        self._check()
        with self._connection.cursor() as cursor:
            cursor.executemany(_query(sql), rows)

    def insert(self, into: str, rows: Sequence[Sequence[object]]) -> None:
        if rows:
            self.many(f"INSERT INTO {into} VALUES ({', '.join('?' * len(rows[0]))})", rows)

    def end(self) -> None:
        self._open = False

    def _execute(self, sql: str, params: tuple[object, ...]) -> psycopg.Cursor[Row]:
        self._check()
        return self._connection.execute(_query(sql), params)

    def _check(self) -> None:
        if not self._open:
            import psycopg

            raise psycopg.ProgrammingError("the transaction is over")


class PostgresSession:
    """A connection of PostgreSQL; see Session.

    Args:
        url: of the database.
        random_bytes: to settle the epoch with, at each new connection; None for a database without a schema yet.
    """

    def __init__(self, url: str, random_bytes: RandomBytes | None = None) -> None:
        import psycopg

        self._url = url
        self._random_bytes = random_bytes
        self._errors = psycopg.errors
        self._committing = False
        self._connect()

    def _connect(self) -> None:
        import psycopg

        try:
            self._connection: psycopg.Connection[Row] = psycopg.connect(
                self._url,
                autocommit=True,  # BEGIN and COMMIT are ours
                connect_timeout=CONNECT_SECONDS,
                application_name="polydex",
                keepalives_idle=30,
                options=f"-c lock_timeout={LOCK_SECONDS}s -c idle_in_transaction_session_timeout=60s "
                "-c client_encoding=UTF8",
            )
        except (psycopg.Error, ValueError) as error:
            # Its text may show the address with the password.
            raise StoreFailed(detail=f"no connection to PostgreSQL ({type(error).__name__})") from None
        _adapt(self._connection)
        if self._random_bytes is not None:
            try:
                self.settle(self._random_bytes)
            except BaseException:
                self._connection.close()
                raise

    @property
    def broken(self) -> bool:
        return self._connection.closed

    def settle(self, random_bytes: RandomBytes) -> None:
        """Compare the storage with the one that the epoch was rolled for (JOURNAL.md, J15)."""

        def same(tx: Tx) -> bool:
            return bool(tx.all(f"SELECT lineage = ({_LINEAGE}) AND epoch <> 0 FROM meta")[0][0])

        def adopt(tx: Tx) -> None:
            epochs.adopt_lineage(tx, str(tx.all(_LINEAGE)[0][0]), random_bytes)

        if not self.read(same):
            self.write(adopt)

    def write(self, fn: Callable[[Tx], T]) -> T:
        # A row lock taken first puts the writers of an account in order (J6); READ COMMITTED then sees what the last did.
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._transaction("BEGIN ISOLATION LEVEL READ COMMITTED", fn)
            except (self._errors.SerializationFailure, self._errors.DeadlockDetected) as error:
                if attempt == ATTEMPTS:
                    raise StoreFailed(detail=f"{ATTEMPTS} attempts in a row met {type(error).__name__}") from error
        raise AssertionError  # the loop returns or raises

    def read(self, fn: Callable[[Tx], T]) -> T:
        return self._transaction("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", fn)

    def close(self) -> None:
        self._connection.close()

    def _transaction(self, begin: str, fn: Callable[[Tx], T]) -> T:
        with self._translated():
            self._committing = False
            self._begin(begin)
            tx = PostgresTx(self._connection)
            try:
                result = fn(tx)
                self._committing = True
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            finally:
                tx.end()
            return result

    def _begin(self, begin: str) -> None:
        import psycopg

        try:
            self._connection.execute(begin.encode())
        except psycopg.OperationalError:
            # Lost while idle (the server was started anew): nothing has happened yet.
            if not self._connection.closed:
                raise
            self._connect()
            self._connection.execute(begin.encode())

    def _roll_back(self) -> None:
        import psycopg

        try:
            if not self._connection.closed:
                self._connection.execute("ROLLBACK")
        except psycopg.Error:
            self._connection.close()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn an error of the server or of the connection into StoreFailed; one of a statement stays what it is."""
        import psycopg

        try:
            yield
        except (self._errors.SerializationFailure, self._errors.DeadlockDetected):
            raise
        except (psycopg.OperationalError, psycopg.InterfaceError, self._errors.InternalError_) as error:
            outcome = "; whether the transaction was committed is not known" if self._lost_commit() else ""
            raise StoreFailed(detail=f"PostgreSQL failed ({type(error).__name__}){outcome}") from error

    def _lost_commit(self) -> bool:
        return self._committing and self._connection.closed


def _query(sql: str) -> Any:
    # psycopg takes literal strings only, to warn of values put into SQL; ours is composed of constants.
    return format_style(sql)


def _lock(tx: Tx) -> None:
    tx.one("SELECT pg_advisory_xact_lock(?)", MIGRATION_LOCK)


def _adapt(connection: psycopg.Connection[Row]) -> None:
    """Whole numbers are whole numbers, as on SQLite: one type to prepare statements with, truth values, sums."""
    from psycopg.adapt import Buffer, Dumper, Loader
    from psycopg.postgres import types

    class Whole(Dumper):
        oid = types["int8"].oid

        def dump(self, obj: int) -> bytes:
            return b"%d" % obj

    class Sum(Loader):
        def load(self, data: Buffer) -> int:
            return int(bytes(data))

    connection.adapters.register_dumper(int, Whole)
    connection.adapters.register_dumper(bool, Whole)
    connection.adapters.register_loader("numeric", Sum)
