"""Exchange's part of the control API: the user's own Outlook, which sees and changes the true state, without quirks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from polydex_sandbox.accounts import Account
from polydex_sandbox.control import account_of, answer, route
from polydex_sandbox.exchange.versions import VERSIONS
from polydex_sandbox.members import BadInput, body_of, no_others, text_of

if TYPE_CHECKING:
    from polydex_sandbox.exchange.service import Exchange


def routes(exchange: Exchange) -> list[BaseRoute]:
    """Below ``/control``."""
    outlook = Outlook(exchange)
    base = "/accounts/{account}/exchange"
    return [
        route("GET", f"{base}/settings", outlook.settings),
        route("PUT", f"{base}/settings", outlook.settle),
    ]


def settle(exchange: Exchange, account: Account, given: Any) -> None:
    """Settings of an account; what is not given stays. Raises BadInput."""
    if not isinstance(given, dict):
        raise BadInput("exchange has to be an object")
    no_others(given, ("password", "login", "version", "impersonates", "opens", "connections"))
    known = exchange.settings[account.id]
    version = text_of(given, "version", known.server)
    if version not in VERSIONS:
        raise BadInput(f"version has to be one of {', '.join(VERSIONS)}")
    connections = given.get("connections", known.connections)
    if isinstance(connections, bool) or not isinstance(connections, int) or connections < 0:
        raise BadInput("connections has to be a whole number")
    impersonates = given.get("impersonates", known.impersonates)
    if not isinstance(impersonates, bool):
        impersonates = _addresses(impersonates, "impersonates")
    opens = _addresses(given.get("opens", list(known.opens)), "opens")
    password, login = text_of(given, "password", known.password), text_of(given, "login", known.login)
    known.server, known.connections, known.impersonates, known.opens = version, connections, impersonates, opens
    known.password, known.login = password, login


def _addresses(given: Any, name: str) -> frozenset[str]:
    if isinstance(given, frozenset):
        return given
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise BadInput(f"{name} has to be a list of addresses")
    return frozenset(one.lower() for one in given)


class Outlook:
    """The user's Outlook, and the eye of the tests."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    async def settings(self, request: Request) -> Response:
        return answer(self._settings(account_of(self.exchange.sandbox, request)))

    async def settle(self, request: Request) -> Response:
        account = account_of(self.exchange.sandbox, request)
        settle(self.exchange, account, await body_of(request))
        return answer(self._settings(account))

    def _settings(self, account: Account) -> dict[str, Any]:
        known = self.exchange.settings[account.id]
        allowed = known.impersonates
        return {
            "login": known.login,
            "version": known.server,
            "impersonates": allowed if isinstance(allowed, bool) else sorted(allowed),
            "opens": sorted(known.opens),
            "connections": known.connections,
        }
