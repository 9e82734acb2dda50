"""Redirects: method and body are kept, credentials follow only where they belong (RFC 9110, 15.4)."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from yarl import URL

from polydex.core.errors import AddressForbidden
from polydex.net.guard import checked, literal, reference

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

_REDIRECTS: Final = frozenset((301, 302, 303, 307, 308))


def location(status: int, header: str | None, current: URL) -> URL | None:
    """Where an answer sends the caller, resolved against the current URL, or None when it is no redirect.

    Raises:
        AddressForbidden: the target is no URL that may be called.
    """
    if status not in _REDIRECTS or not header:
        return None
    try:
        target = current.join(reference(header.strip()))
    except ValueError:
        raise AddressForbidden("The server redirects to something that is not a URL") from None
    return checked(target)


def method_after(status: int, method: str) -> str:
    """303 asks for the result by GET; everything else keeps the method, as WebDAV clients need it."""
    return "GET" if status == 303 and method != "HEAD" else method


def credentials_follow(origin: URL, target: URL, trusted_hosts: tuple[str, ...]) -> bool:
    """Whether credentials given for one URL may go to another: the same registrable domain, or a trusted https host.

    Over http the connection itself is confined to the operator's networks (``guard.Rule.inside``); from https to http
    credentials never go.
    """
    if origin.scheme == "https" and target.scheme != "https":
        return False
    here, there = _host(origin), _host(target)
    if here == there:
        return True
    if target.scheme == "https" and any(_matches(pattern, there) for pattern in trusted_hosts):
        return True
    domain = _registrable(here)
    return domain is not None and domain == _registrable(there)


def _host(url: URL) -> str:
    return (url.raw_host or "").rstrip(".")


def _matches(pattern: str, host: str) -> bool:
    """``*.example.com`` is every host below example.com, ``example.com`` that host alone."""
    pattern = pattern.lower()
    return host.endswith(pattern[1:]) if pattern.startswith("*.") else host == pattern


def _registrable(host: str) -> str | None:
    if literal(host) is not None:
        return None
    return _suffixes().privatesuffix(host)


@cache
def _suffixes() -> PublicSuffixList:
    # Two megabytes, wanted only when a server redirects to another host.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList()
