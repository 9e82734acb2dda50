"""The least that a client of Graph can do: it downloads the ids and the bodies and decodes them. In a process of its own."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec
import uvloop

from polydex.connectors.microsoft.wire import EXPAND

BATCH = 20
HEADERS = {"Prefer": 'IdType="ImmutableId"'}


async def run(url: str) -> dict[str, float]:
    """Every page of the delta, and the bodies in batches, one after the other, as one mailbox allows it."""
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        wall, cpu, count = time.perf_counter(), time.process_time(), 0
        link = f"{url}/v1.0/me/contactFolders/contacts/contacts/delta"
        while link:
            async with session.get(link) as answer:
                page = msgspec.json.decode(await answer.read())
            keys = [each["id"] for each in page["value"]]
            for start in range(0, len(keys), BATCH):
                bodies = await _bodies(session, url, keys[start : start + BATCH])
                count += len(bodies)
            link = page.get("@odata.nextLink", "")
        found: dict[str, float] = {"contacts": count}
        found |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return found


async def _bodies(session: aiohttp.ClientSession, url: str, keys: list[str]) -> list[dict[str, Any]]:
    parts = [
        {
            "id": str(number),
            "method": "GET",
            "url": f"/me/contactFolders/contacts/contacts/{key}?$expand={quote(EXPAND)}",
            "headers": HEADERS,
        }
        for number, key in enumerate(keys)
    ]
    sent = msgspec.json.encode({"requests": parts})
    async with session.post(f"{url}/v1.0/$batch", data=sent, headers={"Content-Type": "application/json"}) as answer:
        found = msgspec.json.decode(await answer.read())
    return [each["body"] for each in found["responses"]]


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(run(sys.argv[1]))))
