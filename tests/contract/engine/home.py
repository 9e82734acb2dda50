"""One installation over a made-up provider: the real engine, the real store, a clock that stands."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from polydex.connectors.provider import Provider
from polydex.core.contact import Contact
from polydex.core.ids import RowId
from polydex.engine.access import Refreshes
from polydex.engine.accounts import app_secret_context
from polydex.engine.context import Context, Settings
from polydex.engine.errand import Written
from polydex.engine.keys import Keys, hash_token, secret_context
from polydex.engine.places import Places
from polydex.engine.pull import Pulls
from polydex.engine.read import Reader
from polydex.engine.turns import Turns
from polydex.engine.write import Writer
from polydex.net.client import Net
from polydex.store import accounts, apps, journal, sources
from polydex.store.accounts import Account, Details
from polydex.store.db import Database, Tx
from polydex.store.journal import Filters
from polydex.store.sources import Source
from polydex.testing.clock import FakeClock
from polydex.testing.memory import MemoryProvider
from polydex.testing.world import Character, MemoryWorld

SETTINGS = Settings(freshness=60.0, poll_interval=300.0, ready_wait=10.0, fresh_wait=5.0, write_deadline=5.0)
BOOK = "book"
SCOPES = frozenset({"Contacts.ReadWrite"})


@dataclass
class Installation:
    """The parts, and the account that every test works with."""

    db: Database
    clock: FakeClock
    ctx: Context
    pulls: Pulls
    reader: Reader
    writer: Writer
    account: Account

    async def source(self) -> Source:
        source = await self.db.read(sources.default, self.account.id)
        assert source is not None
        return source

    def sibling(self, owner: str = "process-2", **settings: Any) -> Self:
        """Another process on the same database and the same provider, with its own ``settings``."""
        ctx = replace(
            self.ctx,
            owner=owner,
            settings=replace(self.ctx.settings, **settings),
            places=Places(),
            refreshes=Refreshes(),
        )
        pulls = Pulls(ctx)
        return replace(self, ctx=ctx, pulls=pulls, reader=Reader(ctx, pulls), writer=Writer(ctx, Turns(ctx)))

    async def restored(self, db: Database | None = None) -> Self:
        """The same installation started anew, on a storage (None: the same) that may have been restored."""
        db = db or self.db
        account = await db.read(accounts.get, self.account.id)
        assert account is not None
        home = replace(self, db=db, ctx=replace(self.ctx, db=db), account=account)
        return home.sibling("process-restored")

    async def records(self) -> dict[str, dict[str, Any]]:
        """What the list shows at this moment, by nickname, from the mirror alone."""
        found = await self.db.read(journal.page, (await self.source()).id, Filters(), RowId(0), 1000)
        bodies = [json.loads(body) for _, body in found]
        return {str(body.get("nickName")): body for body in bodies}

    async def id_of(self, nick: str) -> str:
        """The public id of a contact by its nickname."""
        return str((await self.records())[nick]["id"])

    async def pull(self) -> None:
        """Pull now, to the end."""
        self.clock.advance(1)
        await self.pulls.ensure((await self.source()).id, self.clock(), 10)

    async def later(self, seconds: float) -> None:
        """Let time pass, and do what has become due."""
        self.clock.advance(seconds)
        await self.pulls.run_due()
        await self.pulls.wait_idle()
        await self.writer.recovery.run_due()

    async def create(self, **members: Any) -> Written:
        written = await self.writer.create(self.account, json.dumps(members).encode())
        await self.writer.delivered(written.intent)
        return written

    async def update(self, contact_id: str, if_match: str | None = None, **members: Any) -> Written:
        written = await self.writer.update(self.account, contact_id, json.dumps(members).encode(), if_match)
        await self.writer.delivered(written.intent)
        return written

    async def consumer(self) -> Consumer:
        start = await self.reader.start(self.account)
        assert start.updated_token
        assert start.deleted_token
        return Consumer(self, start.updated_token, start.deleted_token)


@dataclass
class Home(Installation):
    """An installation over a made-up provider."""

    world: MemoryWorld
    provider: MemoryProvider


class Consumer:
    """A client that follows both feeds and keeps a copy, as API.md tells it to."""

    def __init__(self, home: Installation, updated: str, deleted: str) -> None:
        self.home, self.updated, self.deleted = home, updated, deleted
        self.copy: dict[str, dict[str, Any]] = {}
        self.gone: list[str] = []
        self.brought: list[str] = []

    async def follow(self, limit: int | None = None) -> Consumer:
        self.brought = []
        page, token = None, self.updated
        while True:
            feed = await self.home.reader.updated(
                self.home.account, delta_token=None if page else token, page_token=page, limit=limit
            )
            assert (feed.next_page is None) != (feed.next_delta is None)
            for body in feed.bodies:
                record = json.loads(body)
                assert record["id"] not in self.gone, "a deletion is final for its id"
                assert record["id"] not in self.brought, "within one run a contact appears once"
                self.brought.append(record["id"])
                self.copy[record["id"]] = record
            if feed.next_delta is not None:
                self.updated = feed.next_delta
                break
            page = feed.next_page
        page, token = None, self.deleted
        while True:
            feed = await self.home.reader.deleted(
                self.home.account, delta_token=None if page else token, page_token=page, limit=limit
            )
            for body in feed.bodies:
                gone = json.loads(body)["id"]
                self.gone.append(gone)
                self.copy.pop(gone, None)
            if feed.next_delta is not None:
                self.deleted = feed.next_delta
                return self
            page = feed.next_page

    @property
    def names(self) -> list[str]:
        return sorted(str(record.get("nickName")) for record in self.copy.values())


async def furnish(
    db: Database,
    clock: FakeClock,
    character: Character | None = None,
    *,
    world: MemoryWorld | None = None,
    keys: Keys | None = None,
) -> Home:
    """An installation with one application, one account and one address book, not pulled yet."""
    world = world or MemoryWorld(clock, character)
    provider = MemoryProvider({BOOK: world})
    details = Details("Memory", SCOPES, login="someone")
    parts = await install(db, clock, provider, details, subject=world.subject, book=BOOK, keys=keys)
    return Home(**vars(parts), world=world, provider=provider)


async def install(
    db: Database,
    clock: FakeClock,
    provider: Provider,
    details: Details,
    *,
    subject: str,
    book: str,
    net: Net | None = None,
    password: str = "secret",
    keys: Keys | None = None,
) -> Installation:
    """The same over any provider."""
    keys = keys or Keys.generate()
    ctx = Context(db, keys, clock, {provider.name: provider}, net, SETTINGS, "process-1", secrets.token_bytes)

    def connect(tx: Tx) -> Account:
        signing = keys.encrypt(b"signing", app_secret_context("client"))
        app = apps.create(tx, "app", "client", hash_token("client secret"), signing, clock())
        account = accounts.upsert(tx, app.id, provider.name, subject, details, clock())
        secret = keys.encrypt(password.encode(), secret_context(account.id))
        accounts.set_secret(tx, account.id, secret, clock())
        source = sources.add(tx, account.id, book, "Book", is_default=True, read_only=False)
        sources.make_due(tx, source, clock())
        found = accounts.get(tx, account.id)
        assert found is not None
        return found

    account = await db.write(connect)
    pulls = Pulls(ctx)
    return Installation(db, clock, ctx, pulls, Reader(ctx, pulls), Writer(ctx, Turns(ctx)), account)


async def until(holds: Callable[[], bool]) -> None:
    """Let the others run until something is so. Raises AssertionError when it never is."""
    for turn in range(10_000):
        if holds():
            return
        await asyncio.sleep(0 if turn < 100 else 0.001)
    raise AssertionError("it never comes")


def named(nick: str, **more: Any) -> Contact:
    return Contact(nick_name=nick, **more)
