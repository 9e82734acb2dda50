"""The least that a client of Exchange can do: it downloads ids and contacts and parses them. In a process of its own."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time

import aiohttp
import uvloop
from lxml import etree

from bench.ews import NAMESPACES
from polydex.connectors.exchange.pull import AT_ONCE

PAGE = 512
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "Authorization": aiohttp.encode_basic_auth("ada", "secret")}
ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope {names}><s:Header><t:RequestServerVersion '
    'Version="Exchange2013_SP1"/></s:Header><s:Body>{body}</s:Body></s:Envelope>'
)
SYNC = (
    "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>"
    '<t:DistinguishedFolderId Id="contacts"/></m:SyncFolderId>{state}'
    f"<m:MaxChangesReturned>{PAGE}</m:MaxChangesReturned></m:SyncFolderItems>"
)
GET = (
    "<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape></m:ItemShape>"
    "<m:ItemIds>{ids}</m:ItemIds></m:GetItem>"
)
T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"


async def run(url: str) -> dict[str, float]:
    """Every page of ids, and the contacts in batches, one after the other, as one mailbox allows it."""
    async with aiohttp.ClientSession(headers=HEADERS) as session:
        wall, cpu, count, state, more = time.perf_counter(), time.process_time(), 0, "", True
        while more:
            page = await _ask(session, url, SYNC.format(state=state))
            state = f"<m:SyncState>{page.findtext(f'.//{M}SyncState')}</m:SyncState>"
            more = page.findtext(f".//{M}IncludesLastItemInRange") == "false"
            ids = [one.attrib["Id"] for one in page.iter(f"{T}ItemId")]
            for start in range(0, len(ids), AT_ONCE):
                asked = "".join(f'<t:ItemId Id="{one}"/>' for one in ids[start : start + AT_ONCE])
                found = await _ask(session, url, GET.format(ids=asked))
                count += sum(1 for _ in found.iter(f"{T}Contact"))
        taken: dict[str, float] = {"contacts": count}
        taken |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        taken["peak"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return taken


async def _ask(session: aiohttp.ClientSession, url: str, body: str) -> etree._Element:
    sent = ENVELOPE.format(names=NAMESPACES.decode(), body=body).encode()
    async with session.post(url, data=sent) as answer:
        return etree.fromstring(await answer.read())


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(run(sys.argv[1]))))
