"""An installation over Google's sandbox."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from polydex.connectors.google.connector import SOURCE_KEY
from polydex.connectors.google.provider import GOOGLE
from polydex.store.accounts import Details
from tests.google.world import TOKEN, GoogleWorld, google_world
from tests.providers.home import SandboxHome, Shown, home_over, token_only
from tests.providers.world import EMAIL


@dataclass
class GoogleHome(SandboxHome):
    """An installation whose only account lies at Google."""

    world: GoogleWorld

    async def seed(self, *names: str) -> list[str]:
        """Their keys are resource names."""
        people = [{"names": [{"givenName": name}], "nicknames": [{"value": name}]} for name in names]
        found: list[str] = (await self.world.ask("POST", "contacts", {"people": people}))["resourceNames"]
        return found

    async def edit(self, key: str, **fields: Any) -> None:
        await self.world.ask("PATCH", f"contacts/{key.removeprefix('people/')}", fields)

    async def nickname(self, key: str, name: str) -> None:
        await self.edit(key, nicknames=[{"value": name}])

    async def entries(self) -> list[dict[str, Any]]:
        return await self.world.people()

    @staticmethod
    def shown(entry: dict[str, Any]) -> Shown:
        def own(field: str) -> dict[str, Any]:
            """Of the contact itself: a linked profile is somebody else's word."""
            found = (one for one in entry.get(field, ()) if one["metadata"]["source"]["type"] == "CONTACT")
            return next(found, {})

        return Shown(
            own("names").get("givenName"),
            own("nicknames").get("value"),
            own("biographies").get("value"),
            photo=any(not one.get("default") for one in entry.get("photos", ())),
        )


@contextlib.asynccontextmanager
async def google_home(**options: str) -> AsyncIterator[GoogleHome]:
    """``options``: settings of the provider, as ``reads_per_minute``."""
    async with google_world() as world:
        plenty = {"reads_per_minute": "1000000", "writes_per_minute": "1000000"}
        provider = GOOGLE.configured({**plenty, "api_url": world.url, **options})
        details = Details("Google", frozenset({"Contacts.ReadWrite"}), login=EMAIL)
        async with home_over(
            GoogleHome, world, provider, details, subject="108", book=SOURCE_KEY, secret=token_only(TOKEN)
        ) as home:
            yield home
