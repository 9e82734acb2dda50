"""The applications that are registered at Google."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from polydex_sandbox.identity.clients import on_loopback


@dataclass(frozen=True)
class Client:
    """An OAuth client.

    Attributes:
        id: ``client_id``.
        secret: ``client_secret``.
        name: what the pages call it.
        type: ``web``: redirects to one of its registered URIs, exactly. ``installed``: redirects to any port and path of
            the loopback interface (RFC 8252, section 7.3), and always gets a refresh token
            (https://developers.google.com/identity/protocols/oauth2/native-app).
        redirect_uris: the registered ones.
        loopback: it may also redirect as an installed one; Google has no such web clients, but a demo's port is free.
        testing: its publishing status is "Testing": users are warned, refresh tokens live for seven days
            (https://developers.google.com/identity/protocols/oauth2#expiration).
        deleted: it was there once.
    """

    id: str = "1000000000-sandbox.apps.googleusercontent.com"
    secret: str = "GOCSPX-sandbox"  # noqa: S105 - opens nothing but this simulator
    name: str = "Sandbox app"
    type: Literal["web", "installed"] = "web"
    redirect_uris: tuple[str, ...] = ()
    loopback: bool = False
    testing: bool = False
    deleted: bool = False

    def accepts(self, redirect_uri: str) -> bool:
        """Whether a user may be sent there."""
        if redirect_uri in self.redirect_uris:
            return True
        return (self.loopback or self.type == "installed") and on_loopback(redirect_uri)

    def file(self, base: str) -> dict[str, Any]:
        """The JSON file that Google's console gives out (``client_secret_*.json``), for the sandbox at `base`."""
        return {
            self.type: {
                "client_id": self.id,
                "project_id": "polydex-sandbox",
                "auth_uri": f"{base}/o/oauth2/auth",
                "token_uri": f"{base}/token",
                "auth_provider_x509_cert_url": f"{base}/oauth2/v1/certs",
                "client_secret": self.secret,
                "redirect_uris": list(self.redirect_uris) or ["http://localhost"],
            }
        }


DEFAULT = Client(loopback=True)
"""The one that is there from the beginning."""
