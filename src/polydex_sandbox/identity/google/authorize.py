"""The authorization endpoint and its pages: account, warning, consent.

https://developers.google.com/identity/protocols/oauth2/web-server#creatingclient
The forms need no script. A form counts only in the browser that began the visit (a cookie that no other site's form
brings along) and from this origin.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from polydex_sandbox.accounts import Account
from polydex_sandbox.identity import pages
from polydex_sandbox.identity.forms import Unreadable, base_of, pairs_of_form, pairs_of_query
from polydex_sandbox.identity.google.asked import Asked, understand
from polydex_sandbox.identity.google.errors import OAuthError
from polydex_sandbox.identity.google.parameters import of, single
from polydex_sandbox.identity.google.scopes import SIGN_IN, TEXTS, union
from polydex_sandbox.identity.google.service import Identity
from polydex_sandbox.identity.visits import Visit, Visits, browser_of, origin_of, remember

COOKIE = "polydex_sandbox_browser"
PATH = "/o/oauth2"


def routes(identity: Identity) -> list[BaseRoute]:
    views = Authorize(identity)
    begin = _showing(views.begin, "oauth2.authorize")
    return [
        Route(f"{PATH}/v2/auth", begin, methods=["GET", "POST"]),
        Route(f"{PATH}/auth", begin, methods=["GET", "POST"]),
        Route(f"{PATH}/v2/auth/account", _showing(views.account, "oauth2.account"), methods=["POST"]),
        Route(f"{PATH}/v2/auth/warning", _showing(views.warning, "oauth2.warning"), methods=["POST"]),
        Route(f"{PATH}/v2/auth/consent", _showing(views.consent, "oauth2.consent"), methods=["POST"]),
        Route(f"{PATH}/style.css", _style, methods=["GET"]),
    ]


class Authorize:
    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.visits = Visits[Asked](identity.sandbox.clock.now)

    async def begin(self, request: Request) -> Response:
        """The request of a client, by GET or POST (OpenID Connect Core, section 3.1.2.1)."""
        pairs = pairs_of_query(request) if request.method == "GET" else await pairs_of_form(request)
        asked = understand(single(pairs), self.identity.clients)
        account = self._obvious(asked)
        if "none" in asked.prompt:
            return self._silently(asked, account)
        browser = browser_of(request, COOKIE)
        visit = self.visits.begin(asked, browser)
        visit.account = account
        answer = self._next(request, visit)
        remember(answer, COOKIE, browser, PATH)
        return answer

    async def account(self, request: Request) -> Response:
        visit, form = await self._visit(request)
        chosen = [value for name, value in form if name == "account"]
        visit.account = next((each for each in self.identity.users() if [each.id] == chosen), None)
        if visit.account is None:
            raise OAuthError("invalid_request", "Choose one of the accounts.")
        return self._next(request, visit)

    async def warning(self, request: Request) -> Response:
        visit, form = await self._visit(request)
        if ("answer", "continue") not in form:
            return self._deny(visit)
        visit.warned = True
        return self._next(request, visit)

    async def consent(self, request: Request) -> Response:
        visit, form = await self._visit(request)
        asked, account = visit.asked, self._settled(visit)
        if ("answer", "allow") not in form:
            return self._deny(visit)
        choices = self._choices(asked, account)
        ticked = [value for name, value in form if name == "scope"] if len(choices) > 1 else choices
        if not set(ticked) <= set(choices):
            raise OAuthError("invalid_request", "That was not asked for.")
        scopes = tuple(scope for scope in asked.scopes if scope not in choices or scope in ticked)
        if not scopes:
            return self._deny(visit)
        self.identity.grants.allow(account.id, asked.client, scopes)
        return self._allow(visit, account, scopes, shown=True)

    # --- the way ---------------------------------------------------------------------------------------------------

    def _obvious(self, asked: Asked) -> Account | None:
        """The account, when there is nothing to choose."""
        if "select_account" in asked.prompt:
            return None
        users = list(self.identity.users())
        if asked.hint:
            hint = asked.hint.lower()
            return next((user for user in users if hint in (user.email.lower(), user.subject)), None)
        return users[0] if len(users) == 1 else None

    def _silently(self, asked: Asked, account: Account | None) -> Response:
        """``prompt=none``: no page is shown (OpenID Connect Core, section 3.1.2.6, has the errors)."""
        if account is None:
            error = "account_selection_required" if not asked.hint and any(self.identity.users()) else "login_required"
            return _away(asked.back({"error": error}), 302)
        if not self._covered(asked, account):
            return _away(asked.back({"error": "interaction_required"}), 302)
        return self._finish(asked, account, asked.scopes, shown=False, status=302)

    def _next(self, request: Request, visit: Visit[Asked]) -> Response:
        """The next page, or the end."""
        asked, account = visit.asked, visit.account
        parts: dict[str, Any] = {"visit": visit, "app": asked.client.name, "account": account}
        if account is None:
            users = list(self.identity.users())
            return _page(asked, "google/account.html", **parts, users=users, hint=asked.hint)
        if "consent" not in asked.prompt and self._covered(asked, account):
            status = 302 if request.method == "GET" else 303
            self.visits.end(visit)
            return self._finish(asked, account, asked.scopes, shown=False, status=status)
        if asked.client.testing and not visit.warned:
            return _page(asked, "google/warning.html", **parts)
        choices = self._choices(asked, account)
        return _page(
            asked,
            "google/consent.html",
            **parts,
            choices=[(scope, TEXTS[scope]) for scope in choices],
            included=[TEXTS[scope] for scope in asked.scopes if scope not in choices and scope != "openid"],
        )

    def _covered(self, asked: Asked, account: Account) -> bool:
        """Whether the user has allowed all of this already."""
        consent = self.identity.grants.consent(account.id, asked.client)
        return consent is not None and set(asked.scopes) <= set(consent.scopes)

    def _choices(self, asked: Asked, account: Account) -> list[str]:
        """The scopes that the user can leave out; those of signing in come with the account."""
        consent = self.identity.grants.consent(account.id, asked.client)
        known = set(consent.scopes) if consent is not None and "consent" not in asked.prompt else set()
        return [scope for scope in asked.scopes if scope not in SIGN_IN and scope not in known]

    def _settled(self, visit: Visit[Asked]) -> Account:
        """Who answers, when all pages before the last one have been passed. Raises OAuthError."""
        if visit.account is None or (visit.asked.client.testing and not visit.warned):
            raise OAuthError("invalid_request", "A page was left out.")
        return visit.account

    def _deny(self, visit: Visit[Asked]) -> Response:
        self.visits.end(visit)
        return _away(visit.asked.back({"error": "access_denied"}), 303)

    def _allow(self, visit: Visit[Asked], account: Account, scopes: tuple[str, ...], *, shown: bool) -> Response:
        self.visits.end(visit)
        return self._finish(visit.asked, account, scopes, shown=shown, status=303)

    def _finish(self, asked: Asked, account: Account, scopes: tuple[str, ...], *, shown: bool, status: int) -> Response:
        grants = self.identity.grants
        consent = grants.consent(account.id, asked.client)
        if asked.include_granted and consent is not None:
            # https://developers.google.com/identity/protocols/oauth2/web-server#incrementalAuth
            scopes = union(scopes, consent.scopes)
        code = grants.code(
            account.id,
            asked.client,
            asked.redirect_uri,
            scopes,
            challenge=asked.challenge,
            nonce=asked.nonce,
            # Only a user who was asked gives a refresh token; an installed app gets one always.
            refreshable=(asked.offline and shown) or asked.client.type == "installed",
        )
        found = {"code": code, "scope": " ".join(scopes), "authuser": "0", "prompt": "consent" if shown else "none"}
        return _away(asked.back(found), status)

    async def _visit(self, request: Request) -> tuple[Visit[Asked], list[tuple[str, str]]]:
        """The visit that a form belongs to, and the form. Raises OAuthError."""
        origin = request.headers.get("origin")
        if origin is not None and origin != base_of(request):
            raise OAuthError("invalid_request", "This form was sent by another site.", 403)
        form = await pairs_of_form(request)
        name = next((value for key, value in form if key == "visit"), "")
        visit = self.visits.of(name, request.cookies.get(COOKIE, ""))
        if visit is None:
            raise OAuthError("invalid_request", "This page is not valid any more. Go back to the app and try again.")
        if visit.account not in list(self.identity.users()):
            visit.account = None
        if visit.account is not None:
            request.state.account = visit.account.id
        return visit, form


def _showing(
    view: Callable[[Request], Awaitable[Response]], operation: str
) -> Callable[[Request], Awaitable[Response]]:
    """The view, with OAuth errors as a page."""

    async def endpoint(request: Request) -> Response:
        request.state.operation = operation
        try:
            return await view(request)
        except (OAuthError, Unreadable) as problem:
            error = of(problem)
            return HTMLResponse(pages.render("google/error.html", error=error), error.status, pages.headers("'self'"))

    return endpoint


def _page(asked: Asked, template: str, **parts: Any) -> Response:
    # Chromium holds a form's redirects against form-action, too: so the client's address has to be in it.
    return HTMLResponse(
        pages.render(template, **parts), headers=pages.headers(f"'self' {origin_of(asked.redirect_uri)}")
    )


def _away(url: str, status: int) -> Response:
    headers = {"location": url, "cache-control": "no-store", "referrer-policy": "no-referrer"}
    return Response(status_code=status, headers=headers)


async def _style(_request: Request) -> Response:
    return Response(pages.style(), media_type="text/css", headers={"cache-control": "no-cache"})
