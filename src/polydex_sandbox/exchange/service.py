"""Exchange's part of the sandbox: from an HTTP request to an answer.

See https://learn.microsoft.com/exchange/client-developer/web-service-reference/ews-reference-for-exchange.
"""

from __future__ import annotations

import asyncio
import uuid
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from polydex_sandbox.accounts import Account
from polydex_sandbox.connection import Dropped, drop
from polydex_sandbox.exchange import answers, autodiscover, control, errors, odd, quirks, schema, soap
from polydex_sandbox.exchange.auth import Gate, Login
from polydex_sandbox.exchange.autodiscover import Autodiscover
from polydex_sandbox.exchange.call import Call
from polydex_sandbox.exchange.errors import EwsError
from polydex_sandbox.exchange.mailbox import Mailbox
from polydex_sandbox.exchange.notifying import STREAM, Notifying
from polydex_sandbox.exchange.odd import Unavailable
from polydex_sandbox.exchange.settings import Settings, settings, sid
from polydex_sandbox.exchange.versions import Version
from polydex_sandbox.exchange.views import VIEWS
from polydex_sandbox.exchange.xml import Element, child, name_of
from polydex_sandbox.sandbox import Sandbox

PATH = "/EWS/Exchange.asmx"
XML = "text/xml; charset=utf-8"
LARGEST = 64 * 2**20
"""Bytes of a request, unless the administrator changes ``maxAllowedContentLength`` and ``maxReceivedMessageSize``
(https://learn.microsoft.com/exchange/architecture/client-access/client-message-size-limits).
"""


class Caseless(Route):
    """A path that IIS finds however it is written."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return super().matches({**scope, "path": scope["path"].lower()})


class Exchange:
    """The simulator for all accounts.

    Args:
        sandbox: whose accounts, clock and quirks it uses.
        certificate: what the server shows, DER; None when it speaks no TLS.
    """

    default_scopes: frozenset[str] = frozenset()

    def __init__(self, sandbox: Sandbox, certificate: bytes | None = None) -> None:
        self.sandbox = sandbox
        self.mailboxes: dict[str, Mailbox] = {}
        self.settings: dict[str, Settings] = {}
        self._running: dict[str, int] = {}
        self.gate = Gate(self._logins, sandbox.tokens, sandbox.clock.now, certificate)
        self._autodiscover = Autodiscover(sandbox, self.gate)
        self.notifying = Notifying(sandbox)
        sandbox.quirks.add(quirks.CATALOGUE)

    def routes(self) -> list[BaseRoute]:
        verbs = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
        return [
            Caseless(PATH.lower(), self.answer, methods=verbs),
            Caseless(autodiscover.PATH, self._autodiscover.answer, methods=verbs),
        ]

    def control_routes(self) -> list[BaseRoute]:
        return control.routes(self)

    def opened(self, account: Account, given: dict[str, Any]) -> dict[str, Any]:
        """Takes ``exchange`` out of the body: settings of the account."""
        self.mailboxes[account.id] = Mailbox(account, self.sandbox.clock.now)
        self.notifying.opened(self.mailboxes[account.id])
        self.settings[account.id] = settings(account)
        control.settle(self, account, given.pop("exchange", {}))
        return {}

    def closed(self, account: Account) -> None:
        self.notifying.closed(account.id)
        self.mailboxes.pop(account.id, None)
        self.settings.pop(account.id, None)

    # -- HTTP

    async def answer(self, request: Request) -> Response:
        found = self.gate.authenticate(request)
        if isinstance(found, Response):
            return found
        request.state.account = found.id
        return self.gate.answered(request, await self._let_in(request, found))

    async def _let_in(self, request: Request, found: Account) -> Response:
        if request.method in ("GET", "HEAD"):
            return Response(status_code=302, headers={"Location": "/EWS/Services.wsdl"})
        if request.method != "POST":
            return Response(status_code=405, headers={"Allow": "GET, HEAD, POST"})
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "text/xml":
            return Response(status_code=415)
        if int(request.headers.get("content-length", "0")) > LARGEST:
            return Response(status_code=413)
        running = self._running.get(found.id, 0)
        self._running[found.id] = running + 1
        try:
            answer = await self._answered(found, await request.body(), request, running)
        except Dropped:
            raise drop(request.scope) from None
        finally:
            self._running[found.id] -= 1
        return self._dressed(request, answer)

    def _logins(self) -> list[Login]:
        return [self.settings[account.id].entry(account) for account in self.sandbox.accounts]

    def _dressed(self, request: Request, answer: Response) -> Response:
        answer.headers["request-id"] = str(uuid.UUID(int=self.sandbox.random.getrandbits(128), version=4))
        answer.headers["Cache-Control"] = "private"
        answer.headers["X-FEServer"] = "EX1"
        given = request.headers.get("client-request-id")
        if given and request.headers.get("return-client-request-id", "").lower() == "true":
            answer.headers["client-request-id"] = given
        return answer

    async def _answered(self, account: Account, raw: bytes, request: Request, running: int) -> Response:
        known = self.settings[account.id]
        try:
            envelope = soap.envelope(raw)
            operation = name_of(envelope.body)
            request.state.operation = operation

            def strike(quirk: str) -> dict[str, Any] | None:
                return self.sandbox.quirks.strike(account.id, quirk, operation)

            if (slow := strike("exchange-slow")) is not None:
                await asyncio.sleep(slow["seconds"])
            if strike("exchange-drop-before") is not None:
                raise Dropped
            if strike("exchange-password-expired") is not None:
                return Response(status_code=401, headers={"WWW-Authenticate": f'Basic realm="{request.url.hostname}"'})
            if running >= known.connections:
                raise errors.too_many_connections()
            version = self._version(envelope, known)
            actor = self._actor(account, envelope.headers.get("ExchangeImpersonation"))
            call = Call(
                operation=operation,
                body=envelope.body,
                version=version,
                mailbox=self.mailboxes[actor.id],
                open=lambda address: self._open(actor, address),
                owned=lambda guid: self._owned(actor, guid),
                accounts=lambda: list(self.sandbox.accounts),
                strike=strike,
                now=self.sandbox.clock.now(),
            )
            found = self._performed(call, known.version)
            if isinstance(found, Response):
                return found
            content = soap.answer(found, known.version.info)
        except EwsError as error:
            return Response(soap.fault(error), error.status, media_type=XML)
        except Unavailable as gone:
            headers = {"Retry-After": str(gone.retry_after)} if gone.retry_after else {}
            return Response("<html><body>Service Unavailable</body></html>", gone.status, headers, "text/html")
        if strike("exchange-drop-after") is not None:
            raise Dropped
        return Response(content, media_type=XML)

    def _performed(self, call: Call, version: Version) -> Element | Response:
        """The answer's element, or one that is held open. Raises EwsError: the whole call is refused; Unavailable."""
        view = VIEWS.get(call.operation) or self.notifying.views.get(call.operation)
        if view is None and call.operation != STREAM:
            raise errors.unsupported(call.operation)
        try:
            odd.refuse(call.strike)
            odd.refuse_call(call)
            if view is None:
                return self.notifying.stream(call, version.hanging, version.info, XML)
            return odd.bent(call, view(call))
        except EwsError as error:
            if error.whole:
                raise
            return answers.refused(call.operation, call.body, error)

    # -- who asks, and of whom

    def _version(self, envelope: soap.Envelope, known: Settings) -> str:
        """The version that a request was written for, which it obeys. Raises EwsError."""
        header = envelope.headers.get("RequestServerVersion")
        asked = None if header is None else header.get("Version", "")
        try:
            found = schema.agreed(asked, known.version.newest)
        except schema.InvalidServerVersion:
            raise errors.version(asked or "") from None
        for element in (*envelope.headers.values(), envelope.body):
            if (wrong := schema.judge(element, found)) is not None:
                raise errors.schema(wrong.text, wrong.line)
        return found

    def _actor(self, account: Account, header: Element | None) -> Account:
        """Whom the request is made as. Raises EwsError."""
        if header is None:
            return account
        connecting = child(header, "ConnectingSID")
        if connecting is None or len(connecting) != 1:
            raise errors.impersonation_failed()
        name, text = name_of(connecting[0]), (connecting[0].text or "").strip()
        found = next((one for one in self.sandbox.accounts if self._is(one, name, text)), None)
        if found is None:
            raise errors.whole(errors.no_mailbox())
        allowed = self.settings[account.id].impersonates
        if allowed is not True and (allowed is False or found.email.lower() not in allowed):
            raise errors.impersonation_denied()
        return found

    def _is(self, account: Account, name: str, text: str) -> bool:
        return text == sid(account) if name == "SID" else text.lower() == account.email.lower()

    def _open(self, actor: Account, address: str) -> Mailbox:
        """Raises EwsError."""
        for account in self.sandbox.accounts:
            if account.email.lower() == address.lower():
                return self._allowed(actor, account)
        raise errors.no_mailbox()

    def _owned(self, actor: Account, guid: UUID) -> Mailbox:
        """Raises EwsError."""
        for account in self.sandbox.accounts:
            if self.mailboxes[account.id].guid == guid:
                return self._allowed(actor, account)
        raise errors.no_mailbox()

    def _allowed(self, actor: Account, owner: Account) -> Mailbox:
        if owner.id != actor.id and owner.email.lower() not in self.settings[actor.id].opens:
            raise errors.denied()
        return self.mailboxes[owner.id]
