"""The token endpoint: codes and refresh tokens of users."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import httpx
import pytest

from polydex_sandbox.sandbox import Sandbox
from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.microsoft.visitor import (
    BACK,
    CLIENT_ID,
    CONTACTS,
    GRAPH,
    OTHER_TENANT,
    PERSONAL,
    SCOPE,
    SECRET,
    TENANT,
    Visitor,
    claims_of,
    error_of,
    good,
)

DAY = 86_400
VERIFIER = "v" * 43
S256 = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BAD = (400, "invalid_grant", 70000)


async def later(visitor: Visitor, seconds: float) -> None:
    await control(visitor.http, "POST", "/clock", {"advance": seconds})


async def test_a_code_is_worth_tokens(visitor: Visitor, sandbox: Sandbox) -> None:
    answer = await visitor.exchange(await visitor.code())
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert "no-store" in answer.headers["cache-control"]
    given = good(answer)
    assert list(given) == [
        "token_type", "scope", "expires_in", "ext_expires_in", "access_token", "id_token", "refresh_token",
    ]  # fmt: skip
    assert given["token_type"] == "Bearer"
    assert given["scope"] == f"{CONTACTS} openid profile email"
    assert 3600 <= given["expires_in"] == given["ext_expires_in"] < 5400
    grant = sandbox.tokens.access(given["access_token"])
    assert grant is not None
    assert (grant.account_id, grant.tenant, grant.client_id) == ("1", TENANT, CLIENT_ID)
    assert (set(grant.scopes), grant.application) == ({CONTACTS}, False)
    assert grant.expires == sandbox.clock.now() + given["expires_in"] * 1000
    says = claims_of(given["access_token"])
    assert (says["scp"], says["tid"], says["appid"]) == ("Contacts.ReadWrite", TENANT, CLIENT_ID)


async def test_how_long_an_access_token_lives_differs(visitor: Visitor) -> None:
    token = (await visitor.allow())["refresh_token"]
    assert len({good(await visitor.refresh(token))["expires_in"] for _ in range(5)}) > 1


async def test_a_personal_account_has_an_opaque_token(visitor: Visitor, sandbox: Sandbox) -> None:
    given = await visitor.allow(login_hint="bob@example.net")
    assert "." not in given["access_token"]
    grant = sandbox.tokens.access(given["access_token"])
    assert grant is not None
    assert (grant.account_id, grant.tenant) == ("2", PERSONAL)
    assert given["refresh_token"].startswith("M.")
    assert claims_of(given["id_token"])["tid"] == PERSONAL


@pytest.mark.parametrize(
    ("scope", "told", "members"),
    [
        ("Contacts.ReadWrite", "Contacts.ReadWrite", set()),
        ("contacts.readwrite offline_access", "Contacts.ReadWrite", {"refresh_token"}),
        (f"{GRAPH}contacts.readwrite", CONTACTS, set()),
        ("openid Contacts.Read", "Contacts.Read openid profile email", {"id_token"}),
        (f"{GRAPH}.default offline_access", f"{CONTACTS} {GRAPH}User.Read", {"refresh_token"}),
        (".default", "Contacts.ReadWrite User.Read", set()),
        ("openid offline_access", "openid profile email", {"id_token", "refresh_token"}),
    ],
)
async def test_scopes(visitor: Visitor, scope: str, told: str, members: set[str]) -> None:
    given = await visitor.allow(scope=scope)
    assert given["scope"] == told
    assert {"id_token", "refresh_token"} & set(given) == members


async def test_a_token_has_all_that_was_consented_to(visitor: Visitor) -> None:
    await visitor.allow(scope="Contacts.Read")
    given = await visitor.allow(scope="User.Read offline_access")
    assert given["scope"] == "Contacts.Read User.Read"
    assert (
        good(await visitor.refresh(given["refresh_token"], scope="Contacts.Read"))["scope"] == "Contacts.Read User.Read"
    )
    more = await visitor.refresh(given["refresh_token"], scope="Contacts.ReadWrite")
    assert error_of(more) == (400, "invalid_grant", 65001)
    assert more.json()["suberror"] == "consent_required"


async def test_a_code_is_for_one_use(visitor: Visitor) -> None:
    code = await visitor.code()
    given = good(await visitor.exchange(code))
    assert error_of(await visitor.exchange(code)) == (400, "invalid_grant", 54005)
    # What it gave lives on.
    good(await visitor.refresh(given["refresh_token"]))


async def test_a_code_lives_ten_minutes(visitor: Visitor) -> None:
    code = await visitor.code()
    await later(visitor, 600)
    assert error_of(await visitor.exchange(code)) == (400, "invalid_grant", 70008)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"redirect_uri": f"{BACK}/"}, (400, "invalid_client", 500112)),
        ({"redirect_uri": None}, (400, "invalid_request", 900144)),
        ({"code": None}, (400, "invalid_request", 900144)),
        ({"code": "1.Anothing"}, (400, "invalid_grant", 9002313)),
        ({"client_id": None}, (400, "invalid_request", 900144)),
        ({"client_id": "99999999-0000-4000-8000-000000000000"}, (400, "unauthorized_client", 700016)),
        ({"client_secret": None}, (401, "invalid_client", 7000218)),
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"client_secret": "ünknown"}, (401, "invalid_client", 7000215)),
        ({"grant_type": None}, (400, "invalid_request", 900144)),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
        ({"client_id": [CLIENT_ID, CLIENT_ID]}, (400, "invalid_request", 9000410)),
        ({"tenant": "nowhere.example"}, (400, "invalid_request", 90002)),
        ({"tenant": OTHER_TENANT}, (400, "invalid_grant", 50020)),
        ({"tenant": "consumers"}, (400, "invalid_grant", 9002313)),
    ],
)
async def test_a_bad_exchange_is_refused_and_costs_nothing(
    visitor: Visitor, changes: dict[str, Any], expected: tuple[int, str, int]
) -> None:
    code = await visitor.code()
    assert error_of(await visitor.exchange(**{"code": code, **changes})) == expected
    assert (await visitor.exchange(code)).status_code == 200


@pytest.mark.parametrize(("challenge", "method"), [(S256, "S256"), (VERIFIER, "plain"), (VERIFIER, None)])
async def test_a_challenge_has_to_be_met(visitor: Visitor, challenge: str, method: str | None) -> None:
    code = await visitor.code(code_challenge=challenge, code_challenge_method=method)
    for verifier in (None, "w" * 43, "v" * 42):
        assert error_of(await visitor.exchange(code, code_verifier=verifier)) == (400, "invalid_grant", 501481)
    assert (await visitor.exchange(code, code_verifier=VERIFIER)).status_code == 200


async def test_tokens_are_for_their_client_alone(visitor: Visitor) -> None:
    other = await control(visitor.http, "POST", "/microsoft/clients", {"redirectUris": [BACK]})
    proof = {"client_id": other["clientId"], "client_secret": other["clientSecret"]}
    code = await visitor.code()
    assert error_of(await visitor.exchange(code, **proof)) == BAD
    token = good(await visitor.exchange(code))["refresh_token"]
    assert error_of(await visitor.refresh(token, **proof)) == BAD
    assert error_of(await visitor.refresh("1.Anothing")) == BAD


async def test_a_client_may_prove_itself_by_header(visitor: Visitor) -> None:
    token = (await visitor.allow())["refresh_token"]
    given = {"grant_type": "refresh_token", "refresh_token": token}
    path, post = "/common/oauth2/v2.0/token", visitor.http.post
    auth = httpx.BasicAuth(CLIENT_ID, SECRET)
    good(await post(path, data=given, auth=auth))
    good(await post(path, data={**given, "client_id": CLIENT_ID}, auth=auth))
    assert error_of(await post(path, data=given, auth=(CLIENT_ID, "wrong"))) == (401, "invalid_client", 7000215)
    for twice in ({"client_secret": SECRET}, {"client_id": "other"}):
        assert error_of(await post(path, data={**given, **twice}, auth=auth)) == (400, "invalid_request", 9002313)
    assert error_of(await post(path, data=given, headers={"authorization": "Basic !"}))[2] == 9002313


async def test_only_a_form_by_post_is_read(visitor: Visitor) -> None:
    token = (await visitor.allow())["refresh_token"]
    given = {"grant_type": "refresh_token", "refresh_token": token, "client_id": CLIENT_ID, "client_secret": SECRET}
    path = "/common/oauth2/v2.0/token"
    for answer in (await visitor.http.post(path, json=given), await visitor.http.post(path, params=given)):
        assert error_of(answer) == (400, "invalid_request", 900144)
    assert error_of(await visitor.http.get(path, params=given)) == (405, "invalid_request", 900561)


async def test_a_secret_that_has_expired(visitor: Visitor, sandbox: Sandbox) -> None:
    token = (await visitor.allow())["refresh_token"]
    ends = {"secretExpires": sandbox.clock.now() + 1000}
    await control(visitor.http, "PATCH", f"/microsoft/clients/{CLIENT_ID}", ends)
    good(await visitor.refresh(token))
    await later(visitor, 1)
    assert error_of(await visitor.refresh(token)) == (401, "invalid_client", 7000222)


# --- refresh tokens ------------------------------------------------------------------------------------------------


async def test_each_refresh_gives_another_refresh_token_and_the_old_one_stays_good(visitor: Visitor) -> None:
    first = await visitor.allow()
    second = good(await visitor.refresh(first["refresh_token"], scope=SCOPE))
    assert list(second) == list(first)
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    for token in (first["refresh_token"], second["refresh_token"]):
        good(await visitor.refresh(token))
    listed = (await control(visitor.http, "GET", "/accounts/1/microsoft/grants"))["refreshTokens"]
    ours = [each for each in listed if each["clientId"] == CLIENT_ID]
    assert [each["origin"] for each in ours[:2]] == [None, first["refresh_token"]]
    assert all(each["alive"] for each in ours)


@pytest.mark.parametrize(
    ("hint", "expected"), [("ada@example.com", 700082), ("bob@example.net", 70000), ("eve@example.org", 700082)]
)
async def test_a_refresh_token_lives_ninety_days(visitor: Visitor, hint: str, expected: int) -> None:
    first = (await visitor.allow(login_hint=hint))["refresh_token"]
    await later(visitor, 89 * DAY)
    second = good(await visitor.refresh(first))["refresh_token"]
    await later(visitor, DAY)
    refused = await visitor.refresh(first)
    assert error_of(refused) == (400, "invalid_grant", expected)
    assert refused.json()["suberror"] == "bad_token"
    if expected == 700082:
        assert "issued on 2026-01-01T00:00:00.000000Z and was inactive for 90.00:00:00." in refused.text
    await later(visitor, 88 * DAY)
    good(await visitor.refresh(second))


async def test_a_single_page_app_signs_in_every_day(visitor: Visitor) -> None:
    made = await control(visitor.http, "POST", "/microsoft/clients", {"platform": "spa", "redirectUris": [BACK]})
    visit = {"client_id": made["clientId"], "code_challenge": S256, "code_challenge_method": "S256"}
    proof: dict[str, Any] = {"client_id": made["clientId"], "client_secret": None}
    origin = {"origin": "https://app.example.com"}
    await visitor.open(**{**visit, "code_challenge": None, "code_challenge_method": None})
    assert visitor.away()["error_description"].startswith("AADSTS9002325: ")
    code = await visitor.code(**visit)
    refused = await visitor.exchange(code, code_verifier=VERIFIER, **proof)
    assert error_of(refused) == (400, "invalid_request", 9002327)
    answer = await visitor.exchange(code, code_verifier=VERIFIER, headers=origin, **proof)
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
    token = good(answer)["refresh_token"]
    await later(visitor, DAY - 1)
    token = good(await visitor.refresh(token, headers=origin, **proof))["refresh_token"]
    await later(visitor, 1)
    assert error_of(await visitor.refresh(token, headers=origin, **proof)) == (400, "invalid_grant", 700084)


async def test_a_public_client_has_no_secret(visitor: Visitor) -> None:
    given = {"platform": "public", "redirectUris": ["http://localhost"]}
    made = await control(visitor.http, "POST", "/microsoft/clients", given)
    assert made["clientSecret"] is None
    token = (
        await control(visitor.http, "POST", "/accounts/1/microsoft/refreshTokens", {"clientId": made["clientId"]})
    )["refreshToken"]
    good(await visitor.refresh(token, client_id=made["clientId"], client_secret=None))
    refused = await visitor.refresh(token, client_id=made["clientId"])
    assert error_of(refused) == (401, "invalid_client", 700025)


@pytest.mark.parametrize(("hint", "number"), [("ada@example.com", 50173), ("bob@example.net", 70000)])
async def test_sessions_that_were_revoked(visitor: Visitor, sandbox: Sandbox, hint: str, number: int) -> None:
    given = await visitor.allow(login_hint=hint)
    await control(visitor.http, "POST", f"/accounts/{hint}/microsoft/revokeSignInSessions")
    refused = await visitor.refresh(given["refresh_token"])
    assert error_of(refused) == (400, "invalid_grant", number)
    assert refused.json()["suberror"] == "bad_token"
    # Access tokens are good until their end, and signing in again helps at once.
    assert sandbox.tokens.access(given["access_token"]) is not None
    good(await visitor.refresh((await visitor.allow(login_hint=hint))["refresh_token"]))


async def test_another_password_ends_what_clients_without_a_secret_have(visitor: Visitor) -> None:
    public = (await control(visitor.http, "POST", "/microsoft/clients", {"platform": "public"}))["clientId"]
    theirs = (await control(visitor.http, "POST", "/accounts/1/microsoft/refreshTokens", {"clientId": public}))[
        "refreshToken"
    ]
    ours = (await visitor.allow())["refresh_token"]
    await control(visitor.http, "POST", "/accounts/1/microsoft/changePassword")
    refused = await visitor.refresh(theirs, client_id=public, client_secret=None)
    assert error_of(refused) == (400, "invalid_grant", 50173)
    good(await visitor.refresh(ours))


async def test_a_consent_that_was_withdrawn(visitor: Visitor) -> None:
    token = (await visitor.allow())["refresh_token"]
    await control(visitor.http, "DELETE", f"/accounts/1/microsoft/grants?clientId={CLIENT_ID}")
    refused = await visitor.refresh(token)
    assert error_of(refused) == (400, "invalid_grant", 65001)
    assert refused.json()["suberror"] == "consent_required"
    # Refresh tokens stand on the consent, whenever it was given.
    await visitor.allow()
    good(await visitor.refresh(token))


async def test_a_refresh_token_expires_when_it_is_told_to(visitor: Visitor) -> None:
    first = await visitor.allow()
    second = good(await visitor.refresh(first["refresh_token"]))
    given = {"refreshToken": first["refresh_token"]}
    await control(visitor.http, "POST", "/accounts/1/microsoft/refreshTokens/expire", given)
    assert error_of(await visitor.refresh(first["refresh_token"]))[2] == 700082
    third = good(await visitor.refresh(second["refresh_token"]))
    await control(visitor.http, "POST", "/accounts/1/microsoft/refreshTokens/expire", {})
    assert error_of(await visitor.refresh(third["refresh_token"]))[2] == 700082


async def test_an_account_that_is_gone(visitor: Visitor) -> None:
    token = (await visitor.allow())["refresh_token"]
    await control(visitor.http, "DELETE", "/accounts/1")
    assert error_of(await visitor.refresh(token)) == BAD


async def test_the_clients_own_id_of_a_request_comes_back(visitor: Visitor) -> None:
    mine = "12345678-1234-1234-1234-123456789abc"
    refused = await visitor.refresh("nothing", headers={"client-request-id": mine})
    assert refused.json()["correlation_id"] == mine
    assert refused.headers["client-request-id"] == mine


async def test_secrets_are_not_in_the_log(visitor: Visitor) -> None:
    code = await visitor.code(code_challenge=S256, code_challenge_method="S256")
    given = good(await visitor.exchange(code, code_verifier=VERIFIER))
    fresh = good(await visitor.refresh(given["refresh_token"]))
    log = await visitor.http.get("/control/requests")
    for secret in (code, given["refresh_token"], fresh["refresh_token"], given["access_token"], SECRET, VERIFIER):
        assert secret not in log.text
    seen = [(each["operation"], each["account"]) for each in log.json()["requests"]]
    assert ("microsoft.token", "1") in seen
    assert ("microsoft.consent", "1") in seen
