"""Percent-encodings and query strings, strictly: what cannot be read is refused, never guessed.

Servers and frameworks decode ``%ff`` to a replacement character and leave ``%zz`` as it is; both would look up
something that the caller did not ask for.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from polydex.core.errors import BadRequest

_BROKEN = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def decode(raw: bytes, place: str, *, plus: bool = False) -> str:
    """The text that a percent-encoded string stands for (RFC 3986, section 2.1; UTF-8).

    Args:
        raw: the bytes as they were sent.
        place: named in the error, for example ``the path``.
        plus: ``+`` is a space, as in a query string (WHATWG URL, application/x-www-form-urlencoded).

    Raises:
        BadRequest: a broken escape, or bytes that are not UTF-8.
    """
    if plus:
        raw = raw.replace(b"+", b" ")
    if b"%" in raw:
        if _BROKEN.search(raw):
            raise BadRequest(f"Malformed percent-encoding in {place}")
        raw = unquote_to_bytes(raw)
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadRequest(f"The percent-encoding in {place} is not UTF-8") from None


def parse(query: bytes) -> dict[str, list[str]]:
    """Every parameter with its values, in the order they were sent.

    Raises:
        BadRequest: naming the parameter whose value cannot be read.
    """
    values: dict[str, list[str]] = {}
    for pair in query.split(b"&"):
        if not pair:
            continue
        raw_name, _, raw_value = pair.partition(b"=")
        name = decode(raw_name, "the name of a query parameter", plus=True)
        place = f"the query parameter '{name}'" if name.isascii() and name.isprintable() else "a query parameter"
        values.setdefault(name, []).append(decode(raw_value, place, plus=True))
    return values
