"""The applications that are registered with the authorization server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


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


class ClientExists(Exception):
    """Another client has this id."""


class Clients:
    """All clients by id, the default one first."""

    def __init__(self, default: Client) -> None:
        self._by_id = {default.id: default}

    def add(self, client: Client) -> None:
        """Raises ClientExists."""
        if client.id in self._by_id:
            raise ClientExists(client.id)
        self._by_id[client.id] = client

    def get(self, client_id: str) -> Client | None:
        """Also one that was deleted."""
        return self._by_id.get(client_id)

    def replace(self, client: Client) -> None:
        self._by_id[client.id] = client

    def delete(self, client: Client) -> None:
        """From now on it is refused as deleted."""
        self._by_id[client.id] = replace(client, deleted=True)

    def __iter__(self) -> Iterator[Client]:
        return iter([client for client in self._by_id.values() if not client.deleted])


def on_loopback(uri: str) -> bool:
    """Whether it is plain http to this machine, without anything odd."""
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return False
    plain = uri.isascii() and uri.isprintable() and not set(' "<>\\^`{|}').intersection(uri)
    return (
        plain and parts.scheme == "http" and parts.hostname in LOOPBACK and "@" not in parts.netloc and "#" not in uri
    )


def fault_of(uri: str) -> str | None:
    """Why a redirect URI cannot be registered for a web client; None when it can.

    https://developers.google.com/identity/protocols/oauth2/web-server#uri-validation
    """
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return "it is not a URI"
    if not uri.isascii() or not uri.isprintable() or set(' "<>\\^`{|}*').intersection(uri):
        return "it holds a character that is not allowed"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "it has to begin with https:// or http://"
    if "@" in parts.netloc or "#" in uri or "/.." in parts.path:
        return "it must hold neither user information, nor a fragment, nor a path traversal"
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return "http is only for the loopback interface"
    return None
