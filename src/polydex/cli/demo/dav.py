"""A real CardDAV server for the demonstration, and a plain client to look into it behind the product's back."""

from __future__ import annotations

import base64
import contextlib
import http.client
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

from polydex.cli.demo.people import Card
from polydex.cli.demo.process import free_port, running
from polydex.core.errors import ConfigInvalid

LOOPBACK = "127.0.0.1"
LOGIN, PASSWORD = "demo", "demo-password"

_CONFIG = """
[server]
hosts = {host}:{port}
[auth]
type = htpasswd
htpasswd_filename = {folder}/users
htpasswd_encryption = plain
delay = 0
[rights]
type = owner_only
[storage]
filesystem_folder = {folder}/collections
[web]
type = none
[logging]
level = error
"""
_LIST = b'<?xml version="1.0"?><d:propfind xmlns:d="DAV:"><d:prop><d:getetag/><d:resourcetype/></d:prop></d:propfind>'

_NAME = (
    b'<?xml version="1.0"?><d:propertyupdate xmlns:d="DAV:"><d:set><d:prop>'
    b"<d:displayname>Made-up people</d:displayname></d:prop></d:set></d:propertyupdate>"
)


@dataclass(frozen=True, slots=True)
class Address:
    """The address book on the server.

    Attributes:
        server: where discovery begins.
        url: of the collection.
    """

    server: str
    url: str
    password: str = field(default=PASSWORD, repr=False)

    def list(self) -> dict[str, str]:
        """Absolute URL -> ETag of every card."""
        status, body = self.request("PROPFIND", self.url, _LIST, {"Depth": "1", "Content-Type": "application/xml"})
        if status != 207:
            raise ConfigInvalid(f"The demonstration's CardDAV server answers {status}")
        found: dict[str, str] = {}
        for entry in ET.fromstring(body).iter("{DAV:}response"):  # noqa: S314 - from the server that we started
            if entry.find(".//{DAV:}resourcetype/{DAV:}collection") is None:
                found[urljoin(self.url, entry.findtext("{DAV:}href", ""))] = entry.findtext(".//{DAV:}getetag") or ""
        return found

    def card(self, url: str) -> bytes | None:
        """A card as the server gives it; None when there is none."""
        status, body = self.request("GET", url)
        return body if status == 200 else None

    def put(self, url: str, body: bytes, content_type: str = "text/vcard; charset=utf-8") -> int:
        """Store a card, or a whole address book at its own URL; the status."""
        return self.request("PUT", url, body, {"Content-Type": content_type})[0]

    def request(
        self, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        login = base64.b64encode(f"{LOGIN}:{self.password}".encode()).decode()
        try:
            connection.request(method, parts.path, body or None, {"Authorization": f"Basic {login}", **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


@contextlib.contextmanager
def serve(folder: Path) -> Iterator[Address]:
    """Radicale as a process of its own, on a free port of loopback, with its files in ``folder``.

    Raises:
        ConfigInvalid: Radicale is not installed, or does not come up.
    """
    port = free_port()
    (folder / "config").write_text(_CONFIG.format(host=LOOPBACK, port=port, folder=folder), encoding="utf-8")
    (folder / "users").write_text(f"{LOGIN}:{PASSWORD}\n", encoding="ascii")
    argv = [sys.executable, "-m", "radicale", "--config", str(folder / "config")]
    with running(argv, "the CardDAV server (Radicale)", LOOPBACK, port, folder / "radicale.log"):
        server = f"http://{LOOPBACK}:{port}/"
        yield Address(server, f"{server}{LOGIN}/contacts/")


def fill(address: Address, cards: list[Card]) -> None:
    """Put the whole address book onto the server. Raises ConfigInvalid."""
    status = address.put(address.url, "".join(card.text for card in cards).encode())
    if status not in (200, 201, 204):
        raise ConfigInvalid(f"The demonstration's CardDAV server did not take the address book: {status}")
    address.request("PROPPATCH", address.url, _NAME, {"Content-Type": "application/xml"})
