"""What the worlds of all providers have: one account of a sandbox in this process, whose quirks a test plays."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from polydex.core.errors import ProviderUnauthorized
from polydex.core.ids import RemoteKey
from polydex.net.client import Net
from polydex_sandbox.sandbox import Sandbox

EMAIL = "ada@example.com"
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
LONG = 3600.0
"""Seconds after which nothing of a sandbox lags any more."""


@dataclass
class FixedTokens:
    """The tokens of an account: one that is good, until a test says otherwise.

    Attributes:
        token: what is given out.
        next: what comes after a refusal; None: nothing else.
        asked: how often another one was asked for.
    """

    token: str
    next: str | None = None
    asked: int = 0

    async def current(self) -> str:
        return self.token

    async def renewed(self, refused: str) -> str:
        self.asked += 1
        if self.next is None:
            raise ProviderUnauthorized
        assert refused == self.token
        self.token = self.next
        return self.token


@dataclass
class SandboxSpoiler:
    """Between a sandbox and its clients: what no sandbox does by itself.

    Attributes:
        app: the sandbox.
        keys: of contacts that come as nobody can read them.
        before: called before each request, with its method and path.
    """

    app: Any
    keys: set[str] = field(default_factory=set, kw_only=True)
    before: Callable[[str, str], Awaitable[None]] | None = field(default=None, kw_only=True)


@dataclass
class SandboxWorld:
    """One account of a sandbox, empty at first.

    Attributes:
        sandbox: its clock is the one of the connector, too.
        control: a client of the control API, below the account.
        net: the outbound client.
        url: of the API.
        tokens: those that the connector is given.
        spoiler: what stands before the API.
    """

    sandbox: Sandbox
    control: httpx.AsyncClient
    net: Net
    url: str
    tokens: FixedTokens
    spoiler: SandboxSpoiler

    async def settle(self) -> None:
        self.sandbox.clock.advance(int(LONG * 1000))

    async def spoil(self, key: RemoteKey) -> None:
        self.spoiler.keys.add(key)

    async def heal(self, key: RemoteKey) -> None:
        self.spoiler.keys.discard(key)

    async def quirk(self, name: str, **given: Any) -> None:
        """Switch a quirk on."""
        answer = await self.control.put(f"quirks/{name}", json=given)
        assert answer.status_code == 200, answer.text

    async def struck(self, name: str) -> int:
        """How often a quirk has struck."""
        quirks = (await self.control.get("quirks")).json()["quirks"]
        return next((int(one["struck"]) for one in quirks if one["id"] == name), 0)

    async def calm(self) -> None:
        """Switch all quirks off."""
        await self.control.delete("quirks")

    def requests(self, operation: str | None = None) -> list[str]:
        """The operations that the API was asked for, in order; all, or those of one name."""
        names = [entry.operation or "?" for entry in self.sandbox.log]
        return [name for name in names if operation in (None, name)]


@contextlib.asynccontextmanager
async def account_of(app: Any, token: str, **given: Any) -> AsyncIterator[tuple[httpx.AsyncClient, str]]:
    """A new account of a sandbox, with an access token that does not end: the control API below it, and its id.

    Args:
        app: the sandbox.
        token: the access token.
        given: what else the control API is told of the account.
    """
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox/control") as control:
        body = {"email": EMAIL, "name": "Ada", "accessToken": token, **given}
        answer = await control.post("/accounts", json=body)
        assert answer.status_code == 201, answer.text
        account = answer.json()["id"]
        # Tests move the clock by days.
        await control.post(f"/accounts/{account}/tokens", json={"accessToken": token, "lifetime": 10**9})
        control.base_url = httpx.URL(f"http://sandbox/control/accounts/{account}/")
        yield control, account
