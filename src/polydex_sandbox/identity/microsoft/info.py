"""What the identity platform tells of itself, and signing out.

https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from polydex_sandbox.identity.forms import base_of, pairs_of_query
from polydex_sandbox.identity.microsoft import errors
from polydex_sandbox.identity.microsoft.answers import answer, refusing, single
from polydex_sandbox.identity.microsoft.asked import Way
from polydex_sandbox.identity.microsoft.service import MicrosoftIdentity
from polydex_sandbox.identity.microsoft.showing import COOKIE, away, page, showing

_PUBLIC = {"cache-control": "max-age=86400, private", "access-control-allow-origin": "*"}


def routes(identity: MicrosoftIdentity) -> list[BaseRoute]:
    info, clock = Info(identity), identity.sandbox.clock
    discovery = refusing(info.discovery, "microsoft.discovery", clock)
    keys = refusing(info.keys, "microsoft.keys", clock)
    instance = refusing(info.instance, "microsoft.instance", clock)
    return [
        Route("/{tenant}/v2.0/.well-known/openid-configuration", discovery, methods=["GET"]),
        Route("/{tenant}/discovery/v2.0/keys", keys, methods=["GET"]),
        Route("/common/discovery/instance", instance, methods=["GET"]),
        Route("/{tenant}/oauth2/v2.0/logout", showing(info.logout, "microsoft.logout", clock), methods=["GET"]),
    ]


class Info:
    def __init__(self, identity: MicrosoftIdentity) -> None:
        self.identity = identity

    async def discovery(self, request: Request) -> Response:
        """https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration, with what the sandbox can do."""
        tenant, base = self.identity.tenant(request.path_params["tenant"]), base_of(request)
        here = f"{base}/{tenant.name}"
        found = {
            "token_endpoint": f"{here}/oauth2/v2.0/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": f"{here}/discovery/v2.0/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": tenant.issuer(base),
            "request_uri_parameter_supported": False,
            "authorization_endpoint": f"{here}/oauth2/v2.0/authorize",
            "device_authorization_endpoint": f"{here}/oauth2/v2.0/devicecode",
            "http_logout_supported": True,
            "frontchannel_logout_supported": True,
            "end_session_endpoint": f"{here}/oauth2/v2.0/logout",
            "claims_supported": [
                "sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver", "email", "oid",
            ],
            "tenant_region_scope": None,
            "cloud_instance_name": urlsplit(base).netloc,
            "msgraph_host": urlsplit(base).netloc,
        }  # fmt: skip
        return answer(found, headers=_PUBLIC)

    async def keys(self, request: Request) -> Response:
        tenant, key = self.identity.tenant(request.path_params["tenant"]), self.identity.key
        jwk = {**key.jwk(), "x5t": key.id, "issuer": tenant.issuer(base_of(request))}
        # Microsoft gives none, and libraries have had to do without it.
        del jwk["alg"]
        return answer({"keys": [jwk]}, headers=_PUBLIC)

    async def instance(self, request: Request) -> Response:
        """Whether an authority is one of Microsoft's, as its libraries ask; here: whether it is this sandbox."""
        parameters = single(pairs_of_query(request))
        asked = urlsplit(parameters.get("authorization_endpoint", ""))
        # Microsoft's libraries leave the port out.
        host = urlsplit(base_of(request)).hostname or ""
        if asked.hostname != host:
            raise errors.StsError("invalid_instance", 50049, "Unknown or invalid instance.")
        tenant = asked.path.split("/")[1]
        found: dict[str, Any] = {
            "tenant_discovery_endpoint": f"{base_of(request)}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": parameters.get("api-version", "1.1"),
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
        }
        return answer(found, headers=_PUBLIC)

    async def logout(self, request: Request) -> Response:
        """Ends the browser's visit; goes on to where the client wants, if that is a redirect URI of any client."""
        parameters = single(pairs_of_query(request))
        self.identity.tenant(request.path_params["tenant"])
        target = parameters.get("post_logout_redirect_uri", "")
        known = any(client.accepts(target) for client in self.identity.clients)
        answered = (
            away(Way(target, "query", parameters.get("state")), {}, request) if known else page("signed_out.html")
        )
        answered.delete_cookie(COOKIE, "/")
        return answered
