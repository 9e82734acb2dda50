"""Calls, against a server that answers as it is told."""

import asyncio
from dataclasses import replace
from urllib.parse import unquote

import pytest

from polydex.connectors.microsoft import wire
from polydex.connectors.microsoft.api import Api, path_of
from polydex.connectors.microsoft.contacts import read_paths
from polydex.connectors.microsoft.parts import Part, ask_together
from polydex.connectors.microsoft.shared import Shared
from polydex.connectors.pause import FLOOR_SECONDS
from polydex.core.errors import (
    ProviderMalformed,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
    RecordNotFound,
)
from polydex.core.ids import RemoteKey
from polydex.testing.clock import FakeClock
from tests.microsoft.scripted import Asked, FixedTokens, Reply, api_of, batch, refusal, scripted

KEY = RemoteKey("AAkALgAAAAAA/HYD+QapmEc2byACqAC-EWg0A_=")


def test_an_id_in_a_path() -> None:
    assert path_of("contactFolders", "contacts", "contacts", KEY) == (
        "/contactFolders/contacts/contacts/AAkALgAAAAAA%2FHYD%2BQapmEc2byACqAC-EWg0A_="
    )
    assert path_of("a b?#%ü\x00") == "/a%20b%3F%23%25%C3%BC%00"


async def test_every_request_asks_for_ids_that_stay() -> None:
    async with scripted(Reply({})) as server, api_of(server) as api:
        await api.get("/me", step="x")
        await api.get("/me", step="x", prefer="odata.maxpagesize=7")
        await api.call("PATCH", "/me", step="x", body=b"{}", headers={"If-Match": 'W/"1"'})
        server.replies = [batch(Reply({}), Reply({}))]
        await ask_together(api, [Part("GET", "/a"), Part("PATCH", "/b", b"{}", {"If-Match": "1"})], step="x")
    assert [one.headers["Prefer"] for one in server.asked] == [
        'IdType="ImmutableId"',
        'IdType="ImmutableId", odata.maxpagesize=7',
        'IdType="ImmutableId"',
        'IdType="ImmutableId"',
    ]
    assert [part["headers"]["Prefer"] for part in server.asked[-1].parts] == ['IdType="ImmutableId"'] * 2
    assert server.asked[-1].parts[1] == {
        "id": "1",
        "method": "PATCH",
        "url": "/b",
        "headers": {"Prefer": 'IdType="ImmutableId"', "If-Match": "1", "Content-Type": "application/json"},
        "body": {},
    }
    assert {one.headers["Authorization"] for one in server.asked} == {"Bearer first"}
    assert server.asked[2].headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("end", ["", "/", "/v1.0", "/v1.0/"])
async def test_the_address_with_or_without_the_version(end: str) -> None:
    async with scripted(Reply({})) as server, api_of(server) as api:
        await replace(api, api_url=server.url + end).get("/me", step="x")
    assert server.asked[0].path == "/v1.0/me"


async def test_whose_mailbox() -> None:
    async with scripted(Reply({})) as server, api_of(server, mailbox="ada@example.com") as api:
        await api.get(*read_paths(api, "contacts", KEY), step="x")
    path, _, query = server.asked[0].path.partition("?")
    assert path == f"/v1.0/users/ada@example.com/contactFolders/contacts/contacts/{path_of(KEY)[1:]}"
    assert query.startswith("$expand=singleValueExtendedProperties%28$filter")
    assert unquote(query) == f"$expand={wire.EXPAND}"


# --- tokens ---------------------------------------------------------------------------------------------------------


async def test_a_token_that_is_refused_is_renewed_once() -> None:
    refused = refusal(401, "InvalidAuthenticationToken")
    async with scripted(refused, Reply({"id": "7"})) as server, api_of(server) as api:
        assert await api.get("/me", step="x") == b'{"id": "7"}'
        assert [one.headers["Authorization"] for one in server.asked] == ["Bearer first", "Bearer second"]
        server.replies = [refused]
        with pytest.raises(ProviderUnauthorized):
            await replace(api, tokens=FixedTokens()).get("/me", step="x")
    assert len(server.asked) == 4


async def test_a_link_is_followed_as_it_is() -> None:
    async with scripted(Reply({})) as server, api_of(server) as api:
        link = f"{server.url}/v1.0/me/contacts/delta?$skiptoken=a%2Fb==&x=%27'"
        await api.get(link, step="x")
        assert server.asked[0].path == link.removeprefix(server.url)


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.microsoft.com.example.net/v1.0/me",
        "http://graph.microsoft.com/v1.0/me",
        "https://graph.microsoft.com:8443/v1.0/me",
        "https://graph.microsoft.com@example.net/v1.0/me",
        "https://user@graph.microsoft.com/v1.0/me",
        "https://graph.microsoft.com/beta/me",
        "https://graph.microsoft.com/v1.0",
        "https://[/v1.0/me",
        "ftp://graph.microsoft.com/v1.0/me",
    ],
)
async def test_a_token_goes_nowhere_else(link: str) -> None:
    async with scripted(Reply({})) as server, api_of(server) as api:
        graph = replace(api, api_url="https://graph.microsoft.com")
        assert graph.leads_here("https://graph.microsoft.com/v1.0/me/contacts/delta?$deltatoken=x")
        assert graph.leads_here("https://GRAPH.microsoft.com:443/v1.0/me")
        with pytest.raises(ProviderMalformed):
            await graph.get(link, step="x")


async def test_a_redirect_is_no_answer() -> None:
    async with scripted(Reply(b"", 302, {"Location": "http://127.0.0.1:9/"})) as server, api_of(server) as api:
        with pytest.raises(ProviderMalformed):
            await api.get("/me", step="x")
    assert len(server.asked) == 1


# --- limits ---------------------------------------------------------------------------------------------------------


async def test_no_more_than_four_at_once_and_a_batch_alone() -> None:
    inside: list[str] = []
    seen: list[list[str]] = []

    async def handler(asked: Asked) -> Reply:
        inside.append(asked.path.rpartition("/")[2])
        seen.append(list(inside))
        await asyncio.sleep(0.01)
        inside.remove(asked.path.rpartition("/")[2])
        return batch(Reply({})) if asked.path.endswith("$batch") else Reply({})

    async with scripted() as server, api_of(server) as api:
        server.handler = handler
        calls = [api.get(f"/me/{number}", step="x") for number in range(9)]
        await asyncio.gather(*calls, *(ask_together(api, [Part("GET", "/me")], step="x") for _ in range(2)))
    assert max(len(one) for one in seen) == 4
    assert [one for one in seen if "$batch" in one] == [["$batch"]] * 2


async def test_who_finds_no_room_in_time_has_sent_nothing() -> None:
    async with scripted(Reply({})) as server, api_of(server) as api, api.shared.room.all():
        with pytest.raises(ProviderUnavailable) as caught:
            await api.call("POST", "/me/contacts", step="x", body=b"{}", seconds=0.01)
        assert not caught.value.sent
    assert server.asked == []


async def test_after_a_refusal_everybody_waits() -> None:
    clock = FakeClock()
    async with scripted(refusal(429, "ApplicationThrottled")) as server, api_of(server, clock=clock) as api:
        with pytest.raises(ProviderThrottled) as caught:
            await api.get("/me", step="x")
        assert caught.value.retry_after == FLOOR_SECONDS
        for _ in range(3):
            with pytest.raises(ProviderThrottled) as caught:
                await api.call("POST", "/me/contacts", step="x", body=b"{}")
            assert not caught.value.sent
        assert len(server.asked) == 1
        clock.advance(FLOOR_SECONDS)
        server.replies = [Reply({})]
        await api.get("/me", step="x")


async def test_one_part_that_is_refused_holds_everybody_back() -> None:
    clock = FakeClock()
    async with (
        scripted(batch(Reply({}), refusal(429, "x", Retry_After="30"))) as server,
        api_of(server, clock=clock) as api,
    ):
        fine, refused = await ask_together(api, [Part("GET", "/a"), Part("GET", "/b")], step="x")
        assert fine == b"{}"
        assert isinstance(refused, ProviderThrottled)
        assert refused.retry_after == 30
        with pytest.raises(ProviderThrottled):
            await api.get("/me", step="x")
        clock.advance(30)
        with_refusals_in_a_row = await ask_together(api, [Part("GET", "/a"), Part("GET", "/b")], step="x")
        assert isinstance(with_refusals_in_a_row[1], ProviderThrottled)
        assert api.shared.pause.left == 30


# --- batches --------------------------------------------------------------------------------------------------------


async def test_parts_come_in_any_order_and_each_has_its_outcome() -> None:
    parts = [
        {"id": "2", "status": 404, "body": {"error": {"code": "ErrorItemNotFound"}}},
        {"id": "0", "status": 200, "headers": {"content-type": "application/json"}, "body": {"a": 1}},
        {"id": "1", "status": 204},
        {"id": "9", "status": 200, "body": {}},
    ]
    async with scripted(Reply({"responses": parts})) as server, api_of(server) as api:
        asked = [Part("GET", f"/{number}") for number in range(4)]
        found = await ask_together(api, asked, step="x")
    assert found[0] == b'{"a": 1}'
    assert found[1] == b""
    assert isinstance(found[2], RecordNotFound)
    assert isinstance(found[3], ProviderMalformed), "what was not answered is not taken for anything"


async def test_a_batch_of_nothing_is_not_sent() -> None:
    async with scripted(Reply({})) as server, api_of(server) as api:
        assert await ask_together(api, [], step="x") == []
    assert server.asked == []


async def test_a_batch_that_changes_something_is_sent_once() -> None:
    async with scripted(refusal(503, "x")) as server, api_of(server) as api:
        with pytest.raises(ProviderUnavailable) as caught:
            await ask_together(api, [Part("GET", "/a"), Part("POST", "/b", b"{}")], step="x")
        assert caught.value.sent
        assert len(server.asked) == 1
        with pytest.raises(ProviderUnavailable):
            await ask_together(api, [Part("GET", "/a")], step="x")
        assert len(server.asked) == 3, "reads are repeated"


@pytest.mark.parametrize("content", [b"", b"{}", b'{"responses":{}}', b'{"responses":[{"id":0,"status":"x"}]}'])
async def test_a_batch_that_is_answered_with_nonsense(content: bytes) -> None:
    async with scripted(Reply(content)) as server, api_of(server) as api:
        with pytest.raises(ProviderMalformed):
            await ask_together(api, [Part("GET", "/a")], step="x")


@pytest.mark.parametrize("error", [ProviderTimeout(), ProviderMalformed()])
async def test_without_a_token_nothing_is_left_open(error: ProviderTimeout | ProviderMalformed) -> None:
    class Broken:
        async def current(self) -> str:
            raise error

        async def renewed(self, refused: str) -> str:
            raise error

    async with scripted(Reply({})) as server, api_of(server) as api:
        broken = Api(api.net, Broken(), Shared(api.net.now), server.url)
        with pytest.raises(ProviderUnavailable) as caught:
            await broken.call("POST", "/me/contacts", step="x", body=b"{}")
        assert not caught.value.sent
    assert server.asked == []
