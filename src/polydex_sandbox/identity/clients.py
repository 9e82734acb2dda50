"""The applications that are registered with an authorization server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Generic, Protocol, TypeVar
from urllib.parse import urlsplit

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class _Client(Protocol):
    """What every application has: an id, and whether it is there no more. It is a dataclass."""

    @property
    def id(self) -> str: ...

    @property
    def deleted(self) -> bool: ...


C = TypeVar("C", bound=_Client)


class ClientExists(Exception):
    """Another client has this id."""


class Clients(Generic[C]):
    """All clients by id, the default one first."""

    def __init__(self, default: C) -> None:
        self._by_id = {default.id: default}

    def add(self, client: C) -> None:
        """Raises ClientExists."""
        if client.id in self._by_id:
            raise ClientExists(client.id)
        self._by_id[client.id] = client

    def get(self, client_id: str) -> C | None:
        """Also one that was deleted."""
        return self._by_id.get(client_id)

    def replace(self, client: C) -> None:
        self._by_id[client.id] = client

    def delete(self, client: C) -> None:
        """From now on it is refused as deleted."""
        self._by_id[client.id] = replace(client, deleted=True)  # type: ignore[type-var]  # it is a dataclass

    def __iter__(self) -> Iterator[C]:
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

    Google's rules; Microsoft's differ in little (https://learn.microsoft.com/entra/identity-platform/reply-url).
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
