"""A CardDAV server that answers one address book from memory, as fast as it can: the floor for everything above it."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

from aiohttp import web

from bench.cards import card

HOME = "/dav/"
BOOK = HOME + "book/"
COUNT = "/requests"
"""Answers how many requests came before, and is none itself."""
_HREF = re.compile(rb"<[^>]*href>([^<]+)</[^>]*href>")
_HEAD = b'<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">'
_OK = "<status>HTTP/1.1 200 OK</status>"


class Responder:
    """Serves ``count`` cards under ``BOOK``; counts its requests."""

    def __init__(self, count: int) -> None:
        self.requests = 0
        self._entries: dict[bytes, bytes] = {}
        listing = [_HEAD, self._collection().encode()]
        for number in range(count):
            href, etag = f"{BOOK}{number}.vcf", f'"e{number}"'
            props = f"<getetag>{escape(etag)}</getetag><getcontenttype>text/vcard</getcontenttype>"
            data = f"<C:address-data>{escape(card(number).decode())}</C:address-data>"
            head = f"<response><href>{href}</href><propstat><prop>"
            tail = f"</prop>{_OK}</propstat></response>"
            listing.append(f"{head}{props}{tail}".encode())
            self._entries[href.encode()] = f"{head}{props}{data}{tail}".encode()
        self._listing = b"".join([*listing, b"</multistatus>"])
        self._state = b"".join([_HEAD, self._collection().encode(), b"</multistatus>"])

    @staticmethod
    def _collection() -> str:
        report = "<supported-report><report><sync-collection/></report></supported-report>"
        return (
            f"<response><href>{BOOK}</href><propstat><prop><resourcetype><collection/><C:addressbook/></resourcetype>"
            f"<sync-token>token-1</sync-token><supported-report-set>{report}</supported-report-set></prop>{_OK}"
            "</propstat></response>"
        )

    async def answer(self, request: web.Request) -> web.Response:
        """PROPFIND of the book, Depth 0 or 1, and addressbook-multiget."""
        if request.path == COUNT:
            return web.Response(text=str(self.requests))
        self.requests += 1
        body = await request.read()
        if not request.path.startswith(BOOK):
            return self._multistatus(self._home(request))
        if request.method == "REPORT":
            found = [self._entries[href] for href in _HREF.findall(body) if href in self._entries]
            return self._multistatus(b"".join([_HEAD, *found, b"</multistatus>"]))
        return self._multistatus(self._listing if request.headers.get("Depth") == "1" else self._state)

    def _home(self, request: web.Request) -> bytes:
        """What discovery asks for: one principal, one home, one address book."""
        props = "".join(f"<{name}><href>{HOME}</href></{name}>" for name in ("current-user-principal", "principal-URL"))
        props += f"<C:addressbook-home-set><href>{HOME}</href></C:addressbook-home-set>"
        own = (
            f"<response><href>{escape(request.path)}</href><propstat><prop>{props}"
            f"<resourcetype><collection/></resourcetype></prop>{_OK}</propstat></response>"
        )
        members = self._collection() if request.headers.get("Depth") == "1" else ""
        return b"".join([_HEAD, own.encode(), members.encode(), b"</multistatus>"])

    @staticmethod
    def _multistatus(body: bytes) -> web.Response:
        return web.Response(status=207, body=body, headers={"Content-Type": "application/xml; charset=utf-8"})

    def app(self) -> web.Application:
        """The application."""
        app = web.Application(client_max_size=1 << 30)
        app.router.add_route("*", "/{path:.*}", self.answer)
        return app


def main(port: int, count: int) -> None:
    """Serve until killed."""
    web.run_app(Responder(count).app(), host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    import sys

    main(int(sys.argv[1]), int(sys.argv[2]))
