"""An installation over Microsoft's sandbox."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from polydex.connectors.microsoft.folders import DEFAULT
from polydex.connectors.microsoft.provider import MICROSOFT
from polydex.core.ids import RemoteKey
from polydex.store.accounts import Details
from tests.microsoft.world import TOKEN, GraphWorld, graph_world
from tests.providers.home import SandboxHome, Shown, home_over, token_only


@dataclass
class GraphHome(SandboxHome):
    """An installation whose only account lies at Microsoft."""

    world: GraphWorld

    async def seed(self, *names: str) -> list[RemoteKey]:
        """Their keys are ids."""
        return await self.world.seed(*({"givenName": name, "nickName": name} for name in names))

    async def edit(self, key: str, **fields: Any) -> None:
        await self.world.ask("PATCH", f"contacts/{key}", fields)

    async def nickname(self, key: str, name: str) -> None:
        await self.edit(key, nickName=name)

    async def entries(self) -> list[dict[str, Any]]:
        return await self.world.contacts()

    @staticmethod
    def shown(entry: dict[str, Any]) -> Shown:
        return Shown(
            entry["givenName"], entry["nickName"], entry["personalNotes"] or None, photo=entry["photo"] is not None
        )


@contextlib.asynccontextmanager
async def graph_home(*, personal: bool = False) -> AsyncIterator[GraphHome]:
    """``personal``: a mailbox of Outlook.com."""
    async with graph_world(personal=personal) as world:
        provider = MICROSOFT.configured({"api_url": world.url})
        details = Details("Office365", frozenset({"Contacts.ReadWrite"}))
        subject = (await world.connector.identify()).subject
        async with home_over(
            GraphHome, world, provider, details, subject=subject, book=DEFAULT, secret=token_only(TOKEN)
        ) as home:
            yield home
