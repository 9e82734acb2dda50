"""The token endpoint, and the one for device codes.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow and v2-oauth2-client-creds-grant-flow.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from polydex_sandbox.accounts import Account
from polydex_sandbox.identity.forms import base_of, pairs_of_form
from polydex_sandbox.identity.microsoft import errors
from polydex_sandbox.identity.microsoft.answers import answer, refusing, single
from polydex_sandbox.identity.microsoft.claims import client_info
from polydex_sandbox.identity.microsoft.clients import Client
from polydex_sandbox.identity.microsoft.devices import GRANT_TYPE, INTERVAL, LIFETIME
from polydex_sandbox.identity.microsoft.grants import RefreshToken
from polydex_sandbox.identity.microsoft.proof import client_of
from polydex_sandbox.identity.microsoft.quirks import COMMON, KEPT, STRICT
from polydex_sandbox.identity.microsoft.scopes import SIGN_IN, Scopes, check_default, parse, told, whole
from polydex_sandbox.identity.microsoft.service import MicrosoftIdentity
from polydex_sandbox.identity.microsoft.tenants import Tenant

SHORTEST, LONGEST = 3600, 5400
"""Seconds that an access token lives: drawn from between these.

https://learn.microsoft.com/entra/identity-platform/configurable-token-lifetimes#access-tokens
"""


def routes(identity: MicrosoftIdentity) -> list[BaseRoute]:
    endpoint, clock = TokenEndpoint(identity), identity.sandbox.clock
    token = refusing(endpoint.token, "microsoft.token", clock)
    device = refusing(endpoint.device, "microsoft.devicecode", clock)
    return [
        Route("/{tenant}/oauth2/v2.0/token", token, methods=["GET", "POST"]),
        Route("/{tenant}/oauth2/v2.0/devicecode", device, methods=["GET", "POST"]),
    ]


class TokenEndpoint:
    def __init__(self, identity: MicrosoftIdentity) -> None:
        self.identity, self.sandbox = identity, identity.sandbox

    async def token(self, request: Request) -> Response:
        if request.method != "POST":
            raise errors.only_post(request.method)
        parameters = single(await pairs_of_form(request))
        tenant = self.identity.tenant(request.path_params["tenant"])
        views: dict[str, Callable[[Request, Client, Tenant, dict[str, str]], Awaitable[dict[str, Any]]]] = {
            "authorization_code": self.by_code,
            "refresh_token": self.by_refresh_token,
            "client_credentials": self.by_client,
            GRANT_TYPE: self.by_device,
        }
        kind = _needed(parameters, "grant_type")
        if kind not in views:
            raise errors.StsError(
                "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{kind}'."
            )
        client = client_of(request, parameters, self.identity, tenant)
        found = await views[kind](request, client, tenant, parameters)
        return answer(found, headers=_cors(request, client))

    async def by_code(
        self, request: Request, client: Client, tenant: Tenant, parameters: dict[str, str]
    ) -> dict[str, Any]:
        value, redirect_uri = _needed(parameters, "code"), _needed(parameters, "redirect_uri")
        if client.platform == "spa" and "origin" not in request.headers:
            raise errors.StsError(
                "invalid_request",
                9002327,
                "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin "
                "requests.",
            )
        known = self.identity.grants.code_of(value)
        if known is not None:
            await self._before(request, [known.account], "authorization_code")
            self._check_tenant(known.account, client, tenant)
        code = self.identity.grants.redeem(value, client, redirect_uri, parameters.get("code_verifier"))
        found = self._answer(request, client, code.account, code.scopes, parameters, nonce=code.nonce)
        if code.scopes.offline:
            found["refresh_token"] = self.identity.grants.refreshable(code.account, client, code.scopes).value
        self.identity.faults.after(request.scope, [code.account.id], "authorization_code")
        return found

    async def by_refresh_token(
        self, request: Request, client: Client, tenant: Tenant, parameters: dict[str, str]
    ) -> dict[str, Any]:
        identity = self.identity
        token = identity.grants.refresh_token(_needed(parameters, "refresh_token"))
        if token is None:
            raise errors.bad_refresh_token()
        account = token.account
        await self._before(request, [account], "refresh_token")
        # What is not asked for is what was asked for in the beginning.
        asked = parse(parameters["scope"], client) if "scope" in parameters else token.scopes
        granted = identity.granted(account, client)
        if token.spent and identity.faults.parameters(account.id, STRICT).get("family", False):
            identity.grants.end_family(token)
        refused = identity.grants.refusal(token, client, granted)
        if refused is not None:
            raise refused
        self._check_tenant(account, client, tenant)
        if not set(asked.permissions) <= set(granted):
            raise errors.unconsented(client.id, client.name)
        strikes = identity.faults.strike
        if account.personal and tenant.name == "common" and strikes([account.id], COMMON, "refresh_token") is not None:
            raise errors.personal_over()
        found = self._answer(request, client, account, asked, parameters)
        self._rotate(token, client, asked, found)
        identity.faults.after(request.scope, [account.id], "refresh_token")
        return found

    def _rotate(self, token: RefreshToken, client: Client, asked: Scopes, found: dict[str, Any]) -> None:
        """Each use gives another refresh token; the old one stays good, unless strictly.

        https://learn.microsoft.com/entra/identity-platform/refresh-tokens#token-lifetime
        """
        grants, strike = self.identity.grants, self.identity.faults.strike
        token.used = self.sandbox.clock.now()
        if strike([token.account.id], KEPT, "refresh_token") is not None:
            return
        names = tuple(dict.fromkeys([*token.scopes.names, *asked.names]))
        fresh = grants.refreshable(token.account, client, Scopes(names, asked.whole), origin=token)
        found["refresh_token"] = fresh.value
        if strike([token.account.id], STRICT, "refresh_token") is not None:
            token.spent = True

    async def by_client(
        self, request: Request, client: Client, tenant: Tenant, parameters: dict[str, str]
    ) -> dict[str, Any]:
        """The application for itself (https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow)."""
        if not client.confidential:
            raise errors.secret_needed()
        # What Microsoft says at `consumers` could not be confirmed.
        if not tenant.id or tenant.name == "consumers":
            raise errors.tenant_needed()
        check_default(parameters.get("scope", ""))
        concerned = [each for each in self.identity.users() if each.tenant == tenant.id]
        await self._before(request, concerned, "client_credentials")
        installed = self.identity.administration.installed(tenant.id, client.id)
        if installed is None and tenant.id != client.tenant:
            raise errors.no_service_principal(client.id, tenant.id)
        # Without any right there is a token all the same, which opens nothing.
        roles = installed.roles if installed is not None else ()
        now, seconds = self.sandbox.clock.now(), self._lifetime()
        made = self.identity.signer.application_token(
            base_of(request), client, tenant.id, now, now + seconds * 1000, roles
        )
        self._issue(made, "", roles, now, seconds, client, tenant.id)
        self.identity.faults.after(request.scope, [each.id for each in concerned], "client_credentials")
        return {"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": made}

    async def by_device(
        self, request: Request, client: Client, tenant: Tenant, parameters: dict[str, str]
    ) -> dict[str, Any]:
        device = self.identity.devices.of(_needed(parameters, "device_code"), client)
        if device.account is None:
            raise errors.malformed()
        await self._before(request, [device.account], "device_code")
        self._check_tenant(device.account, client, tenant)
        device.used = True
        scopes = device.asked.scopes
        found = self._answer(request, client, device.account, scopes, parameters)
        if scopes.offline:
            found["refresh_token"] = self.identity.grants.refreshable(device.account, client, scopes).value
        self.identity.faults.after(request.scope, [device.account.id], "device_code")
        return found

    async def device(self, request: Request) -> Response:
        """What a device shows its user (RFC 8628, section 3.2)."""
        if request.method != "POST":
            raise errors.only_post(request.method)
        parameters = single(await pairs_of_form(request))
        tenant = self.identity.tenant(request.path_params["tenant"])
        client = client_of(request, parameters, self.identity, tenant, proof=False)
        made = self.identity.devices.begin(client, tenant, parse(parameters.get("scope", ""), client))
        uri = f"{base_of(request)}/common/oauth2/deviceauth"
        return answer(
            {
                "user_code": made.user_code,
                "device_code": made.code,
                "verification_uri": uri,
                "expires_in": LIFETIME,
                "interval": INTERVAL,
                "message": (
                    f"To sign in, use a web browser to open the page {uri} and enter the code {made.user_code} to "
                    "authenticate."
                ),
            }
        )

    # --- what they have in common ----------------------------------------------------------------------------------

    async def _before(self, request: Request, accounts: Sequence[Account], method: str) -> None:
        if len(accounts) == 1:
            request.state.account = accounts[0].id
        ids = [each.id for each in accounts]
        await self.identity.faults.before(request.scope, ids, method, self.sandbox.clock.now())

    def _check_tenant(self, account: Account, client: Client, tenant: Tenant) -> None:
        """That the account's tokens are given out here. Raises StsError."""
        if not tenant.admits(account):
            if account.personal or tenant.name == "consumers":
                # Which number Microsoft gives could not be confirmed.
                raise errors.malformed("invalid_grant")
            raise self.identity.foreign(account, tenant, client)

    def _answer(
        self,
        request: Request,
        client: Client,
        account: Account,
        asked: Scopes,
        parameters: dict[str, str],
        *,
        nonce: str | None = None,
    ) -> dict[str, Any]:
        """Everything but the refresh token."""
        identity, now, seconds = self.identity, self.sandbox.clock.now(), self._lifetime()
        granted = identity.granted(account, client)
        permissions = tuple(name for name in granted if name not in SIGN_IN)
        base, expires = base_of(request), now + seconds * 1000
        made = identity.signer.access_token(base, client, account, now, expires, permissions)
        self._issue(made, account.id, permissions, now, seconds, client, account.tenant)
        found: dict[str, Any] = {
            "token_type": "Bearer",
            "scope": told(granted, asked),
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": made,
        }
        if "openid" in asked.names:
            found["id_token"] = identity.signer.id_token(
                base, client, account, now,
                nonce=nonce, email="email" in asked.names, profile="profile" in asked.names,
            )  # fmt: skip
        if parameters.get("client_info") == "1":
            found["client_info"] = client_info(account)
        return found

    def _issue(
        self, made: str, account_id: str, names: Sequence[str], now: int, seconds: int, client: Client, tenant: str
    ) -> None:
        self.sandbox.tokens.issue(
            account_id, whole(names), now=now, client_id=client.id, token=made, lifetime=seconds * 1000, tenant=tenant
        )

    def _lifetime(self) -> int:
        return self.sandbox.random.randrange(SHORTEST, LONGEST)


def _needed(parameters: dict[str, str], name: str) -> str:
    if name not in parameters:
        raise errors.missing(name)
    return parameters[name]


def _cors(request: Request, client: Client) -> dict[str, str]:
    """Only single-page apps are answered across origins."""
    origin = request.headers.get("origin")
    return {"access-control-allow-origin": origin} if origin is not None and client.platform == "spa" else {}
