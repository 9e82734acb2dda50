"""A real Microsoft account: the connector, and the user's Outlook, which is Graph spoken plainly."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from polydex.connectors.base import Connector
from polydex.connectors.microsoft.folders import DEFAULT
from polydex.connectors.microsoft.provider import MICROSOFT, MicrosoftProvider
from polydex.connectors.provider import Credentials
from polydex.connectors.tokens import Grant, Held
from polydex.core.ids import RemoteKey
from polydex.net.client import Net
from tests.live.account import Account, Settings

setting = Settings("POLYDEX_LIVE_MICROSOFT_")


@dataclass
class LiveAccount(Account):
    """Personal mailboxes are seen to be late.

    Attributes:
        grant: what the refresh token, or the application's own, gave.
        api: Outlook.
        mailbox: whose, where the application itself has access; else "".
    """

    provider: MicrosoftProvider
    grant: Grant
    api: httpx.AsyncClient
    mailbox: str = ""
    wait = 300.0
    pause = 5.0

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.mailbox, tokens=Held(self.grant))

    @property
    def connector(self) -> Connector:
        """One that has never pulled."""
        return self.provider.connect(self.net, self.credentials, DEFAULT, {"account": "live"})

    # --- Outlook -----------------------------------------------------------------------------------------------------

    async def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> Any:
        answer = await self.api.request(method, path, params=query, json=body)
        assert answer.status_code == status, f"{method}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def shown(self, key: RemoteKey, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """A contact as Outlook shows it."""
        found: dict[str, Any] = await self.ask("GET", f"contacts/{key}", query=query)
        return found

    async def change(self, key: RemoteKey, **members: Any) -> None:
        """The user changes some members of a contact."""
        assert self.is_ours(await self.shown(key))
        await self.ask("PATCH", f"contacts/{key}", members)

    def is_ours(self, contact: Mapping[str, Any]) -> bool:
        return contact.get("surname") == self.family

    async def given_name(self, key: RemoteKey) -> str:
        return str((await self.shown(key))["givenName"])

    async def nickname(self, key: RemoteKey, name: str) -> None:
        await self.change(key, nickName=name)

    async def remove(self, key: RemoteKey) -> None:
        await self.ask("DELETE", f"contacts/{key}", status=204)

    async def owns(self, key: RemoteKey) -> bool:
        answer = await self.api.get(f"contacts/{key}", params={"$select": "id,surname"})
        return answer.status_code == 200 and self.is_ours(answer.json())

    async def ours(self) -> list[RemoteKey]:
        """What this run has made and lists show."""
        found: list[RemoteKey] = []
        page = await self.ask("GET", "contacts", query={"$select": "id,surname", "$top": "100"})
        while True:
            found += [RemoteKey(each["id"]) for each in page["value"] if self.is_ours(each)]
            if not (following := page.get("@odata.nextLink")):
                return found
            page = await self.ask("GET", following)


@contextlib.asynccontextmanager
async def open_account(held: Grant, mailbox: str = "") -> AsyncIterator[LiveAccount]:
    """An account of the registration in the environment."""
    provider = MICROSOFT.configured(setting.options)
    async with Net(allow_private=setting("ALLOW_PRIVATE_NETWORKS")) as net:
        grant = held.followed_by(await provider.refresh(net, held, net.now()))
        headers = {"Authorization": f"Bearer {grant.access_token}", "Prefer": 'IdType="ImmutableId"'}
        owner = f"users/{mailbox}" if mailbox else "me"
        async with httpx.AsyncClient(base_url=f"{provider.api_url}/v1.0/{owner}/", headers=headers, timeout=60) as api:
            yield LiveAccount(provider, net, grant, api, mailbox)
