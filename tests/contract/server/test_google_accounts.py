"""Google accounts over HTTP, on the sandbox: connecting, showing, staying alive, ending."""

from __future__ import annotations

import pytest

from tests.contract.server.client import Client
from tests.contract.server.connecting import Server
from tests.google.users import CONTACTS, GOOGLE, User
from tests.providers.users import Service


@pytest.fixture
def service() -> Service:
    return GOOGLE


async def test_what_is_given_is_kept_and_what_is_not_is_found_out(server: Server, ada: User) -> None:
    given = {"loginString": "ada", "email": "other@example.com", "name": "A.", "authString1": ada.access()}
    account, _ = await server.connect(**given)
    shown = (await server.back_end.get(f"/v1/am/accounts/{account}")).json
    assert (shown["loginString"], shown["email"], shown["name"]) == ("ada", "other@example.com", "A.")


async def test_connect_tries_and_stores_nothing(server: Server, ada: User) -> None:
    body = server.body(authString2=ada.grants())
    answer = await server.back_end.post("/v1/am/accounts/connect", body)
    assert (answer.status, answer.json) == (200, {"status": "Ok"})
    assert (await server.back_end.get("/v1/am/accounts")).json["totalSize"] == 0


async def test_access_without_contacts_is_none(server: Server, ada: User) -> None:
    body = server.body(authString2=ada.grants(scopes=["openid", f"{CONTACTS}.other.readonly"]))
    answer = await server.back_end.post("/v1/am/accounts", body)
    assert (answer.status, answer.code) == (403, "forbidden")


async def test_an_expired_access_token_is_renewed_without_anybody_noticing(server: Server, ada: User) -> None:
    _, client = await server.connect(authString2=ada.grants())
    assert (await client.post("/v1/contacts/sync")).json["ready"] is True
    ada.control("POST", "/tokens/expire", {})
    fresh = Client(client.app, {**client.headers, "Cache-Control": "no-cache"})
    assert (await fresh.get("/v1/contacts")).status == 200
    assert [each["status"] for each in ada.requests("/token")] == [200, 200]


async def test_the_end_of_the_tokens_is_the_end_of_the_grant(server: Server, ada: User) -> None:
    account, client = await server.connect(authString2=ada.grants())
    assert any(each["alive"] for each in ada.control("GET", "/grants")["refreshTokens"])
    answer = await client.delete("/v1/account/token")
    assert (answer.status, answer.body) == (200, b"{}")
    assert not any(each["alive"] for each in ada.control("GET", "/grants")["refreshTokens"])
    assert (await server.back_end.get(f"/v1/am/accounts/{account}")).json["tokenStatus"] == "dead"


async def test_the_end_here_does_not_wait_for_google(server: Server, ada: User) -> None:
    account, client = await server.connect(authString2=ada.grants())
    ada.control("PUT", "/quirks/google-token-unavailable", {"methods": ["revoke"]})
    assert (await client.delete("/v1/account/token")).status == 200
    assert {each["status"] for each in ada.requests("/revoke")} == {503}
    assert (await server.back_end.get(f"/v1/am/accounts/{account}")).json["tokenStatus"] == "dead"
