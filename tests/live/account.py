"""A real account with contacts in it: the connector, and the user's own program, which speaks the provider's interface.

Everything that is made here carries a family name of its own, that of this run, and only what carries it is deleted.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from polydex.connectors.base import Connector, Record
from polydex.connectors.provider import Credentials
from polydex.core.contact import Contact, Email, Name
from polydex.core.errors import PolydexError
from polydex.core.ids import RemoteKey
from polydex.net.client import Net

FAMILY = "Polydexlivetest"


@dataclass(frozen=True)
class Settings:
    """Those of the environment with a prefix, that of a provider."""

    prefix: str

    def __call__(self, name: str) -> str:
        return os.environ.get(self.prefix + name, "")

    @property
    def options(self) -> dict[str, str]:
        """Those that the provider is configured with."""
        options = {name.lower(): self(name) for name in ("CLIENT_ID", "CLIENT_SECRET", "API_URL", "TOKEN_URL")}
        return {name: value for name, value in options.items() if value}


class Made:
    """Keys of what was made."""

    def __init__(self) -> None:
        self.keys: set[RemoteKey] = set()

    def __call__(self, record: Record | PolydexError) -> Record:
        assert isinstance(record, Record)
        self.keys.add(record.key)
        return record


@dataclass
class Account(ABC):
    """One account.

    Attributes:
        provider: whose it is, configured.
        family: of every contact that this run makes.
        wait: seconds that the provider may be late with a list.
        pause: seconds between two looks.
    """

    provider: Any
    net: Net
    family: str = field(default_factory=lambda: FAMILY + secrets.token_hex(4), kw_only=True)
    wait: ClassVar[float]
    pause: ClassVar[float]

    @property
    @abstractmethod
    def credentials(self) -> Credentials: ...

    @property
    @abstractmethod
    def connector(self) -> Connector:
        """One that has never pulled."""

    def contact(self, given: str, **more: Any) -> Contact:
        """A draft of ours."""
        return Contact(
            name=Name(display_name=f"{given} {self.family}", given_name=given, family_name=self.family),
            email_addresses=(Email(address=f"{given.lower()}@example.com", type="home"),),
            **more,
        )

    @abstractmethod
    async def given_name(self, key: RemoteKey) -> str:
        """What the user's own program shows of a contact."""

    @abstractmethod
    async def nickname(self, key: RemoteKey, name: str) -> None:
        """The user gives a contact of ours another nickname."""

    @abstractmethod
    async def remove(self, key: RemoteKey) -> None:
        """The user deletes a contact."""

    @abstractmethod
    async def owns(self, key: RemoteKey) -> bool:
        """Whether there is a contact of this key, and this run has made it."""

    @abstractmethod
    async def ours(self) -> list[RemoteKey]:
        """What this run has made and lists show."""

    async def clean(self, made: set[RemoteKey]) -> None:
        """Delete what this run has made: keys that it knows, and what a list shows."""
        for key in sorted({*made, *await self.ours()}):
            if await self.owns(key):
                await self.remove(key)

    async def before_long(self, what: str, holds: Callable[[], Awaitable[bool]]) -> None:
        """Ask again and again until something is so."""
        end = time.monotonic() + self.wait
        while not await holds():
            assert time.monotonic() < end, f"within {self.wait:.0f} s: {what}"
            await asyncio.sleep(self.pause)
