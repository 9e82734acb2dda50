"""One form for the addresses of an address book and its cards, however the server writes them."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote_from_bytes, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from polydex.core.ids import RemoteKey

# pchar of RFC 3986 section 3.3 without "%": what may stand in a path segment as it is.
_SEGMENT = "!$&'()*+,;=:@-._~"
_DEFAULT_PORTS = {"http": 80, "https": 443}


def _segment(segment: str) -> str:
    return quote_from_bytes(unquote_to_bytes(segment), safe=_SEGMENT)


def normal_path(path: str) -> str:
    """A path in which every character is escaped if and only if it must be, in upper-case hex.

    ``/a/%40b%c3%a9 c`` and ``/a/@b%C3%A9%20c`` become the same; ``%2F`` stays apart from ``/``.
    """
    return "/".join(_segment(segment) for segment in path.split("/")) or "/"


def _join(base: str, href: str) -> str:
    href = href.strip()
    scheme, colon, _ = href.partition(":")
    if colon and scheme.lower() not in _DEFAULT_PORTS and "/" not in scheme:
        href = "./" + href  # a file name with a colon, which is no scheme
    return urljoin(base, href)


@lru_cache(maxsize=512)  # of the collection itself the server speaks with every answer
def key_of(href: str, base: str) -> RemoteKey:
    """The remote key of a card: its normalised path.

    The members of a collection live on the collection's own host (RFC 4918 section 5.2), so scheme and host of an
    absolute href say nothing more; behind a proxy they are often wrong. This also keeps credentials where they belong.

    Args:
        href: as the server wrote it: relative or absolute, escaped in any way.
        base: URL of the answer that it stood in.

    Raises:
        ValueError: the href is not one.
    """
    parts = urlsplit(_join(base, href))
    path = normal_path(parts.path)
    return RemoteKey(f"{path}?{parts.query}" if parts.query else path)


@lru_cache(maxsize=512)
def absolute(base: str, href: str) -> str:
    """The URL that an href means, with a normalised path; without user information and fragment. Raises ValueError."""
    parts = urlsplit(_join(base, href))
    scheme, host = parts.scheme.lower(), (parts.hostname or "")
    if ":" in host:
        host = f"[{host}]"
    port = parts.port
    netloc = host if port is None or port == _DEFAULT_PORTS.get(scheme) else f"{host}:{port}"
    return urlunsplit((scheme, netloc, normal_path(parts.path), parts.query, ""))


def collection(url: str) -> str:
    """The URL of a collection: it ends with a slash (RFC 4918 section 5.2)."""
    parts = urlsplit(url)
    return url if parts.path.endswith("/") else urlunsplit(parts._replace(path=parts.path + "/"))


def same_collection(key: str, other: str) -> bool:
    """Whether two paths name one collection; a missing slash at the end makes no difference."""
    return key.rstrip("/") == other.rstrip("/")


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port."""
    parts = urlsplit(url)
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or _DEFAULT_PORTS.get(scheme)


def source_key(url: str, server_url: str) -> str:
    """The stable key of an address book: its path, and its whole URL only when it lives on another host.

    So an account survives a change from http to https, or of the port.
    """
    absolute_url = collection(absolute(url, ""))
    if origin(absolute_url)[1] == origin(server_url)[1]:
        return urlsplit(absolute_url).path
    return absolute_url
