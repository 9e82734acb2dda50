"""What was asked of the sandbox: every request but those of the control API, without secrets."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

KEPT = 10_000
"""Requests that are remembered; the oldest go first."""

SECRET = frozenset(
    {
        "access_token", "assertion", "client_assertion", "client_secret", "code", "code_verifier", "id_token",
        "oauth_token", "password", "refresh_token", "token", "visit",
    }
)  # fmt: skip
"""Names of parameters whose values are left out."""

_HIDDEN = "***"
_LONGEST = 200_000


@dataclass(frozen=True)
class Entry:
    """One request and how it ended.

    Attributes:
        number: counts from 1.
        time: Unix milliseconds of the sandbox's clock at its beginning.
        method: of HTTP.
        path: as sent, decoded.
        query: name and value, in order.
        body: decoded JSON, or the pairs of a form; None when there was none, or nothing that can be shown.
        account: id of the account; None when nobody was authenticated.
        operation: the provider's name of what was asked (``people.connections.list``); None when unknown.
        status: of HTTP; None when the connection was dropped before an answer.
    """

    number: int
    time: int
    method: str
    path: str
    query: list[tuple[str, str]]
    body: Any
    account: str | None
    operation: str | None
    status: int | None


class RequestLog:
    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._count = 0

    def add(
        self,
        *,
        time: int,
        method: str,
        path: str,
        query: str,
        body: bytes,
        content_type: str,
        account: str | None,
        operation: str | None,
        status: int | None,
    ) -> None:
        self._count += 1
        self._entries.append(
            Entry(
                self._count, time, method, path, _without_secrets(query), _shown(body, content_type),
                account, operation, status,
            )
        )  # fmt: skip

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    def clear(self) -> None:
        """Forget the requests; numbers go on."""
        self._entries.clear()


def _without_secrets(query: str) -> list[tuple[str, str]]:
    pairs = parse_qsl(query, keep_blank_values=True)
    return [(name, _HIDDEN if name.lower() in SECRET else value) for name, value in pairs]


def _shown(body: bytes, content_type: str) -> Any:
    if not body or len(body) > _LONGEST:
        return None
    try:
        if content_type.startswith("application/x-www-form-urlencoded"):
            return _without_secrets(body.decode())
        return _hide(json.loads(body))
    except (ValueError, RecursionError):
        return None


def _hide(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _HIDDEN if name.lower() in SECRET else _hide(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_hide(below) for below in value]
    return value
