"""The whole interface as one ASGI application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from polydex.api.dispatch import Resource
from polydex.api.inflight import Inflight
from polydex.api.middleware import BodyLimit, Requests, TimeLimit
from polydex.api.openapi import document
from polydex.api.operation import Operation
from polydex.api.routes import absent, account, accounts, contacts, docs, health, sync
from polydex.api.services import Options, Services
from polydex.core.errors import NotFound

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


def operations() -> tuple[Operation, ...]:
    """Everything that is served."""
    served: list[Operation] = [
        *sync.OPERATIONS,
        *contacts.OPERATIONS,
        *account.OPERATIONS,
        *accounts.OPERATIONS,
        *absent.OPERATIONS,
        *health.OPERATIONS,
    ]
    encoded: list[bytes] = []

    def described() -> bytes:
        if not encoded:  # made when it is first asked for, and kept
            encoded.append(msgspec.json.encode(document(served)))
        return encoded[0]

    served.extend(docs.operations(described))
    return tuple(served)


def build(
    services: Services,
    options: Options | None = None,
    *,
    lifespan: Lifespan | None = None,
    routes: Sequence[BaseRoute] = (),
) -> Starlette:
    """The application.

    Args:
        services: the use cases behind the routes.
        options: limits.
        lifespan: entered before the first request and left after the last one, when no write runs any more.
        routes: more routes, tried after ours (the console).
    """
    options = options or Options()
    inflight = Inflight()
    paths: dict[str, list[Operation]] = {}
    for operation in operations():
        paths.setdefault(operation.path, []).append(operation)

    @contextlib.asynccontextmanager
    async def alive(app: Starlette) -> AsyncIterator[None]:
        async with lifespan(app) if lifespan is not None else contextlib.nullcontext():
            try:
                yield
            finally:
                await inflight.drain(options.drain_seconds)

    app = Starlette(
        # What has a name of its own comes before what stands for any name: /v1/contacts/sync is no contact.
        routes=[
            *(Route(path, Resource(path, paths[path], services, inflight)) for path in sorted(paths, key=_generality)),
            *routes,
        ],
        middleware=[
            Middleware(Requests),
            Middleware(TimeLimit, seconds=options.max_seconds),
            Middleware(BodyLimit, limit=options.max_body),
        ],
        exception_handlers={404: _unknown},
        lifespan=alive,
    )
    app.router.redirect_slashes = False
    app.router.default = _nothing
    return app


def _generality(path: str) -> tuple[bool, str]:
    return "{" in path, path


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise NotFound("There is nothing at this path")


async def _unknown(_request: Request, error: Exception) -> Response:
    raise error  # to the middleware that renders every failure
