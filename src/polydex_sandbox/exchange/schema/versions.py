"""The versions of the schema, which a request names in ``RequestServerVersion``."""

from __future__ import annotations

from typing import Final

from polydex_sandbox.exchange.schema.notation import Span

VERSIONS: Final = (
    "Exchange2007",
    "Exchange2007_SP1",
    "Exchange2010",
    "Exchange2010_SP1",
    "Exchange2010_SP2",
    "Exchange2013",
    "Exchange2013_SP1",
    "Exchange2016",
)
"""Oldest first; servers newer than 2016 have no schema of their own.

Source: https://learn.microsoft.com/exchange/client-developer/web-service-reference/requestserverversion.
"""
FIRST: Final = VERSIONS[0]
NEWEST: Final = VERSIONS[-1]


class InvalidServerVersion(Exception):
    """ErrorInvalidServerVersion: no such version, or one that is newer than the server."""


def agreed(asked: str | None, server: str = NEWEST) -> str:
    """The version whose schema holds for a request; who asks for none gets the first one.

    Args:
        asked: what RequestServerVersion names; None when there is no such header.
        server: the newest version that the server knows.

    Raises:
        InvalidServerVersion: The server does not know it.
    """
    if asked is None:
        return FIRST
    if asked not in VERSIONS[: VERSIONS.index(server) + 1]:
        raise InvalidServerVersion(asked)
    return asked


def known(span: Span, version: str) -> bool:
    """Whether a version has what exists in the span."""
    at = VERSIONS.index(version)
    since = VERSIONS.index(f"Exchange{span.since}") if span.since else 0
    until = VERSIONS.index(f"Exchange{span.until}") if span.until else len(VERSIONS)
    return since <= at <= until
