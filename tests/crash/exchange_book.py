"""The contacts of a mailbox on an Exchange server, as the sandbox has them, and the user's Outlook that works on them."""

from __future__ import annotations

import urllib.error
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote

from tests.crash.book import Shown
from tests.crash.sandbox_book import SandboxBook
from tests.servers.sandbox import SandboxServer

PASSWORD = "secret"
PATH = "/EWS/Exchange.asmx"


@dataclass(frozen=True)
class Person:
    """A contact in the mailbox.

    Attributes:
        id: another one when it has moved.
        json: as the control API tells it.
    """

    id: str
    json: dict[str, Any]

    @property
    def path(self) -> str:
        return f"contacts/{quote(self.id)}"

    @property
    def shown(self) -> Shown:
        return Shown(self.json.get("DisplayName", ""), self.json.get("Body", ""), self.json["photo"] is not None)


@dataclass
class ExchangeBook(SandboxBook[Person]):
    """The default folder of a mailbox of a sandbox.

    Attributes:
        email: what Polydex logs in as.
    """

    provider = "exchange"

    email: str

    @classmethod
    def new(cls, sandbox: SandboxServer) -> Self:
        """A fresh account."""
        made = sandbox.new_account(exchange={"password": PASSWORD})
        return cls(sandbox, made["id"], made["email"])

    def login(self, url: str) -> tuple[list[str], str]:
        words = ["exchange", "--server", f"{url}{PATH}", "--login", self.email, "--auth", "basic", "--password-stdin"]
        return words, PASSWORD + "\n"

    async def fill(self, names: Iterable[str]) -> None:
        await self.told("POST", "contacts", {"contacts": [_contact(name, "first") for name in names]})

    async def cards(self) -> list[Person]:
        found = (await self.told("GET", "contacts?folder=contacts"))["contacts"]
        return [Person(contact["id"], contact) for contact in found]

    # The other client

    async def add(self, name: str, notes: str) -> None:
        await self.done("add", "POST", "contacts", {"contacts": [_contact(name, notes)]})

    async def edit(self, stored: Person, notes: str) -> None:
        await self.done("edit", "PATCH", stored.path, {"Body": notes})

    async def rename(self, stored: Person, name: str) -> None:
        await self.done("edit", "PATCH", stored.path, {"DisplayName": name})

    async def remove(self, stored: Person) -> None:
        await self.done("remove", "DELETE", stored.path)

    async def move(self, stored: Person) -> None:
        """Into Deleted Items and back: it has another id then, and for us it is another one."""
        try:
            away = await self.told("POST", f"{stored.path}/move", {"folder": "deleteditems"})
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            self.edits["in vain"] += 1
            return
        await self.done("move", "POST", f"contacts/{quote(away['id'])}/move", {"folder": "contacts"})


def _contact(name: str, notes: str) -> dict[str, Any]:
    return {"DisplayName": name, "Body": notes}
