"""Backups of a SQLite database: a copy that is consistent, checked, and has its name only when it is whole (J17)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from polydex.connectors.provider import Provider
from polydex.core.errors import BadRequest, StoreFailed
from polydex.engine.check import Report, check, rules
from polydex.engine.keys import Keys
from polydex.store import audit, backup
from polydex.store.files import partial_of, publish
from polydex.store.look import look_at_file

Progress = Callable[[str, int, int], None]
"""Told (what is done, how far, of how much) now and then."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A checked copy.

    Attributes:
        size: bytes.
        accounts, contacts: in it; None for a database of an older schema.
        as_of: unix milliseconds of the start of the newest pull in it.
    """

    path: Path
    size: int
    report: Report
    accounts: int | None = None
    contacts: int | None = None
    as_of: int | None = None


async def back_up(
    database: Path, final: Path, *, keys: Keys | None, providers: Mapping[str, Provider], progress: Progress
) -> Copy:
    """Copy a database while others use it. Nothing is left when it fails.

    Args:
        database: the file.
        final: where the copy goes; there must be no such file.
        keys: the installation's; None leaves out what needs them.
        providers: by registry name.
        progress: see ``Progress``.

    Raises:
        StoreFailed: the copy cannot be made, or is damaged.
        BadRequest: the file exists already.
        OSError: the destination cannot be written.
    """
    backup.room_for(final.parent, backup.size_of(database))
    with partial_of(final) as partial:
        made = await copied(database, partial, keys=keys, providers=providers, progress=progress)
        if made.report.outcomes[rules.FILE].count:
            raise StoreFailed(f"The database {database} is damaged, so no backup was kept: polydex check says where")
        try:
            publish(partial, final)
        except FileExistsError:
            raise BadRequest(f"There is a file {final} already; a backup never overwrites one") from None
    return Copy(final, made.size, made.report, made.accounts, made.contacts, made.as_of)


async def copied(
    source: Path, partial: Path, *, keys: Keys | None, providers: Mapping[str, Provider], progress: Progress
) -> Copy:
    """Copy a database into an empty file, and check the copy. Raises StoreFailed, OSError."""
    ended = threading.Event()

    def step(done: int, total: int) -> None:
        if ended.is_set():
            raise StoreFailed("ended")  # nobody waits for it any more
        progress("Copying", done, total)

    try:
        await asyncio.to_thread(backup.copy, source, partial, step)
    finally:
        ended.set()
    db = look_at_file(partial)
    try:
        report = await check(
            db,
            keys=keys,
            providers=providers,
            older=True,
            progress=lambda done, total: progress("Checking", done, total),
        )
        facts: tuple[int | None, int | None, int | None] = (None, None, None)
        if not report.outcomes[rules.FILE].count and not report.outcomes[rules.SCHEMA].count:
            facts = await db.read(audit.facts)
    finally:
        await db.close()
    return Copy(partial, backup.size_of(partial), report, *facts)
