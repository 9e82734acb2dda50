"""A whole Polydex whose accounts are connected with tokens, on the sandbox."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polydex.app import Polydex, Role, now_ms, open_app
from polydex.config import Config
from tests.contract.server.client import Client, basic, bearer
from tests.providers.users import Service
from tests.servers.sandbox import SandboxServer


@dataclass
class Server:
    """A whole Polydex with one application.

    Attributes:
        service: whose accounts it connects.
        app: number of the application.
        ahead: milliseconds that its clock is ahead.
    """

    service: Service
    polydex: Polydex
    back_end: Client
    app: int
    ahead: list[int]

    def body(self, **given: Any) -> dict[str, Any]:
        """Of a request that connects."""
        return {"serviceType": self.service.service_type, "active": True, **given}

    async def connect(self, **given: Any) -> tuple[int, Client]:
        answer = await self.back_end.post("/v1/am/accounts", self.body(**given))
        assert answer.status == 200, answer.body
        return answer.json["accountId"], self.acting(answer.json["accessToken"])

    def acting(self, token: str) -> Client:
        return Client(self.back_end.app, bearer(token))


@contextlib.asynccontextmanager
async def serving(service: Service, sandbox: SandboxServer, folder: Path) -> AsyncIterator[Server]:
    """``folder``: for the data."""
    ahead = [0]
    config = Config.load({"POLYDEX_DATA_DIR": str(folder / "data"), **service.settings(sandbox)})
    async with open_app(config, Role.API, clock=lambda: now_ms() + ahead[0]) as polydex:
        owner = await polydex.accounts.create_app("tests")
        client = Client(polydex.asgi(), basic(owner.client_id, owner.client_secret))
        yield Server(service, polydex, client, owner.id, ahead)
