"""The real engine, store and connector over a provider's sandbox, with one clock for all of them."""

import contextlib
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from polydex.connectors.provider import Provider
from polydex.core.errors import PolydexError
from polydex.store import contacts
from polydex.store.accounts import Details
from polydex.store.sqlite import open_sqlite
from polydex.testing.clock import FakeClock
from polydex_sandbox.clock import Clock
from tests.contract.engine.home import Consumer, Installation, install
from tests.providers.world import SandboxWorld
from tests.servers.process import workspace
from tests.soundness import demand_sound


class OneClock(FakeClock):
    """The clock of a sandbox, for the engine."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock.now())
        self._clock = clock

    def advance(self, seconds: float) -> None:
        super().advance(seconds)
        self._clock.set(self.now)


class Shown(NamedTuple):
    """What every provider can say of a contact, in the words of the public one."""

    given_name: str | None
    nickname: str | None
    notes: str | None
    photo: bool


@dataclass
class SandboxHome(Installation, ABC):
    """An installation whose only account lies at a provider."""

    world: SandboxWorld

    @abstractmethod
    async def seed(self, *names: str) -> list[Any]:
        """Contacts of which these are the given names and the nicknames; their keys."""

    @abstractmethod
    async def edit(self, key: str, **fields: Any) -> None:
        """The user changes a contact elsewhere. ``fields``: as the provider writes them."""

    @abstractmethod
    async def nickname(self, key: str, name: str) -> None:
        """The user gives a contact another nickname."""

    @abstractmethod
    async def entries(self) -> list[dict[str, Any]]:
        """Every contact, as it truly is at the provider."""

    @staticmethod
    @abstractmethod
    def shown(entry: dict[str, Any]) -> Shown:
        """What the user has entered into one of them."""

    async def there(self) -> list[Shown]:
        """Every contact at the provider."""
        return [self.shown(entry) for entry in await self.entries()]

    async def the_only(self) -> dict[str, Any]:
        """The one contact that there is, as it truly is at the provider."""
        [entry] = await self.entries()
        return entry

    async def nicknames(self) -> list[str]:
        """Those at the provider."""
        return sorted(one.nickname for one in await self.there() if one.nickname)

    async def photos(self) -> int:
        """How many contacts have one at the provider."""
        return sum(one.photo for one in await self.there())

    async def rest(self) -> None:
        """Let everything come to rest: lags, writes whose answers were lost, doubts, an approval that is waited for."""
        for _ in range(4):
            await self.later(700)
            with contextlib.suppress(PolydexError):
                await self.pull()
            source = await self.source()
            if source.halted_walk is not None:
                await self.db.write(contacts.approve, source.id, self.clock())

    async def assert_same(self, consumer: Consumer) -> None:
        """The client's copy is what the provider has, one for one."""
        await consumer.follow()
        assert consumer.names == await self.nicknames()


H = TypeVar("H", bound=SandboxHome)


def token_only(token: str) -> str:
    """What an account of an OAuth service logs in with that has nothing but an access token."""
    return json.dumps({"access_token": token})


@contextlib.asynccontextmanager
async def home_over(
    kind: Callable[..., H],
    world: SandboxWorld,
    provider: Provider,
    details: Details,
    *,
    subject: str,
    book: str,
    secret: str,
) -> AsyncIterator[H]:
    """An installation over a world, whose database has to be sound at the end.

    Args:
        kind: the class of the installation.
        world: of its account.
        provider: as it is configured for the world.
        details: of the account.
        subject: who the account is.
        book: key of its only address book.
        secret: what the account logs in with, as it is stored.
    """
    clock = OneClock(world.sandbox.clock)
    with workspace("provider-home") as directory:
        database = open_sqlite(directory / "polydex.db", clock=clock)
        parts = await install(
            database, clock, provider, details, subject=subject, book=book, net=world.net, password=secret
        )
        try:
            yield kind(**vars(parts), world=world)
        finally:
            await parts.pulls.stop(0)
            await database.close()
        await demand_sound(directory / "polydex.db", parts.ctx.keys, parts.ctx.providers)
