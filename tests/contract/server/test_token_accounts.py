"""Accounts with tokens over HTTP, on the sandbox: connecting, showing, staying alive, ending."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.server.connecting import Server
from tests.google.users import GOOGLE
from tests.microsoft.users import MICROSOFT, TENANT
from tests.providers.users import SandboxUser, Service

FUTURE = "2099-03-09T12:30:00Z"


@pytest.fixture(params=[GOOGLE, MICROSOFT], ids=lambda service: service.name)
def service(request: pytest.FixtureRequest) -> Service:
    found: Service = request.param
    return found


async def test_an_account_is_connected_as_programs_for_aurinko_do(server: Server, ada: SandboxUser) -> None:
    ada.strictly()
    access, refresh = ada.access(), ada.grants()
    given = {"authString1": access, "authString2": refresh, "authExpiresAt": FUTURE}
    assert (await server.back_end.post("/v1/am/accounts/connect", server.body(**given))).json == {"status": "Ok"}
    account, client = await server.connect(**given, clientOrgId="org-1")
    shown = await server.back_end.get(f"/v1/am/accounts/{account}")
    expected = {
        "id": account, "serviceType": server.service.service_type, "active": True, "tokenStatus": "active",
        "type": "personal", "daemon": False, "loginString": ada.email, "email": ada.email, "name": "Ada Example",
        "clientOrgId": "org-1", "authScopes": ["Contacts.Read", "Contacts.ReadWrite"],
    }  # fmt: skip
    assert {name: shown.json.get(name) for name in expected} == expected
    assert access.encode() not in shown.body
    assert refresh.encode() not in shown.body
    assert "serverUrl" not in shown.json
    assert (await client.post("/v1/contacts/sync")).json["ready"] is True
    made = await client.post("/v1/contacts", {"name": {"givenName": "Bo"}})
    assert made.status == 201, made.body
    assert (await client.get("/v1/contacts")).json["length"] == 1
    assert ada.knows() == ["Bo"]
    assert (await client.get("/v1/account?includeProviderAuth=true")).status == 501


async def test_the_same_user_is_the_same_account_whoever_is_named(server: Server, ada: SandboxUser) -> None:
    first, _ = await server.connect(authString2=ada.grants())
    second, _ = await server.connect(authString2=ada.grants(), email="other@example.com")
    assert second == first
    other, _ = await server.connect(
        authString2=server.service.user.new(ada.sandbox).grants(), email="other@example.com"
    )
    assert other != first


UNFIT: dict[Service, list[tuple[dict[str, Any], int, str]]] = {
    GOOGLE: [
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
    MICROSOFT: [
        ({}, 400, "authString1"),
        # The operator's alone to connect.
        ({"authOrgId": TENANT, "loginString": "ada@example.com"}, 400, "authString1"),
        ({"authString2": "two words"}, 400, "$.authString2"),
        ({"authString1": "unknown"}, 401, "access token"),
        ({"authString2": "unknown"}, 401, "refresh token"),
    ],
}


@pytest.mark.parametrize(
    ("service", "changes", "status", "place"), [(service, *row) for service in UNFIT for row in UNFIT[service]]
)
async def test_what_cannot_be_connected_is_named(
    server: Server, changes: dict[str, Any], status: int, place: str
) -> None:
    for path in ("/v1/am/accounts", "/v1/am/accounts/connect"):
        answer = await server.back_end.post(path, server.body(**changes))
        assert answer.status == status, answer.body
        assert place in answer.json["message"]
    assert (await server.back_end.get("/v1/am/accounts")).json["totalSize"] == 0


async def test_a_dead_account_is_answered_401_everywhere_and_asks_nobody(server: Server, ada: SandboxUser) -> None:
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
    assert (shown["tokenStatus"], server.service.withdrawn in shown["tokenError"]) == ("dead", True)
