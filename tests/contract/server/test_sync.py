"""The two feeds over HTTP."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from polydex.core.errors import ProviderUnavailable
from polydex.engine.context import Settings
from polydex.testing.world import Fault
from tests.contract.server.client import Client
from tests.contract.server.house import House, open_house, person

LOGIN = "me@example.org"


async def run(client: Client, feed: str, token: str, **parameters: int) -> tuple[list[Any], str, list[int]]:
    """A run to its end as the official client does it: after the first page the page token alone."""
    records: list[Any] = []
    sizes: list[int] = []
    query = f"deltaToken={token}" + "".join(f"&{name}={value}" for name, value in parameters.items())
    while True:
        answer = await client.get(f"/v1/contacts/sync/{feed}?{query}")
        assert answer.status == 200, answer.body
        page = answer.json
        assert page["length"] == len(page["records"])
        assert ("nextPageToken" in page) != ("nextDeltaToken" in page)
        records += page["records"]
        sizes.append(page["length"])
        if "nextDeltaToken" in page:
            return records, page["nextDeltaToken"], sizes
        query = f"pageToken={page['nextPageToken']}"


async def test_everything_then_only_what_changed(house: House) -> None:
    client = await house.ready(contacts=7)
    start = (await client.post("/v1/contacts/sync")).json
    assert set(start) == {"ready", "syncUpdatedToken", "syncDeletedToken"}
    everything, delta, sizes = await run(client, "updated", start["syncUpdatedToken"], limit=3)
    assert sizes == [3, 3, 1]
    assert {record["name"]["givenName"] for record in everything} == {f"Given{number}" for number in range(7)}
    gone, deleted, _ = await run(client, "deleted", start["syncDeletedToken"])
    assert gone == []

    created = (await client.post("/v1/contacts", {"nickName": "new"})).json
    victim = everything[0]["id"]
    assert (await client.delete(f"/v1/contacts/{victim}")).status == 200
    changed, _, _ = await run(client, "updated", delta)
    assert changed == [created["record"]]
    gone, _, _ = await run(client, "deleted", deleted)
    assert [record["id"] for record in gone] == [victim]
    assert set(gone[0]) == {"id", "timestamp"}
    # The same token again gives the same range.
    assert (await run(client, "updated", delta))[0] == changed


async def test_page_token_wins_and_empty_is_absent(house: House) -> None:
    client = await house.ready(contacts=3)
    start = (await client.post("/v1/contacts/sync?awaitReady=false")).json
    first = (
        await client.get(f"/v1/contacts/sync/updated?deltaToken={start['syncUpdatedToken']}&limit=2&pageToken=")
    ).json
    both = f"pageToken={first['nextPageToken']}&deltaToken={start['syncUpdatedToken']}"
    assert (await client.get(f"/v1/contacts/sync/updated?{both}")).json["length"] == 1
    empty = f"pageToken={first['nextPageToken']}&deltaToken="
    assert (await client.get(f"/v1/contacts/sync/updated?{empty}")).json["length"] == 1


async def test_tokens_that_are_not_ours_for_this(house: House) -> None:
    client = await house.ready(contacts=3)
    other = await house.ready("other@example.org", contacts=1)
    mine = (await client.post("/v1/contacts/sync")).json
    theirs = (await other.post("/v1/contacts/sync")).json
    page = (await client.get(f"/v1/contacts/sync/updated?deltaToken={mine['syncUpdatedToken']}&limit=1")).json
    for feed, query in (
        ("updated", ""),
        ("updated", "deltaToken=&pageToken="),
        ("updated", "deltaToken=x"),
        ("updated", "deltaToken=%00"),
        ("updated", f"deltaToken={mine['syncUpdatedToken'][:-1]}"),
        ("updated", f"deltaToken={mine['syncDeletedToken']}"),
        ("deleted", f"deltaToken={mine['syncUpdatedToken']}"),
        ("updated", f"deltaToken={theirs['syncUpdatedToken']}"),
        ("updated", f"pageToken={mine['syncUpdatedToken']}"),
        ("updated", f"deltaToken={page['nextPageToken']}"),
        ("deleted", f"pageToken={page['nextPageToken']}"),
        ("updated", "deltaToken=a&deltaToken=b"),
    ):
        answer = await client.get(f"/v1/contacts/sync/{feed}?{query}")
        assert (answer.status, answer.code) == (400, "token.notValid"), (feed, query)
        assert "Page token is invalid" in answer.json["message"]


@pytest.mark.parametrize("limit", ["0", "1001", "x", "-1", ""])
async def test_limit_is_checked(house: House, limit: str) -> None:
    client = await house.ready()
    token = (await client.post("/v1/contacts/sync")).json["syncUpdatedToken"]
    answer = await client.get(f"/v1/contacts/sync/updated?deltaToken={token}&limit={limit}")
    assert (answer.status, answer.code) == (400, "badRequest")
    assert "'limit'" in answer.json["message"]


async def test_until_the_first_pull_is_complete_there_is_no_list(tmp_path: Path) -> None:
    async with open_house(tmp_path, settings=Settings(ready_wait=0.05)) as house:
        world = house.village.world(LOGIN)
        world.put(person(1))
        world.gates.hold("list", "answer")
        client = await house.connect(LOGIN)
        start = await client.post("/v1/contacts/sync?awaitReady=false")
        assert (start.status, start.json) == (200, {"ready": False})
        assert (await client.post("/v1/contacts/sync")).json == {"ready": False}
        for path in ("/v1/contacts", "/v1/contacts/" + "a" * 26):
            answer = await client.get(path)
            assert (answer.status, answer.code) == (503, "sync.notReady")
            assert int(answer.headers["retry-after"]) >= 1
        world.gates.open()
        await house.pulls.wait_idle()
        assert (await client.post("/v1/contacts/sync")).json["ready"] is True
        assert (await client.get("/v1/contacts")).json["length"] == 1


async def test_a_first_pull_that_cannot_succeed_is_an_error(house: House) -> None:
    world = house.village.world(LOGIN)
    client = await house.connect(LOGIN)
    world.faults.extend([("*", Fault.FAILED)] * 20)
    answer = await client.post("/v1/contacts/sync")
    assert (answer.status, answer.code) == (503, ProviderUnavailable.code)


async def test_a_provider_that_is_down_does_not_take_the_mirror_with_it(house: House) -> None:
    client = await house.ready(contacts=2)
    token = (await client.post("/v1/contacts/sync")).json["syncUpdatedToken"]
    house.clock.advance(3600)
    house.village.world(LOGIN).faults.extend([("*", Fault.REFUSED)] * 50)
    answer = await client.get(f"/v1/contacts/sync/updated?deltaToken={token}")
    assert (answer.status, answer.json["length"]) == (200, 2)
    assert int(answer.headers["age"]) >= 3600


async def test_a_halted_source_is_409_and_shown_until_it_is_approved(house: House) -> None:
    client = await house.ready(contacts=30)
    world = house.village.world(LOGIN)
    for number in range(30):
        world.remove(f"key-{number:04}")
    house.clock.advance(3600)
    assert (await client.get("/v1/contacts?limit=100")).json["length"] == 30
    answer = await client.post("/v1/contacts/sync")
    assert (answer.status, answer.code) == (409, "sync.halted")
    shown = (await client.get("/v1/account")).json["sync"]["sources"][0]
    assert shown["halted"] == 30
    account = (await client.get("/v1/account")).json["id"]
    assert await house.accounts.approve(account) == 30
    await house.pulls.run_due()
    await house.pulls.wait_idle()
    assert (await client.get("/v1/contacts")).json["length"] == 0
    assert (await client.post("/v1/contacts/sync")).status == 200


async def test_refusing_a_mass_deletion_keeps_the_contacts(house: House) -> None:
    client = await house.ready(contacts=30)
    world = house.village.world(LOGIN)
    for number in range(30):
        world.remove(f"key-{number:04}")
    house.clock.advance(3600)
    await client.get("/v1/contacts")
    account = (await client.get("/v1/account")).json
    assert await house.accounts.approve(account["id"], refuse=True) == 30
    assert (await client.get("/v1/contacts?limit=100")).json["length"] == 30
    assert (await client.get("/v1/account")).json["sync"]["sources"][0]["halted"] == 0


async def test_one_pull_serves_all_who_wait(house: House) -> None:
    client = await house.ready(contacts=2)
    token = (await client.post("/v1/contacts/sync")).json["syncUpdatedToken"]
    world = house.village.world(LOGIN)
    house.clock.advance(3600)
    before = len(world.calls)
    target = f"/v1/contacts/sync/updated?deltaToken={token}"
    answers = await asyncio.gather(*(client.get(target) for _ in range(10)))
    assert {answer.json["length"] for answer in answers} == {2}
    assert len(world.calls) - before == 1
