"""The token endpoint (RFC 6749, section 3.2; https://developers.google.com/identity/protocols/oauth2/web-server)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from polydex_sandbox.accounts import Account
from polydex_sandbox.identity.forms import Unreadable, base_of, basic, pairs_of_form
from polydex_sandbox.identity.google.clients import Client
from polydex_sandbox.identity.google.errors import OAuthError, missing
from polydex_sandbox.identity.google.grants import TESTING_SECONDS, Issued
from polydex_sandbox.identity.google.parameters import answer, refusing, single
from polydex_sandbox.identity.google.scopes import EMAIL, PROFILE, parse
from polydex_sandbox.identity.google.service import Identity
from polydex_sandbox.identity.google.service_accounts import GRANT_TYPE, TOKEN_URL
from polydex_sandbox.identity.keys import encode

EXPIRES_IN = 3599
PATHS = ("/token", "/o/oauth2/token", "/oauth2/v4/token")
"""The present one, and those of older clients: accounts.google.com and www.googleapis.com."""


def routes(identity: Identity) -> list[BaseRoute]:
    endpoint = refusing(TokenEndpoint(identity).token, "oauth2.token")
    return [Route(path, endpoint, methods=["POST"]) for path in PATHS]


class TokenEndpoint:
    def __init__(self, identity: Identity) -> None:
        self.identity = identity

    async def token(self, request: Request) -> Response:
        parameters = single(await pairs_of_form(request))
        views: dict[str, Callable[[Request, dict[str, str]], Awaitable[dict[str, Any]]]] = {
            "authorization_code": self.by_code,
            "refresh_token": self.by_refresh_token,
            GRANT_TYPE: self.by_assertion,
        }
        kind = parameters.get("grant_type", "")
        if kind not in views:
            raise OAuthError("unsupported_grant_type", f"Invalid grant_type: {kind}")
        return answer(await views[kind](request, parameters))

    async def by_code(self, request: Request, parameters: dict[str, str]) -> dict[str, Any]:
        client = self._client(request, parameters)
        code, redirect_uri = _needed(parameters, "code"), _needed(parameters, "redirect_uri")
        grants, faults = self.identity.grants, self.identity.faults
        owner = grants.code_owner(code)
        if owner is not None:
            request.state.account = owner
            await faults.before(request.scope, owner, "authorization_code")
        issued = grants.redeem(code, client, redirect_uri, parameters.get("code_verifier"))
        faults.after(request.scope, issued.access.account_id, "authorization_code")
        return self._answer(request, client, issued)

    async def by_refresh_token(self, request: Request, parameters: dict[str, str]) -> dict[str, Any]:
        client = self._client(request, parameters)
        value = _needed(parameters, "refresh_token")
        grants, faults = self.identity.grants, self.identity.faults
        owner = grants.refresh_owner(value)
        if owner is not None:
            request.state.account = owner
            await faults.before(request.scope, owner, "refresh_token")
        scopes = None
        if "scope" in parameters:
            scopes, unknown = parse(parameters["scope"])
            if unknown:
                raise OAuthError("invalid_scope", "Bad Request")
        issued = grants.refresh(value, client, scopes)
        faults.after(request.scope, issued.access.account_id, "refresh_token")
        return self._answer(request, client, issued)

    async def by_assertion(self, request: Request, parameters: dict[str, str]) -> dict[str, Any]:
        sandbox, faults = self.identity.sandbox, self.identity.faults
        audiences = [*(base_of(request) + path for path in PATHS), TOKEN_URL]
        proved = self.identity.services.check(
            _needed(parameters, "assertion"), audiences, sandbox.accounts, sandbox.clock.now
        )
        request.state.account = proved.account.id
        await faults.before(request.scope, proved.account.id, "jwt-bearer")
        grant = sandbox.tokens.issue(
            proved.account.id, proved.scopes, now=sandbox.clock.now(), client_id=proved.service.client_id
        )
        faults.after(request.scope, proved.account.id, "jwt-bearer")
        return {"access_token": grant.token, "expires_in": EXPIRES_IN, "token_type": "Bearer"}

    def _client(self, request: Request, parameters: dict[str, str]) -> Client:
        """Who asks (RFC 6749, section 2.3.1). Raises OAuthError."""
        try:
            by_header = basic(request)
        except Unreadable:
            raise OAuthError("invalid_client", "Unauthorized", 401) from None
        client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
        if by_header is not None:
            if secret is not None or client_id not in (None, by_header[0]):
                raise OAuthError("invalid_request", "Only one way of client authentication may be used.")
            client_id, secret = by_header
        if client_id is None:
            raise OAuthError("invalid_request", "Could not determine client ID from request.")
        client = self.identity.clients.get(client_id)
        if client is None:
            raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
        if client.deleted:
            raise OAuthError("deleted_client", "The OAuth client was deleted.", 401)
        if not secret:
            raise OAuthError("invalid_request", "client_secret is missing.")
        if not hmac.compare_digest(secret.encode(), client.secret.encode()):
            raise OAuthError("invalid_client", "The provided client secret is invalid.", 401)
        return client

    def _answer(self, request: Request, client: Client, issued: Issued) -> dict[str, Any]:
        given: dict[str, Any] = {"access_token": issued.access.token, "expires_in": EXPIRES_IN}
        if issued.refresh is not None:
            given["refresh_token"] = issued.refresh.value
            if issued.refresh.expires is not None:
                given["refresh_token_expires_in"] = TESTING_SECONDS
        given |= {"scope": " ".join(issued.scopes), "token_type": "Bearer"}
        if "openid" in issued.scopes:
            account = self.identity.sandbox.accounts.get(issued.access.account_id)
            given["id_token"] = self._id_token(request, client, account, issued)
        return given

    def _id_token(self, request: Request, client: Client, account: Account, issued: Issued) -> str:
        """https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload"""
        now = self.identity.sandbox.clock.now() // 1000
        digest = hashlib.sha256(issued.access.token.encode()).digest()
        claims: dict[str, Any] = {
            "iss": self.identity.issuer_of(request),
            "azp": client.id,
            "aud": client.id,
            **claims_of(account, issued.scopes),
            "at_hash": encode(digest[:16]),
        }
        if issued.nonce is not None:
            claims["nonce"] = issued.nonce
        return self.identity.key.sign({**claims, "iat": now, "exp": now + 3600})


def claims_of(account: Account, scopes: tuple[str, ...]) -> dict[str, Any]:
    """What an ID token and userinfo say of a user."""
    claims: dict[str, Any] = {"sub": account.subject}
    if EMAIL in scopes:
        claims |= {"email": account.email, "email_verified": True}
    if PROFILE in scopes:
        first, _, last = account.name.partition(" ")
        claims |= {"name": account.name, "given_name": first, **({"family_name": last} if last else {})}
    return claims


def _needed(parameters: dict[str, str], name: str) -> str:
    if name not in parameters:
        raise missing(name)
    return parameters[name]
