"""The admin consent endpoints: an administrator allows an application for a whole directory.

``/{tenant}/v2.0/adminconsent`` (https://learn.microsoft.com/entra/identity-platform/v2-admin-consent) takes scopes;
``/{tenant}/adminconsent`` (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow) asks for
all that the application is registered for. Every work account of the sandbox may answer as an administrator.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from polydex_sandbox.accounts import Account
from polydex_sandbox.identity.forms import pairs_of_form, pairs_of_query
from polydex_sandbox.identity.microsoft import errors
from polydex_sandbox.identity.microsoft.answers import single
from polydex_sandbox.identity.microsoft.asked import Way, way_of
from polydex_sandbox.identity.microsoft.clients import Client, client_of
from polydex_sandbox.identity.microsoft.errors import StsError
from polydex_sandbox.identity.microsoft.scopes import DEFAULT, ROLES, SIGN_IN, TEXTS, parse, whole
from polydex_sandbox.identity.microsoft.service import MicrosoftIdentity
from polydex_sandbox.identity.microsoft.showing import COOKIE, away, foreign_form, page, showing, told
from polydex_sandbox.identity.microsoft.tenants import Tenant
from polydex_sandbox.identity.visits import Visit, Visits, browser_of, remember


@dataclass(frozen=True)
class Wanted:
    """What is to be allowed for a directory.

    Attributes:
        tenant: which; one that stands for several means that of the administrator.
        scopes: delegated permissions, by their short names.
        roles: application permissions, by their short names.
        told: ``scope`` of the answer; "" at the older endpoint, which has none.
    """

    client: Client
    tenant: Tenant
    way: Way
    scopes: tuple[str, ...]
    roles: tuple[str, ...]
    told: str


def routes(identity: MicrosoftIdentity) -> list[BaseRoute]:
    views, clock = AdminConsent(identity), identity.sandbox.clock
    begin = showing(views.begin, "microsoft.adminconsent", clock)
    return [
        Route("/{tenant}/adminconsent", begin, methods=["GET"]),
        Route("/{tenant}/v2.0/adminconsent", begin, methods=["GET"]),
        Route("/common/adminconsent/account", showing(views.account, "microsoft.account", clock), methods=["POST"]),
        Route("/common/adminconsent/grant", showing(views.grant, "microsoft.consent", clock), methods=["POST"]),
    ]


class AdminConsent:
    def __init__(self, identity: MicrosoftIdentity) -> None:
        self.identity = identity
        self.visits = Visits[Wanted](identity.sandbox.clock.now)

    async def begin(self, request: Request) -> Response:
        parameters = single(pairs_of_query(request))
        tenant = self.identity.tenant(request.path_params["tenant"])
        client_id = parameters.get("client_id")
        if client_id is None:
            raise errors.missing("client_id")
        client = client_of(self.identity.clients.get(client_id), client_id, tenant)
        way = way_of(parameters, client)
        if tenant.name == "consumers":
            raise StsError("invalid_request", 90009, "A personal account cannot consent for an organisation.")
        newer = request.url.path.endswith("/v2.0/adminconsent")
        try:
            wanted = _wanted(parameters.get("scope", "") if newer else DEFAULT, client, tenant, way, newer=newer)
        except StsError as error:
            return away(way, told(error, request, self.identity.sandbox.clock.now()), request)
        browser = browser_of(request, COOKIE)
        visit = self.visits.begin(wanted, browser)
        administrators = self._administrators(wanted)
        if len(administrators) == 1:
            visit.account = administrators[0]
        answer = self._next(visit)
        remember(answer, COOKIE, browser, "/")
        return answer

    async def account(self, request: Request) -> Response:
        visit, form = await self._form(request)
        chosen = [value for name, value in form if name == "account"]
        visit.account = next((each for each in self._administrators(visit.asked) if [each.id] == chosen), None)
        if visit.account is None:
            raise errors.malformed()
        return self._next(visit)

    async def grant(self, request: Request) -> Response:
        visit, form = await self._form(request)
        wanted, account = visit.asked, visit.account
        if account is None:
            raise errors.malformed()
        request.state.account = account.id
        self.visits.end(visit)
        if ("answer", "accept") not in form:
            error = StsError("access_denied", 65004, "User declined to consent to access the app.")
            found = told(error, request, self.identity.sandbox.clock.now()) | {"error_subcode": "cancel"}
            return away(wanted.way, {**found, "admin_consent": "True", "tenant": account.tenant}, request)
        administration = self.identity.administration
        before = administration.install(account.tenant, wanted.client.id)
        administration.grant(
            account.tenant,
            wanted.client.id,
            dict.fromkeys([*before.roles, *wanted.roles]),
            dict.fromkeys([*before.scopes, *wanted.scopes]),
        )
        found = {"admin_consent": "True", "tenant": account.tenant}
        return away(wanted.way, {**found, **({"scope": wanted.told} if wanted.told else {})}, request)

    def _administrators(self, wanted: Wanted) -> list[Account]:
        return [each for each in self.identity.users() if not each.personal and wanted.tenant.admits(each)]

    def _next(self, visit: Visit[Wanted]) -> Response:
        wanted, account = visit.asked, visit.account
        if account is None:
            return page(
                "account.html", wanted.way, visit=visit, app=wanted.client.name, account=None,
                users=self._administrators(wanted), action="/common/adminconsent/account",
            )  # fmt: skip
        texts = [*(ROLES[role] for role in wanted.roles), *(TEXTS[scope] for scope in wanted.scopes)]
        return page(
            "consent.html", wanted.way, visit=visit, app=wanted.client.name, account=account, texts=texts,
            action="/common/adminconsent/grant", organisation=True,
        )  # fmt: skip

    async def _form(self, request: Request) -> tuple[Visit[Wanted], list[tuple[str, str]]]:
        """The visit that a form belongs to, and the form. Raises StsError."""
        foreign_form(request)
        form = await pairs_of_form(request)
        name = next((value for key, value in form if key == "visit"), "")
        visit = self.visits.of(name, request.cookies.get(COOKIE, ""))
        if visit is None:
            raise errors.malformed()
        return visit, form


def _wanted(text: str, client: Client, tenant: Tenant, way: Way, *, newer: bool) -> Wanted:
    """Application permissions come with ``.default`` alone. Raises StsError."""
    asked = parse(text, client)
    by_default = any(word.lower() in (DEFAULT, ".default") for word in text.split())
    scopes = tuple(name for name in asked.names if name not in SIGN_IN)
    said = " ".join(whole(dict.fromkeys([*scopes, *(client.roles if by_default else ())]))) if newer else ""
    return Wanted(client, tenant, way, scopes, client.roles if by_default else (), said)
