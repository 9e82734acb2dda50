"""Microsoft accounts over HTTP, on the sandbox: connecting, showing, staying alive, ending."""

from __future__ import annotations

import pytest

from polydex.connectors.tokens import Grant
from polydex.engine.accounts import AccountSpec
from tests.contract.server.client import Client
from tests.contract.server.connecting import Server
from tests.microsoft.users import MICROSOFT, TENANT, User, admit
from tests.providers.users import Service


@pytest.fixture
def service() -> Service:
    return MICROSOFT


async def test_the_login_that_is_sent_is_shown_and_does_not_choose_the_mailbox(server: Server, ada: User) -> None:
    account, client = await server.connect(authString2=ada.grants(), loginString="somebody@example.com")
    shown = (await server.back_end.get(f"/v1/am/accounts/{account}")).json
    assert (shown["loginString"], shown["email"]) == ("somebody@example.com", ada.email)
    assert (await client.post("/v1/contacts/sync")).json["ready"] is True
    assert not [each for each in ada.requests("/") if "/users/" in each["path"]]


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


async def test_the_end_of_the_tokens_is_an_end_here_alone(server: Server, ada: User) -> None:
    account, client = await server.connect(authString2=ada.grants())
    asked = len(ada.requests("/"))
    answer = await client.delete("/v1/account/token")
    assert (answer.status, answer.body) == (200, b"{}")
    assert (await server.back_end.get(f"/v1/am/accounts/{account}")).json["tokenStatus"] == "dead"
    assert len(ada.requests("/")) == asked  # Microsoft has no such call
    assert any(each["alive"] for each in ada.control("GET", "/microsoft/grants")["refreshTokens"])
