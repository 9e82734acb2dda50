"""Exchange's part of the control API: its paths, and the settings of an account."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from polydex_sandbox.accounts import Account
from polydex_sandbox.control import Missing, account_of, answer, route
from polydex_sandbox.exchange.errors import EwsError
from polydex_sandbox.exchange.outlook import Outlook
from polydex_sandbox.exchange.settings import sid
from polydex_sandbox.exchange.versions import VERSIONS
from polydex_sandbox.members import BadInput, body_of, no_others, text_of

if TYPE_CHECKING:
    from polydex_sandbox.exchange.service import Exchange


def routes(exchange: Exchange) -> list[BaseRoute]:
    """Below ``/control``. Ids have slashes in them, so the longer paths come first."""
    outlook, own = Outlook(exchange), Own(exchange)
    base = "/accounts/{account}/exchange"
    found = [
        ("GET", "/contacts", outlook.contacts),
        ("POST", "/contacts", outlook.seed),
        ("POST", "/items", outlook.add),
        ("POST", "/contacts/{item:path}/move", outlook.move),
        ("PUT", "/contacts/{item:path}/photo", outlook.set_photo),
        ("GET", "/contacts/{item:path}/photo", outlook.photo),
        ("DELETE", "/contacts/{item:path}/photo", outlook.delete_photo),
        ("GET", "/contacts/{item:path}", outlook.contact),
        ("PATCH", "/contacts/{item:path}", outlook.edit),
        ("DELETE", "/contacts/{item:path}", outlook.delete),
        ("GET", "/deleted", outlook.deleted),
        ("DELETE", "/deleted", outlook.empty_deleted),
        ("GET", "/folders", outlook.folders),
        ("POST", "/folders", outlook.create_folder),
        ("PATCH", "/folders/{folder:path}", outlook.edit_folder),
        ("DELETE", "/folders/{folder:path}", outlook.delete_folder),
        ("GET", "/settings", own.settings),
        ("PUT", "/settings", own.settle),
    ]
    return [route(verb, base + path, _told(endpoint)) for verb, path, endpoint in found]


def _told(endpoint: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """What the model refuses is told in the way of the control API."""

    @functools.wraps(endpoint)
    async def told(request: Request) -> Response:
        try:
            return await endpoint(request)
        except EwsError as error:
            if error.code.endswith("NotFound"):
                raise Missing(error.message) from None
            raise BadInput(error.message) from None

    return told


def settle(exchange: Exchange, account: Account, given: Any) -> None:
    """Settings of an account; what is not given stays. Raises BadInput."""
    if not isinstance(given, dict):
        raise BadInput("exchange has to be an object")
    no_others(given, ("password", "login", "version", "impersonates", "opens", "connections", "namedProperties"))
    known = exchange.settings[account.id]
    version = text_of(given, "version", known.server)
    if version not in VERSIONS:
        raise BadInput(f"version has to be one of {', '.join(VERSIONS)}")
    connections = given.get("connections", known.connections)
    if isinstance(connections, bool) or not isinstance(connections, int) or connections < 0:
        raise BadInput("connections has to be a whole number")
    mailbox = exchange.mailboxes[account.id]
    names = given.get("namedProperties", mailbox.named_limit)
    if isinstance(names, bool) or not isinstance(names, int) or names < 0:
        raise BadInput("namedProperties has to be a whole number")
    impersonates = given.get("impersonates", known.impersonates)
    if not isinstance(impersonates, bool):
        impersonates = _addresses(impersonates, "impersonates")
    opens = _addresses(given.get("opens", list(known.opens)), "opens")
    password, login = text_of(given, "password", known.password), text_of(given, "login", known.login)
    known.server, known.connections, known.impersonates, known.opens = version, connections, impersonates, opens
    known.password, known.login, mailbox.named_limit = password, login, names


def _addresses(given: Any, name: str) -> frozenset[str]:
    if isinstance(given, frozenset):
        return given
    if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
        raise BadInput(f"{name} has to be a list of addresses")
    return frozenset(one.lower() for one in given)


class Own:
    """The settings of an account."""

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
        allowed, mailbox = known.impersonates, self.exchange.mailboxes[account.id]
        return {
            "login": known.login,
            "version": known.server,
            "impersonates": allowed if isinstance(allowed, bool) else sorted(allowed),
            "opens": sorted(known.opens),
            "connections": known.connections,
            "namedProperties": mailbox.named_limit,
            "named": len(mailbox.named),
            "mailbox": str(mailbox.guid),
            "sid": sid(account),
        }
