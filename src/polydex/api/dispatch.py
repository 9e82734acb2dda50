"""One path with its operations: method, caller, parameters, body, handler, answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.types import Receive, Scope, Send

from polydex.api import auth, query
from polydex.api.errors import MethodRefused
from polydex.api.inflight import Inflight, Listener
from polydex.api.operation import Call, Operation, Who
from polydex.api.parameters import Parameter
from polydex.api.reply import Reply
from polydex.api.request import Fields, request_of
from polydex.api.services import Services
from polydex.core.errors import BadRequest

_IDENTITY = ("identity",)


class CallerGone(Exception):
    """The caller closed the connection before the request was complete."""


class Resource:
    """Everything served below one path template; an ASGI application."""

    def __init__(self, path: str, operations: Sequence[Operation], services: Services, inflight: Inflight) -> None:
        self.path = path
        self._operations = {operation.method: operation for operation in operations}
        self._services = services
        self._inflight = inflight
        methods = set(self._operations) | {"OPTIONS"} | ({"HEAD"} if "GET" in self._operations else set())
        self.allow = tuple(sorted(methods))
        self.max_body = min((each.max_body for each in operations if each.max_body is not None), default=None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        facts = request_of(scope)
        facts.route = self.path
        method: str = scope["method"]
        if method == "OPTIONS":
            await deliver(Reply(b"", 204, {"Allow": ", ".join(self.allow)}, media=""), scope, send)
            return
        operation = self._operations.get("GET" if method == "HEAD" else method)
        if operation is None:
            raise MethodRefused(self.allow)
        call = await self._prepare(operation, scope, receive)
        if not operation.writes:
            await deliver(await operation.handler(call), scope, send)
            return
        async with Listener(receive) as listener:
            reply = await self._inflight.run(_coroutine(operation, call))
            there = not listener.gone
            await deliver(reply, scope, send)
            # At once: whoever has the answer may send the same request again, and means another one by it.
            if there and reply.after is not None:
                await reply.after()

    async def _prepare(self, operation: Operation, scope: Scope, receive: Receive) -> Call:
        facts = request_of(scope)
        fields = facts.fields
        if operation.who is Who.APP:
            caller = await auth.application(self._services.accounts, fields)
        elif operation.who is Who.ACCOUNT:
            caller = await auth.account(self._services.accounts, fields, operation.scope, alive=operation.alive)
        else:
            caller = auth.NOBODY
        if caller.principal is not None:
            facts.account = caller.account.id
        sent = query.parse(scope["query_string"])
        values = read_parameters(operation, scope["path_params"], fields, sent)
        # A write listens for the caller's going away, which comes after the body: so the body is read, wanted or not.
        body = await read_body(receive) if operation.body is not None or operation.writes else b""
        if body and fields.get("content-encoding", _IDENTITY)[0].lower() not in ("", "identity"):
            raise BadRequest("Header Content-Encoding: the body must be sent as it is, not compressed")
        return Call(self._services, caller, values, body, sent)


def read_parameters(
    operation: Operation, path: Mapping[str, str], fields: Fields, sent: Mapping[str, Sequence[str]]
) -> dict[Parameter[Any], object]:
    """The declared parameters. What is not declared is ignored (it asks for nothing that we document)."""
    values: dict[Parameter[Any], object] = {}
    for parameter in operation.parameters:
        if parameter.where == "path":
            values[parameter] = parameter.read([path[parameter.name]])
        elif parameter.where == "header":
            values[parameter] = parameter.read(fields.get(parameter.name.lower(), ()))
        else:
            values[parameter] = parameter.read(sent.get(parameter.name, ()))
    return values


async def read_body(receive: Receive) -> bytes:
    """The whole body. Raises CallerGone; the limit is the middleware's business."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerGone
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


async def deliver(reply: Reply, scope: Scope, send: Send) -> None:
    """Send an answer; for HEAD its headers alone."""
    headers = [(b"content-length", str(len(reply.body)).encode("ascii"))] if reply.media else []
    if reply.media:
        headers.append((b"content-type", reply.media.encode("ascii")))
    names = {name.lower() for name in reply.headers}
    if "cache-control" not in names:
        headers.append((b"cache-control", b"no-cache"))
    headers.extend((name.lower().encode("ascii"), value.encode("latin-1")) for name, value in reply.headers.items())
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})


async def _coroutine(operation: Operation, call: Call) -> Reply:
    return await operation.handler(call)
