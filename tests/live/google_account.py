"""A real Google account with contacts in it: the connector, and the user's phone, which is Google's interface spoken plainly.

Everything that is made here carries a family name of its own, that of this run, and only what carries it is deleted.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from polydex.connectors.base import Connector
from polydex.connectors.google.provider import GOOGLE, GoogleProvider
from polydex.connectors.provider import Credentials
from polydex.connectors.tokens import Grant, Held
from polydex.core.contact import Contact, Email, Name
from polydex.core.ids import RemoteKey
from polydex.net.client import Net

PREFIX = "POLYDEX_LIVE_GOOGLE_"
FAMILY = "Polydexlivetest"
MASK = "names,nicknames,emailAddresses,events,clientData,metadata,photos,memberships,biographies"
WAIT_SECONDS = 900.0
"""For what Google calls a propagation delay of several minutes."""
PAUSE_SECONDS = 10.0


def setting(name: str, default: str = "") -> str:
    return os.environ.get(PREFIX + name, default)


@dataclass
class LiveAccount:
    """One account.

    Attributes:
        family: of every contact that this run makes.
        grant: what the refresh token gave.
    """

    provider: GoogleProvider
    net: Net
    grant: Grant
    api: httpx.AsyncClient
    family: str = field(default_factory=lambda: FAMILY + secrets.token_hex(4))

    @property
    def credentials(self) -> Credentials:
        return Credentials(tokens=Held(self.grant))

    @property
    def connector(self) -> Connector:
        """One that has never pulled."""
        return self.provider.connect(self.net, self.credentials, "people/me", {"account": "live"})

    def contact(self, given: str, **more: Any) -> Contact:
        """A draft of ours."""
        return Contact(
            name=Name(display_name=f"{given} {self.family}", given_name=given, family_name=self.family),
            email_addresses=(Email(address=f"{given.lower()}@example.com", type="home"),),
            **more,
        )

    # --- the phone ---------------------------------------------------------------------------------------------------

    async def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: str) -> Any:
        answer = await self.api.request(method, f"/v1/{path}", params=query, json=body)
        assert answer.status_code == 200, f"{method} {path.partition('/')[0]}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def person(self, key: RemoteKey) -> dict[str, Any]:
        found: dict[str, Any] = await self.ask("GET", key, personFields=MASK, sources="READ_SOURCE_TYPE_CONTACT")
        return found

    async def change(self, key: RemoteKey, fields: str, **members: Any) -> None:
        """The phone changes some fields of a contact."""
        now = await self.person(key)
        assert self.is_ours(now)
        body = {"metadata": {"sources": now["metadata"]["sources"]}, **members}
        await self.ask("PATCH", f"{key}:updateContact", body, updatePersonFields=fields)

    def is_ours(self, person: Mapping[str, Any]) -> bool:
        return any(name.get("familyName") == self.family for name in person.get("names", ()))

    async def ours(self) -> list[RemoteKey]:
        """What this run has made and lists show."""
        found, token = [], ""
        while True:
            query = {"personFields": "names", "pageSize": "1000", "sources": "READ_SOURCE_TYPE_CONTACT"}
            page = await self.ask("GET", "people/me/connections", None, **query, pageToken=token)
            found += [RemoteKey(each["resourceName"]) for each in page.get("connections", ()) if self.is_ours(each)]
            if not (token := page.get("nextPageToken", "")):
                return found

    async def clean(self, made: set[RemoteKey]) -> None:
        """Delete what this run has made: keys that it knows, and what a list shows."""
        for key in sorted({*made, *await self.ours()}):
            answer = await self.api.get(f"/v1/{key}", params={"personFields": "names"})
            if answer.status_code == 200 and self.is_ours(answer.json()):
                await self.ask("DELETE", f"{key}:deleteContact")


@contextlib.asynccontextmanager
async def open_account() -> AsyncIterator[LiveAccount]:
    """The account of the environment."""
    options = {name.lower(): setting(name) for name in ("CLIENT_ID", "CLIENT_SECRET", "API_URL", "TOKEN_URL")}
    provider = GOOGLE.configured({name: value for name, value in options.items() if value})
    async with Net(allow_private=setting("ALLOW_PRIVATE_NETWORKS")) as net:
        held = Grant("", setting("REFRESH_TOKEN"))
        grant = await provider.refresh(net, held, net.now())
        headers = {"Authorization": f"Bearer {grant.access_token}"}
        async with httpx.AsyncClient(base_url=provider.api_url, headers=headers, timeout=60) as api:
            yield LiveAccount(provider, net, held.followed_by(grant), api)


async def before_long(what: str, holds: Any) -> None:
    """Ask again and again until something is so."""
    end = time.monotonic() + WAIT_SECONDS
    while not await holds():
        assert time.monotonic() < end, f"within {WAIT_SECONDS:.0f} s: {what}"
        await asyncio.sleep(PAUSE_SECONDS)
