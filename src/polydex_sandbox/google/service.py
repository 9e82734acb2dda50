"""Google's part of the sandbox."""

from __future__ import annotations

from typing import Any

from starlette.routing import BaseRoute

from polydex_sandbox.accounts import Account
from polydex_sandbox.sandbox import Sandbox

SCOPE = "https://www.googleapis.com/auth/"


class Google:
    """The simulator for all accounts."""

    default_scopes = frozenset({f"{SCOPE}contacts", f"{SCOPE}contacts.other.readonly"})

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def routes(self) -> list[BaseRoute]:
        return []

    def control_routes(self) -> list[BaseRoute]:
        return []

    def opened(self, account: Account, given: dict[str, Any]) -> dict[str, Any]:
        return {}

    def closed(self, account: Account) -> None:
        return
