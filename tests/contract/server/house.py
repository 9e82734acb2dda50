"""A whole Polydex on SQLite, with a made-up provider behind it, as the tests of the interface need it."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from polydex.api.app import Application, build
from polydex.api.services import Check, Options, Services
from polydex.connectors.base import Connector, Identity, SourceInfo
from polydex.connectors.provider import Credentials, Handshake, Notice, Probe, probe_by_discovery
from polydex.core.contact import Contact, Email, Name
from polydex.core.errors import BadRequest, PolydexError, ProviderUnauthorized
from polydex.engine.accounts import Accounts, AccountSpec, NewApp
from polydex.engine.context import Context, Settings
from polydex.engine.hints import Hints
from polydex.engine.keys import Keys
from polydex.engine.pull import Pulls
from polydex.engine.read import Reader
from polydex.engine.streams import Streams
from polydex.engine.turns import Turns
from polydex.engine.watches import Watches
from polydex.engine.worker import Worker
from polydex.engine.write import Writer
from polydex.store.sqlite import open_sqlite
from polydex.testing import channels
from polydex.testing.clock import FakeClock
from polydex.testing.memory import MemoryConnector
from polydex.testing.world import Character, MemoryWorld
from tests.contract.server.client import Client, basic, bearer
from tests.soundness import demand_sound

PASSWORD = "secret"
READ_ONLY = ("Contacts.Read",)


class Refusing(MemoryConnector):
    """A connector whose credentials the provider no longer accepts."""

    def __init__(self, world: MemoryWorld, error: PolydexError) -> None:
        super().__init__(world)
        self._error = error

    async def identify(self) -> Identity:
        raise self._error


class Village:
    """A provider of any number of logins, each with an address book in memory; the password is ``secret``."""

    name = "memory"
    services = ("CardDAV", "iCloud", "Fastmail")
    mapping_version = 1

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.character = Character()
        self.worlds: dict[str, MemoryWorld] = {}
        self.empty: set[str] = set()
        self.broken: PolydexError | None = None
        self.refused: PolydexError | None = None

    def world(self, login: str) -> MemoryWorld:
        """The address book of a login; the key of the book is the login."""
        if login not in self.worlds:
            self.worlds[login] = MemoryWorld(self.clock, self.character, subject=f"memory:{login}")
        return self.worlds[login]

    def prepare(self, service: str, credentials: Credentials) -> Credentials:
        if service not in self.services:
            raise AssertionError(service)
        if not credentials.password:
            raise BadRequest("$.password: missing")
        return credentials

    def configured(self, options: Mapping[str, str]) -> Village:
        return self

    async def discover(self, net: object, credentials: Credentials) -> tuple[Identity, tuple[SourceInfo, ...]]:
        if self.broken is not None:
            raise self.broken
        if credentials.password != PASSWORD:
            raise ProviderUnauthorized
        if credentials.login in self.empty:
            return Identity(f"memory:{credentials.login}"), ()
        world = self.world(credentials.login)
        book = SourceInfo(key=credentials.login, name="Contacts", default=True)
        return Identity(world.subject, email="me@example.org", name="Me"), (book,)

    def connect(
        self,
        net: object,
        credentials: Credentials,
        source_key: str,
        options: Mapping[str, str],
        context: bytes | None = None,
    ) -> Connector:
        if self.refused is not None:
            return Refusing(self.world(source_key), self.refused)
        return MemoryConnector(self.world(source_key))

    def notified(self, query: Mapping[str, str], body: bytes) -> Handshake | tuple[Notice, ...]:
        return channels.notified(query, body)

    def probe(self, net: object, credentials: Credentials, source_key: str | None) -> AsyncIterator[Probe]:
        return probe_by_discovery(self, net, credentials, source_key)


@dataclass
class House:
    """One installation."""

    app: Application
    ctx: Context
    clock: FakeClock
    village: Village
    accounts: Accounts
    writer: Writer
    worker: Worker
    pulls: Pulls
    hints: Hints
    watches: Watches
    owner: NewApp
    checks: dict[str, Check] = field(default_factory=dict)

    @property
    def anyone(self) -> Client:
        return Client(self.app)

    @property
    def back_end(self) -> Client:
        """The application's own calls."""
        return Client(self.app, basic(self.owner.client_id, self.owner.client_secret))

    def spec(self, login: str = "me@example.org", **more: object) -> AccountSpec:
        return AccountSpec(service_type="CardDAV", login=login, password=PASSWORD, **more)  # type: ignore[arg-type]  # by name

    async def connect(self, login: str = "me@example.org", *, scopes: tuple[str, ...] | None = None) -> Client:
        """A client with a new account's token."""
        saved = await self.accounts.upsert(self.owner.id, self.spec(login, scopes=scopes))
        return Client(self.app, bearer(saved.access_token))

    async def ready(self, login: str = "me@example.org", *, contacts: int = 0) -> Client:
        """The same, with contacts at the provider and the first pull done."""
        world = self.village.world(login)
        for number in range(contacts):
            world.put(person(number), f"key-{number:04}")
        client = await self.connect(login)
        answer = await client.post("/v1/contacts/sync")
        assert answer.json["ready"] is True, answer.body
        return client


def person(number: int) -> Contact:
    return Contact(
        name=Name(given_name=f"Given{number}", family_name=f"Family{number}"),
        email_addresses=(Email(address=f"person{number}@example.org"),),
    )


@contextlib.asynccontextmanager
async def open_house(
    folder: Path,
    *,
    settings: Settings | None = None,
    options: Options | None = None,
    clock: FakeClock | None = None,
) -> AsyncIterator[House]:
    """A Polydex with one application, closed at the end."""
    clock = clock or FakeClock()
    village = Village(clock)
    ctx = Context(
        db=open_sqlite(folder / "polydex.db", clock=clock),
        keys=Keys.generate(),
        clock=clock,
        providers={village.name: village},
        net=None,
        settings=settings or Settings(),
        owner=secrets.token_hex(4),
        random_bytes=secrets.token_bytes,
    )
    pulls = Pulls(ctx)
    writer = Writer(ctx, Turns(ctx))
    accounts = Accounts(ctx)
    checks: dict[str, Check] = {}
    hints = Hints(ctx)
    app = build(Services(accounts, Reader(ctx, pulls), writer, hints, checks), options)
    owner = await accounts.create_app("tests")
    try:
        watches = Watches(ctx)
        worker = Worker(ctx, pulls, writer.recovery, watches, Streams(ctx, hints))
        yield House(app, ctx, clock, village, accounts, writer, worker, pulls, hints, watches, owner, checks)
    finally:
        await hints.stop(5.0)
        await writer.drain(5.0)
        await pulls.stop(5.0)
        await watches.stop(5.0)
        await ctx.db.close()
    await demand_sound(folder / "polydex.db", ctx.keys, ctx.providers)
