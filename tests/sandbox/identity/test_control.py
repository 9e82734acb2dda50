"""What the authorization server adds to the control API."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from polydex_sandbox.connection import Dropped
from polydex_sandbox.sandbox import Sandbox
from tests.sandbox.conftest import START
from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.visitor import CLIENT_ID, CONTACTS, OTHER, Visitor, error_of

DAY = 86_400
DEAD = (400, "invalid_grant", "Token has been expired or revoked.")


async def refresh(http: httpx.AsyncClient, sandbox: Sandbox, token: str) -> httpx.Response:
    """With the default client."""
    client = sandbox.client
    form = {"client_id": client.id, "client_secret": client.secret}
    return await http.post("/token", data={**form, "grant_type": "refresh_token", "refresh_token": token})


async def test_a_new_account_comes_with_a_refresh_token(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    made = await control(http, "POST", "/accounts", {"email": "ada@example.com", "scopes": [CONTACTS]})
    given = (await refresh(http, sandbox, made["refreshToken"])).json()
    assert given["scope"] == CONTACTS
    own = {"email": "bob@example.com", "refreshToken": "my own"}
    assert (await control(http, "POST", "/accounts", own))["refreshToken"] == "my own"
    assert (await refresh(http, sandbox, "my own")).status_code == 200
    taken = await http.post("/control/accounts", json={"email": "eve@example.com", "refreshToken": "my own"})
    assert taken.status_code == 400
    assert len((await control(http, "GET", "/accounts"))["accounts"]) == 2
    await control(http, "DELETE", "/accounts/bob@example.com")
    assert error_of(await refresh(http, sandbox, "my own")) == DEAD
    assert (await control(http, "POST", "/accounts", own))["refreshToken"] == "my own"
    assert (await refresh(http, sandbox, "my own")).status_code == 200


async def test_clients(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    made = await control(http, "POST", "/clients", {"redirectUris": ["https://app.example.com/back"], "testing": True})
    assert made["clientId"].endswith(".apps.googleusercontent.com")
    assert made["clientSecret"].startswith("GOCSPX-")
    assert made["file"]["web"]["token_uri"] == "http://sandbox/token"
    path = f"/clients/{made['clientId']}"
    changed = await control(http, "PATCH", path, {"testing": False, "name": "New"})
    assert changed == {**made, "testing": False, "name": "New"}
    assert await control(http, "GET", path) == changed
    listed = (await control(http, "GET", "/clients"))["clients"]
    assert [each["clientId"] for each in listed] == [sandbox.client.id, made["clientId"]]
    await control(http, "DELETE", path)
    assert (await http.get(f"/control{path}")).status_code == 404
    again = await http.post("/control/clients", json={"clientId": made["clientId"]})
    assert again.status_code == 409


@pytest.mark.parametrize(
    ("method", "path", "given", "status"),
    [
        ("POST", "/clients", {"redirectUris": ["http://app.example.com/"]}, 400),
        ("POST", "/clients", {"redirectUris": ["https://app.example.com/#x"]}, 400),
        ("POST", "/clients", {"redirectUris": ["https://*.example.com/"]}, 400),
        ("POST", "/clients", {"redirectUris": ["https://a@app.example.com/"]}, 400),
        ("POST", "/clients", {"redirectUris": ["https://app.example.com/a/../b"]}, 400),
        ("POST", "/clients", {"redirectUris": ["javascript:alert(1)"]}, 400),
        ("POST", "/clients", {"redirectUris": "https://app.example.com/"}, 400),
        ("POST", "/clients", {"type": "desktop"}, 400),
        ("POST", "/clients", {"testing": 1}, 400),
        ("POST", "/clients", {"misspelt": 1}, 400),
        ("GET", "/clients/nobody", None, 404),
        ("DELETE", "/clients/1000000000-sandbox.apps.googleusercontent.com", None, 400),
        ("POST", "/serviceAccounts", {"name": "a b"}, 400),
        ("POST", "/serviceAccounts", {"delegation": [1]}, 400),
        ("GET", "/serviceAccounts/nobody@example.com", None, 404),
        ("POST", "/accounts/1/refreshTokens", {"clientId": "nobody"}, 404),
        ("POST", "/accounts/1/refreshTokens/expire", {"refreshToken": "nothing"}, 404),
        ("DELETE", "/accounts/1/grants?clientId=nobody", None, 404),
        ("GET", "/accounts/9/grants", None, 404),
        ("PUT", "/issuer", {"issuer": 1}, 400),
    ],
)
async def test_bad_input_is_told(visitor: Visitor, method: str, path: str, given: Any, status: int) -> None:
    answer = await visitor.http.request(method, f"/control{path}", json=given)
    assert (answer.status_code, list(answer.json())) == (status, ["error"]), answer.text


async def test_two_service_accounts_of_one_name(http: httpx.AsyncClient) -> None:
    await control(http, "POST", "/serviceAccounts", {"name": "sync"})
    assert (await http.post("/control/serviceAccounts", json={"name": "sync"})).status_code == 409


async def test_what_a_user_has_allowed_can_be_seen_and_withdrawn(visitor: Visitor) -> None:
    given = await visitor.allow()
    path = "/accounts/1/grants"
    seen = await control(visitor.http, "GET", path)
    consent = {"clientId": CLIENT_ID, "scopes": [CONTACTS], "given": START, "expires": None}
    assert seen["grants"] == [consent]
    token = {
        "refreshToken": given["refresh_token"],
        "clientId": CLIENT_ID,
        "scopes": [CONTACTS],
        "issued": START,
        "used": START,
        "expires": None,
        "alive": True,
    }
    assert token in seen["refreshTokens"]
    await control(visitor.http, "DELETE", f"{path}?clientId={CLIENT_ID}")
    assert error_of(await visitor.refresh(given["refresh_token"])) == DEAD
    left = await control(visitor.http, "GET", path)
    assert left["grants"] == []
    assert {**token, "alive": False} in left["refreshTokens"]
    assert [each["alive"] for each in left["refreshTokens"]] == [True, False]
    await control(visitor.http, "DELETE", path)
    left = await control(visitor.http, "GET", path)
    assert [each["alive"] for each in left["refreshTokens"]] == [False, False]


@pytest.mark.parametrize("one", [True, False])
@pytest.mark.parametrize("how", ["expire", "revoke"])
async def test_refresh_tokens_can_be_given_and_ended(visitor: Visitor, how: str, *, one: bool) -> None:
    path = "/accounts/1/refreshTokens"
    given = {"refreshToken": "given", "scopes": [OTHER], "clientId": CLIENT_ID}
    made = await control(visitor.http, "POST", path, given)
    assert (made["refreshToken"], made["alive"], made["scopes"]) == ("given", True, [OTHER])
    assert (await visitor.refresh("given")).json()["scope"] == OTHER
    await visitor.open(prompt="none", scope=OTHER)
    assert visitor.away()["error"] == "interaction_required"
    await visitor.allow(scope=OTHER, access_type="online")
    await control(visitor.http, "POST", f"{path}/{how}", {"refreshToken": "given"} if one else {})
    assert error_of(await visitor.refresh("given")) == DEAD
    await visitor.open(prompt="none", scope=OTHER)
    assert ("code" in visitor.away()) is (how == "expire")
    default = await control(visitor.http, "POST", path, {})
    assert default["refreshToken"].startswith("1//")
    assert CONTACTS in default["scopes"]


async def test_a_client_that_goes_into_production_keeps_the_tokens_of_testing(testing: Visitor) -> None:
    token = (await testing.allow())["refresh_token"]
    await control(testing.http, "PATCH", f"/clients/{CLIENT_ID}", {"testing": False})
    later = (await testing.allow(prompt="consent"))["refresh_token"]
    await control(testing.http, "POST", "/clock", {"advance": 7 * DAY})
    assert error_of(await testing.refresh(token)) == DEAD
    assert (await testing.refresh(later)).status_code == 200


class TestQuirks:
    """Failures of the token endpoint, switched on."""

    @staticmethod
    async def switch_on(visitor: Visitor, quirk: str, **given: Any) -> None:
        await control(visitor.http, "PUT", f"/accounts/1/quirks/{quirk}", {"count": 1, **given})

    async def test_unavailable(self, visitor: Visitor) -> None:
        token = (await visitor.allow())["refresh_token"]
        await self.switch_on(visitor, "google-token-unavailable", retryAfter=7)
        answer = await visitor.refresh(token)
        assert error_of(answer) == (503, "internal_failure", "Backend Error")
        assert answer.headers["retry-after"] == "7"
        assert (await visitor.refresh(token)).status_code == 200
        await self.switch_on(visitor, "google-token-unavailable", status=500, methods=["authorization_code"])
        assert (await visitor.refresh(token)).status_code == 200
        code = await visitor.code()
        answer = await visitor.exchange(code)
        assert answer.status_code == 500
        assert "retry-after" not in answer.headers
        assert (await visitor.exchange(code)).status_code == 200

    async def test_dead(self, visitor: Visitor) -> None:
        token = (await visitor.allow())["refresh_token"]
        await self.switch_on(visitor, "google-token-dead")
        assert error_of(await visitor.refresh(token)) == DEAD
        assert (await visitor.refresh(token)).status_code == 200

    async def test_slow(self, visitor: Visitor) -> None:
        token = (await visitor.allow())["refresh_token"]
        await self.switch_on(visitor, "google-token-slow", seconds=0.0)
        assert (await visitor.refresh(token)).status_code == 200
        (quirk,) = (await control(visitor.http, "GET", "/accounts/1/quirks"))["quirks"]
        assert (quirk["struck"], quirk["seconds"]) == (1, 0.0)

    async def test_dropped_before_and_after(self, visitor: Visitor, sandbox: Sandbox) -> None:
        token = (await visitor.allow())["refresh_token"]
        count = len(list(sandbox.tokens.of("1")))
        await self.switch_on(visitor, "google-token-drop-before")
        with pytest.raises(Dropped):
            await visitor.refresh(token)
        assert len(list(sandbox.tokens.of("1"))) == count
        await self.switch_on(visitor, "google-token-drop-after")
        with pytest.raises(Dropped):
            await visitor.refresh(token)
        assert len(list(sandbox.tokens.of("1"))) == count + 1

    async def test_a_code_whose_answer_was_lost_is_spent(self, visitor: Visitor) -> None:
        code = await visitor.code()
        await self.switch_on(visitor, "google-token-drop-after")
        with pytest.raises(Dropped):
            await visitor.exchange(code)
        assert error_of(await visitor.exchange(code)) == (400, "invalid_grant", "Bad Request")

    async def test_giving_back(self, visitor: Visitor) -> None:
        token = (await visitor.allow())["refresh_token"]
        await self.switch_on(visitor, "google-token-unavailable", methods=["revoke"])
        assert (await visitor.http.post("/revoke", data={"token": token})).status_code == 503
        await self.switch_on(visitor, "google-token-drop-after", methods=["revoke"])
        with pytest.raises(Dropped):
            await visitor.http.post("/revoke", data={"token": token})
        assert error_of(await visitor.refresh(token)) == DEAD

    async def test_each_says_what_it_is_and_where_it_was_seen(self, visitor: Visitor) -> None:
        listed = (await control(visitor.http, "GET", "/quirks"))["quirks"]
        mine = {each["id"]: each for each in listed if each["id"].startswith("google-token-")}
        assert len(mine) == 5
        for quirk in mine.values():
            assert "jwt-bearer" in quirk["methods"]
            assert quirk["text"].endswith(".")
            assert quirk["source"].startswith("https://")
