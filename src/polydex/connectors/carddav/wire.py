"""The XML of WebDAV (RFC 4918), CardDAV (RFC 6352) and sync-collection (RFC 6578): built and parsed, no I/O."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import msgspec

from polydex.connectors.carddav import etags, hrefs
from polydex.core.errors import ProviderMalformed
from polydex.core.ids import RemoteKey, Rev

DAV = "{DAV:}"
CARDDAV = "{urn:ietf:params:xml:ns:carddav}"
CALENDARSERVER = "{http://calendarserver.org/ns/}"

GETETAG = DAV + "getetag"
RESOURCETYPE = DAV + "resourcetype"
SYNC_TOKEN = DAV + "sync-token"
GETCTAG = CALENDARSERVER + "getctag"
ADDRESS_DATA = CARDDAV + "address-data"
SUPPORTED_REPORT_SET = DAV + "supported-report-set"
SYNC_COLLECTION = DAV + "sync-collection"

_MULTISTATUS, _RESPONSE, _HREF = DAV + "multistatus", DAV + "response", DAV + "href"
_PROPSTAT, _PROP, _STATUS_NAME = DAV + "propstat", DAV + "prop", DAV + "status"

_PREFIXES = {DAV: "d", CARDDAV: "c", CALENDARSERVER: "cs"}
_NAMESPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav" xmlns:cs="http://calendarserver.org/ns/"'
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
_STATUS = re.compile(r"\s*(?:HTTP/\d+(?:\.\d+)?\s+)?(\d{3})\b")


# --- building -----------------------------------------------------------------------------------------------------


def _name(tag: str) -> str:
    namespace, _, local = tag.partition("}")
    return f"{_PREFIXES[namespace + '}']}:{local}"


def _prop(tags: Iterable[str]) -> str:
    return "<d:prop>" + "".join(f"<{_name(tag)}/>" for tag in tags) + "</d:prop>"


def propfind(*tags: str) -> bytes:
    """A PROPFIND for these properties, in Clark notation (``{DAV:}getetag``)."""
    return f"{_HEAD}<d:propfind {_NAMESPACES}>{_prop(tags)}</d:propfind>".encode()


def sync_collection(token: str) -> bytes:
    """The report of RFC 6578 section 3.2, without ``DAV:limit``: servers cut the list and lose the rest."""
    return (
        f"{_HEAD}<d:sync-collection {_NAMESPACES}><d:sync-token>{escape(token)}</d:sync-token>"
        f"<d:sync-level>1</d:sync-level>{_prop((GETETAG, RESOURCETYPE))}</d:sync-collection>"
    ).encode()


def multiget(keys: Sequence[RemoteKey]) -> bytes:
    """The report of RFC 6352 section 8.7."""
    wanted = "".join(f"<d:href>{escape(key)}</d:href>" for key in keys)
    return (
        f"{_HEAD}<c:addressbook-multiget {_NAMESPACES}>{_prop((GETETAG, ADDRESS_DATA))}{wanted}</c:addressbook-multiget>"
    ).encode()


def uid_query(uid: str) -> bytes:
    """The report of RFC 6352 section 8.6 for the cards with this UID."""
    return (
        f"{_HEAD}<c:addressbook-query {_NAMESPACES}>{_prop((GETETAG, ADDRESS_DATA))}<c:filter>"
        f'<c:prop-filter name="UID"><c:text-match collation="i;unicode-casemap" match-type="equals">{escape(uid)}'
        "</c:text-match></c:prop-filter></c:filter></c:addressbook-query>"
    ).encode()


# --- parsing ------------------------------------------------------------------------------------------------------


class _DoctypeError(Exception):
    """The document has a DTD: nothing in WebDAV needs one, and entities in it can be bombs or read files."""


class _Builder(ET.TreeBuilder):
    def doctype(self, *_declaration: object) -> None:  # called before the DTD itself is read
        raise _DoctypeError


def parse(body: bytes) -> ET.Element:
    """The root element. Raises ProviderMalformed for anything that is not well-formed or has a DTD."""
    parser = ET.XMLParser(target=_Builder())  # noqa: S314 - see _Builder
    try:
        parser.feed(body)
        root: ET.Element = parser.close()
        return root
    except _DoctypeError:
        raise ProviderMalformed("The server answered with an XML document type, which is refused") from None
    except (ET.ParseError, ValueError, LookupError) as error:
        detail = f"{type(error).__name__} in {len(body)} bytes"
        raise ProviderMalformed("The server's answer is not well-formed XML", detail=detail) from None


def _status(element: ET.Element | None) -> int | None:
    match = _STATUS.match(element.text or "") if element is not None else None
    return int(match[1]) if match else None


def _whole(element: ET.Element) -> str:
    """All text of an element; one without children has it in one piece."""
    return "".join(element.itertext()) if len(element) else element.text or ""


def _text(element: ET.Element | None) -> str | None:
    return (_whole(element).strip() or None) if element is not None else None


class Response(msgspec.Struct, frozen=True, gc=False):
    """One ``DAV:response``.

    Attributes:
        key: normalised path of its href.
        href: the href as absolute URL.
        status: of ``response/status``, or None when the response has properties instead.
        props: the properties that were served, by Clark name.
        refused: a property could not be served, and with which status (404: it is not there).
    """

    key: RemoteKey
    href: str
    status: int | None
    props: dict[str, ET.Element] = {}
    refused: dict[str, int] = {}

    def text(self, tag: str) -> str | None:
        """The text of a property, trimmed; None when absent or empty."""
        return _text(self.props.get(tag))

    def hrefs(self, tag: str, base: str) -> tuple[str, ...]:
        """The hrefs inside a property, as absolute URLs."""
        element = self.props.get(tag)
        found = element.iter(DAV + "href") if element is not None else ()
        return tuple(hrefs.absolute(base, text) for item in found if (text := _text(item)))

    def children(self, tag: str) -> frozenset[str]:
        """The names of the elements inside a property, at any depth."""
        element = self.props.get(tag)
        if element is None or not len(element):
            return frozenset()
        return frozenset(child.tag for child in element.iter() if child is not element)

    @property
    def etag(self) -> str | None:
        """``DAV:getetag`` as the server wrote it."""
        return self.text(GETETAG)

    @property
    def rev(self) -> Rev | None:
        """``DAV:getetag`` as a revision."""
        return etags.bare(self.etag)

    @property
    def is_collection(self) -> bool:
        """Whether it is a collection, thus no card."""
        return DAV + "collection" in self.children(RESOURCETYPE)

    @property
    def card(self) -> bytes | None:
        """``CARDDAV:address-data`` as UTF-8 with the line ends of a vCard, which XML does not keep (RFC 6352 10.4)."""
        element = self.props.get(ADDRESS_DATA)
        text = _whole(element) if element is not None else ""
        return with_crlf(text.encode()) if text.strip() else None


@dataclass(frozen=True, slots=True)
class Multistatus:
    """A 207 answer. ``truncated``: the server says (507) that there is more than it listed."""

    responses: tuple[Response, ...]
    sync_token: str | None
    truncated: bool

    def of(self, key: str) -> Response | None:
        """The response for a path, or for the collection with or without its final slash."""
        for response in self.responses:
            if hrefs.same_collection(response.key, key):
                return response
        return None


def with_crlf(raw: bytes) -> bytes:
    """A vCard with CRLF at each line's end (RFC 6350 section 3.2), whatever it had, and none before its beginning."""
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n").strip(b"\n \t")
    return lines.replace(b"\n", b"\r\n") + b"\r\n" if lines else b""


def multistatus(body: bytes, base: str) -> Multistatus:
    """Parse a 207 body.

    Args:
        body: the XML.
        base: the URL of the answer, which relative hrefs are resolved against.

    Raises:
        ProviderMalformed: it is not XML, or not a multistatus.
    """
    root = parse(body)
    if root.tag != _MULTISTATUS:
        raise ProviderMalformed("The server's answer is not a WebDAV multistatus", detail=f"root element {root.tag}")
    responses: list[Response] = []
    truncated = False
    origin = hrefs.absolute(base, "/")[:-1]
    for element in root:  # one pass, as a listing has an element for every card of the book
        if element.tag != _RESPONSE:
            continue
        found: list[str] = []
        status: int | None = None
        props: dict[str, ET.Element] = {}
        refused: dict[str, int] = {}
        for child in element:
            if child.tag == _PROPSTAT:
                _propstat(child, props, refused)
            elif child.tag == _HREF:
                if text := _text(child):
                    found.append(text)
            elif child.tag == _STATUS_NAME and status is None:
                status = _status(child)
        truncated = truncated or status == 507
        if status is not None and 200 <= status < 300:
            status = None
        for text in found:  # several share one status (RFC 4918 section 14.24)
            if _PLAIN_PATH.fullmatch(text):
                responses.append(Response(RemoteKey(text), origin + text, status, props, refused))
                continue
            try:
                key, url = hrefs.key_of(text, base), hrefs.absolute(base, text)
            except ValueError:  # leaving it out would look like a deletion
                raise ProviderMalformed("The server's answer has an href that is none") from None
            responses.append(Response(key, url, status, props, refused))
    return Multistatus(tuple(responses), _text(root.find(SYNC_TOKEN)), truncated)


# An href that is its own normal form: resolving it against the base and escaping it anew, twice ten microseconds for
# every card of a listing, would change nothing.
_PLAIN_PATH = re.compile(r"(?:/(?!\.{1,2}(?:/|\Z))[\w.~@+=-]+)+/?", re.ASCII)


def _propstat(propstat: ET.Element, props: dict[str, ET.Element], refused: dict[str, int]) -> None:
    code = _status(propstat.find(_STATUS_NAME)) or 200
    for prop in propstat:
        if prop.tag == _PROP:
            for item in prop:
                if 200 <= code < 300:
                    props[item.tag] = item
                else:
                    refused[item.tag] = code


@dataclass(frozen=True, slots=True)
class Conditions:
    """The preconditions that a ``DAV:error`` body names (RFC 4918 section 16), in Clark notation."""

    names: frozenset[str] = frozenset()
    href: str | None = None

    def __contains__(self, name: str) -> bool:
        return name in self.names


def conditions(body: bytes) -> Conditions:
    """The preconditions in the body of a refusal; empty when the body is something else."""
    if b"error" not in body:
        return Conditions()
    try:
        root = parse(body)
    except ProviderMalformed:
        return Conditions()
    error = root if root.tag == DAV + "error" else root.find(f".//{DAV}error")
    if error is None:
        return Conditions()
    names = frozenset(child.tag for child in error if child.tag != DAV + "responsedescription")
    return Conditions(names, _text(error.find(f".//{DAV}href")))
