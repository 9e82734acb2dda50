"""Microsoft Graph's part of the sandbox: from an HTTP request to an answer."""

from __future__ import annotations

import asyncio
import inspect
import uuid
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from polydex_sandbox.accounts import Account
from polydex_sandbox.clock import rfc3339
from polydex_sandbox.connection import Dropped, drop
from polydex_sandbox.microsoft import batch, call as calls, control, errors, odd, query, quirks, routes, watching
from polydex_sandbox.microsoft.call import Answer, Asked, Call
from polydex_sandbox.microsoft.errors import GraphError
from polydex_sandbox.microsoft.mailbox import Mailbox
from polydex_sandbox.microsoft.routes import ME, SCOPE, Operation, Place
from polydex_sandbox.microsoft.subscriptions import Subscriptions
from polydex_sandbox.microsoft.views import VIEWS
from polydex_sandbox.sandbox import Sandbox
from polydex_sandbox.tokens import Grant

JSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
LARGEST = 4 * 1024 * 1024
"""Bytes of a request: https://learn.microsoft.com/graph/api/profilephoto-update."""


class Graph:
    """The simulator for all accounts."""

    default_scopes = frozenset({f"{SCOPE}Contacts.ReadWrite", f"{SCOPE}User.Read"})

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.mailboxes: dict[str, Mailbox] = {}
        self.subscriptions = Subscriptions(sandbox, self.mailboxes.__getitem__, self._user)
        sandbox.quirks.add(quirks.CATALOGUE)

    def routes(self) -> list[BaseRoute]:
        """Below the versions that Graph has; other first segments are those of other providers."""
        verbs = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
        return [
            Route("/v1.0/{path:path}", self.answer, methods=verbs),
            *(Route(f"/{one}/{{path:path}}", self.other_version, methods=verbs) for one in ("beta", "v2.0")),
        ]

    def control_routes(self) -> list[BaseRoute]:
        return [*control.routes(self), *watching.routes(self)]

    def opened(self, account: Account, given: dict[str, Any]) -> dict[str, Any]:
        """Takes ``microsoft`` out of the body: settings of the mailbox."""
        mailbox = Mailbox(account, self.sandbox.clock.now, self.sandbox.random)
        control.settle(mailbox, given.pop("microsoft", {}))
        mailbox.listeners.append(lambda before, after: self.subscriptions.changed(account, before, after))
        self.mailboxes[account.id] = mailbox
        return {}

    def closed(self, account: Account) -> None:
        self.mailboxes.pop(account.id, None)
        for one in self.subscriptions.of(account):
            self.subscriptions.drop(one)

    # -- HTTP

    async def answer(self, request: Request) -> Response:
        raw = request.scope.get("raw_path", request.scope["path"].encode()).decode("latin-1")
        asked = Asked(
            request.method,
            raw.removeprefix("/v1.0"),
            request.scope["query_string"].decode("latin-1"),
            _headers(request),
            await request.body(),
            f"{str(request.base_url).rstrip('/')}/v1.0",
        )
        try:
            answer = await self.perform(asked, note=request.state.__setattr__)
        except Dropped:
            raise drop(request.scope) from None
        return self._response(asked, answer)

    async def other_version(self, request: Request) -> Response:
        asked = Asked(request.method, "", "", _headers(request), b"", "")
        version = request.url.path.split("/")[1]
        return self._response(asked, self._refusal(asked, errors.unknown_version(version)))

    def _response(self, asked: Asked, answer: Answer) -> Response:
        request_id = answer.headers.get("request-id", self._request_id())
        headers = {
            "request-id": request_id,
            "client-request-id": asked.headers.get("client-request-id", request_id),
            "Cache-Control": "no-cache" if answer.status < 400 else "private",
            **answer.headers,
        }
        if answer.body is None or isinstance(answer.body, bytes):
            return Response(answer.body, answer.status, headers)
        return JSONResponse(answer.body, answer.status, {"OData-Version": "4.0", **headers}, media_type=JSON)

    def _request_id(self) -> str:
        return str(uuid.UUID(int=self.sandbox.random.getrandbits(128), version=4))

    def _refusal(self, asked: Asked, error: GraphError) -> Answer:
        request_id = self._request_id()
        client = asked.headers.get("client-request-id", request_id)
        body = error.body(rfc3339(self.sandbox.clock.now(), 0).rstrip("Z"), request_id, client)
        return Answer(error.status, body, {"request-id": request_id, **error.headers})

    # -- one request, on its own or as a part of a batch

    async def perform(
        self, asked: Asked, *, grant: Grant | None = None, note: Callable[[str, Any], None] | None = None
    ) -> Answer:
        """The answer to a request; refusals are answers too.

        Args:
            asked: what is asked.
            grant: the token, when it is known already: of a part of a batch.
            note: takes `account` and `operation`, for the log.
        """
        inside, note = grant is not None, note or (lambda _name, _value: None)
        try:
            # The token goes first: who has none learns nothing of paths.
            grant = grant or self._grant(asked)
            if len(asked.body) >= LARGEST:
                raise errors.too_large()
            operation, place = routes.find(asked.verb, asked.path)
            note("operation", operation.name)
            if operation.node in routes.APART:
                return await self._apart(asked, grant, operation, place, note, inside=inside)
            return await self._answer(self._call(asked, grant, operation, place, note))
        except GraphError as error:
            return self._refusal(asked, error)

    async def _apart(
        self,
        asked: Asked,
        grant: Grant,
        operation: Operation,
        place: Place,
        note: Callable[[str, Any], None],
        *,
        inside: bool,
    ) -> Answer:
        """Calls whose path names no mailbox: a batch, subscriptions."""
        note("account", grant.account_id or None)

        def strike(quirk: str) -> dict[str, Any] | None:
            return self.sandbox.quirks.strike(grant.account_id, quirk, operation.name)

        if (slow := strike("graph-slow")) is not None:
            await asyncio.sleep(slow["seconds"])
        if strike("graph-drop-before") is not None:
            raise Dropped
        odd.refuse(strike)
        query.none(asked.query)
        if operation.node == "batch":
            if inside:
                raise errors.bad_request("A batch cannot have another one in it.")
            found = await batch.answer(asked, lambda part: self.perform(part, grant=grant), self.sandbox.random)
        else:
            found = await self.subscriptions.answer(asked, operation, place, grant)
        if strike("graph-drop-after") is not None:
            raise Dropped
        return found

    def _call(
        self, asked: Asked, grant: Grant, operation: Operation, place: Place, note: Callable[[str, Any], None]
    ) -> Call:
        self._scoped(grant, operation)
        owner = self._owner(grant, operation, place)
        note("account", owner.id)
        return Call(
            asked=asked,
            operation=operation,
            place=place,
            options=query.options(operation, asked.query),
            prefer=calls.prefer(asked.headers.get("prefer", "")),
            owner=owner,
            grant=grant,
            mailbox=self.mailboxes[owner.id],
            now=self.sandbox.clock.now(),
            random=self.sandbox.random,
            strike=lambda quirk: self.sandbox.quirks.strike(owner.id, quirk, operation.name),
            setting=lambda quirk: self._setting(owner, quirk),
            perform=lambda part: self.perform(part, grant=grant),
        )

    async def _answer(self, call: Call) -> Answer:
        if call.asked.verb == "POST" and not call.asked.headers.keys() & {"content-length", "transfer-encoding"}:
            raise errors.length_required()
        mailbox = call.mailbox
        if mailbox.running >= mailbox.concurrent:
            raise errors.throttled()
        mailbox.running += 1
        try:
            if mailbox.duration:
                await asyncio.sleep(mailbox.duration)
            return await self._viewed(call)
        finally:
            mailbox.running -= 1

    async def _viewed(self, call: Call) -> Answer:
        if (slow := call.strike("graph-slow")) is not None:
            await asyncio.sleep(slow["seconds"])
        if call.strike("graph-drop-before") is not None:
            raise Dropped
        odd.refuse(call.strike)
        odd.refuse_contact(call)
        answer = odd.instead(call)
        if answer is None:
            call = odd.changed(call)
            found = VIEWS[call.operation.name](call)
            answer = odd.bent(call, await found if inspect.isawaitable(found) else found)
        if call.operation.name == "contacts.delta" and call.strike("graph-endless-missed") is not None:
            for one in self.subscriptions.of(call.owner):
                self.subscriptions.event(one, "missed")
        if call.strike("graph-drop-after") is not None:
            raise Dropped
        if call.prefer.applied:
            answer = Answer(answer.status, answer.body, {"Preference-Applied": call.prefer.applied, **answer.headers})
        return answer

    # -- who asks

    def _grant(self, asked: Asked) -> Grant:
        """Raises GraphError: nobody, or not any more."""
        header = asked.headers.get("authorization", "").strip()
        if not header:
            raise errors.no_token()
        scheme, _, token = header.partition(" ")
        grant = self.sandbox.tokens.access(token.strip()) if scheme.lower() == "bearer" else None
        if grant is None:
            raise errors.malformed_token()
        if grant.scopes and all("://" in scope and not scope.startswith(SCOPE) for scope in grant.scopes):
            # It is another provider's.
            raise errors.foreign_token()
        if grant.expires <= self.sandbox.clock.now():
            raise errors.expired_token()
        return grant

    def _scoped(self, grant: Grant, operation: Operation) -> None:
        allowed = {scope.removeprefix(SCOPE) for scope in grant.scopes}
        if not allowed.intersection(operation.scopes):
            raise errors.request_denied() if operation.node == "user" else errors.access_denied()

    def _owner(self, grant: Grant, operation: Operation, place: Place) -> Account:
        """Whose data is asked for. Raises GraphError."""
        directory = operation.node == "user"
        if place.user == ME:
            if grant.application:
                raise errors.only_delegated()
            return self.sandbox.accounts.get(grant.account_id)
        found = self._user(place.user)
        if grant.application:
            if found is None or found.tenant != grant.tenant:
                raise errors.unknown_resource(place.user) if directory else errors.unknown_user(place.user)
        elif found is None or found.id != grant.account_id:
            raise errors.request_denied() if directory else errors.access_denied()
        return found

    def _user(self, name: str) -> Account | None:
        """By id, or address."""
        for account in self.sandbox.accounts:
            if name.lower() in (calls.user_id(account), account.oid, account.email.lower()):
                return account
        return None

    def _setting(self, account: Account, quirk: str) -> dict[str, Any]:
        given = self.sandbox.quirks.parameters(account.id, quirk)
        return dict(self.sandbox.quirks.catalogue[quirk].parameters) if given is None else given


def _headers(request: Request) -> dict[str, str]:
    """Several of one name are one, with commas (RFC 9110, 5.3)."""
    found: dict[str, str] = {}
    for name, value in request.headers.items():
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
