"""An installation over Exchange's sandbox."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from polydex.connectors.exchange.folders import DEFAULT
from polydex.connectors.exchange.provider import EXCHANGE
from polydex.core.ids import RemoteKey
from polydex.store.accounts import Details
from tests.exchange.world import PASSWORD, PATH, ExchangeWorld, exchange_world
from tests.providers.home import SandboxHome, Shown, home_over
from tests.providers.world import EMAIL


@dataclass
class ExchangeHome(SandboxHome):
    """An installation whose only account lies at an Exchange server."""

    world: ExchangeWorld

    async def seed(self, *names: str) -> list[RemoteKey]:
        """Their keys are ids."""
        return await self.world.seed(*({"GivenName": name, "Nickname": name} for name in names))

    async def edit(self, key: str, **fields: Any) -> None:
        await self.world.edit(RemoteKey(key), fields)

    async def nickname(self, key: str, name: str) -> None:
        await self.edit(key, Nickname=name)

    async def entries(self) -> list[dict[str, Any]]:
        return [one for one in await self.world.contacts() if one["kind"] == "Contact"]

    @staticmethod
    def shown(entry: dict[str, Any]) -> Shown:
        return Shown(entry.get("GivenName"), entry.get("Nickname"), entry.get("Body"), photo=entry["photo"] is not None)


@contextlib.asynccontextmanager
async def exchange_home(*, server: str = "2016", odd: bool = False) -> AsyncIterator[ExchangeHome]:
    """As ``exchange_world``."""
    async with exchange_world(server=server, odd=odd) as world:
        details = Details(
            "EWS",
            frozenset({"Contacts.ReadWrite"}),
            login=EMAIL,
            server_url=world.url + PATH,
            auth_method="basic",
        )
        subject = (await world.connector.identify()).subject
        provider = EXCHANGE.configured({})
        async with home_over(
            ExchangeHome, world, provider, details, subject=subject, book=DEFAULT, secret=PASSWORD
        ) as home:
            yield home
