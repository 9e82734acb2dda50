"""Basic authentication (RFC 7617)."""

from __future__ import annotations

import base64
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from polydex_sandbox.accounts import Account

Check = Callable[[str, str], Account | None]
"""The account of a login and password."""


def authenticate(request: Request, check: Check) -> Account | Response:
    """Who asks, or the answer that asks for credentials."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, password = base64.b64decode(given, validate=True).decode().partition(":")
        except ValueError:
            name = password = ""
        if (found := check(name, password)) is not None:
            return found
    return Response(status_code=401, headers={"WWW-Authenticate": f'Basic realm="{request.url.hostname}"'})
