"""Several requests in one: ``POST /$batch`` (concepts/json-batching.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from polydex.connectors.microsoft.api import IMMUTABLE, JSON, READ_SECONDS, Api, decoded
from polydex.core.errors import ProviderError, ProviderMalformed, ProviderThrottled

MOST = 20
"""Requests in one."""
_PATH = "/$batch"


@dataclass(frozen=True, slots=True)
class Part:
    """One request of several.

    Attributes:
        path: below the version, as ``Api.own`` gives it.
        body: JSON.
        headers: besides those of every request.
    """

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class _Response(msgspec.Struct, gc=False):
    id: str
    status: int
    headers: dict[str, str] | None = None
    body: msgspec.Raw = msgspec.Raw()


class _Answer(msgspec.Struct, gc=False):
    responses: list[_Response]


async def ask_together(
    api: Api, parts: Sequence[Part], *, step: str, seconds: float = READ_SECONDS
) -> list[bytes | ProviderError]:
    """What each part is answered, in their order: the body, or the error that the answer stands for.

    Four of them run at once at the provider, so nothing else of the account is under way meanwhile.

    Args:
        api: of the mailbox.
        parts: at most 20; those that change something are sent once.
        step: what is being done, for messages.
        seconds: for everything.

    Raises:
        ProviderError: the whole was refused, or not answered.
    """
    if not parts:
        return []
    reads = all(part.method == "GET" for part in parts)
    requests = [_request(number, part) for number, part in enumerate(parts)]
    body = await api.call(
        "POST",
        _PATH,
        step=step,
        body=msgspec.json.encode({"requests": requests}),
        idempotent=reads,
        seconds=seconds,
        whole=True,
    )
    found: dict[str, bytes | ProviderError] = {}
    for response in decoded(body, _Answer, step).responses:
        headers = {name.title(): value for name, value in (response.headers or {}).items()}
        raw = bytes(response.body)
        fine = response.status in (200, 201, 202, 204)
        found[response.id] = raw if fine else api.refused(response.status, headers, raw, step)
    if not any(isinstance(one, ProviderThrottled) for one in found.values()):
        api.shared.pause.granted()
    missing = ProviderMalformed(f"{step}: Microsoft has not answered a part of the request")
    return [found.get(str(number), missing) for number in range(len(parts))]


def _request(number: int, part: Part) -> dict[str, object]:
    headers = {"Prefer": IMMUTABLE, **part.headers}
    if part.body is None:
        return {"id": str(number), "method": part.method, "url": part.path, "headers": headers}
    headers.setdefault("Content-Type", JSON)
    return {
        "id": str(number),
        "method": part.method,
        "url": part.path,
        "headers": headers,
        "body": msgspec.Raw(part.body),
    }
