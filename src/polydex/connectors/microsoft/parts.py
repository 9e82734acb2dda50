"""Several requests in one: ``POST /$batch`` (concepts/json-batching.md)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

import msgspec

from polydex.connectors.deadline import Deadline
from polydex.connectors.microsoft.api import IMMUTABLE, JSON, READ_SECONDS, Api, decoded
from polydex.core.errors import PolydexError, ProviderError, ProviderMalformed, ProviderThrottled, ProviderUnauthorized

MOST = 20
"""Requests in one."""
LARGEST = 3_500_000
"""Bytes of what travels in one: a request has to be below 4 MB, a batch as any other."""
_PATH = "/$batch"


class Part(msgspec.Struct, frozen=True, gc=False):
    """One request of several.

    Attributes:
        path: below the version, as ``Api.own`` gives it.
        body: JSON.
        headers: besides those of every request.
    """

    method: str
    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = {}


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

    Four of them run at once at the provider, so nothing else of the account is under way meanwhile. Parts that are too large
    to travel together travel one after the other. A token that was good enough for the whole may be refused by its parts,
    where Exchange knows more than Graph (continuous access evaluation): these are sent once more, with another one.

    Args:
        api: of the mailbox.
        parts: at most 20; those that change something are sent once.
        step: what is being done, for messages.
        seconds: for everything.

    Raises:
        ProviderError: the whole was refused, or not answered. Where it was several, that is what their parts were answered.
    """
    deadline = Deadline(seconds)
    found = await _all(api, parts, step, deadline)
    refused = [at for at, one in enumerate(found) if isinstance(one, ProviderUnauthorized)]
    if not refused:
        return found
    with contextlib.suppress(PolydexError):  # the others were answered, and of these it is known what was refused
        await api.tokens.renewed(await api.tokens.current())
        for at, one in zip(refused, await _again(api, [parts[at] for at in refused], step, deadline), strict=True):
            found[at] = one if one is not None else found[at]
    return found


async def _again(
    api: Api, parts: Sequence[Part], step: str, deadline: Deadline
) -> Sequence[bytes | ProviderError | None]:
    """As ``_all``; None for what was not sent."""
    try:
        return await _all(api, parts, step, deadline)
    except ProviderError as error:
        return [error if error.sent else None] * len(parts)


async def _all(api: Api, parts: Sequence[Part], step: str, deadline: Deadline) -> list[bytes | ProviderError]:
    groups = _groups(parts)
    if len(groups) == 1:
        return await _ask(api, groups[0], step, deadline.left)
    found: list[bytes | ProviderError] = []
    for group in groups:
        try:
            found += await _ask(api, group, step, deadline.left)
        except ProviderError as error:
            found += [error] * len(group)
    return found


def _groups(parts: Sequence[Part]) -> list[list[Part]]:
    """Those that can travel together."""
    groups: list[list[Part]] = []
    left = 0
    for part in parts:
        size = len(part.body or b"")
        if not groups or size > left:
            groups.append([])
            left = LARGEST
        groups[-1].append(part)
        left -= size
    return groups


async def _ask(api: Api, parts: Sequence[Part], step: str, seconds: float) -> list[bytes | ProviderError]:
    requests = [_request(number, part) for number, part in enumerate(parts)]
    body = await api.call(
        "POST",
        _PATH,
        step=step,
        body=msgspec.json.encode({"requests": requests}),
        idempotent=all(part.method == "GET" for part in parts),
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
