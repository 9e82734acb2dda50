"""Microsoft accounts over HTTP, on the sandbox: connecting, showing, staying alive, ending."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from polydex.app import Polydex, Role, now_ms, open_app
from polydex.config import Config
from polydex.connectors.tokens import Grant
from polydex.engine.accounts import AccountSpec
from tests.contract.server.client import Client, basic, bearer
from tests.microsoft.users import TENANT, User, admit, settings
from tests.servers.sandbox import SandboxServer


@pytest.fixture
def microsoft(sandbox_server: SandboxServer) -> SandboxServer:
    return sandbox_server


@pytest.fixture
def ada(microsoft: SandboxServer) -> User:
    return User.new(microsoft)


@dataclass
class Server:
    """A whole Polydex with one application.

    Attributes:
        ahead: milliseconds that its clock is ahead.
    """

    polydex: Polydex
    back_end: Client
    app: int
    ahead: list[int]

    async def connect(self, **given: Any) -> tuple[int, Client]:
        answer = await self.back_end.post("/v1/am/accounts", {"serviceType": "Office365", "active": True, **given})
        assert answer.status == 200, answer.body
        return answer.json["accountId"], self.acting(answer.json["accessToken"])

    def acting(self, token: str) -> Client:
        return Client(self.back_end.app, bearer(token))


@pytest.fixture
async def server(tmp_path: Path, microsoft: SandboxServer) -> AsyncIterator[Server]:
    config = Config.load({"POLYDEX_DATA_DIR": str(tmp_path / "data"), **settings(microsoft)})
    ahead = [0]
    async with open_app(config, Role.API, clock=lambda: now_ms() + ahead[0]) as polydex:
        owner = await polydex.accounts.create_app("tests")
        yield Server(polydex, Client(polydex.asgi(), basic(owner.client_id, owner.client_secret)), owner.id, ahead)


async def test_an_account_is_connected_as_programs_for_aurinko_do(server: Server, ada: User) -> None:
    ada.strictly()
    access, refresh = ada.access(), ada.grants()
    given = {"authString1": access, "authString2": refresh, "authExpiresAt": "2099-03-09T12:30:00Z"}
    body = {"serviceType": "Office365", "active": True, **given}
    assert (await server.back_end.post("/v1/am/accounts/connect", body)).json == {"status": "Ok"}
    account, client = await server.connect(**given, clientOrgId="org-1")
    shown = await server.back_end.get(f"/v1/am/accounts/{account}")
    expected = {
        "id": account, "serviceType": "Office365", "active": True, "tokenStatus": "active", "type": "personal",
        "daemon": False, "loginString": ada.email, "email": ada.email, "name": "Ada Example", "clientOrgId": "org-1",
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
    [contact] = ada.control("GET", "/microsoft/contacts")["contacts"]
    assert contact["givenName"] == "Bo"


async def test_the_login_that_is_sent_is_shown_and_does_not_choose_the_mailbox(server: Server, ada: User) -> None:
    account, client = await server.connect(authString2=ada.grants(), loginString="somebody@example.com")
    shown = (await server.back_end.get(f"/v1/am/accounts/{account}")).json
    assert (shown["loginString"], shown["email"]) == ("somebody@example.com", ada.email)
    assert (await client.post("/v1/contacts/sync")).json["ready"] is True
    assert not [each for each in ada.requests("/") if "/users/" in each["path"]]


async def test_the_same_user_is_the_same_account(server: Server, ada: User) -> None:
    first, _ = await server.connect(authString2=ada.grants())
    second, _ = await server.connect(authString2=ada.grants())
    assert second == first
    other, _ = await server.connect(authString2=User.new(ada.sandbox).grants())
    assert other != first


@pytest.mark.parametrize(
    ("changes", "status", "place"),
    [
        ({}, 400, "authString1"),
        (
            {"authOrgId": TENANT, "loginString": "ada@example.com"},
            400,
            "authString1",
        ),  # the operator's alone to connect
        ({"authString2": "two words"}, 400, "$.authString2"),
        ({"authString1": "unknown"}, 401, "access token"),
        ({"authString2": "unknown"}, 401, "refresh token"),
    ],
)
async def test_what_cannot_be_connected_is_named(
    server: Server, changes: dict[str, Any], status: int, place: str
) -> None:
    for path in ("/v1/am/accounts", "/v1/am/accounts/connect"):
        answer = await server.back_end.post(path, {"serviceType": "Office365", "active": True, **changes})
        assert answer.status == status, answer.body
        assert place in answer.json["message"]
    assert (await server.back_end.get("/v1/am/accounts")).json["totalSize"] == 0


async def test_access_of_the_application_itself_is_told(server: Server, ada: User) -> None:
    admit(ada.sandbox, "Contacts.ReadWrite")
    spec = AccountSpec("Office365", login=ada.email, grant=Grant("", application=TENANT))
    saved = await server.polydex.accounts.upsert(server.app, spec)
    client = server.acting(saved.access_token)
    assert (await client.post("/v1/contacts/sync")).json["ready"] is True
    for shown in (
        (await client.get("/v1/account")).json,
        (await server.back_end.get(f"/v1/am/accounts/{saved.account_id}")).json,
        (await server.back_end.get("/v1/am/accounts")).json["records"][0],
    ):
        assert (shown["type"], shown["daemon"], shown["loginString"]) == ("daemon", True, ada.email)
    # The user who connects as well has an account of their own, for what ends with one access is not the other's.
    account, _ = await server.connect(authString2=ada.grants())
    assert account != saved.account_id
    assert (await client.delete("/v1/account/token")).status == 200
    assert (await server.back_end.get(f"/v1/am/accounts/{account}")).json["tokenStatus"] == "active"


async def test_each_refresh_token_is_used_once(server: Server, ada: User) -> None:
    ada.strictly()
    _, client = await server.connect(authString2=ada.grants())
    assert (await client.post("/v1/contacts/sync")).json["ready"] is True
    fresh = Client(client.app, {**client.headers, "Cache-Control": "no-cache"})
    for _ in range(2):
        server.ahead[0] += 7200_000
        ada.control("POST", "/tokens/expire", {})
        assert (await fresh.get("/v1/contacts")).status == 200
    known = ada.control("GET", "/microsoft/grants")["refreshTokens"]
    assert [each["alive"] for each in known if each["origin"]] == [False, False, True]


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
    assert (shown["tokenStatus"], "withdrawn" in shown["tokenError"]) == ("dead", True)


async def test_the_end_of_the_tokens_is_an_end_here_alone(server: Server, ada: User) -> None:
    account, client = await server.connect(authString2=ada.grants())
    asked = len(ada.requests("/"))
    answer = await client.delete("/v1/account/token")
    assert (answer.status, answer.body) == (200, b"{}")
    assert (await server.back_end.get(f"/v1/am/accounts/{account}")).json["tokenStatus"] == "dead"
    assert len(ada.requests("/")) == asked  # Microsoft has no such call
    assert any(each["alive"] for each in ada.control("GET", "/microsoft/grants")["refreshTokens"])
