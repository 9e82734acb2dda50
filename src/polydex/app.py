"""The composition root: configuration in, a working Polydex out. The only place that knows every part."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from polydex.config import Config
from polydex.connectors import registry
from polydex.core.errors import ConfigInvalid, StoreFailed
from polydex.engine import owners
from polydex.engine.accounts import Accounts
from polydex.engine.context import Context, Settings
from polydex.engine.export import Exporter
from polydex.engine.hints import Hints
from polydex.engine.imports import Importer
from polydex.engine.keys import Keys
from polydex.engine.pull import Pulls
from polydex.engine.read import Reader
from polydex.engine.storage import Storage
from polydex.engine.streams import Streams
from polydex.engine.turns import Turns
from polydex.engine.watches import Watches
from polydex.engine.worker import Worker
from polydex.engine.write import Writer
from polydex.log import logger
from polydex.net.client import Net
from polydex.store import meta
from polydex.store.db import Database

if TYPE_CHECKING:
    from polydex.api.app import Application

_LAST_WORDS = 5.0
"""Seconds in which what providers have told is written down at the end; the poll is the net for what is not."""

log = logger(__name__)


class Role(Enum):
    """What a process does. Any number of processes may share one database.

    ALL: everything. API: answers requests, and pulls what a request waits for. WORKER: pulls by schedule, finds out
    what became of interrupted writes, and has providers tell of changes (what they tell comes to the others). TOOL: only what it is asked to, for the command line.
    """

    ALL = "all"
    API = "api"
    WORKER = "worker"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Polydex:
    """The parts of one process, put together."""

    config: Config
    ctx: Context
    accounts: Accounts
    pulls: Pulls
    reader: Reader
    writer: Writer
    worker: Worker
    hints: Hints
    exporter: Exporter
    importer: Importer

    def asgi(self) -> Application:
        """The HTTP interface."""
        from polydex.api.app import build
        from polydex.api.services import Options, Services

        storage = Storage(
            self.ctx.db, None if self.config.database_url else self.config.data_dir.absolute(), self.ctx.clock
        )
        services = Services(self.accounts, self.reader, self.writer, self.hints, {"database": storage.check})
        options = Options(self.config.max_body_bytes, self.config.request_timeout, self.config.shutdown_timeout)
        return build(services, options)


def collect_rarely() -> None:
    """Keep the garbage collector from what start-up has made, and let it look less often. For the whole process.

    Nearly everything here dies with its last reference; looking for cycles took a tenth of a first synchronisation.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def now_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


@contextlib.asynccontextmanager
async def open_app(
    config: Config, role: Role = Role.ALL, *, clock: Callable[[], int] = now_ms
) -> AsyncIterator[Polydex]:
    """Open the data folder and put everything together; at the end, close it in good order.

    At the end writes that run are finished, pulls are finished or abandoned safely, each within
    ``config.shutdown_timeout`` seconds; what is cut off after that is found out at the next start.

    Raises:
        ConfigInvalid: the folder, the key file or a setting cannot be used.
        StoreFailed: the database cannot be opened.
    """
    providers = registry.load(config.provider_options)
    async with contextlib.AsyncExitStack() as stack:
        keys, db = await asyncio.to_thread(_open_data, config, clock)
        stack.push_async_callback(db.close)
        await db.write(meta.bind_keys, keys.mark)
        net = await stack.enter_async_context(
            Net(
                allow_private=config.allow_private_networks,
                ca_bundle=str(config.ca_bundle) if config.ca_bundle else None,
                now=clock,
            )
        )
        ctx = Context(
            db=db,
            keys=keys,
            clock=clock,
            providers=providers,
            net=net,
            settings=Settings(
                freshness=config.freshness,
                poll_interval=config.poll_interval,
                watched_poll_interval=config.watched_poll_interval,
                public_url=config.public_url or "",
                streams=config.streams,
                parallel_pulls=config.parallel_pulls,
                require_if_match=config.require_if_match,
            ),
            owner=owners.new(),
            random_bytes=secrets.token_bytes,
            random=random.random,
        )
        pulls, turns = Pulls(ctx), Turns(ctx)
        await pulls.inherit()
        writer = Writer(ctx, turns)
        reader, hints = Reader(ctx, pulls), Hints(ctx)
        app = Polydex(
            config=config,
            ctx=ctx,
            accounts=Accounts(ctx),
            pulls=pulls,
            reader=reader,
            writer=writer,
            worker=Worker(ctx, pulls, writer.recovery, Watches(ctx), Streams(ctx, hints)),
            hints=hints,
            exporter=Exporter(ctx, reader),
            importer=Importer(ctx, reader, writer),
        )
        background = asyncio.create_task(app.worker.run(), name="worker") if role in (Role.ALL, Role.WORKER) else None
        if role is not Role.TOOL:
            app.hints.start()
        try:
            yield app
        finally:
            await app.hints.stop(min(_LAST_WORDS, config.shutdown_timeout))
            # Writes first: a client waits for them. Both are bounded, so the whole end is.
            await writer.drain(config.shutdown_timeout)
            await app.worker.stop(config.shutdown_timeout)
            if background is not None:
                await background
            await ctx.refreshes.drain(ctx, config.shutdown_timeout)


def _open_data(config: Config, clock: Callable[[], int]) -> tuple[Keys, Database]:
    """The keys and the database. Blocks."""
    folder = config.data_dir
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise ConfigInvalid(f"The data folder {folder} is not a folder") from None
    except OSError as error:
        raise ConfigInvalid(f"The data folder {folder} cannot be made: {error.strerror}") from error
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        raise ConfigInvalid(f"The data folder {folder} is not writable for this user")
    named = {"POLYDEX_KEYS_FILE": str(config.keys_file)} if config.keys_file else {}
    # Keys made anew would not fit a database that is there: its secrets could not be read, its ids would change.
    keys = Keys.load(folder, named, create=config.database_url is not None or not _has_database(config))
    if config.database_url is not None:
        from polydex.store.postgres import open_postgres

        return keys, open_postgres(config.database_url)
    from polydex.store.sqlite import open_sqlite

    return keys, open_sqlite(config.database_path, clock=clock)


def _has_database(config: Config) -> bool:
    try:
        return config.database_path.stat().st_size > 0
    except FileNotFoundError:
        return False
    except OSError as error:
        raise StoreFailed(f"{config.database_path}: {error.strerror}") from error
