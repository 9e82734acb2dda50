"""What OAuth requests carry: parameters of a query or a form, and a client's name and secret in a header."""

from __future__ import annotations

import base64
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request

FORM = "application/x-www-form-urlencoded"
_MOST = 100


class Unreadable(Exception):
    """It cannot be decoded."""


async def pairs_of_form(request: Request) -> list[tuple[str, str]]:
    """The pairs of a form, in order; nothing for any other kind of body. Raises Unreadable."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return []
    try:
        text = (await request.body()).decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise Unreadable from None


def pairs_of_query(request: Request) -> list[tuple[str, str]]:
    """The pairs of the query, in order. Raises Unreadable."""
    try:
        query: str = request.scope["query_string"].decode("ascii")
        return parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST)
    except ValueError:
        raise Unreadable from None


def basic(request: Request) -> tuple[str, str] | None:
    """Client id and secret out of the header; None when there is no such header. Raises Unreadable."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = base64.b64decode(credentials.strip(), validate=True).decode()
    except ValueError:
        raise Unreadable from None
    name, colon, secret = text.partition(":")
    if not colon:
        raise Unreadable
    # Each is form-encoded first (RFC 6749, section 2.3.1).
    return unquote_plus(name), unquote_plus(secret)


def base_of(request: Request) -> str:
    """``http://host:port`` as it was asked, without a slash at the end."""
    return str(request.base_url).rstrip("/")
