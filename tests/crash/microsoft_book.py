"""The contacts of a mailbox at Microsoft, as the sandbox has them, and the user's Outlook that works on them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from tests.crash.book import Shown
from tests.crash.sandbox_book import SandboxBook
from tests.servers.sandbox import SandboxServer

CLIENT = ("5a9db0c5-0000-4000-8000-c0ffee00c11e", "sbx8Q~sandbox-secret")
"""The sandbox's own app registration, as its documentation names it."""


@dataclass(frozen=True)
class Person:
    """A contact at Microsoft.

    Attributes:
        id: the immutable one.
        json: as the control API tells it.
    """

    id: str
    json: dict[str, Any]

    @property
    def shown(self) -> Shown:
        return Shown(self.json["displayName"] or "", self.json["personalNotes"] or "", self.json["photo"] is not None)


@dataclass
class MicrosoftBook(SandboxBook[Person]):
    """The default folder of a mailbox of a sandbox.

    Attributes:
        refresh_token: with which Polydex is let in.
    """

    provider = "microsoft"

    refresh_token: str

    @classmethod
    def new(cls, sandbox: SandboxServer) -> Self:
        """A fresh account."""
        made = sandbox.new_account()
        return cls(sandbox, made["id"], made["microsoftRefreshToken"])

    def settings(self, url: str) -> dict[str, str]:
        return {
            "POLYDEX_GRAPH_API_URL": url,
            "POLYDEX_MICROSOFT_TOKEN_URL": f"{self.server}/common/oauth2/v2.0/token",
            "POLYDEX_MICROSOFT_CLIENT_ID": CLIENT[0],
            "POLYDEX_MICROSOFT_CLIENT_SECRET": CLIENT[1],
        }

    def login(self, url: str) -> tuple[list[str], str]:
        del url
        return ["microsoft", "--tokens-stdin"], json.dumps({"refresh_token": self.refresh_token})

    async def fill(self, names: Iterable[str]) -> None:
        await self.told("POST", "contacts", {"contacts": [_contact(name, "first") for name in names]})

    async def cards(self) -> list[Person]:
        found = (await self.told("GET", "contacts?folder=contacts"))["contacts"]
        return [Person(contact["id"], contact) for contact in found]

    # The other client

    async def add(self, name: str, notes: str) -> None:
        await self.done("add", "POST", "contacts", {"contacts": [_contact(name, notes)]})

    async def edit(self, stored: Person, notes: str) -> None:
        await self.done("edit", "PATCH", f"contacts/{stored.id}", {"personalNotes": notes})

    async def rename(self, stored: Person, name: str) -> None:
        await self.done("edit", "PATCH", f"contacts/{stored.id}", {"displayName": name})

    async def remove(self, stored: Person) -> None:
        await self.done("remove", "DELETE", f"contacts/{stored.id}")

    async def move(self, stored: Person) -> None:
        """By export and import: anything else leaves a contact its immutable id. So for us it is another one."""
        shown = stored.shown
        await self.done("remove", "DELETE", f"contacts/{stored.id}")
        await self.done("move", "POST", "contacts", {"contacts": [_contact(shown.name, shown.notes)]})


def _contact(name: str, notes: str) -> dict[str, Any]:
    return {"displayName": name, "personalNotes": notes}
