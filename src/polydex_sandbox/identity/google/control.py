"""What the authorization server adds to the control API: clients, service accounts, grants and refresh tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from polydex_sandbox.accounts import Account
from polydex_sandbox.control import Missing, account_of, answer, nothing, route
from polydex_sandbox.identity.clients import ClientExists, fault_of
from polydex_sandbox.identity.forms import base_of
from polydex_sandbox.identity.google.clients import Client
from polydex_sandbox.identity.google.grants import RefreshToken
from polydex_sandbox.identity.google.service import Identity
from polydex_sandbox.identity.google.service_accounts import ServiceAccount
from polydex_sandbox.identity.keys import encode
from polydex_sandbox.members import BadInput, body_of, text_of


def routes(identity: Identity) -> list[BaseRoute]:
    control = IdentityControl(identity)
    views: dict[tuple[str, str], Callable[[Request], Awaitable[Response]]] = {
        ("GET", "/clients"): control.clients,
        ("POST", "/clients"): control.create_client,
        ("GET", "/clients/{client}"): control.client,
        ("PATCH", "/clients/{client}"): control.change_client,
        ("DELETE", "/clients/{client}"): control.delete_client,
        ("GET", "/serviceAccounts"): control.services,
        ("POST", "/serviceAccounts"): control.create_service,
        ("GET", "/serviceAccounts/{email}"): control.service,
        ("PATCH", "/serviceAccounts/{email}"): control.change_service,
        ("DELETE", "/serviceAccounts/{email}"): control.delete_service,
        ("GET", "/accounts/{account}/grants"): control.grants,
        ("DELETE", "/accounts/{account}/grants"): control.withdraw,
        ("POST", "/accounts/{account}/refreshTokens"): control.register,
        ("POST", "/accounts/{account}/refreshTokens/expire"): control.expire,
        ("POST", "/accounts/{account}/refreshTokens/revoke"): control.revoke,
        ("GET", "/issuer"): control.issuer,
        ("PUT", "/issuer"): control.set_issuer,
    }
    return [route(method, path, view) for (method, path), view in views.items()]


class IdentityControl:
    def __init__(self, identity: Identity) -> None:
        self.identity, self.sandbox = identity, identity.sandbox

    # --- clients ---------------------------------------------------------------------------------------------------

    async def clients(self, request: Request) -> Response:
        return answer({"clients": [_client(client, base_of(request)) for client in self.identity.clients]})

    async def client(self, request: Request) -> Response:
        return answer(_client(self._client(request.path_params["client"]), base_of(request)))

    async def create_client(self, request: Request) -> Response:
        """All optional: ``clientId``, ``clientSecret``, ``name``, ``type``, ``redirectUris``, ``testing``."""
        given = await body_of(request, ("clientId", "clientSecret", "name", "type", "redirectUris", "testing"))
        random = self.sandbox.random
        number, letters = random.randrange(10**11, 10**12), f"{random.getrandbits(160):032x}"[:32]
        kind = given.get("type", "web")
        if kind not in ("web", "installed"):
            raise BadInput("type has to be web or installed")
        client = Client(
            id=text_of(given, "clientId", f"{number}-{letters}.apps.googleusercontent.com"),
            secret=text_of(given, "clientSecret", f"GOCSPX-{encode(random.randbytes(21))}"),
            type=kind,
        )
        client = _changed(client, given)
        try:
            self.identity.clients.add(client)
        except ClientExists:
            return answer({"error": f"There is a client {client.id} already"}, 409)
        return answer(_client(client, base_of(request)), 201)

    async def change_client(self, request: Request) -> Response:
        """``name``, ``redirectUris``, ``testing``; tokens that were given out before stay as they are."""
        client = self._client(request.path_params["client"])
        changed = _changed(client, await body_of(request, ("name", "redirectUris", "testing")))
        self.identity.clients.replace(changed)
        return answer(_client(changed, base_of(request)))

    async def delete_client(self, request: Request) -> Response:
        """From now on it is refused with ``deleted_client``."""
        client = self._client(request.path_params["client"])
        if client.id == self.sandbox.client.id:
            raise BadInput("The default client cannot be deleted")
        self.identity.clients.delete(client)
        return nothing()

    def _client(self, client_id: str) -> Client:
        found = self.identity.clients.get(client_id)
        if found is None or found.deleted:
            raise Missing(f"There is no client {client_id}")
        return found

    # --- service accounts ------------------------------------------------------------------------------------------

    async def services(self, _request: Request) -> Response:
        return answer({"serviceAccounts": [_service(each) for each in self.identity.services]})

    async def service(self, request: Request) -> Response:
        return answer(_service(self._service(request)))

    async def create_service(self, request: Request) -> Response:
        """``name`` (before the @), ``delegation``: scopes. The answer's ``key`` is the JSON key file."""
        given = await body_of(request, ("name", "delegation"))
        name = text_of(given, "name", "sandbox")
        if not name.replace("-", "").isalnum() or not name.isascii():
            raise BadInput("name has to be made of letters, digits and hyphens")
        delegation = _texts(given, "delegation") or ()
        email = f"{name.lower()}@polydex-sandbox.iam.gserviceaccount.com"
        account = self.sandbox.accounts.create(email, name, self.sandbox.clock.now())
        for provider in self.identity.others:
            provider.opened(account, {})
        made = self.identity.services.add(account, delegation)
        return answer({**_service(made), "key": made.file(base_of(request))}, 201)

    async def change_service(self, request: Request) -> Response:
        """``delegation``: scopes."""
        service = self._service(request)
        service.delegation = _texts(await body_of(request, ("delegation",)), "delegation") or ()
        return answer(_service(service))

    async def delete_service(self, request: Request) -> Response:
        service = self._service(request)
        for provider in (*self.identity.others, self.identity):
            provider.closed(service.account)
        self.sandbox.remove(service.account)
        return nothing()

    def _service(self, request: Request) -> ServiceAccount:
        email = request.path_params["email"]
        found = self.identity.services.get(email)
        if found is None:
            raise Missing(f"There is no service account {email}")
        return found

    # --- grants ----------------------------------------------------------------------------------------------------

    async def grants(self, request: Request) -> Response:
        """What the user has allowed, per client, and all refresh tokens, dead ones too."""
        account = account_of(self.sandbox, request)
        now = self.sandbox.clock.now()
        consents = [
            {"clientId": each.client_id, "scopes": list(each.scopes), "given": each.given, "expires": each.expires}
            for each in self.identity.grants.consents(account.id)
        ]
        refresh = [_refresh(each, now) for each in self.identity.grants.refresh_tokens(account.id)]
        return answer({"grants": consents, "refreshTokens": refresh})

    async def withdraw(self, request: Request) -> Response:
        """The user takes an app's access away (``?clientId=``; all apps without): consent, codes and tokens die."""
        account = account_of(self.sandbox, request)
        only = request.query_params.get("clientId")
        for client in self.identity.clients if only is None else [self._client(only)]:
            self.identity.grants.withdraw(account.id, client.id)
        return nothing()

    async def register(self, request: Request) -> Response:
        """``refreshToken`` (a new one when left out), ``scopes``, ``clientId``; the pages ask all the same."""
        account = account_of(self.sandbox, request)
        given = await body_of(request, ("refreshToken", "scopes", "clientId"))
        client = self._client(text_of(given, "clientId", self.sandbox.client.id))
        scopes = _texts(given, "scopes")
        if scopes is None:
            scopes = tuple(sorted(set().union(*(provider.default_scopes for provider in self.identity.others))))
        value = text_of(given, "refreshToken") if "refreshToken" in given else None
        made = self.identity.register(account, client, scopes, value)
        return answer(_refresh(made, self.sandbox.clock.now()), 201)

    async def expire(self, request: Request) -> Response:
        """``{"refreshToken": ...}``, or all of the account: they die as if their time had come."""
        for each in await self._chosen(request):
            self.identity.grants.expire(each.value)
        return nothing()

    async def revoke(self, request: Request) -> Response:
        """``{"refreshToken": ...}``, or all of the account: with each dies the whole grant."""
        for each in await self._chosen(request):
            self.identity.grants.withdraw(each.account_id, each.client_id)
        return nothing()

    async def _chosen(self, request: Request) -> list[RefreshToken]:
        account: Account = account_of(self.sandbox, request)
        given = await body_of(request, ("refreshToken",))
        known = list(self.identity.grants.refresh_tokens(account.id))
        if "refreshToken" not in given:
            return known
        value = text_of(given, "refreshToken")
        found = [each for each in known if each.value == value]
        if not found:
            raise Missing("The account has no such refresh token")
        return found

    # --- issuer ----------------------------------------------------------------------------------------------------

    async def issuer(self, request: Request) -> Response:
        return answer({"issuer": self.identity.issuer_of(request)})

    async def set_issuer(self, request: Request) -> Response:
        """``{"issuer": text or null}``: what ID tokens and the discovery document say; null: the address that was asked."""
        given = await body_of(request, ("issuer",))
        self.identity.issuer = None if given.get("issuer") is None else text_of(given, "issuer")
        return answer({"issuer": self.identity.issuer_of(request)})


def _changed(client: Client, given: dict[str, Any]) -> Client:
    """Raises BadInput."""
    uris = _texts(given, "redirectUris")
    for uri in uris or ():
        if (fault := fault_of(uri)) is not None:
            raise BadInput(f"{uri} cannot be a redirect URI: {fault}")
    testing = given.get("testing", client.testing)
    if not isinstance(testing, bool):
        raise BadInput("testing has to be true or false")
    return replace(
        client,
        name=text_of(given, "name", client.name),
        redirect_uris=client.redirect_uris if uris is None else uris,
        testing=testing,
    )


def _texts(given: dict[str, Any], name: str) -> tuple[str, ...] | None:
    """None when it is left out. Raises BadInput."""
    if name not in given:
        return None
    value = given[name]
    if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
        raise BadInput(f"{name} has to be a list of texts")
    return tuple(value)


def _client(client: Client, base: str) -> dict[str, Any]:
    return {
        "clientId": client.id,
        "clientSecret": client.secret,
        "name": client.name,
        "type": client.type,
        "redirectUris": list(client.redirect_uris),
        "loopback": client.loopback,
        "testing": client.testing,
        "file": client.file(base),
    }


def _service(service: ServiceAccount) -> dict[str, Any]:
    return {
        "email": service.account.email,
        "account": service.account.id,
        "clientId": service.client_id,
        "delegation": list(service.delegation),
    }


def _refresh(token: RefreshToken, now: int) -> dict[str, Any]:
    return {
        "refreshToken": token.value,
        "clientId": token.client_id,
        "scopes": list(token.scopes),
        "issued": token.issued,
        "used": token.used,
        "expires": token.expires,
        "alive": token.alive(now),
    }
