"""The CardDAV provider: services and their presets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit, urlunsplit

from polydex.connectors.base import Connector, Identity, SourceInfo
from polydex.connectors.carddav import hrefs
from polydex.connectors.carddav.book import Book
from polydex.connectors.carddav.connector import CardDavConnector
from polydex.connectors.carddav.dav import Dav, trusted_hosts
from polydex.connectors.carddav.discovery import Discovery
from polydex.connectors.carddav.probe import probe
from polydex.connectors.provider import Credentials, Probe
from polydex.core.errors import BadRequest
from polydex.net.auth import PasswordAuth
from polydex.net.client import Net

_PRESETS = {"iCloud": "https://contacts.icloud.com/", "Fastmail": "https://carddav.fastmail.com/"}
_NEXTCLOUD_PATH = "/remote.php/dav/"


@dataclass(frozen=True, slots=True)
class CardDavProvider:
    """See ``connectors.provider.Provider``."""

    name: str = "carddav"
    services: tuple[str, ...] = ("CardDAV", "iCloud", "Fastmail", "Nextcloud")
    mapping_version: int = 1

    def configured(self, options: Mapping[str, str]) -> CardDavProvider:
        """There is nothing to set."""
        del options
        return self

    def prepare(self, service: str, credentials: Credentials) -> Credentials:
        """The credentials with the server's address.

        iCloud and Fastmail have a fixed one. Nextcloud needs its address and gets the path of its DAV service. For any
        other server a host name is enough, or a login that is an e-mail address, whose domain is asked.

        Raises:
            BadRequest: something is missing; the message names it.
        """
        if not credentials.password:
            raise BadRequest("password is missing")
        url = _PRESETS.get(service) or credentials.server_url.strip()
        if not url and service == "CardDAV" and "@" in credentials.login:
            url = credentials.login.rpartition("@")[2]
        if not url:
            raise BadRequest(f"serverUrl is missing: {service} needs the address of the server")
        if service == "Nextcloud":
            url = _nextcloud(_absolute(url))
        return Credentials(credentials.login, credentials.password, _absolute(url))

    async def discover(self, net: object, credentials: Credentials) -> tuple[Identity, tuple[SourceInfo, ...]]:
        dav = _dav(net, credentials)
        return await Discovery(dav, credentials.server_url, credentials.login).books()

    def connect(
        self,
        net: object,
        credentials: Credentials,
        source_key: str,
        options: Mapping[str, str],
        context: bytes | None = None,
    ) -> Connector:
        """``options``: ``region`` (two letters). A card needs no context."""
        del context
        dav = _dav(net, credentials)
        url = hrefs.collection(hrefs.absolute(credentials.server_url, source_key))
        book = Book(dav, url, options.get("region") or None)
        return CardDavConnector(book, credentials.server_url, credentials.login)

    def probe(self, net: object, credentials: Credentials, source_key: str | None) -> AsyncIterator[Probe]:
        return probe(_dav(net, credentials), credentials, source_key)


def _dav(net: object, credentials: Credentials) -> Dav:
    auth = PasswordAuth(credentials.login, credentials.password)
    return Dav(cast("Net", net), auth, trusted_hosts(credentials.server_url))


def _absolute(url: str) -> str:
    """The URL with a scheme, in normal form. Raises BadRequest."""
    if "://" not in url:
        url = f"https://{url}"
    try:
        parts = urlsplit(url)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname) and parts.username is None
        normal = hrefs.absolute(url, "") if usable else ""
    except ValueError:
        normal = ""
    if not normal:
        raise BadRequest("serverUrl is not an address such as https://dav.example.com/")
    return normal


def _nextcloud(url: str) -> str:
    parts = urlsplit(url)
    if "/remote.php/" in parts.path:
        return url
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + _NEXTCLOUD_PATH, query=""))


CARDDAV = CardDavProvider()
"""Found through the entry point ``polydex.providers``."""
