"""What the control API has for Microsoft's identity platform."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.microsoft.visitor import CLIENT_ID, OTHER_TENANT, SCOPE, TENANT, Visitor, good


async def test_an_account_comes_with_a_refresh_token(http: httpx.AsyncClient) -> None:
    made = await control(http, "POST", "/accounts", {"email": "ada@example.com", "microsoftRefreshToken": "mine"})
    assert made["microsoftRefreshToken"] == "mine"
    client = (await control(http, "GET", "/microsoft/clients"))["clients"][0]
    proof = {"client_id": client["clientId"], "client_secret": client["clientSecret"]}
    visitor = Visitor(http)
    good(await visitor.refresh("mine", **proof))
    taken = {"email": "eve@example.org", "microsoftRefreshToken": "mine"}
    refused = await http.post("/control/accounts", json=taken)
    assert (refused.status_code, refused.json()) == (400, {"error": "Another account has this refresh token"})
    assert len((await control(http, "GET", "/accounts"))["accounts"]) == 1


async def test_clients(visitor: Visitor) -> None:
    http = visitor.http
    made = await control(http, "POST", "/microsoft/clients", {"name": "Other", "audience": "AzureADMyOrg"})
    path = f"/microsoft/clients/{made['clientId']}"
    assert await control(http, "GET", path) == made
    assert (made["tenant"], made["permissions"], made["roles"]) == (
        TENANT,
        ["User.Read", "Contacts.ReadWrite"],
        ["Contacts.ReadWrite"],
    )
    changed = await control(http, "PATCH", path, {"name": "New", "permissions": ["Contacts.Read"], "roles": []})
    assert (changed["name"], changed["permissions"], changed["roles"]) == ("New", ["Contacts.Read"], [])
    assert len((await control(http, "GET", "/microsoft/clients"))["clients"]) == 3
    await control(http, "DELETE", path)
    assert (await http.get(f"/control{path}")).status_code == 404
    await visitor.open(client_id=made["clientId"])
    assert "AADSTS700016" in visitor.page.text
    assert (await http.post("/control/microsoft/clients", json={"clientId": CLIENT_ID})).status_code == 409


@pytest.mark.parametrize(
    "given",
    [
        {"platform": "native"},
        {"audience": "everybody"},
        {"redirectUris": ["http://app.example.com/"]},
        {"permissions": ["Mail.Read"]},
        {"roles": ["Mail.Read"]},
        {"certificates": ["nonsense"]},
        {"secretExpires": "tomorrow"},
        {"unknown": 1},
    ],
)
async def test_clients_that_cannot_be(visitor: Visitor, given: dict[str, Any]) -> None:
    assert (await visitor.http.post("/control/microsoft/clients", json=given)).status_code == 400


async def test_the_default_client_stays(http: httpx.AsyncClient) -> None:
    client = (await control(http, "GET", "/microsoft/clients"))["clients"][0]["clientId"]
    assert (await http.delete(f"/control/microsoft/clients/{client}")).status_code == 400


async def test_directories(visitor: Visitor) -> None:
    http = visitor.http
    path = f"/microsoft/tenants/{OTHER_TENANT}"
    assert await control(http, "GET", "/microsoft/tenants/example.org") == {
        "tenant": OTHER_TENANT,
        "userConsent": True,
        "clients": [],
    }
    shown = await control(http, "PUT", f"{path}/clients/{CLIENT_ID}", {"scopes": ["Contacts.Read"]})
    assert shown["clients"] == [{"clientId": CLIENT_ID, "roles": [], "scopes": ["Contacts.Read"]}]
    assert (await control(http, "PATCH", path, {"userConsent": False}))["userConsent"] is False
    assert (await control(http, "PATCH", path, {"userConsent": True}))["userConsent"] is True
    assert (await http.get("/control/microsoft/tenants/common")).status_code == 400
    assert (await http.get("/control/microsoft/tenants/nowhere.example")).status_code == 404
    assert (await http.put(f"/control{path}/clients/nobody", json={})).status_code == 404
    assert (await http.put(f"/control{path}/clients/{CLIENT_ID}", json={"roles": ["All"]})).status_code == 400


async def test_an_application_that_is_removed_has_lost_its_consents(visitor: Visitor) -> None:
    token = (await visitor.allow())["refresh_token"]
    theirs = (await visitor.allow(login_hint="eve@example.org"))["refresh_token"]
    await control(visitor.http, "DELETE", f"/microsoft/tenants/{TENANT}/clients/{CLIENT_ID}")
    assert (await visitor.refresh(token)).json()["error_codes"] == [65001]
    good(await visitor.refresh(theirs))


async def test_grants(visitor: Visitor) -> None:
    await visitor.allow()
    shown = await control(visitor.http, "GET", "/accounts/1/microsoft/grants")
    (grant,) = shown["grants"]
    assert grant["clientId"] == CLIENT_ID
    assert set(grant["scopes"]) == {"openid", "profile", "email", "offline_access", "Contacts.ReadWrite"}
    token = shown["refreshTokens"][-1]
    assert (token["clientId"], token["alive"], token["used"]) == (CLIENT_ID, True, None)
    assert set(token["scopes"]) == {word.rpartition("/")[2] for word in SCOPE.split()}
    await control(visitor.http, "DELETE", "/accounts/1/microsoft/grants")
    shown = await control(visitor.http, "GET", "/accounts/1/microsoft/grants")
    assert shown["grants"] == []
    assert not any(each["alive"] for each in shown["refreshTokens"])


async def test_refresh_tokens(visitor: Visitor) -> None:
    path = "/accounts/1/microsoft/refreshTokens"
    made = await control(visitor.http, "POST", path, {"refreshToken": "mine", "scopes": [], "clientId": CLIENT_ID})
    assert (made["refreshToken"], made["clientId"], made["alive"]) == ("mine", CLIENT_ID, True)
    assert good(await visitor.refresh("mine"))["scope"] == "openid profile email"
    for given in ({"scopes": ["Mail.Read"]}, {"scopes": "Contacts.Read"}, {"other": 1}):
        assert (await visitor.http.post(f"/control{path}", json=given)).status_code == 400
    nobody = {"clientId": "nobody"}
    assert (await visitor.http.post(f"/control{path}", json=nobody)).status_code == 404
    assert (await visitor.http.post(f"/control{path}/expire", json={"refreshToken": "other"})).status_code == 404
