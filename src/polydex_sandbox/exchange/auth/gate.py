"""The gate that every request goes through."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from polydex_sandbox.accounts import Account
from polydex_sandbox.connection import kept
from polydex_sandbox.exchange.auth.binding import AUTHENTICATE, bound_to, expected
from polydex_sandbox.exchange.auth.handshake import Handshake, Refused, Scheme, begins
from polydex_sandbox.exchange.auth.login import METHODS, Login, Method
from polydex_sandbox.tokens import Identity

EWS_SCOPE = "EWS.AccessAsUser.All"
"""The last part of the scope that a bearer token needs, whatever resource stands before it."""

_KEPT = "exchange.auth"
_PROVEN = "exchange_proven"
_SCHEMES: dict[str, tuple[Scheme, str]] = {"ntlm": ("ntlm", "NTLM"), "negotiate": ("negotiate", "Negotiate")}


@dataclass
class _Known:
    """What a connection is believed: a handshake that is under way, or whose it is."""

    handshake: Handshake | None = None
    login: Login | None = None


class Gate:
    """Lets requests in, by their headers and by what their connection has proven.

    Args:
        logins: all that there are now.
        tokens: who bearer tokens speak for.
        now: Unix milliseconds.
        certificate: what the server shows, DER; None when it speaks no TLS.
    """

    def __init__(
        self,
        logins: Callable[[], Iterable[Login]],
        tokens: Identity,
        now: Callable[[], int],
        certificate: bytes | None = None,
    ) -> None:
        self._logins, self._tokens, self._now = logins, tokens, now
        self._binding = None if certificate is None else expected(certificate)

    def authenticate(self, request: Request) -> Account | Response:
        """Whose the request is, or the answer that asks for a proof or goes on with one.

        NTLM and Negotiate prove a connection; Basic and bearer tokens a request, whosever the connection is.
        """
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        scheme, given = scheme.lower(), given.strip()
        if scheme == "basic":
            found = self._basic(given)
        elif scheme == "bearer":
            found = self._bearer(given)
        elif scheme in _SCHEMES:
            return self._windows(request, scheme, given)
        elif scheme:
            found = None
        else:
            found = self._connection(request)
        return self._refusal(request) if found is None else found

    def answered(self, request: Request, response: Response) -> Response:
        """An answer to a request that was let in, with the server's part of the proof that came with it."""
        if (proof := getattr(request.state, _PROVEN, None)) is not None:
            response.headers["WWW-Authenticate"] = proof
        return response

    # -- by request

    def _basic(self, given: str) -> Account | None:
        name, colon, password = _decoded(given).decode("utf-8", "replace").partition(":")
        for login in self._allowed("basic"):
            if colon and name.lower() in login.names and password == login.password:
                return login.account
        return None

    def _bearer(self, given: str) -> Account | None:
        grant = self._tokens.access(given)
        if grant is None or grant.expires <= self._now():
            return None
        if not any(scope.rpartition("/")[2] == EWS_SCOPE for scope in grant.scopes):
            return None
        found = (login.account for login in self._allowed("bearer"))
        return next((account for account in found if account.id == grant.account_id), None)

    # -- by connection

    def _connection(self, request: Request) -> Account | None:
        known: _Known | None = kept(request.scope).get(_KEPT)
        # Also one that has another password by now is let in no more.
        if known is not None and known.login is not None and known.login in self._logins():
            return known.login.account
        kept(request.scope).pop(_KEPT, None)
        return None

    def _windows(self, request: Request, scheme: str, given: str) -> Account | Response:
        of_connection = kept(request.scope)
        method, name = _SCHEMES[scheme]
        token = _decoded(given)
        known: _Known | None = of_connection.pop(_KEPT, None)
        handshake = None if known is None else known.handshake
        if not self._allowed(method) or not token:
            return self._refusal(request)
        if begins(token):
            handshake = Handshake(method, self._logins())
        elif handshake is None or handshake.scheme != method:
            return self._refusal(request)
        try:
            answer = handshake.step(token)
        except Refused:
            return self._refusal(request)
        if not handshake.complete and AUTHENTICATE not in token:
            of_connection[_KEPT] = _Known(handshake=handshake)
            return _challenge(name, answer)
        login = handshake.login()
        if login is None or not self._bound(request, login, token):
            return self._refusal(request)
        of_connection[_KEPT] = _Known(login=login)
        if answer:
            setattr(request.state, _PROVEN, f"{name} {base64.b64encode(answer).decode()}")
        return login.account

    def _bound(self, request: Request, login: Login, token: bytes) -> bool:
        """Whether Extended Protection lets a proof pass."""
        bound = bound_to(token)
        if login.binding == "none" or (login.binding == "allow" and bound is None):
            return True
        return request.url.scheme == "https" and self._binding is not None and bound == self._binding

    # -- refusals

    def _allowed(self, method: Method) -> list[Login]:
        return [login for login in self._logins() if method in login.methods]

    def _refusal(self, request: Request) -> Response:
        """401 with all methods that let somebody in, in the order of IIS."""
        response = Response(status_code=401)
        for method in METHODS:
            if self._allowed(method):
                response.headers.append("WWW-Authenticate", _offer(method, request.url.hostname or ""))
        return response


def _offer(method: Method, host: str) -> str:
    if method == "basic":
        return f'Basic realm="{host}"'
    if method == "bearer":
        return (
            'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="", '
            'token_types="app_asserted_user_v1 service_asserted_app_v1"'
        )
    return _SCHEMES[method][1]


def _challenge(name: str, token: bytes | None) -> Response:
    return Response(status_code=401, headers={"WWW-Authenticate": f"{name} {base64.b64encode(token or b'').decode()}"})


def _decoded(given: str) -> bytes:
    """Nothing when it is not base64."""
    try:
        return base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        return b""
