"""The authorization endpoint and its pages: account, consent.

The forms need no script. A form counts only in the browser that began the visit (a cookie that no other site's form
brings along) and from this origin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from polydex_sandbox.accounts import Account
from polydex_sandbox.identity.forms import pairs_of_form, pairs_of_query
from polydex_sandbox.identity.microsoft import errors
from polydex_sandbox.identity.microsoft.answers import single
from polydex_sandbox.identity.microsoft.asked import Asked, understand, way_of
from polydex_sandbox.identity.microsoft.claims import client_info
from polydex_sandbox.identity.microsoft.clients import client_of
from polydex_sandbox.identity.microsoft.errors import StsError
from polydex_sandbox.identity.microsoft.scopes import TEXTS
from polydex_sandbox.identity.microsoft.service import MicrosoftIdentity
from polydex_sandbox.identity.microsoft.showing import COOKIE, away, foreign_form, page, showing, told
from polydex_sandbox.identity.visits import Visit, Visits, browser_of, remember


def routes(identity: MicrosoftIdentity) -> list[BaseRoute]:
    views, clock = Authorize(identity), identity.sandbox.clock
    begin = showing(views.begin, "microsoft.authorize", clock)
    return [
        Route("/{tenant}/oauth2/v2.0/authorize", begin, methods=["GET", "POST"]),
        Route("/common/login", showing(views.account, "microsoft.account", clock), methods=["POST"]),
        Route("/common/Consent/Set", showing(views.consent, "microsoft.consent", clock), methods=["POST"]),
        Route(
            "/{tenant}/oauth2/deviceauth", showing(views.device, "microsoft.deviceauth", clock), methods=["GET", "POST"]
        ),
    ]


class Authorize:
    def __init__(self, identity: MicrosoftIdentity) -> None:
        self.identity = identity
        self.visits = Visits[Asked](identity.sandbox.clock.now)

    async def begin(self, request: Request) -> Response:
        """The request of a client, by GET or POST (OpenID Connect Core, section 3.1.2.1)."""
        pairs = pairs_of_query(request) if request.method == "GET" else await pairs_of_form(request)
        parameters = single(pairs)
        tenant = self.identity.tenant(request.path_params["tenant"])
        client_id = parameters.get("client_id")
        if client_id is None:
            raise errors.missing("client_id")
        client = client_of(self.identity.clients.get(client_id), client_id, tenant)
        way = way_of(parameters, client)
        try:
            asked = understand(parameters, client, tenant, way)
            if asked.prompt == "none":
                account = self._silent(asked)
                return away(way, self._finish(asked, account), request)
        except StsError as error:
            return away(way, told(error, request, self.identity.sandbox.clock.now()), request)
        return self._visit(request, asked)

    def _visit(self, request: Request, asked: Asked) -> Response:
        browser = browser_of(request, COOKIE)
        visit = self.visits.begin(asked, browser)
        visit.account = self._obvious(asked)
        answer = self._next(request, visit)
        remember(answer, COOKIE, browser, "/")
        return answer

    async def account(self, request: Request) -> Response:
        visit, form = await self._form(request)
        chosen = [value for name, value in form if name == "account"]
        account = next((each for each in self.identity.sandbox.accounts if [each.id] == chosen), None)
        if account is None:
            raise errors.malformed()
        self._check(visit.asked, account)
        visit.account = account
        return self._next(request, visit)

    async def consent(self, request: Request) -> Response:
        visit, form = await self._form(request)
        asked, account = visit.asked, visit.account
        if account is None:
            raise errors.malformed()
        if ("answer", "accept") not in form:
            return self._away(request, visit, _denied(account, request, self.identity.sandbox.clock.now()))
        if self._restricted(asked, account):
            raise errors.malformed()
        self.identity.allow(account, asked.client, asked.scopes.names)
        return self._end(request, visit, account)

    async def device(self, request: Request) -> Response:
        """Where a user types the code that a device shows; without one, the page that asks for it."""
        pairs = pairs_of_query(request) if request.method == "GET" else await pairs_of_form(request)
        code = single(pairs).get("otc", "")
        if not code:
            return page("device.html", wrong=False)
        asked = self.identity.devices.asked(code)
        if asked is None:
            return page("device.html", wrong=True)
        return self._visit(request, asked)

    # --- the way ---------------------------------------------------------------------------------------------------

    def _users(self, asked: Asked) -> list[Account]:
        """Who is offered: the accounts that can answer, with a hint only those of that domain."""
        users = [each for each in self.identity.users() if asked.admits(each)]
        if asked.domain in ("consumers", "organizations"):
            return [each for each in users if each.personal == (asked.domain == "consumers")]
        return [each for each in users if each.email.lower().endswith(f"@{asked.domain}")] if asked.domain else users

    def _obvious(self, asked: Asked) -> Account | None:
        """The account, when there is nothing to choose. Raises StsError: the hint is one that cannot sign in here."""
        if asked.prompt in ("select_account", "create"):
            return None
        if asked.hint:
            account = next(
                (each for each in self.identity.users() if asked.hint.lower() in (each.email.lower(), each.oid)), None
            )
            if account is not None:
                self._check(asked, account)
            return account
        users = self._users(asked)
        return users[0] if len(users) == 1 else None

    def _check(self, asked: Asked, account: Account) -> None:
        """That this account can sign in here. Raises StsError."""
        if asked.admits(account):
            return
        if account.personal:
            if asked.tenant.id:
                raise self.identity.foreign(account, asked.tenant, asked.client)
            raise errors.personal_refused(account.email)
        if asked.tenant.name == "consumers":
            raise errors.work_refused(account.email)
        raise self.identity.foreign(account, asked.tenant, asked.client)

    def _silent(self, asked: Asked) -> Account:
        """Who it is, without any page (``prompt=none``). Raises StsError."""
        account = self._obvious(asked)
        if account is None:
            if not asked.hint and self._users(asked):
                raise StsError(
                    "interaction_required",
                    16000,
                    "Either multiple user identities are available for the current request or selected account is not "
                    "supported for the scenario.",
                )
            raise StsError("login_required", 50058, "A silent sign-in request was sent but no user is signed in.")
        if not self.identity.covers(account, asked.client, asked.scopes.names):
            error = errors.unconsented(asked.client.id, asked.client.name)
            raise StsError("interaction_required", error.number, error.text)
        return account

    def _next(self, request: Request, visit: Visit[Asked]) -> Response:
        """The next page, or the end."""
        asked, account = visit.asked, visit.account
        parts: dict[str, Any] = {"visit": visit, "app": asked.client.name, "account": account}
        if account is None:
            return page("account.html", asked.way, **parts, users=self._users(asked), action="/common/login")
        request.state.account = account.id
        if asked.prompt != "consent" and self.identity.covers(account, asked.client, asked.scopes.names):
            return self._end(request, visit, account)
        if self._restricted(asked, account):
            return page("approval.html", asked.way, **parts, action="/common/Consent/Set")
        # All or nothing: no permission can be left out.
        texts = [TEXTS[name] for name in asked.scopes.names]
        action = "/common/Consent/Set"
        return page("consent.html", asked.way, **parts, texts=texts, action=action, organisation=False)

    def _restricted(self, asked: Asked, account: Account) -> bool:
        """Whether only an administrator may allow this."""
        if account.personal or account.tenant not in self.identity.administration.restricted:
            return False
        return not self.identity.covers(account, asked.client, asked.scopes.names)

    def _end(self, request: Request, visit: Visit[Asked], account: Account) -> Response:
        if visit.asked.device:
            self.identity.devices.confirm(visit.asked.device, account)
            self.visits.end(visit)
            return page("done.html", app=visit.asked.client.name)
        return self._away(request, visit, self._finish(visit.asked, account))

    def _away(self, request: Request, visit: Visit[Asked], found: Mapping[str, str]) -> Response:
        self.visits.end(visit)
        if visit.asked.device:
            self.identity.devices.decline(visit.asked.device)
            return page("declined.html", app=visit.asked.client.name)
        return away(visit.asked.way, found, request)

    def _finish(self, asked: Asked, account: Account) -> dict[str, str]:
        """The code, with what comes along."""
        code = self.identity.grants.code(
            account,
            asked.client,
            asked.tenant.name,
            asked.way.redirect_uri,
            asked.scopes,
            challenge=asked.challenge,
            nonce=asked.nonce,
        )
        found = {"code": code}
        if asked.client_info:
            found["client_info"] = client_info(account)
        return found if account.personal else {**found, "session_state": str(uuid4())}

    async def _form(self, request: Request) -> tuple[Visit[Asked], list[tuple[str, str]]]:
        """The visit that a form belongs to, and the form. Raises StsError."""
        foreign_form(request)
        form = await pairs_of_form(request)
        name = next((value for key, value in form if key == "visit"), "")
        visit = self.visits.of(name, request.cookies.get(COOKIE, ""))
        if visit is None:
            raise errors.malformed()
        if visit.account not in list(self.identity.users()):
            visit.account = None
        if visit.account is not None:
            request.state.account = visit.account.id
        return visit, form


def _denied(account: Account, request: Request, now: int) -> dict[str, str]:
    """The user has said no."""
    if account.personal:
        return {
            "error": "access_denied",
            "error_description": "The user has denied access to the scope requested by the client application.",
        }
    return told(StsError("access_denied", 65004, "User declined to consent to access the app."), request, now)
