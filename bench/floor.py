"""The least that a client can do: it only downloads. In a process of its own; prints JSON."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import aiohttp
import uvloop

from polydex.connectors.carddav import wire
from polydex.core.ids import RemoteKey

BATCH = 100
AT_ONCE = 2
STATE = wire.propfind(wire.SYNC_TOKEN, wire.GETCTAG, wire.SUPPORTED_REPORT_SET, wire.RESOURCETYPE)
MEMBERS = wire.propfind(wire.GETETAG, wire.RESOURCETYPE)


async def download(session: aiohttp.ClientSession, url: str) -> int:
    """The listing, and the cards by the same multigets as Polydex asks for, as many at once; the number of cards."""
    xml = {"Content-Type": "application/xml; charset=utf-8"}
    async with session.request("PROPFIND", url, data=MEMBERS, headers={"Depth": "1", **xml}) as answer:
        listing = await answer.read()
    path = urlsplit(url).path
    found = [RemoteKey(href) for item in ET.fromstring(listing).iter("{DAV:}href") if (href := item.text or "") != path]
    gate = asyncio.Semaphore(AT_ONCE)

    async def batch(keys: list[RemoteKey]) -> None:
        async with gate, session.request("REPORT", url, data=wire.multiget(keys), headers={"Depth": "0", **xml}) as got:
            assert (await got.read()).count(b"BEGIN:VCARD") == len(keys)

    await asyncio.gather(*(batch(found[start : start + BATCH]) for start in range(0, len(found), BATCH)))
    return len(found)


async def run(url: str, login: str, password: str, polls: int) -> dict[str, float]:
    """Download, then ask for the state of the address book: once, then again and again."""
    authorization = {"Authorization": aiohttp.encode_basic_auth(login, password)}
    async with aiohttp.ClientSession(headers=authorization) as session:
        wall, cpu = time.perf_counter(), time.process_time()
        count = await download(session, url)
        found: dict[str, float] = {"contacts": count}
        found |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        found["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        headers = {"Depth": "0", "Content-Type": "application/xml; charset=utf-8"}
        for polled, times in (("state", 1), ("poll", polls)):
            wall, cpu = time.perf_counter(), time.process_time()
            for _ in range(times):
                async with session.request("PROPFIND", url, data=STATE, headers=headers) as answer:
                    await answer.read()
            taken = time.perf_counter() - wall, time.process_time() - cpu
            found |= {f"{polled}_wall": taken[0] / max(times, 1), f"{polled}_cpu": taken[1] / max(times, 1)}
        return found


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(run(*sys.argv[1:4], int(sys.argv[4])))))
