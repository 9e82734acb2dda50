"""What operators do with a whole data folder: back up, restore, check. Beside ``app``, which runs it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from polydex.app import now_ms
from polydex.config import Config
from polydex.connectors import registry
from polydex.core.errors import BadRequest, ConfigInvalid, StoreFailed
from polydex.engine import backup, mend, restore
from polydex.engine.backup import Copy, Progress
from polydex.engine.check import Report, check
from polydex.engine.keys import Keys
from polydex.engine.restore import Restored
from polydex.store import epochs, lock, meta
from polydex.store.db import Database
from polydex.store.files import make_folder
from polydex.store.look import demand_sqlite, look_at_file, look_at_postgres
from polydex.store.sqlite import open_sqlite
from polydex.store.sqlite_session import BUSY_SECONDS

_ON_POSTGRES = (
    "The database is PostgreSQL (POLYDEX_DATABASE_URL), which has its own tools for this: pg_dump and pg_restore, or "
    "base backups; Polydex notices a restored one by itself"
)


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup that was made. ``keys``: the key file, which is not in it; None: there is none."""

    copy: Copy
    keys: Path | None


def load_keys(config: Config) -> Keys:
    """The installation's keys; none are made. Raises ConfigInvalid."""
    named = {"POLYDEX_KEYS_FILE": str(config.keys_file)} if config.keys_file else {}
    return Keys.load(config.data_dir, named, create=False)


def keys_path(config: Config) -> Path:
    """Where the key file is."""
    return (config.keys_file or config.data_dir / "keys.json").absolute()


async def check_data(config: Config, file: Path | None, *, progress: Callable[[int, int], None]) -> Report:
    """Check the database, or a backup of it. Raises ConfigInvalid, BadRequest, StoreFailed."""
    keys = load_keys(config) if keys_path(config).exists() else None
    providers = registry.load(config.provider_options)
    async with _looking(config, file) as db:
        return await check(db, keys=keys, providers=providers, older=file is not None, progress=progress)


@contextlib.asynccontextmanager
async def _looking(config: Config, file: Path | None) -> AsyncIterator[Database]:
    with contextlib.ExitStack() as stack:
        if file is not None:
            demand_sqlite(file)
            db = look_at_file(file)
        elif config.database_url is not None:
            db = look_at_postgres(config.database_url)
        else:
            _demand_data(config)
            with contextlib.suppress(PermissionError):  # who may only read changes nothing that the lock is for
                stack.callback(lock.share(config.database_path, BUSY_SECONDS).release)
            db = look_at_file(config.database_path)
        try:
            yield db
        finally:
            await db.close()


def _demand_data(config: Config) -> None:
    folder = config.data_dir.absolute()
    try:
        there = config.database_path.exists()
    except OSError as error:
        raise ConfigInvalid(f"The data folder {folder} cannot be read: {error.strerror}") from error
    if not there:
        raise ConfigInvalid(f"There is no Polydex data in {folder}: name the folder with --data-dir")


async def mend_data(config: Config) -> int:
    """Build the derived data of the database anew; the number of contacts. Raises ConfigInvalid, StoreFailed."""
    async with _alone(config) as db:
        return await db.write(mend.rebuild)


async def back_up(config: Config, destination: Path | None, *, progress: Progress) -> BackedUp:
    """Make a backup. ``destination``: a new file, or a folder; None: the data folder's ``backups``.

    Raises:
        ConfigInvalid: there is no data, or it is in PostgreSQL.
        BadRequest: the destination cannot be used.
        StoreFailed: the copy cannot be made.
    """
    if config.database_url is not None:
        raise ConfigInvalid(_ON_POSTGRES)
    _demand_data(config)
    there = keys_path(config).exists()
    keys = load_keys(config) if there else None
    with contextlib.ExitStack() as stack:
        stack.callback(lock.share(config.database_path, BUSY_SECONDS).release)
        final = _final(config, destination)
        try:
            copy = await backup.back_up(
                config.database_path,
                final,
                keys=keys,
                providers=registry.load(config.provider_options),
                progress=progress,
            )
        except OSError as error:
            raise BadRequest(f"The backup cannot be written to {final.parent}: {error.strerror}") from error
    return BackedUp(copy, keys_path(config) if there else None)


def _final(config: Config, destination: Path | None) -> Path:
    try:
        if destination is None:
            folder = config.data_dir / "backups"
            make_folder(folder)
        elif destination.is_dir():
            folder = destination
        else:
            if destination.exists():
                raise BadRequest(f"There is a file {destination} already; a backup never overwrites one")
            if not destination.parent.is_dir():
                raise BadRequest(f"There is no folder {destination.parent}")
            return destination.absolute()
    except OSError as error:
        raise BadRequest(f"The backup cannot be written: {error.filename}: {error.strerror}") from error
    return (folder / f"polydex-{_stamp()}.db").absolute()


def _stamp() -> str:
    """The time now, as it stands in names: 20260309T123000.250Z."""
    return datetime.fromtimestamp(now_ms() / 1000, UTC).strftime("%Y%m%dT%H%M%S.%f")[:-3] + "Z"


async def restore_data(
    config: Config, file: Path, *, confirm: Callable[[Copy], None], progress: Progress, unsound: bool
) -> Restored:
    """Put a backup in the place of the database; see ``engine.restore``."""
    if config.database_url is not None:
        raise ConfigInvalid(_ON_POSTGRES)
    folder = config.data_dir
    if not folder.is_dir():
        raise ConfigInvalid(f"There is no data folder {folder.absolute()}: make it, and put the key file into it first")
    keys = load_keys(config)
    try:
        return await restore.restore(
            config.database_path,
            file,
            (folder / "backups" / f"polydex-replaced-{_stamp()}.db").absolute(),
            keys=keys,
            providers=registry.load(config.provider_options),
            confirm=confirm,
            progress=progress,
            clock=now_ms,
            unsound=unsound,
        )
    except OSError as error:
        raise StoreFailed(f"{error.filename or folder}: {error.strerror}") from error


async def mark_restored(config: Config) -> None:
    """Begin a new epoch: the storage was restored by means that Polydex cannot see (J15). Raises StoreFailed."""
    async with _alone(config) as db:
        await db.write(epochs.reroll, secrets.token_bytes)


@contextlib.asynccontextmanager
async def _alone(config: Config) -> AsyncIterator[Database]:
    """The database, opened, while no other process of Polydex uses it."""
    if config.database_url is not None:
        from polydex.store.postgres import open_postgres, others

        db = await asyncio.to_thread(open_postgres, config.database_url, connections=1)
        try:
            for _ in range(20):  # what was closed just now may be there for a moment still
                if not await db.read(others):
                    break
                await asyncio.sleep(0.1)
            else:
                raise StoreFailed(f"The database of POLYDEX_DATABASE_URL is in use: {lock.ADVICE}")
            yield db
        finally:
            await db.close()
        return
    _demand_data(config)
    keys = load_keys(config)
    if not os.access(config.data_dir, os.W_OK):
        raise ConfigInvalid(f"The data folder {config.data_dir.absolute()} is not writable for this user")
    held = lock.alone(config.database_path)
    try:
        held.share()
        db = open_sqlite(config.database_path, clock=now_ms)
        try:
            await db.write(meta.bind_keys, keys.mark)
            yield db
        finally:
            await db.close()
    finally:
        held.release()
