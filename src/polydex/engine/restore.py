"""Restoring a SQLite database: the backup takes its place at once, or not at all; what was there is kept (J15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from polydex.connectors.provider import Provider
from polydex.core.errors import BadRequest, StoreFailed, StoreTooNew
from polydex.engine.backup import Copy, Progress, copied
from polydex.engine.check import rules
from polydex.engine.keys import Keys
from polydex.store import audit, backup, lock, meta, schema
from polydex.store.files import make_folder, partial_of
from polydex.store.look import demand_sqlite, look_at_file
from polydex.store.replace import forget_links, replace
from polydex.store.sqlite import open_sqlite


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done.

    Attributes:
        copy: what is in place now.
        kept: where the database is that was there before; None: there was none.
    """

    copy: Copy
    kept: Path | None


async def restore(
    database: Path,
    file: Path,
    kept: Path,
    *,
    keys: Keys,
    providers: Mapping[str, Provider],
    confirm: Callable[[Copy], None],
    progress: Progress,
    clock: Callable[[], int],
    unsound: bool = False,
) -> Restored:
    """Put a backup in the place of the database, which nobody may be using.

    Args:
        database: the file to be replaced; there need not be one.
        file: the backup; it stays as it is.
        kept: where the database that is replaced goes.
        keys: the installation's.
        providers: by registry name.
        confirm: called when everything is known to be in order; its error stops it.
        progress: see ``Progress``.
        clock: unix milliseconds.
        unsound: also when the check finds something; never when the file is damaged.

    Raises:
        StoreFailed: the database is in use, or the backup cannot be used; nothing was changed.
        BadRequest: the file is no backup of this installation.
        OSError: the data folder cannot be written.
    """
    held = lock.alone(database)
    try:
        forget_links(database)
        await _demand_usable(file, database, keys)
        backup.room_for(database.parent, backup.size_of(file))
        with partial_of(database) as partial:
            copy = await copied(file, partial, keys=keys, providers=providers, progress=progress)
            _demand_sound(file, copy, unsound=unsound)
            confirm(copy)
            make_folder(kept.parent)
            there = replace(database, partial, kept)
        held.share()
        # The start that follows begins a new epoch and brings an older schema up to date.
        opened = open_sqlite(database, clock=clock)
        try:
            await opened.write(meta.bind_keys, keys.mark)
        finally:
            await opened.close()
    finally:
        held.release()
    return Restored(copy, kept if there else None)


def _demand_other(file: Path, database: Path) -> None:
    demand_sqlite(file)
    if database.exists() and file.samefile(database):
        raise BadRequest(f"{file} is the database itself: name a backup of it")


async def _demand_usable(file: Path, database: Path, keys: Keys) -> None:
    _demand_other(file, database)
    db = look_at_file(file)
    try:
        version, _, _, _, mark = await db.read(audit.meta)
    except StoreFailed as error:
        raise _damaged(file) from error
    finally:
        await db.close()
    if version == 0:
        raise BadRequest(f"{file} is not a backup of Polydex: it is a SQLite database of something else")
    if version > schema.newest():
        raise StoreTooNew(
            f"{file} was made by a newer version of Polydex (its schema is {version}, this version knows "
            f"{schema.newest()}): install that version, or restore an older backup"
        )
    if mark is not None and mark != keys.mark:
        raise BadRequest(
            f"{file} was made with another key file: put back the one that was beside its database "
            "(see POLYDEX_KEYS_FILE), then restore it"
        )


def _demand_sound(file: Path, copy: Copy, *, unsound: bool) -> None:
    if copy.report.outcomes[rules.FILE].count:
        raise _damaged(file)
    if not copy.report.sound and not unsound:
        raise BadRequest(
            f"{file} breaks {len(copy.report.broken())} of Polydex's rules ({copy.report.count} findings), nothing was "
            "changed: polydex check names them, --unsound restores it nevertheless"
        )


def _damaged(file: Path) -> BadRequest:
    return BadRequest(f"{file} is damaged, nothing was changed: restore another backup")
