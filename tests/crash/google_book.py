"""The contacts of a Google account, as the sandbox has them, and the user's phone that works on them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from tests.crash.book import Shown
from tests.crash.sandbox_book import SandboxBook
from tests.servers.sandbox import SandboxServer

CLIENT = ("1000000000-sandbox.apps.googleusercontent.com", "GOCSPX-sandbox")
"""The sandbox's own OAuth client, as its documentation names it."""


@dataclass(frozen=True)
class Person:
    """A person at Google.

    Attributes:
        id: what follows ``people/`` in its resource name.
        json: as the control API tells it.
    """

    id: str
    json: dict[str, Any]

    @property
    def shown(self) -> Shown:
        photo = any(not photo.get("default") for photo in self.json.get("photos", ()))
        return Shown(self._first("names", "displayName"), self._first("biographies", "value"), photo)

    def _first(self, field: str, member: str) -> str:
        entries = self.json.get(field, [])
        return str(entries[0].get(member, "")) if entries else ""


@dataclass
class GoogleBook(SandboxBook[Person]):
    """The address book of one account of a sandbox.

    Attributes:
        refresh_token: with which Polydex is let in.
    """

    provider = "google"

    refresh_token: str

    @classmethod
    def new(cls, sandbox: SandboxServer) -> Self:
        """A fresh account."""
        made = sandbox.new_account()
        return cls(sandbox, made["id"], made["refreshToken"])

    def settings(self, url: str) -> dict[str, str]:
        return {
            "POLYDEX_GOOGLE_API_URL": url,
            "POLYDEX_GOOGLE_TOKEN_URL": f"{self.server}/token",
            "POLYDEX_GOOGLE_REVOKE_URL": f"{self.server}/revoke",
            "POLYDEX_GOOGLE_CLIENT_ID": CLIENT[0],
            "POLYDEX_GOOGLE_CLIENT_SECRET": CLIENT[1],
            "POLYDEX_GOOGLE_READS_PER_MINUTE": "100000",
            "POLYDEX_GOOGLE_WRITES_PER_MINUTE": "100000",
        }

    def login(self, url: str) -> tuple[list[str], str]:
        del url
        return ["google", "--tokens-stdin"], json.dumps({"refresh_token": self.refresh_token})

    async def fill(self, names: Iterable[str]) -> None:
        await self.told("POST", "contacts", {"people": [_person(name, "first") for name in names]})

    async def cards(self) -> list[Person]:
        found = (await self.told("GET", "contacts"))["people"]
        return [Person(person["resourceName"].removeprefix("people/"), person) for person in found]

    async def quirk(self, name: str, **given: Any) -> None:
        """Switch a quirk on."""
        path = f"/accounts/{self.account}/quirks/{name}"
        await asyncio.to_thread(self.sandbox.control, "PUT", path, given)

    # The other client

    async def add(self, name: str, notes: str) -> None:
        await self.done("add", "POST", "contacts", {"people": [_person(name, notes)]})

    async def edit(self, stored: Person, notes: str) -> None:
        await self.done("edit", "PATCH", f"contacts/{stored.id}", {"biographies": [{"value": notes}]})

    async def rename(self, stored: Person, name: str) -> None:
        await self.done("edit", "PATCH", f"contacts/{stored.id}", {"names": _person(name, "")["names"]})

    async def remove(self, stored: Person) -> None:
        await self.done("remove", "DELETE", f"contacts/{stored.id}")

    async def move(self, stored: Person) -> None:
        await self.done("move", "POST", f"contacts/{stored.id}/rename", {})


def _person(name: str, notes: str) -> dict[str, Any]:
    return {"names": [{"unstructuredName": name}], "biographies": [{"value": notes}]}
