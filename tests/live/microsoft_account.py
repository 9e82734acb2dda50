"""A real Microsoft account with contacts in it: the connector, and the user's Outlook, which is Graph spoken plainly.

Everything that is made here carries a family name of its own, that of this run, and only what carries it is deleted.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from polydex.connectors.base import Connector
from polydex.connectors.microsoft.folders import DEFAULT
from polydex.connectors.microsoft.provider import MICROSOFT, MicrosoftProvider
from polydex.connectors.provider import Credentials
from polydex.connectors.tokens import Grant, Held
from polydex.core.contact import Contact, Email, Name
from polydex.core.ids import RemoteKey
from polydex.net.client import Net

PREFIX = "POLYDEX_LIVE_MICROSOFT_"
FAMILY = "Polydexlivetest"
WAIT_SECONDS = 300.0
"""For what personal mailboxes are seen to be late with."""
PAUSE_SECONDS = 5.0


def setting(name: str, default: str = "") -> str:
    return os.environ.get(PREFIX + name, default)


@dataclass
class LiveAccount:
    """One account.

    Attributes:
        family: of every contact that this run makes.
        grant: what the refresh token gave, or the tenant.
        mailbox: whose, where the application itself has access; else "".
    """

    provider: MicrosoftProvider
    net: Net
    grant: Grant
    api: httpx.AsyncClient
    mailbox: str = ""
    family: str = field(default_factory=lambda: FAMILY + secrets.token_hex(4))

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.mailbox, tokens=Held(self.grant))

    @property
    def connector(self) -> Connector:
        """One that has never pulled."""
        return self.provider.connect(self.net, self.credentials, DEFAULT, {"account": "live"})

    def contact(self, given: str, **more: Any) -> Contact:
        """A draft of ours."""
        return Contact(
            name=Name(display_name=f"{given} {self.family}", given_name=given, family_name=self.family),
            email_addresses=(Email(address=f"{given.lower()}@example.com", type="home"),),
            **more,
        )

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

    async def ours(self) -> list[RemoteKey]:
        """What this run has made and lists show."""
        found: list[RemoteKey] = []
        page = await self.ask("GET", "contacts", query={"$select": "id,surname", "$top": "100"})
        while True:
            found += [RemoteKey(each["id"]) for each in page["value"] if self.is_ours(each)]
            if not (following := page.get("@odata.nextLink")):
                return found
            page = await self.ask("GET", following)

    async def clean(self, made: set[RemoteKey]) -> None:
        """Delete what this run has made: keys that it knows, and what a list shows."""
        for key in sorted({*made, *await self.ours()}):
            answer = await self.api.get(f"contacts/{key}", params={"$select": "id,surname"})
            if answer.status_code == 200 and self.is_ours(answer.json()):
                await self.api.delete(f"contacts/{key}")


@contextlib.asynccontextmanager
async def open_account(held: Grant, mailbox: str = "") -> AsyncIterator[LiveAccount]:
    """An account of the registration in the environment."""
    options = {name.lower(): setting(name) for name in ("CLIENT_ID", "CLIENT_SECRET", "API_URL", "TOKEN_URL")}
    provider = MICROSOFT.configured({name: value for name, value in options.items() if value})
    async with Net(allow_private=setting("ALLOW_PRIVATE_NETWORKS")) as net:
        grant = held.followed_by(await provider.refresh(net, held, net.now()))
        headers = {"Authorization": f"Bearer {grant.access_token}", "Prefer": 'IdType="ImmutableId"'}
        owner = f"users/{mailbox}" if mailbox else "me"
        async with httpx.AsyncClient(base_url=f"{provider.api_url}/v1.0/{owner}/", headers=headers, timeout=60) as api:
            yield LiveAccount(provider, net, grant, api, mailbox)


async def before_long(what: str, holds: Callable[[], Awaitable[bool]]) -> None:
    """Ask again and again until something is so."""
    end = time.monotonic() + WAIT_SECONDS
    while not await holds():
        assert time.monotonic() < end, f"within {WAIT_SECONDS:.0f} s: {what}"
        await asyncio.sleep(PAUSE_SECONDS)
