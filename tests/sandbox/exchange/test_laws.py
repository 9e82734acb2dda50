"""Whatever happens in a mailbox: who follows SyncFolderItems has what is in the folder, and is told of nothing twice."""

from __future__ import annotations

from random import Random

import httpx
import pytest

from polydex_sandbox.app import build
from polydex_sandbox.clock import Clock
from polydex_sandbox.exchange.syncstate import Ranges
from polydex_sandbox.sandbox import Sandbox
from tests.sandbox.conftest import START
from tests.sandbox.exchange.api import Api, found
from tests.sandbox.exchange.conftest import opened

STEPS = 60


class Follower:
    """A client: what it was told is there, by id, with the change key that it knows."""

    def __init__(self, api: Api) -> None:
        self.api, self.state = api, ""
        self.there: dict[str, str] = {}

    async def follow(self, random: Random, *, whole: bool) -> None:
        """To the end, or one page."""
        while True:
            synced = await self.api.sync(self.state, random.randrange(1, 5))
            self.state = synced.state
            for (kind, ident), change in zip(synced.told, synced.changes, strict=True):
                key = found(change, ".//t:ItemId").get("ChangeKey", "")
                if kind == "Create":
                    assert ident not in self.there
                    self.there[ident] = key
                elif kind == "Update":
                    # Never the state that was told already.
                    assert self.there[ident] != key
                    self.there[ident] = key
                elif kind == "Delete":
                    del self.there[ident]
                else:
                    assert kind == "ReadFlagChange"
                    assert ident in self.there
            if synced.last or not whole:
                return


async def step(api: Api, random: Random, base: str) -> None:
    """Something happens, mostly in the contacts folder."""
    there = (await api.http.get(f"{base}/contacts?folder=contacts")).json()["contacts"]
    what = random.choice(("create", "create", "edit", "edit", "delete", "purge", "move", "back", "read", "photo"))
    if what == "back":
        there = (await api.http.get(f"{base}/contacts?folder=quickcontacts")).json()["contacts"]
    one = random.choice(there) if there else None
    if what == "create" or one is None:
        await api.http.post(f"{base}/contacts", json={"count": 1, "seed": random.randrange(1000)})
        return
    path = f"{base}/contacts/{one['id']}"
    if what == "edit":
        await api.http.patch(path, json={"Surname": f"S{random.randrange(1000)}"})
    elif what in ("delete", "purge"):
        await api.http.delete(path, params={"forever": "true" if what == "purge" else "false"})
    elif what == "read":
        await api.http.patch(path, json={"read": not one["read"]})
    elif what == "photo":
        await api.http.put(f"{path}/photo", content=b"jpeg")
    else:
        await api.http.post(f"{path}/move", json={"folder": "contacts" if what == "back" else "quickcontacts"})


@pytest.mark.parametrize("seed", range(4))
async def test_a_follower_has_what_is_there(seed: int) -> None:
    random = Random(seed)
    transport = httpx.ASGITransport(app=build(Sandbox(Clock(START, frozen=True), seed)))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as http:
        api = await opened(http, email="ada@example.com")
        base = f"/control/accounts/{api.account['id']}/exchange"
        steady, rare = Follower(api), Follower(api)
        for _ in range(STEPS):
            await step(api, random, base)
            if random.random() < 0.5:
                await steady.follow(random, whole=random.random() < 0.5)
            if random.random() < 0.05:
                await rare.follow(random, whole=True)
        for follower in (steady, rare):
            await follower.follow(random, whole=True)
            there = (await http.get(f"{base}/contacts?folder=contacts")).json()["contacts"]
            assert follower.there == {one["id"]: one["changeKey"] for one in there}
            assert (await api.sync(follower.state)).changes == []


@pytest.mark.parametrize("seed", range(20))
def test_ranges_are_sets(seed: int) -> None:
    random = Random(seed)
    ranges, plain = Ranges(), set[int]()
    for _ in range(300):
        number = random.randrange(1, 60)
        if random.random() < 0.6:
            ranges.add(number)
            plain.add(number)
        else:
            ranges.discard(number)
            plain.discard(number)
        assert list(ranges) == sorted(plain)
    assert Ranges.read(ranges.plain()) == ranges == Ranges.of(plain)
    assert all((number in ranges) == (number in plain) for number in range(62))
