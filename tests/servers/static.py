"""A CardDAV server with as many users and cards as one likes: cards are made up from their numbers when they are asked for.

    python -m tests.servers.static PORT CARDS

Any user name and password are right. What another client of the user does is asked for by PUT and DELETE of a card;
both count as changes of the book, whatever the body says. ``POST /silence`` with the names of users, one a line: from
now on these are not answered any more, until the next such request.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import escape

from aiohttp import web

from tests.servers.process import LOOPBACK, free_port, listening, running, workspace

SILENCE_SECONDS = 3600.0
_HREF = re.compile(rb"<[^>]*href>([^<]+)</[^>]*href>")
_TOKEN = re.compile(rb"<[^>]*sync-token>([^<]*)</[^>]*sync-token>")
_HEAD = '<?xml version="1.0"?><multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">'
_OK = "<status>HTTP/1.1 200 OK</status>"
_REPORT = "<supported-report><report><sync-collection/></report></supported-report>"


def card(user: str, number: int, version: int) -> str:
    """A typical card. The nickname of one person is unlike that of all others; everybody has the same company."""
    return (
        "BEGIN:VCARD\r\nVERSION:3.0\r\n"
        f"UID:{user}-{number}\r\nFN:Person {number} Example\r\nN:Example;Person {number};;;\r\n"
        f"NICKNAME:nick{number}of{user}\r\nORG:Common Company;Sales {number % 50}\r\n"
        f"EMAIL;TYPE=WORK:p{number}@{user}.example.com\r\nTEL;TYPE=CELL:+49170{1_000_000 + number}\r\n"
        f"ADR;TYPE=HOME:;;Main Street {number};Berlin;;10115;Germany\r\nNOTE:Version {version}\r\nEND:VCARD\r\n"
    )


@dataclass(slots=True)
class Changes:
    """What other clients have done to a book of which every card had the version 0.

    Attributes:
        token: counts the changes.
        versions: of the cards that are not as they were; None for one that is gone.
        when: the token of the last change of each of those.
    """

    token: int = 0
    versions: dict[int, int | None] = field(default_factory=dict)
    when: dict[int, int] = field(default_factory=dict)

    def change(self, number: int, *, gone: bool) -> None:
        self.token += 1
        self.versions[number] = None if gone else self.token
        self.when[number] = self.token


class Static:
    """The server: a principal, a home and one address book for each user."""

    def __init__(self, cards: int) -> None:
        self.cards = cards
        self._books: dict[str, Changes] = {}
        self._silent: frozenset[str] = frozenset()

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        if request.path == "/silence":
            self._silent = frozenset(body.decode().split())
            return web.Response(status=204)
        scheme, _, sent = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic":
            return web.Response(status=401, headers={"WWW-Authenticate": 'Basic realm="static"'})
        user = base64.b64decode(sent).decode().partition(":")[0]
        if user in self._silent:
            await asyncio.sleep(SILENCE_SECONDS)
        home = f"/{user}/"
        book = f"{home}book/"
        changes = self._books.get(user) or Changes()
        if request.method in ("PUT", "DELETE"):
            number = int(request.path.removeprefix(book).removesuffix(".vcf"))
            self._books.setdefault(user, changes).change(number, gone=request.method == "DELETE")
            return web.Response(status=204)
        if request.method == "OPTIONS":
            return web.Response(headers={"DAV": "1, 3, addressbook"})
        if request.method == "REPORT":
            multiget = b"multiget" in body
            found = [*(self._multiget(user, book, body, changes) if multiget else self._since(book, body, changes))]
        elif request.path != book:
            own = (
                f"<current-user-principal><href>{home}</href></current-user-principal>"
                f"<C:addressbook-home-set><href>{home}</href></C:addressbook-home-set>"
                "<resourcetype><collection/></resourcetype>"
            )
            found = [_response(request.path, own)]
            if request.headers.get("Depth") == "1":
                found.append(self._book(book, changes))
        else:
            found = [self._book(book, changes)]
            if request.headers.get("Depth") == "1":
                found += self._members(book, changes)
        return web.Response(
            status=207,
            body="".join([_HEAD, *found, "</multistatus>"]).encode(),
            headers={"Content-Type": "application/xml; charset=utf-8"},
        )

    @staticmethod
    def _book(book: str, changes: Changes) -> str:
        return _response(
            book,
            "<resourcetype><collection/><C:addressbook/></resourcetype>"
            f"<sync-token>token-{changes.token}</sync-token><supported-report-set>{_REPORT}</supported-report-set>",
        )

    def _members(self, book: str, changes: Changes) -> Iterator[str]:
        for number in range(self.cards):
            version = changes.versions.get(number, 0)
            if version is not None:
                yield _response(f"{book}{number}.vcf", _etag(number, version))

    @staticmethod
    def _since(book: str, body: bytes, changes: Changes) -> Iterator[str]:
        sent = _TOKEN.search(body)
        known = int(sent[1].rpartition(b"-")[2]) if sent else 0
        for number, token in changes.when.items():
            if token > known:
                version = changes.versions[number]
                href = f"{book}{number}.vcf"
                if version is None:
                    yield f"<response><href>{href}</href><status>HTTP/1.1 404 Not Found</status></response>"
                else:
                    yield _response(href, _etag(number, version))
        yield f"<sync-token>token-{changes.token}</sync-token>"

    def _multiget(self, user: str, book: str, body: bytes, changes: Changes) -> Iterator[str]:
        for href in _HREF.findall(body):
            number = int(href.decode().removeprefix(book).removesuffix(".vcf"))
            version = changes.versions.get(number, 0)
            if version is not None:
                data = f"<C:address-data>{escape(card(user, number, version))}</C:address-data>"
                yield _response(href.decode(), _etag(number, version) + data)


def _response(href: str, props: str) -> str:
    return f"<response><href>{href}</href><propstat><prop>{props}</prop>{_OK}</propstat></response>"


def _etag(number: int, version: int) -> str:
    return f'<getetag>"{number}-{version}"</getetag>'


@contextlib.contextmanager
def serve(cards: int) -> Iterator[str]:
    """The server as a process; its URL."""
    port = free_port()
    with workspace("static") as folder:
        argv = [sys.executable, "-m", "tests.servers.static", str(port), str(cards)]
        root = {"PYTHONPATH": str(Path(__file__).parents[2])}
        with running(argv, log=folder / "log", answers=lambda: listening(port), environment=root):
            yield f"http://{LOOPBACK}:{port}/"


def main(port: int, cards: int) -> None:
    """Serve until killed."""
    app = web.Application(client_max_size=1 << 30)
    app.router.add_route("*", "/{path:.*}", Static(cards).answer)
    web.run_app(app, host=LOOPBACK, port=port, print=None, access_log=None, shutdown_timeout=0.1)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
