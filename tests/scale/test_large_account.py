"""One account with very many contacts, on a server as it is installed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import httpx
import pytest

from tests.scale.serving import SOAK, Client, connect, serving
from tests.servers import static

CONTACTS = 100_000 if SOAK else 6_000
MEMORY = 400
"""MiB. Cards alone are 40 MB, and some 400 bytes are needed for what a walk knows of each: more would be a whole book."""


@pytest.mark.soak
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is looked up in /proc")
async def test_first_sync_paging_search_and_delta(tmp_path: Path) -> None:
    with static.serve(CONTACTS) as server:
        (token,) = await connect(tmp_path, server, ["user0"])
        with serving(tmp_path) as polydex:
            async with polydex.client(token) as client:
                begun = await ready(client)
                seen = [
                    each["id"] async for page in client.pages("/v1/contacts", limit=1000) for each in page["records"]
                ]
                assert len(seen) == len(set(seen)) == CONTACTS
                fed, delta = await feed(client, begun["syncUpdatedToken"])
                assert sorted(fed) == sorted(seen)
                gone, _ = await feed(client, begun["syncDeletedToken"], "deleted")
                assert gone == []
                await search(client, CONTACTS)
                await one_change(client, server, delta)
                assert polydex.peak < MEMORY


async def ready(client: Client) -> dict[str, str]:
    """Wait for the first pull. Until then there are no tokens, and no page that would pass for the whole."""
    waited = 0
    while not (begun := await client.begin())["ready"]:
        assert set(begun) == {"ready"}
        page = await client.http.get("/v1/contacts", params={"limit": 10})
        assert page.status_code in (200, 503)
        if page.status_code == 503:
            assert page.json()["code"] == "sync.notReady"
        waited += 1
        await asyncio.sleep(0.2)
    assert waited > 0
    return {name: str(value) for name, value in begun.items()}


async def feed(client: Client, token: str, which: str = "updated") -> tuple[list[str], str]:
    """The ids of a feed from a token to its end, and the token to go on with."""
    ids: list[str] = []
    last = ""
    async for page in client.pages(f"/v1/contacts/sync/{which}", deltaToken=token, limit=1000):
        ids += [each["id"] for each in page["records"]]
        last = page.get("nextDeltaToken", "")
    assert last
    return ids, last


async def search(client: Client, count: int) -> None:
    number = count - 7
    for parameters in (
        {"q": f"nick{number}ofuser0"},
        {"emailAddress": f"p{number}@user0.example.com"},
        {"phoneNumber": f"+49170{1_000_000 + number}"},
    ):
        found = await client.get("/v1/contacts", **parameters)
        assert [each["nickName"] for each in found["records"]] == [f"nick{number}ofuser0"], parameters
    # Words that everybody has: a page is a page, and the pages are all.
    page = await client.get("/v1/contacts", q="comm comp", limit=50)
    assert len(page["records"]) == 50
    ids = [each["id"] async for page in client.pages("/v1/contacts", q="comm", limit=1000) for each in page["records"]]
    assert len(ids) == len(set(ids)) == count


async def one_change(client: Client, server: str, delta: str) -> None:
    async with httpx.AsyncClient(auth=("user0", "secret")) as phone:
        assert (await phone.put(f"{server}user0/book/3.vcf")).status_code == 204
        assert (await phone.delete(f"{server}user0/book/4.vcf")).status_code == 204
    client.http.headers["Cache-Control"] = "no-cache"
    page = await client.get("/v1/contacts/sync/updated", deltaToken=delta, limit=1000)
    assert [each["notes"] for each in page["records"]] == ["Version 1"]
    assert page["nextDeltaToken"]
