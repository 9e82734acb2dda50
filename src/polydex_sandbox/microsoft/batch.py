"""``$batch``: up to twenty requests in one, each with an answer of its own.

Source: https://learn.microsoft.com/graph/json-batching. The refusals of a batch as a whole are those that people report;
where no source stands the text is unconfirmed.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from polydex_sandbox.microsoft import accept, errors
from polydex_sandbox.microsoft.call import Answer, Asked
from polydex_sandbox.microsoft.errors import GraphError

LARGEST = 20
AT_ONCE = 4
"""Parts of one batch that run at once on one mailbox: https://learn.microsoft.com/graph/throttling-limits."""
VERBS = ("GET", "POST", "PATCH", "PUT", "DELETE")
JSON = "application/json"


@dataclass(frozen=True)
class Part:
    """One request of a batch.

    Attributes:
        id: as it was given; compared without regard to case.
        asked: the request.
        needs: ids in lower case of those that have to succeed before.
    """

    id: str
    asked: Asked
    needs: frozenset[str] = field(default_factory=frozenset)


async def answer(asked: Asked, perform: Callable[[Asked], Awaitable[Answer]], random: Random) -> Answer:
    """The answer to a batch.

    Args:
        asked: the request.
        perform: answers one part.
        random: of the order of the answers, which is any.

    Raises:
        GraphError: the batch as a whole is refused.
    """
    parts = read(asked)
    gate = asyncio.Semaphore(AT_ONCE)
    done = {part.id.lower(): asyncio.get_running_loop().create_future() for part in parts}

    async def run(part: Part) -> dict[str, Any]:
        failed = [name for name in sorted(part.needs) if await done[name] >= 400]
        if failed:
            done[part.id.lower()].set_result(424)
            return _failed(part)
        async with gate:
            found = await perform(part.asked)
        done[part.id.lower()].set_result(found.status)
        return _shown(part, found)

    tasks = [asyncio.ensure_future(run(part)) for part in parts]
    try:
        responses = list(await asyncio.gather(*tasks))
    finally:
        # A part that drops the connection drops that of the whole batch.
        for task in tasks:
            task.cancel()
    random.shuffle(responses)
    return Answer(body={"responses": responses})


def read(asked: Asked) -> list[Part]:
    """The parts. Raises GraphError."""
    body = accept.message(asked.body, asked.headers.get("content-type", ""))
    given = body.get("requests")
    if not isinstance(given, list) or not given:
        raise _malformed()
    if len(given) > LARGEST:
        # https://github.com/microsoftgraph/microsoftgraph-postman-collections/issues/9 has an older wording.
        raise errors.bad_request(f"Number of batch request steps exceeds the maximum value of {LARGEST}.")
    parts: dict[str, Part] = {}
    for one in given:
        part = _part(asked, one)
        if part.id.lower() in parts:
            # Ids that differ only in case are the same: https://github.com/microsoftgraph/msgraph-sdk-java/issues/559.
            raise errors.bad_request(f"Request Id {part.id} has to be unique in a batch.")
        parts[part.id.lower()] = part
    _ordered(parts)
    return list(parts.values())


def _part(asked: Asked, given: Any) -> Part:
    if not isinstance(given, dict):
        raise _malformed()
    name, verb, url = given.get("id"), given.get("method"), given.get("url")
    if not (isinstance(name, str) and name and isinstance(verb, str) and isinstance(url, str) and url):
        raise _malformed()
    if verb.upper() not in VERBS:
        raise _malformed()
    needs = given.get("dependsOn") or []
    if not isinstance(needs, list) or not all(isinstance(one, str) for one in needs):
        raise _malformed()
    headers = given.get("headers") or {}
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise _malformed()
    headers = {header.lower(): value for header, value in headers.items()}
    content = _content(given, headers)
    if verb.upper() in ("POST", "PATCH", "PUT") and (content is None or "content-type" not in headers):
        raise errors.bad_request(f"Write request id : {name} does not contain Content-Type header or body.")
    path, _, query = url.partition("#")[0].partition("?")
    # An absolute URL ends in "Resource not found for the segment 'https:'.":
    # https://github.com/microsoftgraph/msgraph-sdk-python/issues/1015.
    headers["content-length"] = str(len(content or b""))
    part = Asked(verb.upper(), f"/{path.removeprefix('/')}", query, headers, content or b"", asked.base)
    return Part(name, part, frozenset(one.lower() for one in needs))


def _content(given: Mapping[str, Any], headers: Mapping[str, str]) -> bytes | None:
    """The body: JSON as it is, anything else as base64 for URLs; None for none."""
    body = given.get("body")
    if body is None:
        return None
    if not isinstance(body, str):
        return json.dumps(body, ensure_ascii=False).encode()
    if headers.get("content-type", "").partition(";")[0].strip().lower() == JSON:
        return json.dumps(body, ensure_ascii=False).encode()
    try:
        # Python takes the other alphabet, too.
        if "+" in body or "/" in body:
            raise _malformed()
        return base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise _malformed() from None


def _ordered(parts: Mapping[str, Part]) -> None:
    """Every dependency is there, and none leads back to itself. Raises GraphError."""
    settled: set[str] = set()
    for part in parts.values():
        for name in part.needs:
            if name not in parts:
                raise errors.bad_request(
                    f"Request Id {part.id} depends on Request Id {name}, which is not in the batch."
                )
    while len(settled) < len(parts):
        ready = {name for name, part in parts.items() if name not in settled and part.needs <= settled}
        if not ready:
            raise errors.bad_request("The dependencies of the requests in the batch are circular.")
        settled |= ready


def _malformed() -> GraphError:
    """https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/8576."""
    return errors.bad_request("Invalid batch payload format.")


def _shown(part: Part, found: Answer) -> dict[str, Any]:
    headers = {"Cache-Control": "no-cache" if found.status < 400 else "private", **found.headers}
    headers.pop("request-id", None)
    shown: dict[str, Any] = {"id": part.id, "status": found.status, "headers": headers}
    if isinstance(found.body, bytes):
        # The answer has the usual alphabet of base64, unlike the request: as browsers' data URLs take it.
        shown["body"] = base64.b64encode(found.body).decode()
    elif found.body is not None:
        headers.setdefault("Content-Type", JSON)
        shown["body"] = found.body
    return shown


def _failed(part: Part) -> dict[str, Any]:
    """The code and the text are unconfirmed."""
    error = {"code": "FailedDependency", "message": "A request that this request depends on has failed."}
    return {"id": part.id, "status": 424, "headers": {"Content-Type": JSON}, "body": {"error": error}}
