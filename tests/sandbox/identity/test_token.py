"""The token endpoint: codes and refresh tokens."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import httpx
import pytest

from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.visitor import BACK, CLIENT_ID, CONTACTS, EMAIL, OTHER, SECRET, Visitor, error_of

DAY = 86_400
DEAD = (400, "invalid_grant", "Token has been expired or revoked.")
BAD = (400, "invalid_grant", "Bad Request")
VERIFIER = "v" * 43
S256 = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


async def alive(visitor: Visitor, access_token: str) -> bool:
    """Whether the People API takes an access token."""
    headers = {"authorization": f"Bearer {access_token}"}
    answer = await visitor.http.get("/v1/people/me/connections?personFields=names", headers=headers)
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


async def test_a_code_is_worth_tokens(visitor: Visitor) -> None:
    answer = await visitor.exchange(await visitor.code())
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert "no-store" in answer.headers["cache-control"]
    given = answer.json()
    assert list(given) == ["access_token", "expires_in", "refresh_token", "scope", "token_type"]
    assert (given["expires_in"], given["scope"], given["token_type"]) == (3599, CONTACTS, "Bearer")
    assert await alive(visitor, given["access_token"])
    await control(visitor.http, "POST", "/clock", {"advance": 3599})
    assert not await alive(visitor, given["access_token"])


async def test_a_code_used_twice_takes_back_what_it_gave(visitor: Visitor) -> None:
    code = await visitor.code()
    given = (await visitor.exchange(code)).json()
    fresh = (await visitor.refresh(given["refresh_token"])).json()
    other = await visitor.allow(prompt="consent")
    assert error_of(await visitor.exchange(code)) == BAD
    assert error_of(await visitor.refresh(given["refresh_token"])) == DEAD
    assert not await alive(visitor, given["access_token"])
    assert not await alive(visitor, fresh["access_token"])
    assert await alive(visitor, other["access_token"])


async def test_a_code_used_twice_takes_back_an_access_token_alone(visitor: Visitor) -> None:
    code = await visitor.code(access_type="online")
    given = (await visitor.exchange(code)).json()
    assert "refresh_token" not in given
    assert error_of(await visitor.exchange(code)) == BAD
    assert not await alive(visitor, given["access_token"])


async def test_a_code_lives_ten_minutes(visitor: Visitor) -> None:
    code = await visitor.code()
    await control(visitor.http, "POST", "/clock", {"advance": 600})
    assert error_of(await visitor.exchange(code)) == BAD


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"redirect_uri": f"{BACK}/"}, (400, "redirect_uri_mismatch", "Bad Request")),
        ({"redirect_uri": None}, (400, "invalid_request", "Missing required parameter: redirect_uri")),
        ({"code": None}, (400, "invalid_request", "Missing required parameter: code")),
        ({"code": ""}, (400, "invalid_request", "Missing required parameter: code")),
        ({"code": "4%2F0A"}, (400, "invalid_grant", "Malformed auth code.")),
        ({"code": "4/0Anothing"}, BAD),
        ({"code_verifier": VERIFIER}, (400, "invalid_grant", "code_verifier or verifier is not needed.")),
        ({"client_id": None}, (400, "invalid_request", "Could not determine client ID from request.")),
        ({"client_id": "nobody"}, (401, "invalid_client", "The OAuth client was not found.")),
        ({"client_secret": None}, (400, "invalid_request", "client_secret is missing.")),
        ({"client_secret": "wrong"}, (401, "invalid_client", "The provided client secret is invalid.")),
        ({"client_secret": "ünknown"}, (401, "invalid_client", "The provided client secret is invalid.")),
        ({"grant_type": None}, (400, "unsupported_grant_type", "Invalid grant_type: ")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", "Invalid grant_type: password")),
        (
            {"client_id": [CLIENT_ID, CLIENT_ID]},
            (400, "invalid_request", "OAuth 2 parameters can only have a single value: client_id"),
        ),
    ],
)
async def test_a_bad_exchange_is_refused_and_costs_nothing(
    visitor: Visitor, changes: dict[str, Any], expected: tuple[int, str, str]
) -> None:
    code = await visitor.code()
    given = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, **changes}
    assert error_of(await visitor.token(**given)) == expected
    assert (await visitor.exchange(code)).status_code == 200


@pytest.mark.parametrize(("challenge", "method"), [(S256, "S256"), (VERIFIER, "plain"), (VERIFIER, None)])
async def test_a_challenge_has_to_be_met(visitor: Visitor, challenge: str, method: str | None) -> None:
    code = await visitor.code(code_challenge=challenge, code_challenge_method=method)
    assert error_of(await visitor.exchange(code))[2] == "Missing code verifier."
    assert error_of(await visitor.exchange(code, code_verifier="w" * 43))[2] == "Invalid code verifier."
    assert error_of(await visitor.exchange(code, code_verifier="v" * 42))[2] == "Invalid code verifier."
    assert (await visitor.exchange(code, code_verifier=VERIFIER)).status_code == 200


async def test_a_code_is_for_its_client_alone(visitor: Visitor) -> None:
    other = await control(visitor.http, "POST", "/clients", {"redirectUris": [BACK]})
    code = await visitor.code()
    answer = await visitor.exchange(code, client_id=other["clientId"], client_secret=other["clientSecret"])
    assert error_of(answer) == BAD


async def test_only_a_form_is_read(visitor: Visitor) -> None:
    refresh_token = (await visitor.allow())["refresh_token"]
    given = {
        "grant_type": "refresh_token",
        "refresh_token": refresh_token,
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
    }
    for answer in (
        await visitor.http.post("/token", json=given),
        await visitor.http.post("/token", params=given),
    ):
        assert error_of(answer) == (400, "unsupported_grant_type", "Invalid grant_type: ")
    assert (await visitor.http.get("/token", params=given)).status_code == 404
    for path in ("/token", "/o/oauth2/token", "/oauth2/v4/token"):
        assert (await visitor.http.post(path, data=given)).status_code == 200


async def test_a_client_may_prove_itself_by_header(visitor: Visitor) -> None:
    refresh_token = (await visitor.allow())["refresh_token"]
    given = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    post, auth = visitor.http.post, httpx.BasicAuth(CLIENT_ID, SECRET)
    assert (await post("/token", data=given, auth=auth)).status_code == 200
    assert (await post("/token", data={**given, "client_id": CLIENT_ID}, auth=auth)).status_code == 200
    wrong = await post("/token", data=given, auth=(CLIENT_ID, "wrong"))
    assert wrong.status_code == 401
    assert wrong.headers["www-authenticate"].startswith("Basic ")
    for twice in ({"client_secret": SECRET}, {"client_id": "other"}):
        assert error_of(await post("/token", data={**given, **twice}, auth=auth))[1] == "invalid_request"
    for header in ("Basic !", "Basic " + base64.b64encode(b"no colon").decode()):
        assert error_of(await post("/token", data=given, headers={"authorization": header}))[1] == "invalid_client"


async def test_a_client_that_was_deleted(visitor: Visitor) -> None:
    refresh_token = (await visitor.allow())["refresh_token"]
    await control(visitor.http, "DELETE", f"/clients/{CLIENT_ID}")
    assert error_of(await visitor.refresh(refresh_token))[:2] == (401, "deleted_client")
    await visitor.open()
    assert visitor.page.status_code == 401


async def test_a_refresh_token_stays_the_same(visitor: Visitor) -> None:
    refresh_token = (await visitor.allow(scope=f"{CONTACTS} {OTHER}"))["refresh_token"]
    first, second = (await visitor.refresh(refresh_token)).json(), (await visitor.refresh(refresh_token)).json()
    assert list(first) == ["access_token", "expires_in", "scope", "token_type"]
    assert first["scope"] == f"{CONTACTS} {OTHER}"
    assert first["access_token"] != second["access_token"]
    assert await alive(visitor, first["access_token"])
    assert await alive(visitor, second["access_token"])


async def test_a_refresh_may_ask_for_less_but_not_for_more(visitor: Visitor) -> None:
    refresh_token = (await visitor.allow(scope=f"{CONTACTS} {OTHER}"))["refresh_token"]
    less = (await visitor.refresh(refresh_token, scope=OTHER)).json()
    assert less["scope"] == OTHER
    headers = {"authorization": f"Bearer {less['access_token']}"}
    answer = await visitor.http.get("/v1/people/me/connections?personFields=names", headers=headers)
    assert answer.status_code == 403
    assert (await visitor.refresh(refresh_token)).json()["scope"] == f"{CONTACTS} {OTHER}"
    for more in (f"{CONTACTS} {EMAIL}", "nonsense"):
        assert error_of(await visitor.refresh(refresh_token, scope=more)) == (400, "invalid_scope", "Bad Request")


async def test_a_refresh_token_is_for_its_client_alone(visitor: Visitor) -> None:
    other = await control(visitor.http, "POST", "/clients", {})
    refresh_token = (await visitor.allow())["refresh_token"]
    answer = await visitor.refresh(refresh_token, client_id=other["clientId"], client_secret=other["clientSecret"])
    assert error_of(answer) == (401, "unauthorized_client", "Unauthorized")
    assert error_of(await visitor.refresh("1//0nothing")) == BAD
    missing = (400, "invalid_request", "Missing required parameter: refresh_token")
    assert error_of(await visitor.token(grant_type="refresh_token")) == missing


async def test_in_testing_a_refresh_token_lives_seven_days(testing: Visitor) -> None:
    given = await testing.allow()
    assert given["refresh_token_expires_in"] == 604_799
    await control(testing.http, "POST", "/clock", {"advance": 7 * DAY - 1})
    assert (await testing.refresh(given["refresh_token"])).status_code == 200
    await control(testing.http, "POST", "/clock", {"advance": 1})
    assert error_of(await testing.refresh(given["refresh_token"])) == DEAD


async def test_in_testing_signing_in_lasts(testing: Visitor) -> None:
    given = await testing.allow(scope="openid email profile")
    assert "refresh_token_expires_in" not in given
    await control(testing.http, "POST", "/clock", {"advance": 30 * DAY})
    assert (await testing.refresh(given["refresh_token"])).status_code == 200


async def test_in_production_a_refresh_token_dies_after_six_months_without_use(visitor: Visitor) -> None:
    refresh_token = (await visitor.allow())["refresh_token"]
    for _ in range(3):
        await control(visitor.http, "POST", "/clock", {"advance": 170 * DAY})
        assert (await visitor.refresh(refresh_token)).status_code == 200
    await control(visitor.http, "POST", "/clock", {"advance": 180 * DAY})
    assert error_of(await visitor.refresh(refresh_token)) == DEAD


async def test_the_oldest_of_101_refresh_tokens_dies(visitor: Visitor) -> None:
    tokens = [(await visitor.allow(prompt="consent"))["refresh_token"] for _ in range(101)]
    assert error_of(await visitor.refresh(tokens[0])) == DEAD
    assert (await visitor.refresh(tokens[1])).status_code == 200
    assert (await visitor.refresh(tokens[100])).status_code == 200


@pytest.mark.parametrize("by", ["refresh_token", "access_token"])
@pytest.mark.parametrize("place", ["query", "body", "old"])
async def test_a_token_given_back_ends_the_whole_grant(visitor: Visitor, by: str, place: str) -> None:
    first, second = await visitor.allow(), await visitor.allow(prompt="consent")
    token = {"token": first[by]}
    if place == "old":
        answer = await visitor.http.get("/o/oauth2/revoke", params=token)
    else:
        answer = await visitor.http.post("/revoke", **{"params" if place == "query" else "data": token})  # type: ignore[arg-type]  # the values fit, which a mapping does not tell
    assert (answer.status_code, answer.json()) == (200, {})
    for given in (first, second):
        assert error_of(await visitor.refresh(given["refresh_token"])) == DEAD
        assert not await alive(visitor, given["access_token"])
    again = await visitor.http.post("/revoke", data=token)
    assert error_of(again) == (400, "invalid_token", "Token expired or revoked")
    await visitor.open()
    assert "App wants access" in visitor.page.text


async def test_a_code_dies_with_the_grant(visitor: Visitor) -> None:
    token = (await visitor.allow())["access_token"]
    code = await visitor.code()
    await visitor.http.post("/revoke", data={"token": token})
    assert error_of(await visitor.exchange(code)) == BAD


async def test_giving_back_nothing(visitor: Visitor) -> None:
    assert error_of(await visitor.http.post("/revoke"))[1] == "invalid_request"
    assert error_of(await visitor.http.post("/revoke", data={"token": "x"}))[1] == "invalid_token"
    assert (await visitor.http.get("/revoke?token=x")).status_code == 404


async def test_secrets_are_not_in_the_log(visitor: Visitor) -> None:
    code = await visitor.code(code_challenge=S256, code_challenge_method="S256")
    given = (await visitor.exchange(code, code_verifier=VERIFIER)).json()
    await visitor.refresh(given["refresh_token"])
    await visitor.http.post("/revoke", params={"token": given["refresh_token"]})
    await visitor.http.get("/tokeninfo", params={"access_token": given["access_token"]})
    log = await visitor.http.get("/control/requests")
    for secret in (code, given["refresh_token"], given["access_token"], SECRET, VERIFIER):
        assert secret not in log.text
    seen = [(each["operation"], each["account"]) for each in log.json()["requests"]]
    assert ("oauth2.token", "1") in seen
    assert ("oauth2.revoke", "1") in seen
