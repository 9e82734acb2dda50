"""Parameters of OAuth requests, and the answers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from polydex_sandbox.identity.forms import Unreadable
from polydex_sandbox.identity.google.errors import OAuthError


def single(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Each parameter once; one without a value counts as left out (RFC 6749, section 3.1 and 3.2).

    Raises OAuthError.
    """
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise OAuthError("invalid_request", f"OAuth 2 parameters can only have a single value: {name}")
        found[name] = value
    return {name: value for name, value in found.items() if value}


def of(problem: OAuthError | Unreadable) -> OAuthError:
    """What Google says of a request."""
    return problem if isinstance(problem, OAuthError) else OAuthError("invalid_request", "Bad Request")


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON, laid out as Google's, never to be stored (RFC 6749, section 5.1)."""
    return Response(
        json.dumps(value, indent=2, ensure_ascii=False) + "\n",
        status,
        {
            "cache-control": "no-cache, no-store, max-age=0, must-revalidate",
            "pragma": "no-cache",
            "content-type": "application/json; charset=utf-8",
            "x-content-type-options": "nosniff",
            **(headers or {}),
        },
    )


def refusing(
    view: Callable[[Request], Awaitable[Response]], operation: str
) -> Callable[[Request], Awaitable[Response]]:
    """The view, with OAuth errors as JSON and its name in the log of requests."""

    async def endpoint(request: Request) -> Response:
        request.state.operation = operation
        try:
            return await view(request)
        except (OAuthError, Unreadable) as problem:
            error, headers = of(problem), {}
            if error.retry_after is not None:
                headers["retry-after"] = str(error.retry_after)
            if error.status == 401 and "authorization" in request.headers:
                # RFC 6749, section 5.2: whoever tried by header is told the scheme.
                headers["www-authenticate"] = 'Basic realm="Google OAuth 2.0"'
            return answer({"error": error.error, "error_description": error.description}, error.status, headers)

    return endpoint
