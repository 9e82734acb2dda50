"""Answers: bytes that are ready, joined and never encoded a second time."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

After = Callable[[], Awaitable[None]]
_JSON = "application/json"


@dataclass(frozen=True)
class Reply:
    """An answer to be sent.

    Attributes:
        after: to be awaited when the answer was handed to a caller who was still there.
    """

    body: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = _JSON
    after: After | None = None


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A value as JSON."""
    return Reply(msgspec.json.encode(value), status, headers or {})


def text(value: str) -> bytes:
    """A JSON string."""
    return json.dumps(value).encode("ascii")


def members(*pairs: tuple[str, bytes | None]) -> bytes:
    """A JSON object of ready values; a member without one is absent, never null."""
    return b"{" + b",".join(text(name) + b":" + value for name, value in pairs if value is not None) + b"}"


def page(bodies: Sequence[bytes], next_page: str | None, next_delta: str | None = None) -> bytes:
    """A page of ready records. A page never has both tokens, and an absent one is left out."""
    return members(
        ("length", str(len(bodies)).encode("ascii")),
        ("records", b"[" + b",".join(bodies) + b"]"),
        ("nextPageToken", text(next_page) if next_page else None),
        ("nextDeltaToken", text(next_delta) if next_delta and not next_page else None),
    )


def age(seconds: float | None) -> dict[str, str]:
    """The header ``Age`` of an answer from the mirror (RFC 9111, section 5.1); none for a fresh one."""
    return {} if seconds is None else {"Age": str(max(0, int(seconds)))}


def etag(value: str) -> dict[str, str]:
    """The header ``ETag``: the body's etag in quotes (RFC 9110, section 8.8.3)."""
    return {"ETag": f'"{value}"'}
