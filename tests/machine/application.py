"""The application as the state machine runs it: the real engine on a real SQLite file, in processes that may die."""

from __future__ import annotations

import asyncio
import itertools
import random
import shutil
import sqlite3
from collections.abc import Coroutine
from contextlib import closing
from contextvars import Context as Variables, ContextVar
from pathlib import Path
from typing import Any, ClassVar

import pytest

from polydex.connectors.provider import Provider
from polydex.core.errors import Internal, PolydexError
from polydex.core.ids import AccountId, SourceId
from polydex.engine.accounts import app_secret_context
from polydex.engine.backup import Copy
from polydex.engine.context import Context, Settings
from polydex.engine.hints import Hints
from polydex.engine.keys import Keys, hash_token, secret_context
from polydex.engine.pull import Pulls
from polydex.engine.read import Reader
from polydex.engine.restore import restore
from polydex.engine.turns import Turns
from polydex.engine.watches import Watches
from polydex.engine.write import Writer
from polydex.store import accounts, apps, contacts, sources
from polydex.store.accounts import Account, Details
from polydex.store.db import Tx
from polydex.store.sqlite import open_sqlite
from tests.machine.loop import VirtualLoop
from tests.machine.mortal import Killed, Life, MortalDatabase, MortalProvider

KEYS = Keys.generate(random.Random(1).randbytes)
_process: ContextVar[Process | None] = ContextVar("process", default=None)
_owners = itertools.count(1)


def founded(
    provider: str, books: list[str], now: int, *, service: str = "Memory", subject: str = "memory:1", **more: str
) -> Any:
    """A function that founds an account with these address books, the first one its default.

    Args:
        provider: its name.
        books: the keys.
        now: unix milliseconds.
        service: its type.
        subject: who it is at the provider.
        more: details of the account.
    """

    def found(tx: Tx) -> AccountId:
        signing = KEYS.encrypt(b"signing", app_secret_context("client"))
        app = apps.create(tx, "machine", "client", hash_token("client secret"), signing, now)
        details = Details(service, frozenset({"Contacts.ReadWrite"}), **{"login": "me", **more})
        account = accounts.upsert(tx, app.id, provider, subject, details, now)
        accounts.set_secret(tx, account.id, KEYS.encrypt(b"secret", secret_context(account.id)), now)
        for book in books:
            source = sources.add(tx, account.id, book, book, is_default=book == books[0], read_only=False)
            sources.make_due(tx, source, now)
        return account.id

    return found


class Home:
    """What outlives a process: the data folder, the provider, the time.

    Attributes:
        theirs: what may end tasks of a simulated provider that answers a process.
    """

    theirs: ClassVar[tuple[type[BaseException], ...]] = ()

    def __init__(self, folder: Path, loop: VirtualLoop, provider: Provider, settings: Settings) -> None:
        self.path = folder / "polydex.db"
        self.loop = loop
        self.provider = provider
        self.settings = settings
        self.random = random.Random(7)
        loop.set_task_factory(_enlist)

    def back_up(self) -> Path:
        """A whole copy of the database, as it is at this moment."""
        copy = self.path.with_name("backup.db")
        with closing(sqlite3.connect(self.path)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        return copy

    def restore(self, copy: Path) -> None:
        """Put a copy in the place of the database; no process may be running."""
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(copy, self.path)

    def restore_by_command(self, copy: Path) -> None:
        """The same as ``polydex restore`` does it."""

        def agree(found: Copy) -> None:
            assert found.report.sound

        kept = self.path.parent / "backups" / f"replaced-{next(_owners)}.db"
        asyncio.run(
            restore(
                self.path,
                copy,
                kept,
                keys=KEYS,
                providers={self.provider.name: self.provider},
                confirm=agree,
                progress=lambda what, done, total: None,
                clock=self.clock,
            )
        )

    def outside(self, life: Life) -> tuple[Provider, object]:
        """The provider, and the outbound client, of a process that may die."""
        return MortalProvider(self.provider, life), None

    def clock(self) -> int:
        """Unix milliseconds."""
        return self.loop.clock()


class Process:
    """One process: its own connection, its own name in leases, its own tasks."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.life = Life()
        self.tasks: list[asyncio.Task[Any]] = []
        # Opening brings the schema and the epoch up to date; the work is done on a connection of our own.
        database = open_sqlite(home.path, clock=home.clock, readers=1, random_bytes=home.random.randbytes)
        _close(database)
        self.db = MortalDatabase(home.path, self.life)
        provider, net = home.outside(self.life)
        self.ctx = Context(
            db=self.db,
            keys=KEYS,
            clock=home.clock,
            providers={home.provider.name: provider},
            net=net,
            settings=home.settings,
            owner=f"process-{next(_owners)}",
            random_bytes=home.random.randbytes,
        )
        self.pulls = Pulls(self.ctx)
        self.writer = Writer(self.ctx, Turns(self.ctx))
        self.reader = Reader(self.ctx, self.pulls)
        self.watches = Watches(self.ctx)
        self.hints = Hints(self.ctx)

    @property
    def account(self) -> Account:
        """The only account."""
        found = self.db.peek(lambda tx: accounts.get(tx, AccountId(1)))
        assert found is not None
        return found

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Begin something in this process."""
        before = _process.set(self)
        try:
            return self.home.loop.create_task(work)
        finally:
            _process.reset(before)

    def reap(self) -> None:
        """Look at what has ended. Only errors on purpose may end anything, and none that means a fault of ours."""
        for task in [task for task in self.tasks if task.done()]:
            self.tasks.remove(task)
            if task.cancelled():
                continue
            error = task.exception()
            outcome = task.result() if error is None else error
            if isinstance(outcome, Internal):
                pytest.fail(f"{task.get_name()}: {outcome!r} {outcome.detail}")
            if error is not None and not isinstance(error, (PolydexError, Killed, TimeoutError, *self.home.theirs)):
                raise error

    def bury(self) -> None:
        """End everything that the process was doing, without a last word."""
        self.life.dead = True
        for task in self.tasks:
            task.cancel()
        self.home.loop.settle()
        self.reap()
        assert not self.tasks, "a dead process works on"
        self.db.shut()

    def settle_deletions(self, *, approve: bool) -> None:
        """What the owner of the account decides about deletions that wait (J13)."""

        def decide(tx: Tx) -> None:
            for source in sources.of_account(tx, AccountId(1)):
                if approve:
                    contacts.approve(tx, source.id, self.home.clock())
                else:
                    contacts.clear_pending(tx, source.id)
                    sources.resume(tx, source.id)
                sources.make_due(tx, source.id, self.home.clock())

        self.spawn(self.db.write(decide))

    def source_ids(self) -> list[SourceId]:
        """Every source, the default one first."""
        return [source.id for source in self.db.peek(lambda tx: sources.of_account(tx, AccountId(1)))]


def _enlist(
    loop: asyncio.AbstractEventLoop, work: Any, *, context: Variables | None = None, **options: Any
) -> asyncio.Task[Any]:
    """A task belongs to the process whose code has created it."""
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context, **options)
    process = _process.get()
    if process is not None:
        process.tasks.append(task)
    return task


def _close(database: Any) -> None:
    asyncio.run(database.close())
