"""A made-up provider whose accounts come with OAuth tokens, and the endpoint that gives them out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

from polydex.connectors.base import Identity, SourceInfo
from polydex.connectors.provider import Credentials, Probe
from polydex.connectors.tokens import Grant, Held, Tokens
from polydex.core.errors import ProviderError, ProviderUnauthorized, TokenDead
from polydex.engine import grants
from polydex.engine.access import AccountTokens
from polydex.engine.context import Context
from polydex.store import accounts
from polydex.store.accounts import Details
from polydex.store.db import Database, Tx
from polydex.testing.clock import FakeClock
from polydex.testing.gates import Gates, Step
from polydex.testing.memory import MemoryConnector, MemoryProvider
from polydex.testing.world import MemoryWorld
from tests.contract.engine.home import BOOK, SCOPES, Home, install

LIFE = 3600
FIRST = Grant("access-0", "refresh-0")


@dataclass
class Issuer:
    """Gives out access tokens.

    Attributes:
        good: the refresh tokens that are accepted; and, as ``of TENANT``, where the application itself has access.
        rotates: every use of a refresh token ends it, and gives another one.
        life: seconds that an access token lives; None: it does not say.
        refused: access tokens that the interface does not accept, besides those that it never gave out.
        fails: what the next requests raise, in place of an answer.
        asked: the refresh tokens of the requests that came.
    """

    clock: FakeClock
    good: set[str] = field(default_factory=lambda: {"refresh-0"})
    rotates: bool = False
    life: int | None = LIFE
    refresh_life: int | None = None
    refused: set[str] = field(default_factory=set)
    fails: list[ProviderError] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    revoked: list[str] = field(default_factory=list)
    gates: Gates = field(default_factory=Gates)
    ends: dict[str, int | None] = field(default_factory=lambda: {"access-0": None})

    async def refresh(self, held: Grant, now: int) -> Grant:
        refresh_token = held.refresh_token or f"of {held.application}"
        await self.gates.pass_through(Step("refresh", "ask", refresh_token))
        self.asked.append(refresh_token)
        if self.fails:
            raise self.fails.pop(0)
        if refresh_token not in self.good:
            await self.gates.pass_through(Step("refresh", "answer", refresh_token))
            raise TokenDead("It is not accepted any more")
        number = len(self.asked)
        ends = None if self.life is None else now + self.life * 1000
        rotated = f"refresh-{number}" if self.rotates and held.refresh_token else None
        if rotated is not None:
            self.good = (self.good - {refresh_token}) | {rotated}
        self.ends[f"access-{number}"] = ends
        await self.gates.pass_through(Step("refresh", "answer", refresh_token))
        refresh_ends = None if self.refresh_life is None else now + self.refresh_life * 1000
        return Grant(f"access-{number}", rotated, ends, refresh_ends, frozenset({"contacts"}))

    def accepts(self, access_token: str) -> bool:
        """Whether the interface takes it."""
        ends = self.ends.get(access_token, 0)
        return access_token not in self.refused and (ends is None or self.clock() < ends)


class TokenConnector(MemoryConnector):
    """Sends an access token with every call, and asks for another one once, as a connector does."""

    def __init__(self, world: MemoryWorld, tokens: Tokens, issuer: Issuer) -> None:
        super().__init__(world)
        self._tokens, self._issuer = tokens, issuer

    async def _ask(self, verb: str, key: str) -> None:
        token = await self._tokens.current()
        if not self._issuer.accepts(token):
            token = await self._tokens.renewed(token)
            if not self._issuer.accepts(token):
                raise ProviderUnauthorized
        await super()._ask(verb, key)


class TokenProvider(MemoryProvider):
    """Serves accounts with tokens."""

    services = ("Tokens",)

    def __init__(self, books: Mapping[str, MemoryWorld], issuer: Issuer) -> None:
        super().__init__(books)
        self.issuer = issuer

    def prepare(self, service: str, credentials: Credentials) -> Credentials:
        return credentials

    async def discover(self, net: object, credentials: Credentials) -> tuple[Identity, tuple[SourceInfo, ...]]:
        first = next(iter(self.books))
        assert isinstance(credentials.tokens, Held)
        identity = await TokenConnector(self.books[first], credentials.tokens, self.issuer).identify()
        return replace(identity, email="ada@example.com"), (SourceInfo(first, default=True),)

    def connect(
        self,
        net: object,
        credentials: Credentials,
        source_key: str,
        options: Mapping[str, str],
        context: bytes | None = None,
    ) -> MemoryConnector:
        return TokenConnector(self.books[source_key], credentials.tokens or Held(Grant("")), self.issuer)

    async def refresh(self, net: object, held: Grant, now: int) -> Grant:
        return await self.issuer.refresh(held, now)

    async def revoke(self, net: object, token: str) -> None:
        self.issuer.revoked.append(token)
        if self.issuer.fails:
            raise self.issuer.fails.pop(0)

    async def examine(self, net: object) -> AsyncIterator[Probe]:
        yield Probe("client", "It is made up.")


@dataclass
class TokenHome(Home):
    """An installation with one account that has tokens."""

    issuer: Issuer

    @property
    def tokens(self) -> AccountTokens:
        return AccountTokens(self.ctx, self.account.id)

    async def grant(self) -> Grant:
        """What is stored."""
        return await self.db.read(stored, self.ctx, self)

    async def give(self, grant: Grant) -> None:
        """Store other credentials, as connecting again does."""
        await self.db.write(given, self.ctx, self, grant)

    async def status(self) -> tuple[str, str | None]:
        found = await self.db.read(accounts.get, self.account.id)
        assert found is not None
        return found.token_status, found.token_error


def stored(tx: Tx, ctx: Context, home: TokenHome) -> Grant:
    found = accounts.get(tx, home.account.id)
    assert found is not None
    assert found.secret is not None
    return grants.opened(ctx.keys, found.id, found.secret).grant


def given(tx: Tx, ctx: Context, home: TokenHome, grant: Grant) -> None:
    accounts.upsert(tx, home.account.app, "memory", home.account.subject, Details("Tokens", SCOPES), home.clock())
    accounts.set_secret(tx, home.account.id, grants.seal(ctx.keys, home.account.id, grant, home.clock()), home.clock())


async def furnish_with_tokens(db: Database, clock: FakeClock, grant: Grant = FIRST) -> TokenHome:
    """An installation with one account that holds ``grant``, not pulled yet."""
    world = MemoryWorld(clock)
    issuer = Issuer(clock)
    provider = TokenProvider({BOOK: world}, issuer)
    details = Details("Tokens", SCOPES, login="ada@example.com")
    parts = await install(db, clock, provider, details, subject=world.subject, book=BOOK)
    home = TokenHome(**vars(parts), world=world, provider=provider, issuer=issuer)
    await home.give(grant)
    account = await db.read(accounts.get, home.account.id)
    assert account is not None
    return replace(home, account=account)
