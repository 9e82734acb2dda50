"""The real engine, store and connector over Google's sandbox, with one clock for all of them."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from polydex.connectors.google.connector import SOURCE_KEY
from polydex.connectors.google.provider import GOOGLE
from polydex.core.errors import PolydexError
from polydex.store import contacts
from polydex.store.accounts import Details
from polydex.store.sqlite import open_sqlite
from polydex.testing.clock import FakeClock
from polydex_sandbox.clock import Clock
from tests.contract.engine.home import Consumer, Installation, install
from tests.google.world import EMAIL, TOKEN, GoogleWorld, google_world
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


@dataclass
class GoogleHome(Installation):
    """An installation whose only account lies at Google."""

    world: GoogleWorld

    async def seed(self, *names: str) -> list[str]:
        """Contacts with these names; their resource names."""
        people = [{"names": [{"givenName": name}], "nicknames": [{"value": name}]} for name in names]
        found: list[str] = (await self.world.ask("POST", "contacts", {"people": people}))["resourceNames"]
        return found

    async def edit(self, key: str, **fields: Any) -> None:
        """The user changes a contact on the phone."""
        await self.world.ask("PATCH", f"contacts/{key.removeprefix('people/')}", fields)

    async def nickname(self, key: str, name: str) -> None:
        await self.edit(key, nicknames=[{"value": name}])

    async def nicknames(self) -> list[str]:
        """Those at Google."""
        return sorted(one["nicknames"][0]["value"] for one in await self.world.people() if "nicknames" in one)

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
        """The client's copy is what Google has, one for one."""
        await consumer.follow()
        assert consumer.names == await self.nicknames()


@contextlib.asynccontextmanager
async def google_home(**options: str) -> AsyncIterator[GoogleHome]:
    """``options``: settings of the provider, as ``reads_per_minute``."""
    async with google_world() as world:
        clock = OneClock(world.sandbox.clock)
        plenty = {"reads_per_minute": "1000000", "writes_per_minute": "1000000"}
        provider = GOOGLE.configured({**plenty, "api_url": world.url, **options})
        with workspace("google-home") as directory:
            database = open_sqlite(directory / "polydex.db", clock=clock)
            parts = await install(
                database,
                clock,
                provider,
                Details("Google", frozenset({"Contacts.ReadWrite"}), login=EMAIL),
                subject="108",
                book=SOURCE_KEY,
                net=world.net,
                password=json.dumps({"access_token": TOKEN}),
            )
            try:
                yield GoogleHome(**vars(parts), world=world)
            finally:
                await parts.pulls.stop(0)
                await database.close()
            await demand_sound(directory / "polydex.db", parts.ctx.keys, parts.ctx.providers)
