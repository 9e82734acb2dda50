"""The authorization endpoint and its pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.visitor import BACK, CLIENT_ID, CONTACTS, EMAIL, OTHER, Visitor

DAY = 86_400


async def test_a_user_allows(visitor: Visitor) -> None:
    await visitor.open()
    assert "App wants access" in visitor.page.text
    assert "permanently delete your contacts" in visitor.page.text
    await visitor.press("answer", "allow")
    assert visitor.page.status_code == 303
    given = visitor.away()
    assert list(given) == ["state", "code", "scope", "authuser", "prompt"]
    assert given["state"] == "a&b"
    assert given["code"].startswith("4/")
    assert (given["scope"], given["authuser"], given["prompt"]) == (CONTACTS, "0", "consent")
    assert quote(given["code"], safe="") in visitor.page.headers["location"]


async def test_a_user_denies(visitor: Visitor) -> None:
    await visitor.open()
    await visitor.press("answer", "cancel")
    assert visitor.away() == {"state": "a&b", "error": "access_denied"}


async def test_without_a_state_none_is_given_back(visitor: Visitor) -> None:
    await visitor.open(state=None)
    await visitor.press("answer", "cancel")
    assert visitor.away() == {"error": "access_denied"}


async def test_several_scopes_are_chosen_one_by_one(visitor: Visitor) -> None:
    await visitor.open(scope=f"{CONTACTS} {OTHER} email")
    assert visitor.ticked == [CONTACTS, OTHER]
    await visitor.press("answer", "allow", untick=CONTACTS)
    assert visitor.away()["scope"] == f"{OTHER} {EMAIL} openid"


async def test_nothing_ticked_is_a_denial(visitor: Visitor) -> None:
    await visitor.open(scope=f"{CONTACTS} {OTHER}")
    form = {"visit": visitor.page.text.split('name="visit" value="')[1].split('"')[0], "answer": "allow"}
    visitor.page = await visitor.http.post("/o/oauth2/v2/auth/consent", data=form)
    assert visitor.away()["error"] == "access_denied"
    assert (await control(visitor.http, "GET", "/accounts/1/grants"))["grants"] == []


async def test_a_scope_that_was_not_asked_for_is_not_given(visitor: Visitor) -> None:
    await visitor.open(scope=f"{CONTACTS} {OTHER}")
    form = {
        "visit": visitor.page.text.split('name="visit" value="')[1].split('"')[0],
        "answer": "allow",
        "scope": [CONTACTS, f"{CONTACTS}.readonly"],
    }
    assert (await visitor.http.post("/o/oauth2/v2/auth/consent", data=form)).status_code == 400


async def test_the_account_is_chosen(visitor: Visitor) -> None:
    await control(visitor.http, "POST", "/accounts", {"email": "bob@example.com"})
    await visitor.open()
    assert "ada@example.com" in visitor.page.text
    assert "bob@example.com" in visitor.page.text
    await visitor.press("account", "2")
    assert "bob@example.com" in visitor.page.text
    await visitor.press("answer", "allow")
    token = (await visitor.exchange(visitor.away()["code"])).json()["access_token"]
    info = await visitor.http.get("/tokeninfo", params={"access_token": token})
    account = await control(visitor.http, "GET", "/accounts/bob@example.com")
    assert info.json()["sub"] == account["subject"]


async def test_a_hint_chooses(visitor: Visitor) -> None:
    await control(visitor.http, "POST", "/accounts", {"email": "bob@example.com"})
    subject = (await control(visitor.http, "GET", "/accounts/2"))["subject"]
    for hint in ("BOB@example.com", subject):
        await visitor.open(login_hint=hint)
        assert "bob@example.com" in visitor.page.text
        assert "ada@example.com" not in visitor.page.text
    await visitor.open(login_hint="nobody@example.com")
    assert "ada@example.com" in visitor.page.text
    await visitor.open(login_hint="bob@example.com", prompt="select_account")
    assert "ada@example.com" in visitor.page.text


async def test_no_page_without_need_and_no_second_refresh_token(visitor: Visitor) -> None:
    first = await visitor.allow()
    assert first["refresh_token"].startswith("1//")
    await visitor.open()
    assert visitor.page.status_code == 302
    assert visitor.away()["prompt"] == "none"
    again = (await visitor.exchange(visitor.away()["code"])).json()
    assert "refresh_token" not in again
    assert "refresh_token" in await visitor.allow(prompt="consent")
    assert "refresh_token" not in await visitor.allow(prompt="consent", access_type="online")
    assert "refresh_token" not in await visitor.allow(prompt="consent", access_type=None)


async def test_new_scopes_are_asked_for_and_old_ones_come_along(visitor: Visitor) -> None:
    await visitor.allow()
    await visitor.open(scope=OTHER, include_granted_scopes="true")
    assert "permanently delete" not in visitor.page.text
    await visitor.press("answer", "allow")
    given = (await visitor.exchange(visitor.away()["code"])).json()
    assert given["scope"] == f"{OTHER} {CONTACTS}"
    assert (await visitor.allow(scope=OTHER))["scope"] == OTHER


async def test_prompt_none(visitor: Visitor) -> None:
    await visitor.open(prompt="none")
    assert visitor.away() == {"state": "a&b", "error": "interaction_required"}
    await visitor.allow()
    await visitor.open(prompt="none")
    assert "code" in visitor.away()
    await visitor.open(prompt="none", login_hint="nobody@example.com")
    assert visitor.away()["error"] == "login_required"
    await control(visitor.http, "POST", "/accounts", {"email": "bob@example.com"})
    await visitor.open(prompt="none")
    assert visitor.away()["error"] == "account_selection_required"
    await visitor.open(prompt="none", login_hint="ada@example.com")
    assert "code" in visitor.away()


async def test_a_client_in_testing_warns(testing: Visitor) -> None:
    await testing.open()
    assert "hasn’t verified this app" in testing.page.text  # noqa: RUF001 - as Google writes it
    visit = testing.page.text.split('name="visit" value="')[1].split('"')[0]
    skipped = await testing.http.post("/o/oauth2/v2/auth/consent", data={"visit": visit, "answer": "allow"})
    assert skipped.status_code == 400
    await testing.press("answer", "continue")
    await testing.press("answer", "allow")
    assert "code" in testing.away()
    await testing.open(prompt="consent")
    await testing.press("answer", "back")
    assert testing.away()["error"] == "access_denied"


async def test_consent_in_testing_lasts_seven_days(testing: Visitor) -> None:
    await testing.allow()
    await control(testing.http, "POST", "/clock", {"advance": 7 * DAY - 1})
    await testing.open(prompt="none")
    assert "code" in testing.away()
    await control(testing.http, "POST", "/clock", {"advance": 1})
    await testing.open(prompt="none")
    assert testing.away()["error"] == "interaction_required"


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"client_id": None}, 400, "invalid_request"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"redirect_uri": None}, 400, "invalid_request"),
        ({"redirect_uri": f"{BACK}/"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": f"{BACK}?a=b"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": BACK.replace("https", "http")}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": "http://127.0.0.1:9/callback"}, 400, "redirect_uri_mismatch"),
        ({"redirect_uri": "//evil.example.org"}, 400, "redirect_uri_mismatch"),
        ({"response_type": None}, 400, "invalid_request"),
        ({"response_type": "token"}, 400, "unsupported_response_type"),
        ({"response_mode": "form_post"}, 400, "invalid_request"),
        ({"scope": None}, 400, "invalid_request"),
        ({"scope": f"{CONTACTS} nonsense"}, 400, "invalid_scope"),
        ({"access_type": "forever"}, 400, "invalid_request"),
        ({"prompt": "none consent"}, 400, "invalid_request"),
        ({"prompt": "please"}, 400, "invalid_request"),
        ({"include_granted_scopes": "1"}, 400, "invalid_request"),
        ({"code_challenge": "short"}, 400, "invalid_request"),
        ({"code_challenge": "x" * 43, "code_challenge_method": "S512"}, 400, "invalid_request"),
        ({"code_challenge_method": "S256"}, 400, "invalid_request"),
        ({"scope": [CONTACTS, OTHER]}, 400, "invalid_request"),
    ],
)
async def test_a_bad_request_never_leads_away(
    visitor: Visitor, changes: dict[str, Any], status: int, error: str
) -> None:
    await visitor.open(**changes)
    assert visitor.page.status_code == status
    assert f"Error {status}: {error}" in visitor.page.text
    assert "location" not in visitor.page.headers


async def test_what_is_shown_is_escaped(visitor: Visitor) -> None:
    await control(visitor.http, "PATCH", f"/clients/{CLIENT_ID}", {"name": "<script>x</script>"})
    await visitor.open()
    assert "&lt;script&gt;" in visitor.page.text
    assert "<script" not in visitor.page.text
    await visitor.open(scope="<script>")
    assert "<script" not in visitor.page.text
    policy = visitor.page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


async def test_a_form_counts_only_in_the_browser_that_began(visitor: Visitor) -> None:
    await visitor.open()
    page = visitor.page
    for headers in ({"origin": "https://evil.example.org"}, {"origin": "null"}):
        answer = await visitor.press("answer", "allow", headers=headers)
        assert answer.status_code == 403
        visitor.page = page
    cookies = visitor.http.cookies
    assert [cookie.has_nonstandard_attr("HttpOnly") for cookie in cookies.jar] == [True]
    assert "samesite=lax" in page.headers["set-cookie"].lower()
    visitor.http.cookies = httpx.Cookies()
    assert (await visitor.press("answer", "allow")).status_code == 400
    visitor.page, visitor.http.cookies = page, cookies
    await visitor.press("answer", "allow", headers={"origin": "http://sandbox"})
    assert "code" in visitor.away()
    visitor.page = page
    assert (await visitor.press("answer", "allow")).status_code == 400


async def test_a_page_waits_ten_minutes(visitor: Visitor) -> None:
    await visitor.open()
    await control(visitor.http, "POST", "/clock", {"advance": 600})
    assert (await visitor.press("answer", "allow")).status_code == 400


async def test_an_installed_app_comes_back_to_any_port_of_this_machine(visitor: Visitor) -> None:
    made = await control(visitor.http, "POST", "/clients", {"type": "installed"})
    for uri in ("http://127.0.0.1:4711/", "http://localhost:1/x?y=z", "http://[::1]:5"):
        await visitor.open(client_id=made["clientId"], redirect_uri=uri, access_type=None)
        assert visitor.page.status_code == 200, visitor.page.text
        assert "form-action 'self' http:" in visitor.page.headers["content-security-policy"]
    for uri in (
        "https://127.0.0.1/",
        "http://127.0.0.1@evil.example.org/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1/#x",
        "http://127.0.0.1.evil.example.org/",
        "http://127.0.0.1:99999/",
        "http://evil.example.org/",
        "http://127.0.0.1/ x",
    ):
        await visitor.open(client_id=made["clientId"], redirect_uri=uri)
        assert visitor.page.status_code == 400, uri
    await visitor.open(client_id=made["clientId"], redirect_uri="http://localhost:1/x?y=z", access_type="online")
    await visitor.press("answer", "allow")
    url = httpx.URL(visitor.page.headers["location"])
    assert url.params["y"] == "z"
    answer = await visitor.exchange(
        url.params["code"],
        client_id=made["clientId"],
        client_secret=made["clientSecret"],
        redirect_uri="http://localhost:1/x?y=z",
    )
    assert "refresh_token" in answer.json()


async def test_an_account_that_is_removed_meanwhile(visitor: Visitor) -> None:
    await visitor.open()
    await control(visitor.http, "DELETE", "/accounts/1")
    assert (await visitor.press("answer", "allow")).status_code == 400


async def test_the_default_client_asks_and_comes_back_to_any_port_of_this_machine(visitor: Visitor) -> None:
    default = (await control(visitor.http, "GET", "/clients"))["clients"][0]
    back = "http://127.0.0.1:4711/callback"
    await visitor.open(client_id=default["clientId"], redirect_uri=back)
    assert "Sandbox app wants access" in visitor.page.text
    await visitor.press("answer", "allow")
    code = httpx.URL(visitor.page.headers["location"]).params["code"]
    client = {"client_id": default["clientId"], "client_secret": default["clientSecret"]}
    given = (await visitor.exchange(code, redirect_uri=back, **client)).json()
    assert (await visitor.refresh(given["refresh_token"], **client)).status_code == 200
    await visitor.open(client_id=default["clientId"], redirect_uri="http://app.example.com/callback")
    assert visitor.page.status_code == 400


async def test_a_request_by_post(visitor: Visitor) -> None:
    given = {"client_id": CLIENT_ID, "redirect_uri": BACK, "response_type": "code", "scope": CONTACTS}
    answer = await visitor.http.post("/o/oauth2/auth", data=given)
    assert answer.status_code == 200
    assert "App wants access" in answer.text


async def test_without_accounts_the_page_says_what_to_do(http: httpx.AsyncClient) -> None:
    given = {
        "client_id": (await control(http, "GET", "/clients"))["clients"][0]["clientId"],
        "redirect_uri": "http://127.0.0.1:1/",
        "response_type": "code",
        "scope": "openid",
    }
    answer = await http.get("/o/oauth2/v2/auth", params=given)
    assert "POST /control/accounts" in answer.text
