"""The database: can it be read, is it of this version, is it whole, does it belong to these keys."""

from __future__ import annotations

import shlex
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from polydex.core.errors import StoreFailed
from polydex.engine.doctor.step import State, Step, failed, ok, sentence, size, skipped, span, told, warning
from polydex.store import epochs, health, migrate
from polydex.store.db import Database, Tx
from polydex.store.epochs import HighWater
from polydex.store.examine import Files, writing_process

LARGE_LOG = 256 * 10**6
"""Bytes. SQLite empties the log at 4 MB, and the server cuts it to 64 MiB, unless somebody reads all the time."""
LOCK_LOOKS, LOCK_SECONDS = 15, 0.2
CLOCK_SECONDS = 60.0
OVERDUE_SECONDS = 600.0
WRITE_SECONDS = 3600.0

_SERVE = "Start the server: polydex serve"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the steps compare the database with.

    Attributes:
        path: of the SQLite file; None for PostgreSQL.
        key_mark: of the key file; None when that cannot be used.
        now: unix milliseconds.
        poll_interval: seconds.
        serving: whether a Polydex answers on the configured port.
    """

    path: Path | None
    key_mark: str | None
    now: int
    poll_interval: float
    serving: bool


def lock(path: Path, look: Callable[[Path], int | None] = writing_process) -> Step:
    """Whether one process holds the write lock all the time. Blocks; to be called before the database is opened here."""
    holders = set[int | None]()
    for turn in range(LOCK_LOOKS):
        if turn:
            time.sleep(LOCK_SECONDS)
        holders.add(look(path))
        if None in holders or len(holders) > 1:
            return ok("database.lock", "No process keeps the database locked.")
    process = holders.pop()
    said = f"The process {process} has kept the database locked for {LOCK_LOOKS * LOCK_SECONDS:.0f} seconds."
    return warning(
        "database.lock", said, f"See what it is (ps -p {process} -f), and end it if it hangs: kill {process}"
    )


def log_size(found: Files) -> Step:
    """A log that grows without end is kept by a reader that never ends."""
    if found.log > LARGE_LOG:
        said = f"The write-ahead log has {size(found.log)}: some process reads the database without end."
        return warning(
            "database.log", said, "Find what keeps it open (lsof on polydex.db), end it, and start the server anew."
        )
    return ok("database.log", f"The write-ahead log has {size(found.log)}.")


async def examine(db: Database, facts: Facts) -> AsyncIterator[Step]:
    """The steps inside the database. After one that fails because it cannot be read come no others."""
    # Before the database: a server that commits meanwhile then makes the mark only older.
    known, unreadable = _mark_file(facts.path)
    try:
        schema = await db.read(health.schema)
    except StoreFailed as error:
        yield failed("database.open", f"The database cannot be read: {sentence(told(error))}", _for(facts))
        return
    yield ok("database.open", "The database can be read.")
    version = len(migrate.load())
    if schema.version > version:
        said = f"The database was made by a newer version of Polydex (its schema is {schema.version}, this version knows {version})."
        yield failed("database.schema", said, "Start that version, or restore a backup made before the upgrade.")
        return
    yield _keys(schema.key_mark, facts)
    if schema.version < version:
        said = f"The schema is {schema.version}, this version makes it {version}; a copy from before is kept."
        yield warning("database.schema", said, f"{_SERVE} of this version, which brings it up to date.")
        return
    yield ok("database.schema", f"The schema is that of this version ({version}).")
    if unreadable is not None:
        yield unreadable
    elif facts.path is not None:
        yield _high_water(schema.mark, known)
    for step in await db.read(_inside, facts):
        yield step


async def integrity(db: Database) -> AsyncIterator[Step]:
    """Whether the pages of the database fit together. Takes as long as reading the whole file."""
    name, check = "database.integrity", "polydex check looks at everything."
    try:
        fault = await db.read(health.quick_check)
    except StoreFailed as error:
        if "no answer within" in error.detail:
            yield skipped(name, f"The database is too large for a quick check; {check}")
            return
        fault = error.detail
    if fault is not None:
        said = f"The database is damaged: {sentence(fault)}"
        yield failed(
            name,
            said,
            "Stop the server, keep a copy of the data folder, and restore a backup (docs/how-to/back-up.md).",
        )
    else:
        yield ok(name, f"A quick check finds nothing wrong; {check}")


def _for(facts: Facts) -> str:
    if facts.path is None:
        return "Check POLYDEX_DATABASE_URL, and that PostgreSQL runs: psql with the same URL."
    return f"Keep a copy of {shlex.quote(str(facts.path.parent.absolute()))}, then restore a backup (docs/how-to/back-up.md)."


def _keys(mark: str | None, facts: Facts) -> Step:
    name = "keys.fit"
    if facts.key_mark is None:
        return skipped(name, "The key file cannot be used.")
    if mark is None or mark == facts.key_mark:
        return ok(name, "The keys are those that the database was made with.")
    mend = "Put back the key file that was beside this database, or name it in POLYDEX_KEYS_FILE."
    return failed(name, "The database was made with another key file.", mend)


def _mark_file(path: Path | None) -> tuple[epochs.Mark | None, Step | None]:
    """What the high-water file says, or the step that says why it cannot be read."""
    if path is None:
        return None, None
    file = HighWater(path)
    try:
        return file.read(), None
    except OSError as error:
        mend = f"Give it back to the owner of the data folder: chown --reference={shlex.quote(str(path))} {shlex.quote(str(file.path))}"
        return None, failed(
            "database.restored", f"The high-water mark {file.path} cannot be read: {error.strerror}.", mend
        )


def _high_water(mark: epochs.Mark, known: epochs.Mark | None) -> Step:
    name = "database.restored"
    if epochs.is_known(mark, known):
        return ok(name, "The database is the one that this folder had last.")
    found = (
        "is older than what this folder had last: a backup was put back"
        if known
        else "has no high-water mark beside it"
    )
    said = f"The database {found}; clients will be told where their tokens are of a lost future (410)."
    return warning(name, said, f"Nothing to do but to start the server, which notices it: {_SERVE.partition(': ')[2]}")


def _inside(tx: Tx, facts: Facts) -> list[Step]:
    return [_times(health.newest_time(tx), facts), *_work(tx, facts), *_writes(tx, facts)]


def _times(newest: int, facts: Facts) -> Step:
    ahead = (newest - facts.now) / 1000
    if ahead > CLOCK_SECONDS:
        said = f"The newest entry of the database is {span(ahead)} in the future: the clock of this machine went back, or was wrong."
        mend = "Set the clock (timedatectl set-ntp true); pulls wait until it has caught up."
        return failed("clock.database", said, mend)
    return ok("clock.database", "No entry of the database is from the future.")


def _work(tx: Tx, facts: Facts) -> Iterator[Step]:
    limit = max(OVERDUE_SECONDS, 2 * facts.poll_interval) * 1000
    found = health.waiting(tx, int(facts.now - limit))
    name = "worker"
    if not found.sources:
        yield ok(name, "No address book has waited for its pull for long.")
        return
    since = span((facts.now - (found.since or 0)) / 1000)
    said = f"{found.sources} address books are overdue, the first by {since}"
    if found.leases:
        said += f"; {found.leases} of them were left by a process that ended while it pulled"
    if found.last_pull is not None and found.last_pull > (found.since or 0) and found.last_pull > facts.now - limit:
        more = "Pull more at once (POLYDEX_PARALLEL_PULLS), or less often (POLYDEX_POLL_INTERVAL)."
        yield warning(name, f"{said}, while others are pulled.", more)
    elif facts.serving:
        mend = "See the log of the server; start a worker if it runs with --role api: polydex serve --role worker"
        yield failed(name, f"{said}: a server answers, but nobody pulls.", mend)
    else:
        yield warning(name, f"{said}: nobody pulls.", _SERVE)


def _writes(tx: Tx, facts: Facts) -> Iterator[Step]:
    found = health.open_writes(tx, int(facts.now - WRITE_SECONDS * 1000))
    for account, count in found:
        said = f"The outcome of {count} writes has been unknown for more than an hour."
        mend = f"The server asks the provider as soon as it is reached; see the steps of: polydex doctor {account}"
        yield Step("writes", State.WARNING, said, mend, account)
    if not found:
        yield ok("writes", "No write has had an unknown outcome for long.")
