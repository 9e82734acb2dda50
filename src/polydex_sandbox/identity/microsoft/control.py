"""What Microsoft's identity platform adds to the control API: app registrations, directories, grants, refresh tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from cryptography import x509
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from polydex_sandbox.control import Missing, account_of, answer, nothing, route
from polydex_sandbox.identity.clients import ClientExists, fault_of
from polydex_sandbox.identity.keys import encode
from polydex_sandbox.identity.microsoft.administration import Installed
from polydex_sandbox.identity.microsoft.clients import AUDIENCES, DEFAULT, PLATFORMS, Client
from polydex_sandbox.identity.microsoft.errors import StsError
from polydex_sandbox.identity.microsoft.grants import RefreshToken
from polydex_sandbox.identity.microsoft.scopes import ROLES, SIGN_IN, TEXTS
from polydex_sandbox.identity.microsoft.service import MicrosoftIdentity
from polydex_sandbox.members import BadInput, body_of, flag_of, text_of, texts_of

_MEMBERS = (
    "name", "redirectUris", "secretExpires", "certificates", "audience", "tenant", "permissions", "roles",
)  # fmt: skip


def routes(identity: MicrosoftIdentity) -> list[BaseRoute]:
    control = MicrosoftControl(identity)
    views: dict[tuple[str, str], Callable[[Request], Awaitable[Response]]] = {
        ("GET", "/microsoft/clients"): control.clients,
        ("POST", "/microsoft/clients"): control.create_client,
        ("GET", "/microsoft/clients/{client}"): control.client,
        ("PATCH", "/microsoft/clients/{client}"): control.change_client,
        ("DELETE", "/microsoft/clients/{client}"): control.delete_client,
        ("GET", "/microsoft/tenants/{tenant}"): control.tenant,
        ("PATCH", "/microsoft/tenants/{tenant}"): control.change_tenant,
        ("PUT", "/microsoft/tenants/{tenant}/clients/{client}"): control.install,
        ("DELETE", "/microsoft/tenants/{tenant}/clients/{client}"): control.uninstall,
        ("GET", "/accounts/{account}/microsoft/grants"): control.grants,
        ("DELETE", "/accounts/{account}/microsoft/grants"): control.withdraw,
        ("POST", "/accounts/{account}/microsoft/refreshTokens"): control.register,
        ("POST", "/accounts/{account}/microsoft/refreshTokens/expire"): control.expire,
        ("POST", "/accounts/{account}/microsoft/revokeSignInSessions"): control.revoke,
        ("POST", "/accounts/{account}/microsoft/changePassword"): control.change_password,
    }
    return [route(method, path, view) for (method, path), view in views.items()]


class MicrosoftControl:
    def __init__(self, identity: MicrosoftIdentity) -> None:
        self.identity, self.sandbox = identity, identity.sandbox

    # --- app registrations -----------------------------------------------------------------------------------------

    async def clients(self, _request: Request) -> Response:
        return answer({"clients": [_client(client) for client in self.identity.clients]})

    async def client(self, request: Request) -> Response:
        return answer(_client(self._client(request.path_params["client"])))

    async def create_client(self, request: Request) -> Response:
        """All optional: ``clientId``, ``clientSecret``, ``platform``, and what `change_client` takes."""
        given = await body_of(request, ("clientId", "clientSecret", "platform", *_MEMBERS))
        random = self.sandbox.random
        platform = next((each for each in PLATFORMS if each == given.get("platform", "web")), None)
        if platform is None:
            raise BadInput(f"platform has to be one of {', '.join(PLATFORMS)}")
        secret = text_of(given, "clientSecret", f"sbx8Q~{encode(random.randbytes(24))}") if platform == "web" else ""
        client = Client(
            id=text_of(given, "clientId", str(UUID(bytes=random.randbytes(16), version=4))),
            secret=secret,
            platform=platform,
        )
        client = _changed(client, given)
        try:
            self.identity.clients.add(client)
        except ClientExists:
            return answer({"error": f"There is a client {client.id} already"}, 409)
        return answer(_client(client), 201)

    async def change_client(self, request: Request) -> Response:
        """Any of ``_MEMBERS``."""
        client = self._client(request.path_params["client"])
        changed = _changed(client, await body_of(request, _MEMBERS))
        self.identity.clients.replace(changed)
        return answer(_client(changed))

    async def delete_client(self, request: Request) -> Response:
        """From now on nobody knows it."""
        client = self._client(request.path_params["client"])
        if client.id == DEFAULT.id:
            raise BadInput("The default client cannot be deleted")
        self.identity.clients.delete(client)
        return nothing()

    def _client(self, client_id: str) -> Client:
        found = self.identity.clients.get(client_id)
        if found is None or found.deleted:
            raise Missing(f"There is no client {client_id}")
        return found

    # --- directories -----------------------------------------------------------------------------------------------

    async def tenant(self, request: Request) -> Response:
        return answer(self._shown(self._tenant(request)))

    async def change_tenant(self, request: Request) -> Response:
        """``userConsent``: whether users may consent for themselves."""
        tenant = self._tenant(request)
        given = await body_of(request, ("userConsent",))
        restricted = self.identity.administration.restricted
        (restricted.discard if flag_of(given, "userConsent") else restricted.add)(tenant)
        return answer(self._shown(tenant))

    async def install(self, request: Request) -> Response:
        """An administrator's consent, in place of an earlier one: ``roles`` and ``scopes``, none of them when left out."""
        tenant, client = self._tenant(request), self._client(request.path_params["client"])
        given = await body_of(request, ("roles", "scopes"))
        roles, scopes = _known(given, "roles", ROLES), _known(given, "scopes", _PERMISSIONS)
        self.identity.administration.grant(tenant, client.id, roles, scopes)
        return answer(self._shown(tenant))

    async def uninstall(self, request: Request) -> Response:
        """The application is removed from the directory, with everything that was granted there."""
        tenant, client = self._tenant(request), self._client(request.path_params["client"])
        self.identity.administration.remove(tenant, client.id)
        for account in self.sandbox.accounts:
            if account.tenant == tenant:
                self.identity.grants.withdraw(account.id, client.id)
        return nothing()

    def _tenant(self, request: Request) -> str:
        """The directory in the path, by GUID or domain."""
        try:
            found = self.identity.tenant(request.path_params["tenant"])
        except StsError:
            raise Missing("There is no such directory") from None
        if not found.id:
            raise BadInput("The directory has to be one, by its GUID or domain")
        return found.id

    def _shown(self, tenant: str) -> dict[str, Any]:
        administration = self.identity.administration
        return {
            "tenant": tenant,
            "userConsent": tenant not in administration.restricted,
            "clients": [_installed(client, found) for client, found in administration.of(tenant).items()],
        }

    # --- grants ----------------------------------------------------------------------------------------------------

    async def grants(self, request: Request) -> Response:
        """What the user has allowed, per client, and all refresh tokens, dead ones too."""
        account = account_of(self.sandbox, request)
        grants = self.identity.grants
        consents = [
            {"clientId": client, "scopes": list(names)} for client, names in grants.consents(account.id).items()
        ]
        return answer(
            {"grants": consents, "refreshTokens": [self._refresh(each) for each in grants.refresh_tokens(account.id)]}
        )

    async def withdraw(self, request: Request) -> Response:
        """The user takes an app's access away (``?clientId=``; all apps without): the consent, and what it carries."""
        account = account_of(self.sandbox, request)
        only = request.query_params.get("clientId")
        for client in self.identity.clients if only is None else [self._client(only)]:
            self.identity.grants.withdraw(account.id, client.id)
        return nothing()

    async def register(self, request: Request) -> Response:
        """``refreshToken`` (a new one when left out), ``scopes``, ``clientId``; the pages ask all the same."""
        account = account_of(self.sandbox, request)
        given = await body_of(request, ("refreshToken", "scopes", "clientId"))
        client = self._client(text_of(given, "clientId", DEFAULT.id))
        names = _known(given, "scopes", _PERMISSIONS) if "scopes" in given else client.permissions
        value = text_of(given, "refreshToken") if "refreshToken" in given else None
        return answer(self._refresh(self.identity.register(account, client, names, value)), 201)

    async def expire(self, request: Request) -> Response:
        """``{"refreshToken": ...}``, or all of the account: they die as if their time had come."""
        account = account_of(self.sandbox, request)
        given = await body_of(request, ("refreshToken",))
        known = list(self.identity.grants.refresh_tokens(account.id))
        if "refreshToken" in given:
            value = text_of(given, "refreshToken")
            known = [each for each in known if each.value == value]
            if not known:
                raise Missing("The account has no such refresh token")
        for each in known:
            self.identity.grants.expire(each.value)
        return nothing()

    async def revoke(self, request: Request) -> Response:
        """All refresh tokens of the user are revoked, by themselves or an administrator; access tokens live on."""
        account = account_of(self.sandbox, request)
        self.identity.grants.revoke(account.id, [client.id for client in self.identity.clients])
        return nothing()

    async def change_password(self, request: Request) -> Response:
        """The refresh tokens of clients that keep no secret are revoked; the others live on."""
        account = account_of(self.sandbox, request)
        clients = [client.id for client in self.identity.clients if not client.confidential]
        self.identity.grants.revoke(account.id, clients)
        return nothing()

    def _refresh(self, token: RefreshToken) -> dict[str, Any]:
        client = self.identity.clients.get(token.client_id)
        granted = () if client is None else self.identity.granted(token.account, client)
        alive = client is not None and self.identity.grants.refusal(token, client, granted) is None
        return {
            "refreshToken": token.value,
            "clientId": token.client_id,
            "scopes": list(token.scopes.names),
            "origin": token.origin or None,
            "issued": token.issued,
            "used": token.used,
            "expires": token.expires,
            "alive": alive,
        }


_PERMISSIONS = {name: text for name, text in TEXTS.items() if name not in SIGN_IN}


def _changed(client: Client, given: dict[str, Any]) -> Client:
    """Raises BadInput."""
    uris = tuple(texts_of(given, "redirectUris")) if "redirectUris" in given else client.redirect_uris
    for uri in uris:
        if (fault := fault_of(uri)) is not None:
            raise BadInput(f"{uri} cannot be a redirect URI: {fault}")
    audience = text_of(given, "audience", client.audience)
    if audience not in AUDIENCES:
        raise BadInput(f"audience has to be one of {', '.join(AUDIENCES)}")
    expires = given.get("secretExpires", client.secret_expires)
    if expires is not None and (isinstance(expires, bool) or not isinstance(expires, int)):
        raise BadInput("secretExpires has to be Unix milliseconds, or null")
    return replace(
        client,
        name=text_of(given, "name", client.name),
        redirect_uris=uris,
        secret_expires=expires,
        certificates=_certificates(given, client.certificates),
        audience=audience,
        tenant=text_of(given, "tenant", client.tenant).lower(),
        permissions=_known(given, "permissions", _PERMISSIONS) if "permissions" in given else client.permissions,
        roles=_known(given, "roles", ROLES) if "roles" in given else client.roles,
    )


def _certificates(given: dict[str, Any], before: tuple[str, ...]) -> tuple[str, ...]:
    """Raises BadInput."""
    if "certificates" not in given:
        return before
    found = tuple(texts_of(given, "certificates"))
    for each in found:
        try:
            x509.load_pem_x509_certificate(each.encode())
        except ValueError:
            raise BadInput("certificates has to be a list of certificates as PEM") from None
    return found


def _known(given: Mapping[str, Any], name: str, known: Iterable[str]) -> tuple[str, ...]:
    """A list of short names of permissions. Raises BadInput."""
    found = tuple(dict.fromkeys(texts_of(given, name)))
    if unknown := sorted(set(found) - set(known)):
        raise BadInput(f"{name} has unknown ones: {', '.join(unknown)}")
    return found


def _client(client: Client) -> dict[str, Any]:
    return {
        "clientId": client.id,
        "clientSecret": client.secret or None,
        "secretExpires": client.secret_expires,
        "certificates": list(client.certificates),
        "name": client.name,
        "platform": client.platform,
        "redirectUris": list(client.redirect_uris),
        "loopback": client.loopback,
        "audience": client.audience,
        "tenant": client.tenant,
        "permissions": list(client.permissions),
        "roles": list(client.roles),
    }


def _installed(client_id: str, found: Installed) -> dict[str, Any]:
    return {"clientId": client_id, "roles": list(found.roles), "scopes": list(found.scopes)}
