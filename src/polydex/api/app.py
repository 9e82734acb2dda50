"""The whole interface as one ASGI application."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

import msgspec
from starlette.routing import BaseRoute, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from polydex.api.dispatch import Resource
from polydex.api.inflight import Inflight
from polydex.api.middleware import BodyLimit, Requests, TimeLimit
from polydex.api.openapi import document
from polydex.api.operation import Operation
from polydex.api.paths import Paths
from polydex.api.routes import absent, account, accounts, contacts, docs, health, push, sync
from polydex.api.services import Options, Services
from polydex.core.errors import NotFound


def operations() -> tuple[Operation, ...]:
    """Everything that is served."""
    served: list[Operation] = [
        *sync.OPERATIONS,
        *contacts.OPERATIONS,
        *account.OPERATIONS,
        *accounts.OPERATIONS,
        *absent.OPERATIONS,
        *push.OPERATIONS,
        *health.OPERATIONS,
    ]
    encoded: list[bytes] = []

    def described() -> bytes:
        if not encoded:  # made when it is first asked for, and kept
            encoded.append(msgspec.json.encode(document(served)))
        return encoded[0]

    served.extend(docs.operations(described))
    return tuple(served)


class Application:
    """An ASGI application: our paths first, then those of others (the console).

    Args:
        paths: our resources.
        others: what serves every other path, and the beginning and the end of the server.
        options: limits.
    """

    def __init__(self, paths: Paths[Resource], others: ASGIApp, options: Options) -> None:
        self.paths = paths
        self._others = others
        self._requests: ASGIApp = Requests(TimeLimit(BodyLimit(self._find, options.max_body), options.max_seconds))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._requests if scope["type"] == "http" else self._others)(scope, receive, send)

    async def _find(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self.paths.find(scope["path"])
        if found is None:
            await self._others(scope, receive, send)
            return
        resource, scope["path_params"] = found
        narrow = resource if resource.max_body is None else BodyLimit(resource, resource.max_body)
        await narrow(scope, receive, send)


def build(services: Services, options: Options | None = None, *, routes: Sequence[BaseRoute] = ()) -> Application:
    """The application.

    Args:
        services: the use cases behind the routes.
        options: limits.
        routes: more routes, tried after ours (the console).
    """
    options = options or Options()
    inflight = Inflight()
    grouped: dict[str, list[Operation]] = {}
    for operation in operations():
        grouped.setdefault(operation.path, []).append(operation)
    paths = Paths((path, Resource(path, served, services, inflight)) for path, served in grouped.items())

    @contextlib.asynccontextmanager
    async def alive(_: object) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await inflight.drain(options.drain_seconds)

    others = Router(routes=routes, redirect_slashes=False, default=_nothing, lifespan=alive)
    return Application(paths, others, options)


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    raise NotFound("There is nothing at this path")
