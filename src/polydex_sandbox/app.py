"""Everything put together: one ASGI application for all providers and the control API."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from polydex_sandbox import control, google
from polydex_sandbox.connection import Recorder
from polydex_sandbox.exchange.service import Exchange
from polydex_sandbox.google.service import Google
from polydex_sandbox.identity.google.service import Identity
from polydex_sandbox.identity.microsoft.service import MicrosoftIdentity
from polydex_sandbox.microsoft.service import Graph
from polydex_sandbox.sandbox import Sandbox


def build(sandbox: Sandbox, certificate: bytes | None = None) -> ASGIApp:
    """The application. Google lies at the root, so its routes come last: they answer whatever nobody else knows.

    Args:
        sandbox: the state.
        certificate: what the server shows, DER; None when it speaks no TLS.
    """
    people = Google(sandbox)
    graph = Graph(sandbox)
    exchange = Exchange(sandbox, certificate)
    identity = Identity(sandbox, [people, graph, exchange])
    entra = MicrosoftIdentity(sandbox, identity.is_user)
    routes = [
        Mount("/control", control.app(sandbox, [people, graph, exchange, identity, entra])),
        *identity.routes(),
        *entra.routes(),
        *graph.routes(),
        *exchange.routes(),
        *google.routes(people),
    ]
    return Recorder(_compressing(Router(routes, redirect_slashes=False)), sandbox)


def _compressing(inner: ASGIApp) -> ASGIApp:
    """Google compresses for who accepts it and has ``gzip`` in the User-Agent, too.

    Source: https://developers.google.com/people/v1/performance.
    """
    zipped = GZipMiddleware(inner, compresslevel=1)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        agent = dict(scope.get("headers", ())).get(b"user-agent", b"")
        await (zipped if b"gzip" in agent else inner)(scope, receive, send)

    return app
