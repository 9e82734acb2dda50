"""Exchange's part of the control API: its paths, and the settings of an account."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from polydex_sandbox.accounts import Account
from polydex_sandbox.control import Missing, account_of, answer, route
from polydex_sandbox.exchange.auth import BINDINGS, METHODS
from polydex_sandbox.exchange.errors import EwsError
from polydex_sandbox.exchange.outlook import Outlook
from polydex_sandbox.exchange.settings import sid
from polydex_sandbox.exchange.versions import VERSIONS
from polydex_sandbox.members import BadInput, body_of, no_others, text_of, texts_of

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


_TEXTS = ("password", "login", "domain")
_WHOLE = ("connections", "namedProperties")
_KNOWN = (*_TEXTS, *_WHOLE, "version", "methods", "extendedProtection", "impersonates", "opens")


def settle(exchange: Exchange, account: Account, given: Any) -> None:
    """Settings of an account; what is not given stays. All of them or none. Raises BadInput."""
    if not isinstance(given, dict):
        raise BadInput("exchange has to be an object")
    no_others(given, _KNOWN)
    known, mailbox = exchange.settings[account.id], exchange.mailboxes[account.id]
    changes: dict[str, Any] = {name: text_of(given, name) for name in _TEXTS if name in given}
    for name in _WHOLE:
        value = given.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise BadInput(f"{name} has to be a whole number")
    if "connections" in given:
        changes["connections"] = given["connections"]
    if "version" in given:
        changes["server"] = _one_of(given["version"], "version", VERSIONS)
    if "methods" in given:
        changes["methods"] = frozenset(_one_of(one, "methods", METHODS) for one in texts_of(given, "methods"))
    if "extendedProtection" in given:
        changes["binding"] = _one_of(given["extendedProtection"], "extendedProtection", BINDINGS)
    if "opens" in given:
        changes["opens"] = _addresses(given, "opens")
    if "impersonates" in given:
        everybody = given["impersonates"]
        changes["impersonates"] = everybody if isinstance(everybody, bool) else _addresses(given, "impersonates")
    settled = replace(known, **changes)
    if {"ntlm", "negotiate"} & settled.methods and {":", "\n", "\r"}.intersection(settled.password):
        raise BadInput("password has to be one without a colon and of one line, for negotiate and ntlm")
    exchange.settings[account.id] = settled
    mailbox.named_limit = given.get("namedProperties", mailbox.named_limit)


def _one_of(value: Any, name: str, allowed: Iterable[str]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise BadInput(f"{name} has to be of {', '.join(allowed)}")
    return value


def _addresses(given: dict[str, Any], name: str) -> frozenset[str]:
    return frozenset(one.lower() for one in texts_of(given, name))


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
            "domain": known.domain,
            "version": known.server,
            "methods": sorted(known.methods),
            "extendedProtection": known.binding,
            "impersonates": allowed if isinstance(allowed, bool) else sorted(allowed),
            "opens": sorted(known.opens),
            "connections": known.connections,
            "namedProperties": mailbox.named_limit,
            "named": len(mailbox.named),
            "mailbox": str(mailbox.guid),
            "sid": sid(account),
        }
