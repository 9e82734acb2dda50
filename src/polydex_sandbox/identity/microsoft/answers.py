"""Answers: JSON as Microsoft's, with ids of the request for its support."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from polydex_sandbox.clock import Clock
from polydex_sandbox.identity.forms import Unreadable
from polydex_sandbox.identity.microsoft.errors import StsError, malformed, twice

View = Callable[[Request], Awaitable[Response]]

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """JSON in one line, never to be stored (RFC 6749, section 5.1)."""
    return Response(
        json.dumps(value, separators=(",", ":"), ensure_ascii=False),
        status,
        {
            "cache-control": "no-store, no-cache",
            "pragma": "no-cache",
            "content-type": "application/json; charset=utf-8",
            "x-content-type-options": "nosniff",
            **(headers or {}),
        },
    )


def single(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Each parameter once; one without a value counts as left out. Raises StsError."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise twice(name)
        found[name] = value
    return {name: value for name, value in found.items() if value}


def of(problem: StsError | Unreadable) -> StsError:
    return problem if isinstance(problem, StsError) else malformed()


def correlation_of(request: Request) -> str:
    """The client's own id of the request, if it has given a good one (``client-request-id``), else a new one."""
    found = request.headers.get("client-request-id") or request.query_params.get("client-request-id", "")
    return found.lower() if _GUID.fullmatch(found) else str(uuid4())


def refusing(view: View, operation: str, clock: Clock) -> View:
    """The view, with errors as JSON and its name in the log of requests."""

    async def endpoint(request: Request) -> Response:
        request.state.operation = operation
        trace, correlation = str(uuid4()), correlation_of(request)
        # https://learn.microsoft.com/entra/identity-platform/reference-error-codes has support ask for these.
        headers = {"x-ms-request-id": trace, "client-request-id": correlation}
        try:
            found = await view(request)
        except (StsError, Unreadable) as problem:
            error = of(problem)
            if error.retry_after is not None:
                headers["retry-after"] = str(error.retry_after)
            return answer(error.body(trace, correlation, clock.now()), error.status, headers)
        found.headers.update(headers)
        return found

    return endpoint
