"""What is asked for at Microsoft's token endpoint, and what was granted. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

WRITE, READ, PROFILE = "Contacts.ReadWrite", "Contacts.Read", "User.Read"
OFFLINE = "offline_access"
GRAPH = "https://graph.microsoft.com"
_CLOUDS = frozenset({"graph.microsoft.us", "dod-graph.microsoft.us", "microsoftgraph.chinacloudapi.cn"})
"""National clouds, whose permissions are those of their own Graph (https://learn.microsoft.com/graph/deployments)."""


def resource(api_url: str) -> str:
    """The resource that scopes are of."""
    host = urlsplit(api_url).hostname
    return f"https://{host}" if host in _CLOUDS else GRAPH


def short(granted: Iterable[str]) -> frozenset[str]:
    """Permissions without the resource that they are of; Microsoft tells them in both ways (wire transcripts of MSAL)."""
    return frozenset(scope.rpartition("/")[2] for scope in granted)


def writes(granted: frozenset[str] | None) -> bool | None:
    """Whether contacts may be changed; None when they may not even be read, as far as is told."""
    if granted is None:
        return True
    known = _known(granted)
    return True if WRITE.lower() in known else False if READ.lower() in known else None


def asked(granted: frozenset[str] | None, api_url: str) -> Iterator[str]:
    """Values of ``scope``, the one with most access first, for a refresh.

    A refresh that asks for more than was consented to is refused, whatever else was consented to, and one that names no
    scope at all is none. So what was granted is asked for; where nobody has told it, or some of it was withdrawn, less
    and less.
    """
    known = {WRITE.lower(), PROFILE.lower()} if granted is None else _known(granted)
    least = [READ] if READ.lower() in known and WRITE.lower() not in known else [WRITE, READ]
    for contacts in least:
        for more in ([PROFILE], []) if PROFILE.lower() in known else ([],):
            names = [f"{resource(api_url)}/{name}" for name in (contacts, *more)]
            yield " ".join([*names, OFFLINE])


def own(api_url: str) -> str:
    """The ``scope`` of the application itself: all that administrators have granted (the only one that is allowed)."""
    return f"{resource(api_url)}/.default"


def _known(granted: Iterable[str]) -> set[str]:
    return {scope.lower() for scope in short(granted)}
