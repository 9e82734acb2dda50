"""An address book in a sandbox, and the user's other client that works on it: what is the same for every provider."""

from __future__ import annotations

import asyncio
import urllib.error
from dataclasses import dataclass
from typing import Any, ClassVar

from tests.crash.book import AddressBook, S
from tests.servers.sandbox import SandboxServer


@dataclass
class SandboxBook(AddressBook[S]):
    """The address book of one account of a sandbox.

    Attributes:
        provider: its name in the paths of the control API.
        account: its id there.
    """

    provider: ClassVar[str]

    sandbox: SandboxServer
    account: str

    @property
    def server(self) -> str:
        return self.sandbox.url

    async def done(self, kind: str, verb: str, path: str, body: Any = None) -> None:
        """Something that the other client does; in vain where a client of ours was faster."""
        try:
            await self.told(verb, path, body)
        except urllib.error.HTTPError as error:
            if error.code != 404:
                raise
            kind = "in vain"
        self.edits[kind] += 1

    async def told(self, verb: str, path: str, body: Any = None) -> Any:
        """What the control API answers, below the account's part of it. Raises urllib.error.HTTPError."""
        below = f"/accounts/{self.account}/{self.provider}/{path}"
        return await asyncio.to_thread(self.sandbox.control, verb, below, body)
