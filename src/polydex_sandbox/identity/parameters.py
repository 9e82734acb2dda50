"""Parameters of OAuth requests, and the answers."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from polydex_sandbox.identity.errors import OAuthError

FORM = "application/x-www-form-urlencoded"
_MOST = 100


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


async def pairs_of_form(request: Request) -> list[tuple[str, str]]:
    """The pairs of a form, in order; nothing for any other kind of body. Raises OAuthError."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return []
    try:
        text = (await request.body()).decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise OAuthError("invalid_request", "Bad Request") from None


def pairs_of_query(request: Request) -> list[tuple[str, str]]:
    """The pairs of the query, in order. Raises OAuthError."""
    try:
        query: str = request.scope["query_string"].decode("ascii")
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise OAuthError("invalid_request", "Bad Request") from None


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
        except OAuthError as error:
            headers = {}
            if error.retry_after is not None:
                headers["retry-after"] = str(error.retry_after)
            if error.status == 401 and "authorization" in request.headers:
                # RFC 6749, section 5.2: whoever tried by header is told the scheme.
                headers["www-authenticate"] = 'Basic realm="Google OAuth 2.0"'
            return answer({"error": error.error, "error_description": error.description}, error.status, headers)

    return endpoint
