"""Google accounts over HTTP, on the sandbox: connecting, showing, staying alive, ending."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from polydex.app import Polydex, Role, open_app
from polydex.config import Config
from tests.contract.server.client import Client, basic, bearer
from tests.google.users import CONTACTS, User, settings
from tests.servers.sandbox import SandboxServer

FUTURE = "2099-03-09T12:30:00Z"


@pytest.fixture
def google(sandbox_server: SandboxServer) -> SandboxServer:
    return sandbox_server


@pytest.fixture
def ada(google: SandboxServer) -> User:
    return User.new(google)


@dataclass
class Server:
    """A whole Polydex with one application."""

    polydex: Polydex
    back_end: Client

    async def upsert(self, **given: Any) -> Any:
        answer = await self.back_end.post("/v1/am/accounts", {"serviceType": "Google", "active": True, **given})
        assert answer.status == 200, answer.body
        return answer.json

    async def connect(self, **given: Any) -> tuple[int, Client]:
        saved = await self.upsert(**given)
        return saved["accountId"], Client(self.back_end.app, bearer(saved["accessToken"]))


@pytest.fixture
async def server(tmp_path: Path, google: SandboxServer) -> AsyncIterator[Server]:
    config = Config.load({"POLYDEX_DATA_DIR": str(tmp_path / "data"), **settings(google)})
    async with open_app(config, Role.API) as polydex:
        owner = await polydex.accounts.create_app("tests")
        yield Server(polydex, Client(polydex.asgi(), basic(owner.client_id, owner.client_secret)))


async def test_an_account_is_connected_as_programs_for_aurinko_do(server: Server, ada: User) -> None:
    access, refresh = ada.access(), ada.grants()
    account, client = await server.connect(
        authString1=access, authString2=refresh, authExpiresAt=FUTURE, clientOrgId="org-1"
    )
    shown = await server.back_end.get(f"/v1/am/accounts/{account}")
    expected = {
        "id": account, "serviceType": "Google", "active": True, "tokenStatus": "active", "type": "personal",
        "loginString": ada.email, "email": ada.email, "name": "Ada Example", "clientOrgId": "org-1",
        "authScopes": ["Contacts.Read", "Contacts.ReadWrite"],
    }  # fmt: skip
    assert {name: shown.json.get(name) for name in expected} == expected
    assert access.encode() not in shown.body
    assert refresh.encode() not in shown.body
    assert "serverUrl" not in shown.json
    assert (await client.post("/v1/contacts/sync")).json["ready"] is True
    made = await client.post("/v1/contacts", {"name": {"givenName": "Bo"}})
    assert made.status == 201, made.body
    assert (await client.get("/v1/contacts")).json["length"] == 1
    [person] = ada.control("GET", "/google/contacts")["people"]
    assert person["names"][0]["givenName"] == "Bo"
    answer = await client.get("/v1/account?includeProviderAuth=true")
    assert answer.status == 501


async def test_what_is_given_is_kept_and_what_is_not_is_found_out(server: Server, ada: User) -> None:
    given = {"loginString": "ada", "email": "other@example.com", "name": "A.", "authString1": ada.access()}
    account, _ = await server.connect(**given)
    shown = (await server.back_end.get(f"/v1/am/accounts/{account}")).json
    assert (shown["loginString"], shown["email"], shown["name"]) == ("ada", "other@example.com", "A.")


async def test_the_same_user_is_the_same_account_whoever_is_named(server: Server, ada: User) -> None:
    first, _ = await server.connect(authString2=ada.grants())
    second, _ = await server.connect(authString2=ada.grants(), email="other@example.com")
    assert second == first
    other, _ = await server.connect(authString2=User.new(ada.sandbox).grants(), email="other@example.com")
    assert other != first


@pytest.mark.parametrize(
    ("changes", "status", "place"),
    [
        ({}, 400, "authString1"),
        ({"password": "secret", "loginString": "ada"}, 400, "authString1"),
        ({"authString1": "", "authString2": None}, 400, "authString1"),
        ({"authString2": "two words"}, 400, "$.authString2"),
        ({"authString1": "tab\t"}, 400, "$.authString1"),
        ({"authString1": 5}, 400, "$.authString1"),
        ({"authString1": "x", "authExpiresAt": "soon"}, 400, "$.authExpiresAt"),
        ({"authString1": "x", "authExpiresAt": "2026-03-09T12:30:00"}, 400, "$.authExpiresAt"),
        ({"authString1": "x", "authExpiresAt": "20260309T123000Z"}, 400, "$.authExpiresAt"),
        ({"authString1": "x", "authExpiresAt": ""}, 400, "$.authExpiresAt"),
        ({"authString1": "x", "authExpiresAt": 1773059400}, 400, "$.authExpiresAt"),
        ({"authString1": "unknown"}, 401, "access token"),
        ({"authString2": "1//unknown"}, 401, "refresh token"),
    ],
)
async def test_what_cannot_be_connected_is_named(
    server: Server, changes: dict[str, Any], status: int, place: str
) -> None:
    for path in ("/v1/am/accounts", "/v1/am/accounts/connect"):
        answer = await server.back_end.post(path, {"serviceType": "Google", "active": True, **changes})
        assert answer.status == status, answer.body
        assert place in answer.json["message"]
    assert (await server.back_end.get("/v1/am/accounts")).json["totalSize"] == 0


async def test_connect_tries_and_stores_nothing(server: Server, ada: User) -> None:
    body = {"serviceType": "Google", "active": True, "authString2": ada.grants()}
    answer = await server.back_end.post("/v1/am/accounts/connect", body)
    assert (answer.status, answer.json) == (200, {"status": "Ok"})
    assert (await server.back_end.get("/v1/am/accounts")).json["totalSize"] == 0


async def test_access_without_contacts_is_none(server: Server, ada: User) -> None:
    body = {
        "serviceType": "Google",
        "active": True,
        "authString2": ada.grants(scopes=["openid", f"{CONTACTS}.other.readonly"]),
    }
    answer = await server.back_end.post("/v1/am/accounts", body)
    assert (answer.status, answer.code) == (403, "forbidden")


async def test_an_expired_access_token_is_renewed_without_anybody_noticing(server: Server, ada: User) -> None:
    _, client = await server.connect(authString2=ada.grants())
    assert (await client.post("/v1/contacts/sync")).json["ready"] is True
    ada.control("POST", "/tokens/expire", {})
    fresh = Client(client.app, {**client.headers, "Cache-Control": "no-cache"})
    assert (await fresh.get("/v1/contacts")).status == 200
    assert [each["status"] for each in ada.requests("/token")] == [200, 200]


async def test_a_dead_account_is_answered_401_everywhere_and_asks_nobody(server: Server, ada: User) -> None:
    account, client = await server.connect(authString2=ada.grants())
    assert (await client.post("/v1/contacts/sync")).json["ready"] is True
    ada.withdraws()
    answer = await client.post("/v1/contacts", {"nickName": "x"})
    assert (answer.status, answer.code) == (401, "token.dead")
    asked = len(ada.requests("/"))
    for method, path in (("GET", "/v1/contacts"), ("GET", "/v1/account"), ("POST", "/v1/contacts/sync")):
        answer = await client.send(method, path)
        assert (answer.status, answer.code) == (401, "token.dead")
    assert len(ada.requests("/")) == asked
    shown = (await server.back_end.get(f"/v1/am/accounts/{account}")).json
    assert (shown["tokenStatus"], "revoked" in shown["tokenError"]) == ("dead", True)


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
