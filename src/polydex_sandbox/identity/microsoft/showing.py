"""Pages, and the ways back to a client: by redirect, or by a form that sends itself."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from polydex_sandbox.clock import Clock
from polydex_sandbox.identity import pages
from polydex_sandbox.identity.forms import Unreadable, base_of
from polydex_sandbox.identity.microsoft.answers import View, correlation_of, of
from polydex_sandbox.identity.microsoft.asked import Way
from polydex_sandbox.identity.microsoft.errors import StsError, stamp
from polydex_sandbox.identity.visits import origin_of, with_parameters

COOKIE = "polydex_sandbox_microsoft"
SUBMIT = "document.forms[0].submit()"
"""The one script that there is: it sends the form of ``response_mode=form_post``, which has a button besides."""
_SUBMIT_HASH = base64.b64encode(hashlib.sha256(SUBMIT.encode()).digest()).decode()


def page(template: str, way: Way | None = None, *, status: int = 200, **parts: Any) -> Response:
    """A page of ``templates/microsoft``, whose form may lead to where that way goes."""
    # Chromium holds a form's redirects against form-action, too: so the client's address has to be in it.
    target = f" {origin_of(way.redirect_uri)}" if way is not None and way.redirect_uri else ""
    return HTMLResponse(pages.render(f"microsoft/{template}", **parts), status, pages.headers(f"'self'{target}"))


def away(way: Way, found: Mapping[str, str], request: Request) -> Response:
    """Send the user back to the client, with the state last."""
    parameters = {**found, **({} if way.state is None else {"state": way.state})}
    if way.mode == "form_post":
        html = pages.render("microsoft/form_post.html", action=way.redirect_uri, parameters=parameters, script=SUBMIT)
        headers = pages.headers(origin_of(way.redirect_uri))
        headers["content-security-policy"] += f"; script-src 'sha256-{_SUBMIT_HASH}'"
        return HTMLResponse(html, headers=headers)
    if way.mode == "fragment":
        target = f"{way.redirect_uri}#{urlencode(parameters, quote_via=quote, safe='')}"
    else:
        target = with_parameters(way.redirect_uri, parameters)
    status = 302 if request.method == "GET" else 303
    return Response(None, status, {"location": target, "cache-control": "no-store", "referrer-policy": "no-referrer"})


def told(error: StsError, request: Request, now: int) -> dict[str, str]:
    """An error as a client is told by way of the user's browser."""
    return {
        "error": error.error,
        "error_description": error.description(str(uuid4()), correlation_of(request), now),
        "error_uri": error.uri,
    }


def showing(view: View, operation: str, clock: Clock) -> View:
    """The view, with errors as a page."""

    async def endpoint(request: Request) -> Response:
        request.state.operation = operation
        try:
            return await view(request)
        except (StsError, Unreadable) as problem:
            error = of(problem)
            return page(
                "error.html",
                status=error.status,
                error=error,
                request_id=str(uuid4()),
                correlation_id=correlation_of(request),
                timestamp=stamp(clock.now()).replace(" ", "T"),
            )

    return endpoint


def foreign_form(request: Request) -> None:
    """Raises StsError: the form was sent by the page of another site."""
    origin = request.headers.get("origin")
    if origin is not None and origin != base_of(request):
        raise StsError("invalid_request", 90100, "This form was sent by another site.", 403)
