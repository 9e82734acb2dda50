"""A real Google account: the connector, and the user's phone, which is Google's interface spoken plainly."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from polydex.connectors.base import Connector
from polydex.connectors.google.provider import GOOGLE, GoogleProvider
from polydex.connectors.provider import Credentials
from polydex.connectors.tokens import Grant, Held
from polydex.core.ids import RemoteKey
from polydex.net.client import Net
from tests.live.account import Account, Settings

setting = Settings("POLYDEX_LIVE_GOOGLE_")
MASK = "names,nicknames,emailAddresses,events,clientData,metadata,photos,memberships,biographies"


@dataclass
class LiveAccount(Account):
    """Lists lag by minutes: Google calls it a propagation delay.

    Attributes:
        grant: what the refresh token gave.
        api: the phone.
    """

    provider: GoogleProvider
    grant: Grant
    api: httpx.AsyncClient
    wait = 900.0
    pause = 10.0

    @property
    def credentials(self) -> Credentials:
        return Credentials(tokens=Held(self.grant))

    @property
    def connector(self) -> Connector:
        """One that has never pulled."""
        return self.provider.connect(self.net, self.credentials, "people/me", {"account": "live"})

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

    async def given_name(self, key: RemoteKey) -> str:
        return str((await self.person(key))["names"][0]["givenName"])

    async def nickname(self, key: RemoteKey, name: str) -> None:
        await self.change(key, "nicknames", nicknames=[{"value": name}])

    async def remove(self, key: RemoteKey) -> None:
        await self.ask("DELETE", f"{key}:deleteContact")

    async def owns(self, key: RemoteKey) -> bool:
        answer = await self.api.get(f"/v1/{key}", params={"personFields": "names"})
        return answer.status_code == 200 and self.is_ours(answer.json())

    async def ours(self) -> list[RemoteKey]:
        """What this run has made and lists show."""
        found, token = [], ""
        while True:
            query = {"personFields": "names", "pageSize": "1000", "sources": "READ_SOURCE_TYPE_CONTACT"}
            page = await self.ask("GET", "people/me/connections", None, **query, pageToken=token)
            found += [RemoteKey(each["resourceName"]) for each in page.get("connections", ()) if self.is_ours(each)]
            if not (token := page.get("nextPageToken", "")):
                return found


@contextlib.asynccontextmanager
async def open_account() -> AsyncIterator[LiveAccount]:
    """The account of the environment."""
    provider = GOOGLE.configured(setting.options)
    async with Net(allow_private=setting("ALLOW_PRIVATE_NETWORKS")) as net:
        held = Grant("", setting("REFRESH_TOKEN"))
        grant = await provider.refresh(net, held, net.now())
        headers = {"Authorization": f"Bearer {grant.access_token}"}
        async with httpx.AsyncClient(base_url=provider.api_url, headers=headers, timeout=60) as api:
            yield LiveAccount(provider, net, held.followed_by(grant), api)
