"""The applications that are registered at Microsoft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from polydex_sandbox.accounts import PERSONAL, TENANT
from polydex_sandbox.identity.clients import LOOPBACK, on_loopback
from polydex_sandbox.identity.microsoft.errors import no_application, no_personal, personal_only, single_tenant
from polydex_sandbox.identity.microsoft.tenants import Tenant

Platform = Literal["web", "spa", "public"]
PLATFORMS: tuple[Platform, ...] = ("web", "spa", "public")

AUDIENCES = ("AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")
"""Whose accounts an application is for (``signInAudience`` of the manifest)."""


@dataclass(frozen=True)
class Client:
    """An app registration.

    Attributes:
        id: the application (client) id, a GUID.
        secret: ``client_secret``; "" when there is none.
        secret_expires: Unix milliseconds; None for never.
        certificates: those that may sign its client assertions, PEM.
        name: what the pages call it.
        platform: ``web`` proves itself by a secret or certificate, ``spa`` and ``public`` cannot
            (https://learn.microsoft.com/entra/identity-platform/msal-client-applications).
        redirect_uris: the registered ones.
        loopback: it may also redirect to any loopback address; a demo's port is free. Microsoft ignores the port of
            ``http://localhost`` only (https://learn.microsoft.com/entra/identity-platform/reply-url#localhost-exceptions).
        audience: one of AUDIENCES.
        tenant: the directory that it is registered in, a GUID.
        permissions: what ``.default`` stands for: delegated permissions of Graph, by their short names.
        roles: the application permissions of Graph that an administrator is asked for, by their short names.
        deleted: it was there once.
    """

    id: str = "5a9db0c5-0000-4000-8000-c0ffee00c11e"
    secret: str = "sbx8Q~sandbox-secret"  # noqa: S105 - opens nothing but this simulator
    secret_expires: int | None = None
    certificates: tuple[str, ...] = ()
    name: str = "Sandbox app"
    platform: Platform = "web"
    redirect_uris: tuple[str, ...] = ()
    loopback: bool = False
    audience: str = "AzureADandPersonalMicrosoftAccount"
    tenant: str = TENANT
    permissions: tuple[str, ...] = ("User.Read", "Contacts.ReadWrite")
    roles: tuple[str, ...] = ("Contacts.ReadWrite",)
    deleted: bool = False

    @property
    def confidential(self) -> bool:
        """Whether it can keep a secret."""
        return self.platform == "web"

    def accepts(self, redirect_uri: str) -> bool:
        """Whether a user may be sent there."""
        if redirect_uri in self.redirect_uris:
            return True
        if self.loopback:
            return on_loopback(redirect_uri)
        return on_loopback(redirect_uri) and _portless(redirect_uri) in map(_portless, self.redirect_uris)

    def check(self, tenant: Tenant) -> None:
        """That it may be used there. Raises StsError."""
        if self.deleted:
            raise no_application(self.id, tenant.name)
        personal = tenant.id == PERSONAL
        if self.audience == "AzureADMyOrg" and tenant.id != self.tenant:
            raise no_application(self.id, tenant.name) if tenant.id else single_tenant(self.id, self.name)
        if self.audience == "PersonalMicrosoftAccount" and not personal:
            raise personal_only(self.id, self.name)
        if self.audience == "AzureADMultipleOrgs" and personal:
            raise no_personal(self.id)


DEFAULT = Client(loopback=True)
"""The one that is there from the beginning."""


def _portless(uri: str) -> str:
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.hostname or "").geturl() if parts.hostname in LOOPBACK else uri


def client_of(found: Client | None, client_id: str, tenant: Tenant) -> Client:
    """The client, if it is there and may be used with that tenant. Raises StsError."""
    if found is None:
        raise no_application(client_id, tenant.name)
    found.check(tenant)
    return found
