"""ETags as servers really write them. A revision (``Rev``) is the bare value: without quotes and without ``W/``."""

from __future__ import annotations

from polydex.core.ids import Rev


def bare(etag: str | None) -> Rev | None:
    """The revision out of an ETag header or a ``DAV:getetag``; None when there is none.

    Tolerated: ``W/"x"`` (proxies that compress mark an ETag as weak although the card is the same), ``x`` without
    quotes, ``"x"`` in quotes twice, and single quotes around it.
    """
    if etag is None:
        return None
    value = etag.strip()
    if value[:2] in ("W/", "w/"):
        value = value[2:].lstrip()
    while len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return Rev(value) if value else None


def if_match(rev: Rev | None) -> str:
    """The value of If-Match: the revision as a strong ETag, the only kind that can match (RFC 9110 section 13.1.1).

    Without a revision ``*``: at least nothing is created anew that was deleted meanwhile.
    """
    return "*" if rev is None else f'"{rev}"'


def verbatim(etag: str | None) -> str | None:
    """The ETag exactly as the server wrote it, for servers that compare characters; None if it is already that."""
    if etag is None or not (value := etag.strip()) or value == if_match(bare(etag)):
        return None
    return value
