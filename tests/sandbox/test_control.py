"""The control API: accounts, tokens, time, quirks, the log of requests."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from polydex_sandbox.accounts import TENANT
from polydex_sandbox.clock import Clock
from polydex_sandbox.sandbox import Sandbox
from tests.sandbox.conftest import START


async def create(http: httpx.AsyncClient, **given: Any) -> Any:
    answer = await http.post("/control/accounts", json={"email": "ada@example.com", **given})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_health_and_time(http: httpx.AsyncClient) -> None:
    health = (await http.get("/control/health")).json()
    assert health == {"status": "ok", "accounts": 0, "now": START, "time": "2026-01-01T00:00:00.000Z", "frozen": True}
    moved = (await http.post("/control/clock", json={"advance": 1.5})).json()
    assert moved["now"] == START + 1500
    moved = (await http.post("/control/clock", json={"set": "2026-02-01T00:00:00Z"})).json()
    assert moved["time"] == "2026-02-01T00:00:00.000Z"
    assert (await http.post("/control/clock", json={"set": START})).json()["now"] == START
    assert (await http.post("/control/clock", json={"frozen": False})).json()["frozen"] is False
    assert (await http.post("/control/clock", json={"frozen": True})).json()["now"] >= START


def test_a_frozen_clock_stands_where_it_was_told() -> None:
    assert {Clock(START, frozen=True).now() for _ in range(20_000)} == {START}


async def test_an_account_is_created_with_its_token(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    made = await create(http, name="Ada Example", accessToken="tok")
    assert made["accessToken"] == "tok"
    assert len(made["subject"]) == 21
    assert {made["clientId"], made["clientSecret"]} == {sandbox.client.id, sandbox.client.secret}
    listed = (await http.get("/control/accounts")).json()["accounts"]
    shown = (await http.get("/control/accounts/ADA@example.com")).json()
    assert listed == [shown]
    assert shown["name"] == "Ada Example"
    grant = sandbox.tokens.access("tok")
    assert grant is not None
    assert grant.account_id == made["id"]
    assert (await http.post("/control/accounts", json={"email": "Ada@Example.com"})).status_code == 409
    assert (await http.delete(f"/control/accounts/{made['id']}")).status_code == 204
    assert (await http.get(f"/control/accounts/{made['id']}")).status_code == 404
    assert sandbox.tokens.access("tok") is None


async def test_an_account_is_in_a_directory_of_microsoft(http: httpx.AsyncClient) -> None:
    work, personal = await create(http), await create(http, email="bob@example.com", tenant="consumers")
    other = await create(http, email="eve@example.com", tenant="11111111-2222-3333-4444-55555555ABCD")
    assert (work["tenant"], personal["tenant"]) == (TENANT, "9188040d-6c67-4c5b-b112-36a304b66dad")
    assert other["tenant"] == "11111111-2222-3333-4444-55555555abcd"
    assert len({work["oid"], personal["oid"], other["oid"]}) == 3
    assert personal["oid"].startswith("00000000-0000-0000-")
    refused = await http.post("/control/accounts", json={"email": "x@example.com", "tenant": "somewhere"})
    assert (refused.status_code, refused.json()) == (400, {"error": "tenant has to be a GUID, or consumers"})


async def test_a_token_of_microsoft_opens_nothing_at_google(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    contacts = "https://www.googleapis.com/auth/contacts"
    ada = (await create(http))["id"]
    for account_id in (ada, ""):
        grant = sandbox.tokens.issue(account_id, [contacts], now=START, client_id="app", tenant=TENANT)
        assert grant.application is (account_id == "")
        headers = {"authorization": f"Bearer {grant.token}"}
        people = await http.get("/v1/people/me/connections?personFields=names", headers=headers)
        assert people.status_code == 401
        assert (await http.get("/tokeninfo", params={"access_token": grant.token})).status_code == 400
        assert (await http.post("/revoke", data={"token": grant.token})).status_code == 400
        assert sandbox.tokens.access(grant.token) == grant


async def test_tokens(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    account = (await create(http, accessToken="one"))["id"]
    path = f"/control/accounts/{account}/tokens"
    given = {"accessToken": "two", "scopes": ["a"], "lifetime": 10}
    assert (await http.post(path, json=given)).json() == {
        "accessToken": "two",
        "scopes": ["a"],
        "expires": START + 10_000,
    }
    assert [each["accessToken"] for each in (await http.get(path)).json()["tokens"]] == ["one", "two"]
    assert (await http.post(f"{path}/expire", json={"accessToken": "one"})).status_code == 204
    one, two = sandbox.tokens.access("one"), sandbox.tokens.access("two")
    assert one is not None
    assert two is not None
    assert (one.expires, two.expires) == (START, START + 10_000)
    assert (await http.post(f"{path}/revoke", json={})).status_code == 204
    assert sandbox.tokens.access("one") is None
    assert sandbox.tokens.access("two") is None
    assert (await http.post(f"{path}/revoke", json={"accessToken": "one"})).status_code == 404


async def test_a_token_belongs_to_one_account(http: httpx.AsyncClient) -> None:
    await create(http, accessToken="one")
    given = {"email": "bob@example.com", "accessToken": "one"}
    assert (await http.post("/control/accounts", json=given)).status_code == 400
    bob = (await http.post("/control/accounts", json={"email": "bob@example.com"})).json()["id"]
    path = f"/control/accounts/{bob}/tokens"
    assert (await http.post(path, json={"accessToken": "one"})).status_code == 400


async def test_the_log_leaves_secrets_out(http: httpx.AsyncClient) -> None:
    await http.post("/nowhere?access_token=hidden&a=b", data={"client_secret": "hidden", "grant_type": "x"})
    await http.post("/nowhere/else", json={"a": {"refresh_token": "hidden", "b": 1}})
    answer = await http.get("/control/requests")
    assert "hidden" not in answer.text
    first, second = answer.json()["requests"]
    assert first["query"] == [["access_token", "***"], ["a", "b"]]
    assert first["body"] == [["client_secret", "***"], ["grant_type", "x"]]
    assert first["time"] == START
    assert second["body"] == {"a": {"refresh_token": "***", "b": 1}}
    assert second["status"] == 404
    found = await http.get("/control/requests", params={"path": "/nowhere/", "method": "POST", "after": 1})
    assert found.json()["requests"] == [second]
    assert (await http.get("/control/requests?status=200")).json() == {"requests": []}
    assert (await http.delete("/control/requests")).status_code == 204
    assert (await http.get("/control/requests")).json() == {"requests": []}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/control/accounts", "{", 400),
        ("POST", "/control/accounts", "[]", 400),
        ("POST", "/control/accounts", "{}", 400),
        ("POST", "/control/accounts", '{"email": 1}', 400),
        ("POST", "/control/accounts", '{"email": "a@example.com", "misspelt": 1}', 400),
        ("POST", "/control/accounts", '{"email": "a@example.com", "scopes": "x"}', 400),
        ("POST", "/control/clock", '{"advance": "1"}', 400),
        ("POST", "/control/clock", '{"set": "soon"}', 400),
        ("POST", "/control/clock", '{"back": 1}', 400),
        ("POST", "/control/clock", '{"frozen": 1}', 400),
        ("POST", "/control/clock", '{"advance": 1e300}', 400),
        ("POST", "/control/clock", '{"advance": 1e999}', 400),
        ("POST", "/control/clock", '{"advance": -1e14}', 400),
        ("POST", "/control/clock", '{"set": 100000000000000000000}', 400),
        ("POST", "/control/clock", '{"set": -1}', 400),
        ("POST", "/control/clock", '{"set": "0001-01-01T00:00:00Z"}', 400),
        ("POST", "/control/clock", '{"set": "2026-01-02T03:04:05"}', 400),
        ("POST", "/control/accounts", '{"email": "\\ud800@example.com"}', 400),
        ("POST", "/control/accounts", '{"\\ud800": 1}', 400),
        ("GET", "/control/accounts/9", None, 404),
        ("GET", "/control/nothing", None, 404),
        ("GET", "/control/requests?misspelt=1", None, 400),
        ("GET", "/control/requests?status=x", None, 400),
        pytest.param("GET", f"/control/requests?after={'9' * 5000}", None, 400, id="a huge number"),
    ],
)
async def test_bad_input_is_told(
    http: httpx.AsyncClient, method: str, path: str, body: str | None, status: int
) -> None:
    answer = await http.request(method, path, content=body)
    assert answer.status_code == status, answer.text
    assert list(answer.json()) == ["error"]
    assert (await http.get("/control/accounts")).json() == {"accounts": []}
    assert (await http.get("/control/clock")).json()["now"] == START
