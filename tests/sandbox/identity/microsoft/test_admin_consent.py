"""Administrators who consent for their directory."""

from __future__ import annotations

import html
from typing import Any

import pytest

from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.microsoft.visitor import (
    BACK,
    CLIENT_ID,
    CONTACTS,
    GRAPH,
    OTHER_TENANT,
    TENANT,
    Visitor,
    claims_of,
    good,
)
from tests.sandbox.identity.visitor import Forms


async def ask(visitor: Visitor, tenant: str, path: str = "adminconsent", **changes: Any) -> None:
    given = {"client_id": CLIENT_ID, "redirect_uri": BACK, "state": "a&b", **changes}
    visitor.page = await visitor.http.get(f"/{tenant}/{path}", params=given)


async def clients(visitor: Visitor, tenant: str) -> Any:
    return (await control(visitor.http, "GET", f"/microsoft/tenants/{tenant}"))["clients"]


async def test_for_everything_that_the_application_is_registered_for(visitor: Visitor) -> None:
    await ask(visitor, OTHER_TENANT)
    text = html.unescape(visitor.page.text)
    assert "eve@example.org" in text
    assert "Read and write contacts in all mailboxes" in text
    assert "Have full access of your contacts" in text
    await visitor.press("answer", "accept")
    assert visitor.away() == {"admin_consent": "True", "tenant": OTHER_TENANT, "state": "a&b"}
    assert await clients(visitor, OTHER_TENANT) == [
        {"clientId": CLIENT_ID, "roles": ["Contacts.ReadWrite"], "scopes": ["User.Read", "Contacts.ReadWrite"]}
    ]
    # The application has its own token from now on, and users are not asked.
    scope = f"{GRAPH}.default"
    answer = await visitor.token(tenant=OTHER_TENANT, grant_type="client_credentials", scope=scope)
    assert claims_of(good(answer)["access_token"])["roles"] == ["Contacts.ReadWrite"]
    assert (await visitor.open(login_hint="eve@example.org")).status_code == 302
    assert "would like to" in (await visitor.open()).text


async def test_for_scopes(visitor: Visitor) -> None:
    await ask(visitor, TENANT, "v2.0/adminconsent", scope=f"{CONTACTS} openid")
    await visitor.press("answer", "accept")
    given = visitor.away()
    assert (given["admin_consent"], given["tenant"], given["scope"]) == ("True", TENANT, CONTACTS)
    assert await clients(visitor, TENANT) == [{"clientId": CLIENT_ID, "roles": [], "scopes": ["Contacts.ReadWrite"]}]
    # More is added to it.
    await ask(visitor, TENANT, "v2.0/adminconsent", scope=f"{GRAPH}.default")
    await visitor.press("answer", "accept")
    assert visitor.away()["scope"] == f"{GRAPH}User.Read {CONTACTS}"
    assert await clients(visitor, TENANT) == [
        {"clientId": CLIENT_ID, "roles": ["Contacts.ReadWrite"], "scopes": ["Contacts.ReadWrite", "User.Read"]}
    ]


async def test_the_administrator_says_no(visitor: Visitor) -> None:
    await ask(visitor, TENANT)
    await visitor.press("answer", "cancel")
    given = visitor.away()
    assert (given["error"], given["error_subcode"], given["state"]) == ("access_denied", "cancel", "a&b")
    assert given["error_description"].startswith("AADSTS65004: ")
    assert await clients(visitor, TENANT) == []


@pytest.mark.parametrize("tenant", ["organizations", "common"])
async def test_the_directory_is_that_of_the_administrator(visitor: Visitor, tenant: str) -> None:
    await ask(visitor, tenant)
    assert "bob@example.net" not in visitor.page.text
    await visitor.press("account", "3")
    await visitor.press("answer", "accept")
    assert visitor.away()["tenant"] == OTHER_TENANT


async def test_a_foreign_administrator(visitor: Visitor) -> None:
    await ask(visitor, "organizations")
    form = Forms(visitor.page.text).hidden
    for account in ("2", "nobody"):
        answer = await visitor.http.post("/common/adminconsent/account", data={**form, "account": account})
        assert answer.status_code == 400
    answer = await visitor.http.post("/common/adminconsent/grant", data={**form, "answer": "accept"})
    assert answer.status_code == 400
    headers = {"origin": "https://evil.example.org"}
    assert (await visitor.http.post("/common/adminconsent/grant", data=form, headers=headers)).status_code == 403
    assert await clients(visitor, TENANT) == []


@pytest.mark.parametrize(
    ("tenant", "changes", "number"),
    [
        ("consumers", {}, 90009),
        ("nowhere.example", {}, 90002),
        (TENANT, {"client_id": ""}, 900144),
        (TENANT, {"client_id": "99999999-0000-4000-8000-000000000000"}, 700016),
        (TENANT, {"redirect_uri": "https://evil.example.org/"}, 50011),
    ],
)
async def test_what_is_told_on_a_page(visitor: Visitor, tenant: str, changes: dict[str, Any], number: int) -> None:
    await ask(visitor, tenant, **changes)
    assert visitor.page.status_code == 400
    assert f"AADSTS{number}: " in visitor.page.text


async def test_scopes_that_are_not_there(visitor: Visitor) -> None:
    await ask(visitor, TENANT, "v2.0/adminconsent", scope="Contacts.Nonsense")
    given = visitor.away()
    assert given["error_description"].startswith("AADSTS650053: ")
    assert given["state"] == "a&b"
