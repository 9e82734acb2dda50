"""What the tests know of a running CardDAV server, and a plain client that shares no code with the product."""

import base64
import http.client
import itertools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree as ET

NEW_BOOK = """<?xml version="1.0" encoding="utf-8"?>
<d:mkcol xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><d:set><d:prop>
<d:resourcetype><d:collection/><c:addressbook/></d:resourcetype><d:displayname>{name}</d:displayname>
</d:prop></d:set></d:mkcol>"""

LIST = """<?xml version="1.0" encoding="utf-8"?>
<d:propfind xmlns:d="DAV:"><d:prop><d:getetag/><d:resourcetype/></d:prop></d:propfind>"""

_names = (f"book-{os.getpid()}-{number}" for number in itertools.count(1))


class Response(NamedTuple):
    """Status, headers with lower-case names, and the whole body."""

    status: int
    headers: dict[str, str]
    body: bytes


class DavAccount(NamedTuple):
    """One user of a server: the credentials, and the URL of the collection that holds the address books."""

    user: str
    password: str
    home: str


@dataclass(frozen=True, slots=True)
class DavServer:
    """A running CardDAV server on loopback.

    Attributes:
        name: "radicale", "xandikos", "cyrus" or "sabre".
        url: where discovery starts; ends with a slash.
        account: the user that every test may share; tests keep apart by their own address books.
        pid: process id of the server.
        new_account: makes a further user, for tests of discovery (Xandikos has one user only, and gives that one).
    """

    name: str
    url: str
    account: DavAccount
    pid: int
    new_account: Callable[[], DavAccount] = field(repr=False)

    @property
    def user(self) -> str:
        return self.account.user

    @property
    def password(self) -> str:
        return self.account.password

    @property
    def home(self) -> str:
        return self.account.home

    def create_book(self, account: DavAccount | None = None, name: str | None = None) -> str:
        """Make a fresh, empty address book by extended MKCOL (RFC 5689, RFC 6352 section 6.3.1); its URL."""
        account = account or self.account
        name = name or next(_names)
        url = urljoin(account.home, f"{name}/")
        response = self.request("MKCOL", url, NEW_BOOK.format(name=name), {"Content-Type": "application/xml"}, account)
        if response.status != http.client.CREATED:
            raise AssertionError(f"{self.name}: MKCOL {url} answered {response.status}: {response.body[:500]!r}")
        return url

    def list_book(self, book: str, account: DavAccount | None = None) -> dict[str, str]:
        """What is in an address book: absolute URL -> ETag as the server writes it ("" if it gives none)."""
        response = self.request("PROPFIND", book, LIST, {"Depth": "1", "Content-Type": "application/xml"}, account)
        if response.status != http.client.MULTI_STATUS:
            raise AssertionError(f"{self.name}: PROPFIND {book} answered {response.status}: {response.body[:500]!r}")
        found: dict[str, str] = {}
        for entry in ET.fromstring(response.body).iter("{DAV:}response"):
            if entry.find(".//{DAV:}resourcetype/{DAV:}collection") is None:
                found[urljoin(book, entry.findtext("{DAV:}href", ""))] = entry.findtext(".//{DAV:}getetag") or ""
        return found

    def request(
        self,
        method: str,
        url: str,
        body: str | bytes = b"",
        headers: Mapping[str, str] | None = None,
        account: DavAccount | None = None,
    ) -> Response:
        """One request with Basic authentication on a connection of its own; no redirect is followed."""
        account = account or self.account
        credentials = base64.b64encode(f"{account.user}:{account.password}".encode()).decode()
        return request(
            method, urljoin(self.url, url), body, {"Authorization": f"Basic {credentials}", **(headers or {})}
        )


def request(method: str, url: str, body: str | bytes = b"", headers: Mapping[str, str] | None = None) -> Response:
    """One HTTP request on a connection of its own; OSError or HTTPException when it breaks."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        content = body.encode() if isinstance(body, str) else body
        connection.request(method, target or "/", content or None, dict(headers or {}))
        answer = connection.getresponse()
        return Response(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())
    finally:
        connection.close()
