"""What the authorization server tells of itself, of tokens and of users; and the end of a token."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from polydex_sandbox.accounts import Account
from polydex_sandbox.identity.forms import base_of, pairs_of_form, pairs_of_query
from polydex_sandbox.identity.google.errors import OAuthError, missing
from polydex_sandbox.identity.google.parameters import answer, refusing, single
from polydex_sandbox.identity.google.scopes import EMAIL, SIGN_IN, TEXTS
from polydex_sandbox.identity.google.service import Identity
from polydex_sandbox.identity.google.service_accounts import GRANT_TYPE
from polydex_sandbox.identity.google.token import claims_of
from polydex_sandbox.identity.keys import NotAToken, parts_of
from polydex_sandbox.tokens import Grant

_REALM = 'Bearer realm="https://accounts.google.com/"'


def routes(identity: Identity) -> list[BaseRoute]:
    info = Info(identity)
    userinfo = refusing(info.userinfo, "oauth2.userinfo")
    tokeninfo = refusing(info.tokeninfo, "oauth2.tokeninfo")
    revoke = refusing(info.revoke, "oauth2.revoke")
    both = ["GET", "POST"]
    return [
        Route("/.well-known/openid-configuration", refusing(info.discovery, "oauth2.discovery"), methods=["GET"]),
        Route("/oauth2/v3/certs", refusing(info.keys, "oauth2.certs"), methods=["GET"]),
        Route("/oauth2/v1/certs", refusing(info.certificates, "oauth2.certs"), methods=["GET"]),
        Route("/oauth2/v3/userinfo", userinfo, methods=both),
        Route("/v1/userinfo", userinfo, methods=both),
        Route("/tokeninfo", tokeninfo, methods=both),
        Route("/oauth2/v3/tokeninfo", tokeninfo, methods=both),
        # GET there is answered with 404 (https://github.com/googleapis/oauth2client/issues/750).
        Route("/revoke", revoke, methods=["POST"]),
        Route("/o/oauth2/revoke", revoke, methods=both),
    ]


class Info:
    def __init__(self, identity: Identity) -> None:
        self.identity = identity

    async def discovery(self, request: Request) -> Response:
        """https://accounts.google.com/.well-known/openid-configuration, with what the sandbox can do."""
        base = base_of(request)
        found = {
            "issuer": self.identity.issuer_of(request),
            "authorization_endpoint": f"{base}/o/oauth2/v2/auth",
            "token_endpoint": f"{base}/token",
            "userinfo_endpoint": f"{base}/v1/userinfo",
            "revocation_endpoint": f"{base}/revoke",
            "jwks_uri": f"{base}/oauth2/v3/certs",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": [
                "aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name", "sub",
            ],
            "code_challenge_methods_supported": ["plain", "S256"],
            "grant_types_supported": ["authorization_code", "refresh_token", GRANT_TYPE],
        }  # fmt: skip
        return answer(found, headers={"cache-control": "public, max-age=3600"})

    async def keys(self, _request: Request) -> Response:
        return answer({"keys": [self.identity.key.jwk()]}, headers={"cache-control": "public, max-age=3600"})

    async def certificates(self, _request: Request) -> Response:
        key = self.identity.key
        return answer({key.id: key.certificate}, headers={"cache-control": "public, max-age=3600"})

    async def userinfo(self, request: Request) -> Response:
        """https://openidconnect.googleapis.com/v1/userinfo; errors as in RFC 6750, section 3.1."""
        grant = self._bearer(request)
        if grant is None:
            value = {"error": "invalid_request", "error_description": "Invalid Credentials"}
            return answer(value, 401, {"www-authenticate": f'{_REALM}, error="invalid_token"'})
        request.state.account = grant.account_id
        if not SIGN_IN.intersection(grant.scopes):
            # What Google says to a token without any of these scopes is not documented.
            value = {"error": "insufficient_scope", "error_description": "Insufficient Permission"}
            return answer(value, 403, {"www-authenticate": f'{_REALM}, error="insufficient_scope"'})
        return answer(claims_of(self._account(grant), tuple(grant.scopes)))

    async def tokeninfo(self, request: Request) -> Response:
        """Every value is a text, as Google's (https://github.com/parse-community/parse-server/issues/2921)."""
        parameters = single([*pairs_of_query(request), *await pairs_of_form(request)])
        if "id_token" in parameters:
            return answer(self._of_id_token(parameters["id_token"]))
        grant = self._live(parameters.get("access_token", ""))
        if grant is None:
            raise OAuthError("invalid_token", "Invalid Value")
        request.state.account = grant.account_id
        account = self._account(grant)
        left = (grant.expires - self.identity.sandbox.clock.now()) // 1000
        # The order of TEXTS, so that the answer is the same each time.
        scopes = sorted(grant.scopes, key=[*TEXTS, *sorted(grant.scopes)].index)
        found = {
            "azp": grant.client_id,
            "aud": grant.client_id,
            "sub": account.subject,
            "scope": " ".join(scopes),
            "exp": str(grant.expires // 1000),
            "expires_in": str(left),
            "access_type": "online" if self.identity.grants.refresh_owner(grant.origin) is None else "offline",
        }
        if EMAIL in grant.scopes:
            found |= {"email": account.email, "email_verified": "true"}
        return answer(found)

    async def revoke(self, request: Request) -> Response:
        """The token in the query or in the body; without authentication of the client, as at Google."""
        parameters = single([*pairs_of_query(request), *await pairs_of_form(request)])
        if "token" not in parameters:
            raise missing("token")
        token = parameters["token"]
        identity = self.identity
        grant = self._live(token)
        if grant is not None and identity.services.owns(grant.client_id):
            # https://github.com/google-github-actions/auth/issues/165
            raise OAuthError("invalid_request", "Token is not revocable.")
        owner = grant.account_id if grant is not None else identity.grants.refresh_owner(token)
        if owner is not None:
            request.state.account = owner
            await identity.faults.before(request.scope, owner, "revoke")
        if identity.grants.revoke(token) is None:
            raise OAuthError("invalid_token", "Token expired or revoked")
        identity.faults.after(request.scope, owner or "", "revoke")
        return answer({})

    def _of_id_token(self, token: str) -> dict[str, Any]:
        try:
            claims = self.identity.key.verify(token)
            header, _, _ = parts_of(token)
        except NotAToken:
            raise OAuthError("invalid_token", "Invalid Value") from None
        if claims["exp"] * 1000 <= self.identity.sandbox.clock.now():
            raise OAuthError("invalid_token", "Invalid Value")
        texts = {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in claims.items()}
        return {**texts, **header}

    def _bearer(self, request: Request) -> Grant | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self._live(token.strip())
        return self._live(request.query_params.get("access_token", ""))

    def _live(self, token: str) -> Grant | None:
        grant = self.identity.sandbox.tokens.access(token)
        if grant is None or grant.tenant or grant.expires <= self.identity.sandbox.clock.now():
            return None
        return grant

    def _account(self, grant: Grant) -> Account:
        return self.identity.sandbox.accounts.get(grant.account_id)
