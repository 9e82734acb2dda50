"""The authorization endpoint and its pages."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.microsoft.visitor import (
    BACK,
    CLIENT_ID,
    CONTACTS,
    GRAPH,
    OTHER_TENANT,
    SCOPE,
    TENANT,
    Visitor,
    claims_of,
    good,
)
from tests.sandbox.identity.visitor import Forms


def refused(page: httpx.Response, number: int) -> None:
    """The error is told on a page: the user is sent nowhere."""
    assert page.status_code == 400, page.text
    assert f"AADSTS{number}: " in page.text


async def test_allow(visitor: Visitor) -> None:
    page = await visitor.open()
    text = html.unescape(page.text)
    assert "ada@example.com" in text
    for permission in ("Have full access of your contacts", "Maintain access to data", "Sign you in"):
        assert permission in text
    await visitor.press("answer", "accept")
    given = visitor.away()
    assert list(given) == ["code", "session_state", "state"]
    assert given["state"] == "a&b"
    # Whoever has allowed it once is not asked again, unless the client wants that; everything else is asked for.
    assert (await visitor.open()).status_code == 302
    assert "would like to" in (await visitor.open(prompt="consent")).text
    assert "Read your relevant people list" in (await visitor.open(scope="People.Read")).text


async def test_cancel(visitor: Visitor) -> None:
    for hint, text in (
        ("ada@example.com", "AADSTS65004: User declined to consent to access the app. Trace ID: "),
        ("bob@example.net", "The user has denied access to the scope requested by the client application."),
    ):
        await visitor.open(login_hint=hint)
        await visitor.press("answer", "cancel")
        given = visitor.away()
        assert (given["error"], given["state"]) == ("access_denied", "a&b")
        assert given["error_description"].startswith(text)


async def test_accounts_are_offered_where_they_can_sign_in(visitor: Visitor) -> None:
    for tenant, hint, offered in (
        ("common", None, ["1", "2", "3"]),
        ("organizations", None, ["1", "3"]),
        ("common", "organizations", ["1", "3"]),
        ("common", "example.org", None),
    ):
        visitor.tenant = tenant
        page = await visitor.open(login_hint=None, domain_hint=hint)
        accounts = [value for name, value in Forms(page.text).buttons if name == "account"]
        # With one account alone there is nothing to choose.
        assert (accounts or None) == offered, (tenant, hint)
    for tenant, only in (
        (TENANT, "ada"),
        ("example.com", "ada"),
        ("sandbox.onmicrosoft.com", "ada"),
        ("consumers", "bob"),
    ):
        visitor.tenant = tenant
        assert f"{only}@example" in (await visitor.open(login_hint=None)).text
        page = await visitor.open(login_hint=None, prompt="select_account")
        assert [name for name, _ in Forms(page.text).buttons] == ["account"]


async def test_choosing_an_account(visitor: Visitor) -> None:
    await visitor.open(login_hint=None)
    await visitor.press("account", "2")
    assert "bob@example.net" in visitor.page.text
    await visitor.press("answer", "accept")
    given = visitor.away()
    assert given["code"].startswith("M.")
    assert "session_state" not in given


@pytest.mark.parametrize(
    ("tenant", "hint", "number"),
    [
        ("organizations", "bob@example.net", 500200),
        (TENANT, "bob@example.net", 50020),
        ("consumers", "ada@example.com", 50020),
        (TENANT, "eve@example.org", 50020),
        (OTHER_TENANT, "ada@example.com", 50020),
        ("33333333-cccc-4000-8000-000000000003", "ada@example.com", 90002),
        ("nowhere.example", "ada@example.com", 90002),
        ("nonsense", "ada@example.com", 900023),
    ],
)
async def test_who_cannot_sign_in_there(visitor: Visitor, tenant: str, hint: str, number: int) -> None:
    visitor.tenant = tenant
    refused(await visitor.open(login_hint=hint), number)


@pytest.mark.parametrize(
    ("audience", "tenant", "hint", "number"),
    [
        ("AzureADMyOrg", "common", "ada@example.com", 50194),
        ("AzureADMyOrg", OTHER_TENANT, "eve@example.org", 700016),
        ("AzureADMyOrg", TENANT, "ada@example.com", None),
        ("AzureADMultipleOrgs", "common", "ada@example.com", None),
        ("AzureADMultipleOrgs", "common", "bob@example.net", 500200),
        ("AzureADMultipleOrgs", "consumers", "bob@example.net", 9002346),
        ("PersonalMicrosoftAccount", "common", "bob@example.net", 9002331),
        ("PersonalMicrosoftAccount", "consumers", "bob@example.net", None),
    ],
)
async def test_whom_an_application_is_for(
    visitor: Visitor, audience: str, tenant: str, hint: str, number: int | None
) -> None:
    await control(visitor.http, "PATCH", f"/microsoft/clients/{CLIENT_ID}", {"audience": audience})
    visitor.tenant = tenant
    page = await visitor.open(login_hint=hint)
    if number is None:
        assert "would like to" in page.text
    else:
        refused(page, number)


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"client_id": None}, 900144),
        ({"client_id": "99999999-0000-4000-8000-000000000000"}, 700016),
        ({"redirect_uri": f"{BACK}/"}, 50011),
        ({"redirect_uri": "http://localhost:1234/callback"}, 50011),
        ({"response_mode": "web_message"}, 900021),
        ({"client_id": [CLIENT_ID, CLIENT_ID]}, 9000410),
    ],
)
async def test_what_is_told_on_a_page(visitor: Visitor, changes: dict[str, Any], number: int) -> None:
    refused(await visitor.open(**changes), number)


@pytest.mark.parametrize(
    ("changes", "error", "number"),
    [
        ({"response_type": None}, "invalid_request", 900144),
        ({"response_type": "token"}, "unsupported_response_type", 700054),
        ({"scope": None}, "invalid_request", 900144),
        ({"scope": "Contacts.Nonsense"}, "invalid_client", 650053),
        ({"scope": f"{GRAPH}openid"}, "invalid_client", 650053),
        ({"scope": "https://example.org/Contacts.Read"}, "invalid_scope", 70011),
        ({"scope": f"{GRAPH}.default Contacts.Read"}, "invalid_scope", 70011),
        ({"prompt": "none login"}, "invalid_request", 90023),
        ({"code_challenge": "short"}, "invalid_request", 501491),
        ({"code_challenge": "v" * 43, "code_challenge_method": "S512"}, "invalid_request", 501491),
        ({"prompt": "none"}, "interaction_required", 65001),
        ({"prompt": "none", "login_hint": None}, "interaction_required", 16000),
        ({"prompt": "none", "login_hint": "nobody@example.com"}, "login_required", 50058),
    ],
)
async def test_what_the_client_is_told(visitor: Visitor, changes: dict[str, Any], error: str, number: int) -> None:
    await visitor.open(**changes)
    given = visitor.away()
    assert list(given) == ["error", "error_description", "error_uri", "state"]
    assert (given["error"], given["state"]) == (error, "a&b")
    assert given["error_description"].startswith(f"AADSTS{number}: ")


async def test_silently(visitor: Visitor) -> None:
    await visitor.code()
    await visitor.open(prompt="none")
    assert list(visitor.away()) == ["code", "session_state", "state"]


async def test_a_form_that_sends_itself(visitor: Visitor) -> None:
    await visitor.open(response_mode="form_post", client_info="1")
    page = await visitor.press("answer", "accept")
    assert page.status_code == 200
    form = Forms(page.text)
    assert form.action == BACK
    assert list(form.hidden) == ["code", "client_info", "session_state", "state"]
    assert claims_of(f".{form.hidden['client_info']}.") == {
        "uid": (await control(visitor.http, "GET", "/accounts/1"))["oid"],
        "utid": TENANT,
    }
    policy = page.headers["content-security-policy"]
    assert re.search(r"script-src 'sha256-[^']+'", policy)
    assert "form-action https://app.example.com;" in policy
    good(await visitor.exchange(form.hidden["code"]))


async def test_in_the_fragment(visitor: Visitor) -> None:
    await visitor.open(response_mode="fragment", scope="nonsense")
    url = urlsplit(visitor.page.headers["location"])
    assert url.query == ""
    assert parse_qs(url.fragment)["state"] == ["a&b"]


async def test_a_registered_localhost_may_have_any_port(visitor: Visitor) -> None:
    uris = ["http://localhost/callback"]
    await control(visitor.http, "PATCH", f"/microsoft/clients/{CLIENT_ID}", {"redirectUris": uris})
    assert "would like to" in (await visitor.open(redirect_uri="http://localhost:5310/callback")).text
    refused(await visitor.open(redirect_uri="http://localhost:5310/other"), 50011)


async def test_users_who_may_not_consent(visitor: Visitor) -> None:
    await control(visitor.http, "PATCH", f"/microsoft/tenants/{TENANT}", {"userConsent": False})
    page = await visitor.open()
    assert "Need admin approval" in page.text
    assert ("answer", "accept") not in Forms(page.text).buttons
    sent = await visitor.http.post(Forms(page.text).action, data={**Forms(page.text).hidden, "answer": "accept"})
    refused(sent, 9002313)
    visitor.page = page
    await visitor.press("answer", "cancel")
    assert visitor.away()["error"] == "access_denied"
    # Those of other directories are not concerned, and an administrator can allow it for all.
    assert "would like to" in (await visitor.open(login_hint="eve@example.org")).text
    given = {"scopes": ["Contacts.ReadWrite"]}
    await control(visitor.http, "PUT", f"/microsoft/tenants/{TENANT}/clients/{CLIENT_ID}", given)
    assert (await visitor.open()).status_code == 302


async def test_a_form_counts_in_its_own_browser_alone(visitor: Visitor) -> None:
    page = await visitor.open()
    form = Forms(page.text)
    data = {**form.hidden, "answer": "accept"}
    foreign = await visitor.http.post(form.action, data=data, headers={"origin": "https://evil.example.org"})
    assert foreign.status_code == 403
    visitor.http.cookies.clear()
    refused(await visitor.http.post(form.action, data=data), 9002313)


async def test_a_visit_does_not_wait_forever(visitor: Visitor) -> None:
    await visitor.open()
    await control(visitor.http, "POST", "/clock", {"advance": 600})
    refused(await visitor.press("answer", "accept"), 9002313)


async def test_an_account_that_is_gone(visitor: Visitor) -> None:
    await visitor.open()
    await control(visitor.http, "DELETE", "/accounts/1")
    refused(await visitor.press("answer", "accept"), 9002313)


async def test_by_post(visitor: Visitor) -> None:
    given = {"client_id": CLIENT_ID, "redirect_uri": BACK, "response_type": "code", "scope": SCOPE, "state": "s"}
    page = await visitor.http.post("/common/oauth2/v2.0/authorize", data={**given, "login_hint": "ada@example.com"})
    assert "would like to" in page.text


async def test_signing_out(visitor: Visitor) -> None:
    page = await visitor.http.get("/common/oauth2/v2.0/logout")
    assert "You signed out" in page.text
    gone = await visitor.http.get("/common/oauth2/v2.0/logout", params={"post_logout_redirect_uri": BACK, "state": "s"})
    assert gone.headers["location"] == f"{BACK}?state=s"
    foreign = {"post_logout_redirect_uri": "https://evil.example.org/"}
    assert (await visitor.http.get("/common/oauth2/v2.0/logout", params=foreign)).status_code == 200


async def test_the_pages_ask_whatever_refresh_tokens_there_are(visitor: Visitor) -> None:
    made = await control(visitor.http, "POST", "/accounts/1/microsoft/refreshTokens", {"clientId": CLIENT_ID})
    assert "would like to" in (await visitor.open()).text
    assert good(await visitor.refresh(made["refreshToken"]))["scope"].split()[0] == CONTACTS
