"""Clients that go away before they have their answer, over real connections to a real server."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from polydex.engine.context import Settings
from polydex.testing.world import MemoryWorld
from tests.compat.serve import LOGIN, Served, serving
from tests.compat.wire import ask, wire_to

BODY = b'{"nickName":"Ada","emailAddresses":[{"address":"ada@example.com"}]}'


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, contacts=2) as server:
        assert (await ask(server, "POST", "/v1/contacts/sync")).json["ready"] is True
        yield server


def world_of(served: Served) -> MemoryWorld:
    return served.house.village.world(LOGIN)


def named(served: Served, nick_name: str) -> list[str]:
    return [key for key, contact in world_of(served).contacts().items() if contact.nick_name == nick_name]


async def hang_up_during(served: Served, verb: str, point: str, *request: Any) -> None:
    """Send a request, close the connection while the provider's call is held, then let the call go on to its end."""
    gates = world_of(served).gates
    gates.hold(verb, point)
    async with wire_to(served) as wire:
        wire.send(*request)
        await gates.reached(verb, point)
    # A request on another connection: when it is answered, the server has seen the end of the first one.
    assert (await ask(served, "GET", "/health")).status == 200
    gates.open()
    await served.house.writer.drain(10.0)


@pytest.mark.parametrize("point", ["ask", "answer"])
async def test_a_create_is_finished_and_the_same_one_again_gets_its_contact(served: Served, point: str) -> None:
    await hang_up_during(served, "create", point, "POST", "/v1/contacts", BODY)
    assert len(named(served, "Ada")) == 1
    again = await ask(served, "POST", "/v1/contacts", BODY)
    assert again.status == 201, again.body
    assert len(named(served, "Ada")) == 1
    listed = (await ask(served, "GET", "/v1/contacts?q=ada")).json["records"]
    assert [record["id"] for record in listed] == [again.json["id"]]
    # That one was delivered: a third is another contact.
    third = await ask(served, "POST", "/v1/contacts", BODY)
    assert third.json["id"] != again.json["id"]
    assert len(named(served, "Ada")) == 2


async def test_the_same_create_attaches_while_the_first_one_runs(served: Served) -> None:
    gates = world_of(served).gates
    gates.hold("create", "answer")
    async with wire_to(served) as first, wire_to(served) as second:
        first.send("POST", "/v1/contacts", BODY)
        await gates.reached("create", "answer")
        first.writer.close()
        second.send("POST", "/v1/contacts", BODY)
        assert (await ask(served, "GET", "/health")).status == 200
        gates.open()
        answer = await second.answer()
    assert answer.status == 201
    assert len(named(served, "Ada")) == 1


@pytest.mark.parametrize("point", ["ask", "answer"])
async def test_a_change_is_finished_and_the_same_one_again_is_no_conflict(served: Served, point: str) -> None:
    created = (await ask(served, "POST", "/v1/contacts", BODY)).json
    path, match = f"/v1/contacts/{created['id']}", f"If-Match: {created['etag']}"
    change = b'{"nickName":"Bo"}'
    await hang_up_during(served, "update", point, "PATCH", path, change, match)
    assert len(named(served, "Bo")) == 1
    again = await ask(served, "PATCH", path, change, match)
    assert again.status == 200, again.body
    assert again.json["record"]["nickName"] == "Bo"
    assert (await ask(served, "GET", path)).json == again.json["record"]
    stale = await ask(served, "PATCH", path, b'{"nickName":"Cy"}', match)
    assert stale.status == 412


@pytest.mark.parametrize("point", ["ask", "answer"])
async def test_a_delete_is_finished_and_the_same_one_again_is_no_404(served: Served, point: str) -> None:
    created = (await ask(served, "POST", "/v1/contacts", BODY)).json
    path = f"/v1/contacts/{created['id']}"
    await hang_up_during(served, "delete", point, "DELETE", path)
    assert named(served, "Ada") == []
    again = await ask(served, "DELETE", path)
    assert (again.status, again.body) == (200, b"{}")
    assert (await ask(served, "DELETE", path)).status == 404


async def test_hanging_up_in_the_middle_of_a_body_writes_nothing(served: Served) -> None:
    before = len(world_of(served).calls)
    async with wire_to(served) as wire:
        wire.head("POST", "/v1/contacts", length=len(BODY))
        wire.write(BODY[:-1])
        await wire.writer.drain()
    assert (await ask(served, "POST", "/v1/contacts", BODY)).status == 201
    assert [verb for verb, _ in world_of(served).calls[before:]].count("create") == 1
    assert len(named(served, "Ada")) == 1


async def test_who_waits_for_the_first_pull_may_go_without_ending_it(tmp_path: Path) -> None:
    async with serving(tmp_path, contacts=2, settings=Settings(ready_wait=20.0), held=("list", "answer")) as served:
        gates = world_of(served).gates
        async with wire_to(served) as staying:
            async with wire_to(served) as leaving:
                leaving.send("POST", "/v1/contacts/sync?awaitReady=true")
                await gates.reached("list", "answer")
                staying.send("POST", "/v1/contacts/sync?awaitReady=true")
            assert (await ask(served, "GET", "/health")).status == 200
            gates.open()
            assert (await staying.answer()).json["ready"] is True
        assert [verb for verb, _ in world_of(served).calls].count("list") == 1


async def test_who_waits_for_a_fresh_page_may_go_without_ending_the_pull(served: Served) -> None:
    gates = world_of(served).gates
    before = [verb for verb, _ in world_of(served).calls].count("list")
    gates.hold("list", "answer")
    async with wire_to(served) as staying:
        async with wire_to(served) as leaving:
            leaving.send("GET", "/v1/contacts", b"", "Cache-Control: no-cache")
            await gates.reached("list", "answer")
            staying.send("GET", "/v1/contacts?limit=1")
        gates.open()
        assert (await staying.answer()).json["length"] == 1
    await served.house.pulls.wait_idle()
    assert [verb for verb, _ in world_of(served).calls].count("list") == before + 1


async def test_many_hang_ups_leave_nothing_behind(served: Served) -> None:
    for number in range(20):
        body = json.dumps({"nickName": f"n{number}"}).encode()
        async with wire_to(served) as wire:
            wire.send("POST", "/v1/contacts", body)
            await wire.writer.drain()
            await asyncio.sleep(0)
    await served.house.writer.drain(10.0)
    for number in range(20):
        answer = await ask(served, "POST", "/v1/contacts", json.dumps({"nickName": f"n{number}"}).encode())
        assert answer.status == 201
        assert len(named(served, f"n{number}")) == 1
