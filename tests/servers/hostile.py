"""A CardDAV server that misbehaves on demand: one user, one address book in memory, every vice a switch.

With all switches off it is a good server. What it stores can be looked at and changed behind the connector's back.
"""

import base64
import contextlib
import hashlib
import itertools
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from aiohttp import web

from tests.servers.process import LOOPBACK

USER, PASSWORD = "alice", "secret-alice"
HOME = "/dav/books/alice/"
BOOK = "/dav/books/alice/contacts/"
PRINCIPAL = "/dav/principals/alice/"
NAMESPACES = 'xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav" xmlns:CS="http://calendarserver.org/ns/"'
DAV = "{DAV:}"


@dataclass(slots=True)
class Vices:
    """What the server does wrong; every default is right."""

    no_etag_on_put: bool = False
    wrong_etag_on_put: bool = False
    rewrites_cards: bool = False  # stores something else than was sent, and gives no ETag for it
    drops_escapes: bool = False  # stores "\\;" and "\\," in structured properties without the backslash
    silent_full_list: bool = False  # an unknown token is answered with everything that is there, as if it had changed
    multiget_omits: frozenset[str] = frozenset()  # file names that a multiget leaves out although they exist
    multiget_404: bool = False  # a multiget with any missing href is 404 as a whole
    no_multiget: bool = False
    multiget_limit: int = 0  # more hrefs than this: 413 (0: no limit)
    ignores_if_none_match: bool = False
    ignores_if_match: bool = False  # on PUT
    ignores_if_match_on_delete: bool = False
    bearer: bool = False  # takes the password as bearer token, and nothing else
    drops_connections: bool = False  # closes each connection after an answer that announced to keep it, asked to or not
    etag_style: str = "{}"  # of the quoted ETag: 'W/{}', or '-' for no quotes
    compares_verbatim: bool = False  # If-Match must be spelled as the server writes the ETag
    no_etags: bool = False
    coarse_tokens: bool = False  # token and ctag are the second of the last change
    coarse_etags: bool = False
    counting_etags: bool = False  # the ETag counts the versions of a card, anew when it is deleted and put back
    converts_to_3: bool = False
    well_known_200: bool = False
    well_known_get_only: bool = False
    no_sync: bool = False
    no_ctag: bool = False
    hides_token: bool = False  # sync-collection works, but PROPFIND does not tell the token
    sync_status: dict[str, int] = field(default_factory=dict)  # file name -> status in a sync-collection answer
    truncates: int = 0  # so many members per sync-collection answer, with 507
    truncates_listing: bool = False
    href_style: str = "path"  # or "absolute", "foreign" (another host), "escaped" (everything), "relative"
    lists_itself: bool = False
    redirects: bool = False  # the book has moved to another path
    renames_on_put: bool = False  # a new card gets another file name
    tells_location: bool = False  # ... and Location says so
    no_query: bool = False
    no_principal: bool = False
    unreadable: frozenset[str] = frozenset()  # GET and multiget of these file names fail with 500
    phantoms: frozenset[str] = frozenset()  # listed, and yet not there
    html_errors: bool = False
    uid_conflicts: bool = False  # a second card with the same UID is refused
    conflict_href: bool = True
    drops_after_put: int = 0  # so many PUTs are carried out and then the connection is cut without an answer
    out_of_order: bool = False  # every multiget is answered with 503


@dataclass(slots=True)
class Stored:
    raw: bytes
    version: int
    second: int
    count: int = 0


@dataclass(slots=True)
class HostileServer:
    """The book and its history. ``log``: (method, path, headers) of every request."""

    vices: Vices = field(default_factory=Vices)
    cards: dict[str, Stored] = field(default_factory=dict)  # file name -> card
    history: list[tuple[int, str, int]] = field(default_factory=list)  # (version, file name, second)
    version: int = 1
    changed_at: int = 1_795_000_000
    seconds: int = 1_795_000_000  # the Date of its answers
    oldest: int = 0  # tokens before this one are unknown
    port: int = 0
    log: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    before: Callable[[str, str], None] | None = None  # called with (method, path) before a request is served
    names: itertools.count = field(default_factory=lambda: itertools.count(1))  # type: ignore[type-arg]  # generic for checkers alone

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/"

    # --- behind the connector's back --------------------------------------------------------------------------

    def put(self, name: str, raw: bytes) -> None:
        self._note(name)
        before = self.cards.get(name)
        self.cards[name] = Stored(raw, self.version, self.seconds, before.count + 1 if before else 0)

    def remove(self, name: str) -> None:
        self._note(name)
        del self.cards[name]

    def _note(self, name: str) -> None:
        self.version += 1
        self.changed_at = self.seconds
        self.history.append((self.version, name, self.seconds))

    def later(self, seconds: int = 1) -> None:
        """Time passes at the server."""
        self.seconds += seconds

    def prune(self) -> None:
        """Forget the history: tokens given out so far are unknown."""
        self.version += 1
        self.oldest = self.version

    def paths(self) -> set[str]:
        return {self.book + name for name in self.cards}

    @property
    def book(self) -> str:
        return "/dav/moved/contacts/" if self.vices.redirects else BOOK

    def requests(self, method: str) -> list[tuple[str, dict[str, str]]]:
        return [(path, headers) for seen, path, headers in self.log if seen == method]

    # --- what it says -----------------------------------------------------------------------------------------

    def etag(self, name: str) -> str | None:
        if self.vices.no_etags:
            return None
        card = self.cards[name]
        value = f"v{card.version}-{_hash(card.raw)}"
        if self.vices.coarse_etags:
            value = f"second-{card.second}"
        if self.vices.counting_etags:
            value = f"count-{card.count}"
        quoted = value if self.vices.etag_style == "-" else f'"{value}"'
        return quoted if self.vices.etag_style == "-" else self.vices.etag_style.format(quoted)

    def token(self) -> str:
        if self.vices.coarse_tokens:
            return f"http://hostile.example/sync/{self.changed_at}"
        return f"http://hostile.example/sync/{self.version}"

    def shown(self, name: str) -> bytes:
        raw = self.cards[name].raw
        return raw.replace(b"VERSION:4.0", b"VERSION:3.0") if self.vices.converts_to_3 else raw

    def href(self, path: str) -> str:
        """A path as the server writes it: of what must be escaped only the percent sign is, unless all is."""
        plain = path.replace("%", "%25")
        match self.vices.href_style:
            case "absolute":
                return f"{self.url.rstrip('/')}{plain}"
            case "foreign":
                return f"https://inside.example:8443{plain}"
            case "escaped":
                return "/".join("".join(f"%{byte:02x}" for byte in part.encode()) for part in path.split("/"))
            case "relative":
                return "./" + plain.rpartition("/")[2] if not path.endswith("/") else plain
            case _:
                return plain


def _hash(raw: bytes) -> str:
    return hashlib.sha1(raw, usedforsecurity=False).hexdigest()[:12]


def _without_escapes(raw: bytes) -> bytes:
    lines = raw.replace(b"\r\n ", b"").split(b"\r\n")
    structured = (b"N:", b"N;", b"ADR", b"ORG", b"CATEGORIES")
    return b"\r\n".join(re.sub(rb"\\([;,])", rb"\1", line) if line.startswith(structured) else line for line in lines)


def uid_in(raw: bytes) -> str:
    match = re.search(rb"(?im)^UID:(.*?)\r?$", raw)
    return match[1].decode() if match else ""


@contextlib.asynccontextmanager
async def serve(vices: Vices | None = None) -> AsyncIterator[HostileServer]:
    """The server on a free port, as long as the context lasts."""
    hostile = HostileServer(vices or Vices())
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", _Handler(hostile).handle)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, LOOPBACK, 0)
    await site.start()
    hostile.port = runner.addresses[0][1]
    try:
        yield hostile
    finally:
        await runner.cleanup()


@dataclass(slots=True)
class _Handler:
    server: HostileServer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        server = self.server
        path = unquote(request.raw_path.partition("?")[0])
        body = await request.read()
        server.log.append((request.method, path, dict(request.headers)))
        if server.before is not None:
            server.before(request.method, path)
        response = self._authorised(request) or self._answer(request.method, path, request, body)
        response.headers["Date"] = _date(server.seconds)
        if response.headers.get("X-Cut"):
            assert request.transport is not None
            request.transport.abort()
        if server.vices.drops_connections:
            response.headers["Connection"] = "keep-alive"
            await response.prepare(request)
            await response.write_eof()
            assert request.transport is not None
            request.transport.close()
        return response

    def _authorised(self, request: web.Request) -> web.Response | None:
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        scheme, credentials = ("Bearer", PASSWORD) if self.server.vices.bearer else ("Basic", basic)
        if request.headers.get("Authorization") == f"{scheme} {credentials}":
            return None
        return web.Response(status=401, headers={"WWW-Authenticate": f'{scheme} realm="hostile"'})

    def _answer(self, method: str, path: str, request: web.Request, body: bytes) -> web.Response:
        server, vices = self.server, self.server.vices
        if path == "/.well-known/carddav":
            if vices.well_known_200:
                return web.Response(text="<html><body>Welcome</body></html>", content_type="text/html")
            if vices.well_known_get_only and method != "GET":
                return web.Response(status=405)
            return web.Response(status=301, headers={"Location": "/dav/"})
        if vices.redirects and path.startswith(BOOK):
            return web.Response(status=308, headers={"Location": server.book + path.removeprefix(BOOK)})
        if method == "PROPFIND":
            return self._propfind(path, request.headers.get("Depth", "0"), body)
        if path == server.book and method == "REPORT":
            return self._report(body)
        name = path.removeprefix(server.book)
        if path.startswith(server.book) and "/" not in name and name:
            match method:
                case "GET":
                    return self._get(name)
                case "PUT":
                    return self._put(name, request, body)
                case "DELETE":
                    return self._delete(name, request)
        return web.Response(status=404)

    # --- properties -------------------------------------------------------------------------------------------

    def _propfind(self, path: str, depth: str, body: bytes) -> web.Response:
        server, vices = self.server, self.server.vices
        wanted = [item.tag for item in ET.fromstring(body).iter() if item is not None][2:]
        principal = "" if vices.no_principal else f"<D:href>{server.href(PRINCIPAL)}</D:href>"
        collection = "<D:collection/>"
        entries: list[tuple[str, dict[str, str]]] = []
        if path in ("/", "/dav/"):
            entries = [(path, {f"{DAV}resourcetype": collection} | self._principal(principal))]
        elif path == PRINCIPAL and not vices.no_principal:
            home = f"<D:href>{server.href(HOME)}</D:href>"
            entries = [
                (path, {"{urn:ietf:params:xml:ns:carddav}addressbook-home-set": home, f"{DAV}displayname": "Alice"})
            ]
        elif path == HOME:
            entries = [(path, {f"{DAV}resourcetype": collection} | self._principal(principal))]
            if depth == "1":
                entries.append((server.book, self._book()))
        elif path == server.book:
            entries = [(path, self._book())]
            if depth == "1":
                names = list(server.cards)
                if vices.truncates_listing:
                    names = names[: len(names) // 2]
                entries += [(server.book + name, self._card(name)) for name in names]
        elif path.removeprefix(server.book) in server.cards:
            entries = [(path, self._card(path.removeprefix(server.book)))]
        else:
            return web.Response(status=404)
        responses = [self._response(server.href(where), wanted, props) for where, props in entries]
        if vices.truncates_listing and path == server.book and depth == "1":
            responses.append(self._status(server.href(path), 507))
        return self._multistatus(responses)

    def _principal(self, principal: str) -> dict[str, str]:
        return {f"{DAV}current-user-principal": principal} if principal else {}

    def _book(self) -> dict[str, str]:
        server, vices = self.server, self.server.vices
        reports = "<D:supported-report><D:report><C:addressbook-multiget/></D:report></D:supported-report>"
        props = {f"{DAV}resourcetype": "<D:collection/><C:addressbook/>", f"{DAV}displayname": "Contacts"}
        if not vices.no_sync:
            reports += "<D:supported-report><D:report><D:sync-collection/></D:report></D:supported-report>"
            if not vices.hides_token:
                props[f"{DAV}sync-token"] = server.token()
        if not vices.no_ctag:
            props["{http://calendarserver.org/ns/}getctag"] = server.token()
        return props | {f"{DAV}supported-report-set": reports}

    def _card(self, name: str) -> dict[str, str]:
        etag = self.server.etag(name)
        return {f"{DAV}resourcetype": ""} | ({f"{DAV}getetag": escape(etag)} if etag else {})

    # --- reports ----------------------------------------------------------------------------------------------

    def _report(self, body: bytes) -> web.Response:
        root = ET.fromstring(body)
        if root.tag == f"{DAV}sync-collection":
            return self._sync(root.findtext(f"{DAV}sync-token") or "")
        if root.tag.endswith("addressbook-multiget"):
            return self._multiget([unquote(urlsplit(item.text or "").path) for item in root.iter(f"{DAV}href")])
        return self._query(root)

    def _sync(self, token: str) -> web.Response:
        server, vices = self.server, self.server.vices
        assert "limit" not in token
        if vices.no_sync:
            return web.Response(status=501)
        since, forgotten = _parse(token)
        if vices.coarse_tokens:
            # What changed in the very second of the token is taken for known.
            since = max((version for version, _, second in server.history if second <= since), default=0)
        elif token and ((since if forgotten is None else forgotten) < server.oldest or since > server.version):
            if not vices.silent_full_list:
                body = f"<D:error {NAMESPACES}><D:valid-sync-token/></D:error>"
                return web.Response(status=403, body=body.encode(), content_type="application/xml")
            since = 0
        changed = {name: version for version, name, _ in server.history if version > since}  # the last one of each
        if since == 0:
            changed = {name: version for name, version in changed.items() if name in server.cards}
        names = sorted(changed, key=changed.__getitem__)
        responses: list[str] = []
        if vices.lists_itself:
            responses.append(self._response(server.href(server.book), [f"{DAV}getetag"], {f"{DAV}getetag": '"book"'}))
        cut = 0 < vices.truncates < len(names) and not vices.coarse_tokens
        page = names[: vices.truncates] if cut else names
        for name in page:
            if name in vices.sync_status:
                responses.append(self._status(server.href(server.book + name), vices.sync_status[name]))
            elif name in server.cards:
                responses.append(self._response(server.href(server.book + name), [f"{DAV}getetag"], self._card(name)))
            else:
                responses.append(self._status(server.href(server.book + name), 404))
        new = server.token()
        if cut:
            responses.append(self._status(server.href(server.book), 507))
            new = f"http://hostile.example/sync/{changed[page[-1]]}@{server.oldest}"
        return self._multistatus(responses, f"<D:sync-token>{new}</D:sync-token>")

    def _multiget(self, paths: list[str]) -> web.Response:
        server, vices = self.server, self.server.vices
        names = [path.removeprefix(server.book).removeprefix(BOOK) for path in paths]
        if vices.out_of_order:
            return web.Response(status=503)
        if vices.no_multiget:
            return web.Response(status=405)
        if vices.multiget_limit and len(names) > vices.multiget_limit:
            return web.Response(status=413)
        if vices.multiget_404 and any(name not in server.cards for name in names):
            return web.Response(status=404)
        if any(name in vices.unreadable for name in names):
            return web.Response(status=500)
        omitted = vices.multiget_omits | vices.phantoms
        found = [self._data(name) for name in names if name in server.cards and name not in omitted]
        return self._multistatus(found)

    def _data(self, name: str) -> str:
        server = self.server
        data = {"{urn:ietf:params:xml:ns:carddav}address-data": escape(server.shown(name).decode())}
        return self._response(server.href(server.book + name), [*self._card(name), *data], self._card(name) | data)

    def _query(self, root: ET.Element) -> web.Response:
        if self.server.vices.no_query:
            return web.Response(status=501)
        wanted = root.findtext(".//{urn:ietf:params:xml:ns:carddav}text-match") or ""
        return self._multistatus(
            [self._data(name) for name, card in self.server.cards.items() if wanted in uid_in(card.raw)]
        )

    # --- cards ------------------------------------------------------------------------------------------------

    def _get(self, name: str) -> web.Response:
        server = self.server
        if name in server.vices.unreadable:
            return web.Response(status=500)
        if name not in server.cards or name in server.vices.phantoms:
            return web.Response(status=404, text="<html>gone</html>" if server.vices.html_errors else "")
        etag = server.etag(name)
        headers = {"ETag": etag} if etag else {}
        return web.Response(body=server.shown(name), content_type="text/vcard", headers=headers)

    def _put(self, name: str, request: web.Request, raw: bytes) -> web.Response:
        server, vices = self.server, self.server.vices
        there = name in server.cards
        if not vices.ignores_if_none_match and request.headers.get("If-None-Match") == "*" and there:
            return web.Response(status=412)
        if not vices.ignores_if_match and not self._matches(name, request):
            return web.Response(status=412)
        if vices.uid_conflicts:
            for other, card in server.cards.items():
                if other != name and uid_in(card.raw) == uid_in(raw):
                    href = f"<D:href>{server.href(server.book + other)}</D:href>" if vices.conflict_href else ""
                    body = f"<D:error {NAMESPACES}><C:no-uid-conflict>{href}</C:no-uid-conflict></D:error>"
                    return web.Response(status=409, body=body.encode(), content_type="application/xml")
        headers: dict[str, str] = {}
        if vices.renames_on_put and not there:
            name = f"stored-{next(server.names)}.vcf"
            if vices.tells_location:
                headers["Location"] = server.href(server.book + name)
        if vices.rewrites_cards:
            raw = raw.replace(b"END:VCARD", b"X-SERVER-ADDED:1\r\nEND:VCARD") if b"X-SERVER-ADDED" not in raw else raw
        if vices.drops_escapes:
            raw = _without_escapes(raw)
        server.put(name, raw)
        if vices.drops_after_put:
            vices.drops_after_put -= 1
            headers["X-Cut"] = "1"
        etag = server.etag(name)
        if etag and not (vices.no_etag_on_put or vices.rewrites_cards or vices.drops_escapes):
            headers["ETag"] = '"somethingelse"' if vices.wrong_etag_on_put else etag
        return web.Response(status=204 if there else 201, headers=headers)

    def _delete(self, name: str, request: web.Request) -> web.Response:
        server = self.server
        if name not in server.cards:
            return web.Response(status=404)
        if not server.vices.ignores_if_match_on_delete and not self._matches(name, request):
            return web.Response(status=412)
        server.remove(name)
        return web.Response(status=204)

    def _matches(self, name: str, request: web.Request) -> bool:
        """If-Match by strong comparison (RFC 9110 section 13.1.1), for a server that has weak ETags by their value."""
        header = request.headers.get("If-Match")
        if header is None:
            return True
        if name not in self.server.cards:
            return False
        etag = self.server.etag(name)
        if header == "*":
            return True
        if self.server.vices.compares_verbatim:
            return header == etag
        return etag is not None and header == '"' + etag.removeprefix("W/").strip('"') + '"'

    # --- XML --------------------------------------------------------------------------------------------------

    def _response(self, href: str, wanted: list[str], props: dict[str, str]) -> str:
        def prop(tags: list[str], values: bool) -> str:
            return "".join(f"<{_name(tag)}>{props[tag] if values else ''}</{_name(tag)}>" for tag in tags)

        found, missing = [tag for tag in wanted if tag in props], [tag for tag in wanted if tag not in props]
        text = f"<D:response><D:href>{escape(href)}</D:href>"
        if found:
            text += f"<D:propstat><D:prop>{prop(found, True)}</D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>"
        if missing:
            text += f"<D:propstat><D:prop>{prop(missing, False)}</D:prop><D:status>HTTP/1.1 404 Not Found</D:status></D:propstat>"
        return text + "</D:response>"

    def _status(self, href: str, status: int) -> str:
        return f"<D:response><D:href>{escape(href)}</D:href><D:status>HTTP/1.1 {status} X</D:status></D:response>"

    def _multistatus(self, responses: list[str], extra: str = "") -> web.Response:
        text = f'<?xml version="1.0" encoding="utf-8"?><D:multistatus {NAMESPACES}>{"".join(responses)}{extra}</D:multistatus>'
        return web.Response(status=207, body=text.encode(), content_type="application/xml")


def _name(tag: str) -> str:
    prefixes = {"DAV:": "D", "urn:ietf:params:xml:ns:carddav": "C", "http://calendarserver.org/ns/": "CS"}
    namespace, _, local = tag[1:].partition("}")
    return f"{prefixes[namespace]}:{local}"


def _parse(token: str) -> tuple[int, int | None]:
    """The version that a token stands for; of one that goes on with a list also what was forgotten when it was given."""
    value, _, forgotten = token.rpartition("/")[2].partition("@")
    return int(value or 0), int(forgotten) if forgotten else None


def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
