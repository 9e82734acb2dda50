"""Everything put together: one ASGI application for all providers and the control API."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Router
from starlette.types import ASGIApp

from polydex_sandbox import control, google
from polydex_sandbox.connection import Recorder
from polydex_sandbox.google.service import Google
from polydex_sandbox.identity.service import Identity
from polydex_sandbox.sandbox import Sandbox


def build(sandbox: Sandbox) -> ASGIApp:
    """The application. Google lies at the root, so its routes come last: they answer whatever nobody else knows."""
    people = Google(sandbox)
    identity = Identity(sandbox, [people])
    routes = [
        Mount("/control", control.app(sandbox, [people, identity])),
        *identity.routes(),
        *google.routes(people),
    ]
    # Answers are compressed for who asks for it, as Google's are.
    return Recorder(GZipMiddleware(Router(routes, redirect_slashes=False), compresslevel=1), sandbox)
