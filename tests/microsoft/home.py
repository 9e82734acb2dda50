"""The real engine, store and connector over Microsoft's sandbox, with one clock for all of them."""

import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from polydex.connectors.microsoft.folders import DEFAULT
from polydex.connectors.microsoft.provider import MICROSOFT
from polydex.core.errors import PolydexError
from polydex.core.ids import RemoteKey
from polydex.store import contacts
from polydex.store.accounts import Details
from polydex.store.sqlite import open_sqlite
from tests.contract.engine.home import Consumer, Installation, install
from tests.google.home import OneClock
from tests.microsoft.world import TOKEN, GraphWorld, graph_world
from tests.servers.process import workspace
from tests.soundness import demand_sound


@dataclass
class GraphHome(Installation):
    """An installation whose only account lies at Microsoft."""

    world: GraphWorld

    async def seed(self, *names: str) -> list[RemoteKey]:
        """Contacts with these names; their ids."""
        return await self.world.seed(*({"givenName": name, "nickName": name} for name in names))

    async def edit(self, key: str, **fields: Any) -> None:
        """The user changes a contact in Outlook."""
        await self.world.ask("PATCH", f"contacts/{key}", fields)

    async def nickname(self, key: str, name: str) -> None:
        await self.edit(key, nickName=name)

    async def nicknames(self) -> list[str]:
        """Those at Microsoft."""
        return sorted(one["nickName"] for one in await self.world.contacts() if one.get("nickName"))

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
        """The client's copy is what Microsoft has, one for one."""
        await consumer.follow()
        assert consumer.names == await self.nicknames()


@contextlib.asynccontextmanager
async def graph_home(*, personal: bool = False) -> AsyncIterator[GraphHome]:
    """``personal``: a mailbox of Outlook.com."""
    async with graph_world(personal=personal) as world:
        clock = OneClock(world.sandbox.clock)
        with workspace("microsoft-home") as directory:
            database = open_sqlite(directory / "polydex.db", clock=clock)
            parts = await install(
                database,
                clock,
                MICROSOFT.configured({"api_url": world.url}),
                Details("Office365", frozenset({"Contacts.ReadWrite"})),
                subject=(await world.connector.identify()).subject,
                book=DEFAULT,
                net=world.net,
                password=json.dumps({"access_token": TOKEN}),
            )
            try:
                yield GraphHome(**vars(parts), world=world)
            finally:
                await parts.pulls.stop(0)
                await database.close()
            await demand_sound(directory / "polydex.db", parts.ctx.keys, parts.ctx.providers)
