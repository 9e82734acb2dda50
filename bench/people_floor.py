"""The least that a client of Google can do: it downloads the pages and decodes them. In a process of its own."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from typing import Any

import aiohttp
import msgspec
import uvloop

from polydex.connectors.google.fields import PERSON_FIELDS
from polydex.connectors.google.wire import Person


class Typed(msgspec.Struct, rename="camel"):
    """One page as far as the mapping reads it: the rest is skipped unread."""

    connections: list[Person]
    next_page_token: str = ""


class Whole(msgspec.Struct, rename="camel"):
    """One page with all that is in it."""

    connections: list[dict[str, Any]]
    next_page_token: str = ""


async def run(url: str, kind: str) -> dict[str, float]:
    """Every page, one after the other: a page's token is in the one before it. ``kind``: ``typed`` or ``whole``."""
    query = {"personFields": PERSON_FIELDS, "pageSize": "1000", "requestSyncToken": "true"}
    decoder: msgspec.json.Decoder[Typed | Whole] = msgspec.json.Decoder(Typed if kind == "typed" else Whole)
    async with aiohttp.ClientSession() as session:
        wall, cpu, count = time.perf_counter(), time.process_time(), 0
        while True:
            async with session.get(url + "/v1/people/me/connections", params=query) as answer:
                page = decoder.decode(await answer.read())
            count += len(page.connections)
            if not page.next_page_token:
                break
            query["pageToken"] = page.next_page_token
        found: dict[str, float] = {"contacts": count}
        found |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return found


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(run(sys.argv[1], sys.argv[2]))))
