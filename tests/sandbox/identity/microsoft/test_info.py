"""ID tokens, keys, discovery."""

from __future__ import annotations

import pytest

from tests.sandbox.conftest import START
from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.microsoft.visitor import CLIENT_ID, OTHER_TENANT, PERSONAL, TENANT, Visitor, claims_of


async def test_an_id_token_says_who_signed_in(visitor: Visitor) -> None:
    given = await visitor.allow(scope="openid profile email offline_access", nonce="once")
    account = await control(visitor.http, "GET", "/accounts/1")
    claims = claims_of(given["id_token"])
    assert claims.pop("uti")
    subject = claims.pop("sub")
    assert claims == {
        "aud": CLIENT_ID,
        "iss": f"http://sandbox/{TENANT}/v2.0",
        "iat": START // 1000,
        "nbf": START // 1000,
        "exp": START // 1000 + 3600,
        "oid": account["oid"],
        "tid": TENANT,
        "ver": "2.0",
        "name": "Ada Example",
        "preferred_username": "ada@example.com",
        "email": "ada@example.com",
        "nonce": "once",
    }
    again = claims_of((await visitor.refresh(given["refresh_token"])).json()["id_token"])
    assert again["sub"] == subject
    assert "nonce" not in again
    # Another application knows the same user under another name.
    other = await control(visitor.http, "POST", "/microsoft/clients", {})
    token = await control(visitor.http, "POST", "/accounts/1/microsoft/refreshTokens", {"clientId": other["clientId"]})
    proof = {"client_id": other["clientId"], "client_secret": other["clientSecret"]}
    theirs = claims_of((await visitor.refresh(token["refreshToken"], **proof)).json()["id_token"])
    assert theirs["oid"] == account["oid"]
    assert theirs["sub"] != subject


@pytest.mark.parametrize(
    ("name", "hint", "issuer", "tenant"),
    [
        ("common", "ada@example.com", "{tenantid}", TENANT),
        ("organizations", "eve@example.org", "{tenantid}", OTHER_TENANT),
        ("consumers", "bob@example.net", PERSONAL, PERSONAL),
        (TENANT, "ada@example.com", TENANT, TENANT),
        ("example.org", "eve@example.org", OTHER_TENANT, OTHER_TENANT),
    ],
)
async def test_a_strangers_library_verifies_it(
    visitor: Visitor, name: str, hint: str, issuer: str, tenant: str
) -> None:
    """PyJWT finds its way from the discovery document to the key; the issuer is that of the account's directory."""
    visitor.tenant = name
    token = (await visitor.allow(login_hint=hint))["id_token"]
    document = (await visitor.http.get(f"/{name}/v2.0/.well-known/openid-configuration")).json()
    assert document["issuer"] == f"http://sandbox/{issuer}/v2.0"
    for endpoint in (
        "authorization_endpoint",
        "token_endpoint",
        "device_authorization_endpoint",
        "end_session_endpoint",
    ):
        assert document[endpoint].startswith(f"http://sandbox/{name}/oauth2/v2.0/")
    assert document["jwks_uri"] == f"http://sandbox/{name}/discovery/v2.0/keys"
    (key,) = (await visitor.http.get(document["jwks_uri"])).json()["keys"]
    assert (key["kty"], key["use"], key["e"]) == ("RSA", "sig", "AQAB")
    assert key["issuer"] == document["issuer"]
    assert claims_of(f".{token.split('.')[0]}.") == {"alg": "RS256", "kid": key["kid"], "typ": "JWT"}
    assert claims_of(token)["iss"] == f"http://sandbox/{tenant}/v2.0"


async def test_what_libraries_ask_of_the_instance(visitor: Visitor) -> None:
    path = "/common/discovery/instance"
    mine = {"api-version": "1.1", "authorization_endpoint": "https://sandbox/organizations/oauth2/v2.0/authorize"}
    found = (await visitor.http.get(path, params=mine)).json()
    assert found["tenant_discovery_endpoint"] == "http://sandbox/organizations/v2.0/.well-known/openid-configuration"
    assert found["metadata"] == [{"preferred_network": "sandbox", "preferred_cache": "sandbox", "aliases": ["sandbox"]}]
    foreign = {**mine, "authorization_endpoint": "https://evil.example.org/common/oauth2/v2.0/authorize"}
    refused = await visitor.http.get(path, params=foreign)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_instance")


async def test_a_directory_that_is_not_there(visitor: Visitor) -> None:
    for path in ("v2.0/.well-known/openid-configuration", "discovery/v2.0/keys"):
        refused = await visitor.http.get(f"/33333333-cccc-4000-8000-000000000003/{path}")
        assert (refused.status_code, refused.json()["error_codes"]) == (400, [90002])
