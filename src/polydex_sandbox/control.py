"""The control API, under ``/control``: tests arrange accounts, time and quirks by it, and look at what was asked.

Every failure is ``{"error": "one sentence"}`` with 400, 404 or 409.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from polydex_sandbox.accounts import PERSONAL, TENANT, Account, AccountExists, UnknownAccount
from polydex_sandbox.clock import LATEST, rfc3339
from polydex_sandbox.members import BadInput, body_of, no_others, text_of
from polydex_sandbox.quirks import BadSetting, Quirk, Setting, UnknownQuirk
from polydex_sandbox.sandbox import Sandbox
from polydex_sandbox.tokens import Grant


class Missing(Exception):
    """What was named is not there (404)."""


class Provider(Protocol):
    """What a simulated provider adds to the control API."""

    default_scopes: frozenset[str]

    def control_routes(self) -> list[BaseRoute]: ...

    def opened(self, account: Account, given: dict[str, Any]) -> dict[str, Any]:
        """A new account: takes what it knows out of the body, and gives members for the answer."""

    def closed(self, account: Account) -> None: ...


def app(sandbox: Sandbox, providers: Iterable[Provider]) -> ASGIApp:
    """The application to mount."""
    providers = list(providers)
    routes = Control(sandbox, providers).routes()
    for provider in providers:
        routes += provider.control_routes()
    return _failures(Router(routes, redirect_slashes=False, default=_unknown))


def route(method: str, path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    return Route(path, endpoint, methods=[method])


def answer(value: Any, status: int = 200) -> Response:
    return JSONResponse(value, status)


def nothing() -> Response:
    return Response(status_code=204)


class Control:
    """The part that is the same for every provider."""

    def __init__(self, sandbox: Sandbox, providers: list[Provider]) -> None:
        self.sandbox, self.providers = sandbox, providers

    def routes(self) -> list[BaseRoute]:
        """Below ``/control``."""
        return [
            route("GET", "/health", self.health),
            route("GET", "/clock", self.clock),
            route("POST", "/clock", self.move),
            route("GET", "/accounts", self.accounts),
            route("POST", "/accounts", self.create),
            route("GET", "/accounts/{account}", self.account),
            route("DELETE", "/accounts/{account}", self.remove),
            route("GET", "/accounts/{account}/tokens", self.tokens),
            route("POST", "/accounts/{account}/tokens", self.issue),
            route("POST", "/accounts/{account}/tokens/expire", self.expire),
            route("POST", "/accounts/{account}/tokens/revoke", self.revoke),
            route("GET", "/quirks", self.catalogue),
            route("GET", "/accounts/{account}/quirks", self.quirks),
            route("PUT", "/accounts/{account}/quirks/{quirk}", self.switch_on),
            route("DELETE", "/accounts/{account}/quirks", self.switch_all_off),
            route("DELETE", "/accounts/{account}/quirks/{quirk}", self.switch_off),
            route("GET", "/requests", self.requests),
            route("DELETE", "/requests", self.forget),
        ]

    async def health(self, _request: Request) -> Response:
        return answer({"status": "ok", "accounts": len(self.sandbox.accounts), **self._time()})

    async def clock(self, _request: Request) -> Response:
        return answer(self._time())

    async def move(self, request: Request) -> Response:
        """``{"advance": seconds}``, ``{"set": RFC 3339 or Unix milliseconds}``, ``{"frozen": bool}``, in this order."""
        given = await body_of(request, ("advance", "set", "frozen"))
        clock = self.sandbox.clock
        advance, moment, frozen = given.get("advance", 0), given.get("set"), given.get("frozen", clock.frozen)
        if isinstance(advance, bool) or not isinstance(advance, int | float):
            raise BadInput("advance has to be a number of seconds")
        if not isinstance(frozen, bool):
            raise BadInput("frozen has to be true or false")
        target = None if moment is None else _moment(moment)
        if not 0 <= clock.now() + advance * 1000 <= LATEST:
            raise BadInput("The clock goes from 1970 to 9999")
        clock.advance(int(advance * 1000))
        if target is not None:
            clock.set(target)
        if frozen != clock.frozen:
            (clock.freeze if frozen else clock.run)()
        return answer(self._time())

    def _time(self) -> dict[str, Any]:
        now = self.sandbox.clock.now()
        return {"now": now, "time": rfc3339(now, 3), "frozen": self.sandbox.clock.frozen}

    async def accounts(self, _request: Request) -> Response:
        return answer({"accounts": [asdict(account) for account in self.sandbox.accounts]})

    async def account(self, request: Request) -> Response:
        return answer(asdict(account_of(self.sandbox, request)))

    async def create(self, request: Request) -> Response:
        """``email``, ``name``, ``tenant``, ``accessToken``, ``scopes``; the providers know further members.

        ``tenant`` is the directory at Microsoft: a GUID, or ``consumers`` for a personal account.
        """
        given = await body_of(request)
        email = text_of(given, "email")
        name = text_of(given, "name", email.partition("@")[0])
        tenant = tenant_of(given)
        token, scopes = self._free(_token(given), None), self._scopes(given)
        for known in ("email", "name", "tenant", "accessToken", "scopes"):
            given.pop(known, None)
        sandbox = self.sandbox
        account = sandbox.accounts.create(email, name, sandbox.clock.now(), tenant)
        grant = sandbox.issue(account, scopes, token=token)
        try:
            more: dict[str, Any] = {}
            for provider in self.providers:
                more |= provider.opened(account, given)
            no_others(given, ())
        except BadInput:
            for provider in self.providers:
                provider.closed(account)
            sandbox.remove(account)
            raise
        client = {"clientId": sandbox.client.id, "clientSecret": sandbox.client.secret}
        return answer({**asdict(account), "accessToken": grant.token, **client, **more}, 201)

    async def remove(self, request: Request) -> Response:
        account = account_of(self.sandbox, request)
        for provider in self.providers:
            provider.closed(account)
        self.sandbox.remove(account)
        return nothing()

    async def tokens(self, request: Request) -> Response:
        account = account_of(self.sandbox, request)
        return answer({"tokens": [_grant(grant) for grant in self.sandbox.tokens.of(account.id)]})

    async def issue(self, request: Request) -> Response:
        """``accessToken`` (a new one when left out), ``scopes``, ``lifetime`` in seconds."""
        account = account_of(self.sandbox, request)
        given = await body_of(request, ("accessToken", "scopes", "lifetime"))
        lifetime = given.get("lifetime", 3599)
        if isinstance(lifetime, bool) or not isinstance(lifetime, int):
            raise BadInput("lifetime has to be a whole number of seconds")
        grant = self.sandbox.tokens.issue(
            account.id,
            self._scopes(given),
            now=self.sandbox.clock.now(),
            client_id=self.sandbox.client.id,
            token=self._free(_token(given), account.id),
            lifetime=lifetime * 1000,
        )
        return answer(_grant(grant), 201)

    async def expire(self, request: Request) -> Response:
        """``{"accessToken": ...}``, or all of the account."""
        for token in await self._chosen(request):
            self.sandbox.tokens.expire(token, self.sandbox.clock.now())
        return nothing()

    async def revoke(self, request: Request) -> Response:
        """``{"accessToken": ...}``, or all of the account."""
        for token in await self._chosen(request):
            self.sandbox.tokens.revoke(token)
        return nothing()

    async def _chosen(self, request: Request) -> list[str]:
        account = account_of(self.sandbox, request)
        given = await body_of(request, ("accessToken",))
        known = [grant.token for grant in self.sandbox.tokens.of(account.id)]
        token = _token(given)
        if token is None:
            return known
        if token not in known:
            raise Missing("The account has no such access token")
        return [token]

    def _free(self, token: str | None, account_id: str | None) -> str | None:
        """The token. Raises BadInput: it is another account's."""
        taken = None if token is None else self.sandbox.tokens.access(token)
        if taken is not None and taken.account_id != account_id:
            raise BadInput("accessToken is that of another account")
        return token

    def _scopes(self, given: Mapping[str, Any]) -> frozenset[str]:
        scopes = given.get("scopes")
        if scopes is None:
            return frozenset().union(*(provider.default_scopes for provider in self.providers))
        if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
            raise BadInput("scopes has to be a list of texts")
        return frozenset(scopes)

    async def catalogue(self, _request: Request) -> Response:
        return answer({"quirks": [_quirk(quirk) for quirk in self.sandbox.quirks.catalogue.values()]})

    async def quirks(self, request: Request) -> Response:
        account = account_of(self.sandbox, request)
        return answer({"quirks": [_setting(one) for one in self.sandbox.quirks.of(account.id).values()]})

    async def switch_on(self, request: Request) -> Response:
        account = account_of(self.sandbox, request)
        setting = self.sandbox.quirks.switch_on(account.id, request.path_params["quirk"], await body_of(request))
        return answer(_setting(setting))

    async def switch_off(self, request: Request) -> Response:
        account = account_of(self.sandbox, request)
        self.sandbox.quirks.switch_off(account.id, request.path_params["quirk"])
        return nothing()

    async def switch_all_off(self, request: Request) -> Response:
        self.sandbox.quirks.forget(account_of(self.sandbox, request).id)
        return nothing()

    async def requests(self, request: Request) -> Response:
        """Filters: ``account``, ``method``, ``path`` (its beginning), ``operation``, ``status``, ``after`` (a number)."""
        query = dict(request.query_params)
        no_others(query, ("account", "method", "path", "operation", "status", "after"))
        if "account" in query:
            query["account"] = self.sandbox.accounts.get(query["account"]).id
        for name in ("status", "after"):
            if name in query and not (query[name].isdecimal() and len(query[name]) < 20):
                raise BadInput(f"{name} has to be a whole number")
        found = [
            asdict(entry)
            for entry in self.sandbox.log
            if entry.number > int(query.get("after", 0))
            and entry.path.startswith(query.get("path", ""))
            and all(
                str(getattr(entry, name)) == query[name]
                for name in ("account", "method", "operation", "status")
                if name in query
            )
        ]
        return answer({"requests": found})

    async def forget(self, _request: Request) -> Response:
        self.sandbox.log.clear()
        return nothing()


def account_of(sandbox: Sandbox, request: Request) -> Account:
    """The account in the path, by id or e-mail address. Raises UnknownAccount."""
    return sandbox.accounts.get(request.path_params["account"])


def tenant_of(given: Mapping[str, Any]) -> str:
    """The directory at Microsoft: the sandbox's own when it is left out. Raises BadInput."""
    found = text_of(given, "tenant", TENANT).lower()
    if found == "consumers":
        return PERSONAL
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", found):
        raise BadInput("tenant has to be a GUID, or consumers")
    return found


def _token(given: Mapping[str, Any]) -> str | None:
    return text_of(given, "accessToken") if "accessToken" in given else None


def _moment(given: Any) -> int:
    fault = BadInput("set has to be Unix milliseconds, or a time like 2026-01-02T03:04:05Z, from 1970 to 9999")
    if isinstance(given, int) and not isinstance(given, bool):
        found = given
    else:
        try:
            moment = datetime.fromisoformat(given)
        except (TypeError, ValueError):
            raise fault from None
        if moment.tzinfo is None:
            raise fault
        found = int(moment.timestamp() * 1000)
    if not 0 <= found <= LATEST:
        raise fault
    return found


def _grant(grant: Grant) -> dict[str, Any]:
    return {"accessToken": grant.token, "scopes": sorted(grant.scopes), "expires": grant.expires}


def _quirk(quirk: Quirk) -> dict[str, Any]:
    return {
        "id": quirk.id,
        "text": quirk.text,
        "source": quirk.source,
        "always": quirk.always,
        "methods": sorted(quirk.methods),
        "parameters": dict(quirk.parameters),
        "choices": {name: list(values) for name, values in quirk.choices.items()},
    }


def _setting(setting: Setting) -> dict[str, Any]:
    return {
        "id": setting.quirk.id,
        "methods": sorted(setting.methods),
        "probability": setting.probability,
        "seed": setting.seed,
        "skip": setting.skip,
        "count": setting.count,
        "struck": setting.struck,
        **setting.parameters,
    }


def _failures(inner: ASGIApp) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await inner(scope, receive, send)
        except (BadInput, BadSetting) as error:
            await answer({"error": str(error)}, 400)(scope, receive, send)
        except Missing as error:
            await answer({"error": str(error)}, 404)(scope, receive, send)
        except UnknownAccount as error:
            await answer({"error": f"There is no account {error}"}, 404)(scope, receive, send)
        except UnknownQuirk as error:
            await answer({"error": f"There is no quirk {error}"}, 404)(scope, receive, send)
        except AccountExists as error:
            await answer({"error": f"There is an account {error} already"}, 409)(scope, receive, send)

    return app


async def _unknown(scope: Scope, receive: Receive, send: Send) -> None:
    await answer({"error": "The control API has no such path; docs/reference/sandbox.md lists them"}, 404)(
        scope, receive, send
    )
