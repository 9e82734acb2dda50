"""What is known of the request at hand by everything that handles it: its id, headers, route, account."""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Mapping, Sequence

from starlette.types import Scope

_KEY = "polydex.request"
Fields = Mapping[str, Sequence[str]]
"""Header fields: every value of each name, in the order they were sent; names in lower case."""


class RequestFacts:
    """Facts for the log, the metrics and the error shape.

    Attributes:
        id: a random UUID (RFC 9562, version 4).
        fields: the header fields.
        route: the path template, once known; the path itself is never logged, it may hold anything.
        account: the account's number, once known.
    """

    __slots__ = ("account", "fields", "id", "route")

    def __init__(self, headers: Iterable[tuple[bytes, bytes]]) -> None:
        self.id = request_id()
        self.fields = _fields(headers)
        self.route = ""
        self.account: int | None = None


_random = random.Random(os.urandom(32))  # noqa: S311 - never the same, but no secret


_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def request_id() -> str:
    """A random UUID (RFC 9562, version 4)."""
    digits = f"{_random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:]}"


def _fields(headers: Iterable[tuple[bytes, bytes]]) -> Fields:
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        fields.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return fields


def request_of(scope: Scope) -> RequestFacts:
    """The facts of the request with this scope; made when they are asked for first."""
    facts = scope.get(_KEY)
    if not isinstance(facts, RequestFacts):
        facts = scope[_KEY] = RequestFacts(scope["headers"])
    return facts
