"""``Prefer: handling=strict``: what the provider would not keep is refused and nothing is written."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from polydex.core.fields import ALL_FIELDS, Field
from polydex.testing.world import Fault, MemoryWorld
from tests.contract.server.client import Answer, Client
from tests.contract.server.house import House, open_house

LOGIN = "me@example.org"
STRICT = {"Prefer": "handling=strict"}
LOSSY = {"nickName": "Bo", "notes": "n", "urls": [{"href": "https://example.com"}]}


@pytest.fixture
async def poor(tmp_path: Path) -> AsyncIterator[House]:
    """An installation whose provider has neither notes nor web addresses."""
    async with open_house(tmp_path) as house:
        world = house.village.world(LOGIN)
        world.character = replace(world.character, writable=ALL_FIELDS - {Field.NOTES, Field.URLS})
        yield house


async def create(client: Client, body: Any, prefer: str = STRICT["Prefer"]) -> Answer:
    return await client.send("POST", "/v1/contacts", body, headers={"Prefer": prefer})


def written(world: MemoryWorld) -> int:
    return sum(verb in ("create", "update") for verb, _ in world.calls)


def refused(answer: Answer, *paths: str) -> None:
    assert (answer.status, answer.code) == (400, "field.unsupported"), answer.body
    assert [part.split(":")[0] for part in answer.json["message"].split("; ")] == list(paths)
    assert answer.headers["preference-applied"] == "handling=strict"


async def test_a_new_contact_that_would_lose_something_is_refused(poor: House) -> None:
    client = await poor.ready()
    refused(await create(client, LOSSY), "$.notes", "$.urls")
    assert written(poor.village.world(LOGIN)) == 0
    kept = await create(client, {"nickName": "Bo"})
    assert (kept.status, kept.headers["preference-applied"]) == (201, "handling=strict")
    assert "losses" not in kept.json


async def test_without_it_the_losses_are_told(poor: House) -> None:
    client = await poor.ready()
    answer = await client.post("/v1/contacts", LOSSY)
    assert answer.status == 201
    assert [loss["path"] for loss in answer.json["losses"]] == ["$.notes", "$.urls"]
    assert "preference-applied" not in answer.headers
    # The same body, strictly: another request, which does not get the answer of the first one.
    refused(await create(client, LOSSY), "$.notes", "$.urls")
    assert len(poor.village.world(LOGIN).contacts()) == 1


async def test_a_strict_request_does_not_attach_to_one_that_was_not(poor: House) -> None:
    client = await poor.ready()
    poor.village.world(LOGIN).faults.append(("create", Fault.LOST))
    assert (await client.post("/v1/contacts", LOSSY)).status == 504
    refused(await create(client, LOSSY), "$.notes", "$.urls")


async def test_a_change_that_would_lose_something_is_refused(poor: House) -> None:
    client = await poor.ready()
    first = (await client.post("/v1/contacts", {"nickName": "Bo"})).json
    path, before = f"/v1/contacts/{first['id']}", written(poor.village.world(LOGIN))
    refused(await client.patch(path, {"nickName": "Cy", "notes": "n"}, Prefer="handling=strict"), "$.notes")
    assert written(poor.village.world(LOGIN)) == before
    assert (await client.get(path)).json["nickName"] == "Bo"
    kept = await client.patch(path, {"nickName": "Cy"}, Prefer="handling=strict", If_Match=first["etag"])
    assert (kept.status, kept.json["record"]["nickName"]) == (200, "Cy")
    assert kept.headers["preference-applied"] == "handling=strict"
    stale = await client.patch(path, {"notes": "n"}, Prefer="handling=strict", If_Match=first["etag"])
    assert stale.status == 412


async def test_what_is_sent_back_as_it_is_loses_nothing(poor: House) -> None:
    client = await poor.ready()
    stored = (await client.post("/v1/contacts", LOSSY)).json["record"]
    answer = await client.patch(f"/v1/contacts/{stored['id']}", stored, Prefer="handling=strict")
    assert answer.status == 200, answer.body


@pytest.mark.parametrize(
    ("prefer", "strict"),
    [
        ("handling=strict", True),
        ('Handling = "Strict"', True),
        ("return=minimal,handling=strict;x=1", True),
        ("respond-async, wait=5, handling=strict", True),
        ("handling=strict, handling=lenient", True),
        ("handling=lenient, handling=strict", False),
        ("handling=lenient", False),
        ("handling", False),
        ("strict", False),
        ("", False),
        (',;=,"', False),
    ],
)
async def test_the_header_is_read_as_rfc_7240_has_it(poor: House, prefer: str, strict: bool) -> None:
    answer = await create(await poor.ready(), LOSSY, prefer)
    assert answer.status == (400 if strict else 201), answer.body
    assert answer.headers.get("preference-applied") == ("handling=strict" if strict else None)


async def test_a_body_that_cannot_be_read_is_told_first(poor: House) -> None:
    answer = await create(await poor.ready(), {"nickName": 5, "notes": "n"})
    assert (answer.status, answer.code) == (400, "badRequest")
