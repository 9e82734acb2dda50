"""ID tokens, keys, userinfo, tokeninfo, discovery."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.sandbox.conftest import START
from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.visitor import CLIENT_ID, CONTACTS, EMAIL, Visitor, error_of

PROFILE = "https://www.googleapis.com/auth/userinfo.profile"
SIGN_IN = "openid email profile"


def part(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims_of(id_token: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(part(id_token.split(".")[1]))
    return claims


async def test_an_id_token_says_who_signed_in(visitor: Visitor) -> None:
    given = await visitor.allow(scope=SIGN_IN, nonce="once")
    assert given["scope"] == f"openid {EMAIL} {PROFILE}"
    claims = claims_of(given["id_token"])
    account = await control(visitor.http, "GET", "/accounts/1")
    digest = hashlib.sha256(given["access_token"].encode()).digest()[:16]
    assert claims == {
        "iss": "http://sandbox",
        "azp": CLIENT_ID,
        "aud": CLIENT_ID,
        "sub": account["subject"],
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada Example",
        "given_name": "Ada",
        "family_name": "Example",
        "at_hash": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "nonce": "once",
        "iat": START // 1000,
        "exp": START // 1000 + 3600,
    }
    again = claims_of((await visitor.refresh(given["refresh_token"])).json()["id_token"])
    assert again["sub"] == account["subject"]
    assert "nonce" not in again
    assert "id_token" not in await visitor.allow(scope=CONTACTS)


async def test_an_id_token_fits_the_published_keys(visitor: Visitor) -> None:
    token = (await visitor.allow(scope="openid"))["id_token"]
    body, _, signature = token.rpartition(".")
    header = json.loads(part(body.split(".")[0]))
    keys = (await visitor.http.get("/oauth2/v3/certs")).json()["keys"]
    (jwk,) = [key for key in keys if key["kid"] == header["kid"]]
    numbers = [int.from_bytes(part(jwk[name]), "big") for name in ("e", "n")]
    public = rsa.RSAPublicNumbers(*numbers).public_key()
    public.verify(part(signature), body.encode(), padding.PKCS1v15(), hashes.SHA256())
    pem = (await visitor.http.get("/oauth2/v1/certs")).json()[header["kid"]]
    certified = x509.load_pem_x509_certificate(pem.encode()).public_key()
    assert isinstance(certified, rsa.RSAPublicKey)
    assert certified.public_numbers() == public.public_numbers()


async def test_email_and_profile_bring_openid_with_them(visitor: Visitor) -> None:
    given = await visitor.allow(scope=f"{CONTACTS} {EMAIL}")
    assert given["scope"] == f"{CONTACTS} {EMAIL} openid"
    claims = claims_of(given["id_token"])
    assert claims["email"] == "ada@example.com"
    assert "name" not in claims


async def test_userinfo(visitor: Visitor) -> None:
    token = (await visitor.allow(scope=SIGN_IN))["access_token"]
    get, headers = visitor.http.get, {"authorization": f"Bearer {token}"}
    account = await control(visitor.http, "GET", "/accounts/1")
    expected = {
        "sub": account["subject"],
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada Example",
        "given_name": "Ada",
        "family_name": "Example",
    }
    for path in ("/v1/userinfo", "/oauth2/v3/userinfo"):
        assert (await get(path, headers=headers)).json() == expected
    assert (await visitor.http.post("/v1/userinfo", headers=headers)).json() == expected
    for wrong in ({}, {"authorization": "Bearer nothing"}, {"authorization": "Basic x"}):
        answer = await get("/v1/userinfo", headers=wrong)
        assert error_of(answer) == (401, "invalid_request", "Invalid Credentials")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
    await control(visitor.http, "POST", "/clock", {"advance": 3599})
    assert (await get("/v1/userinfo", headers=headers)).status_code == 401


async def test_userinfo_needs_a_scope_of_signing_in(visitor: Visitor) -> None:
    token = (await visitor.allow())["access_token"]
    answer = await visitor.http.get("/v1/userinfo", headers={"authorization": f"Bearer {token}"})
    assert error_of(answer)[:2] == (403, "insufficient_scope")


async def test_tokeninfo_of_an_access_token(visitor: Visitor) -> None:
    given = await visitor.allow(scope=f"{CONTACTS} {EMAIL}")
    await control(visitor.http, "POST", "/clock", {"advance": 99})
    account = await control(visitor.http, "GET", "/accounts/1")
    for path in ("/tokeninfo", "/oauth2/v3/tokeninfo"):
        answer = await visitor.http.get(path, params={"access_token": given["access_token"]})
        assert answer.json() == {
            "azp": CLIENT_ID,
            "aud": CLIENT_ID,
            "sub": account["subject"],
            "scope": f"{CONTACTS} {EMAIL} openid",
            "exp": str(START // 1000 + 3599),
            "expires_in": "3500",
            "access_type": "offline",
            "email": "ada@example.com",
            "email_verified": "true",
        }
    online = (await visitor.allow(access_type="online"))["access_token"]
    info = (await visitor.http.post("/tokeninfo", data={"access_token": online})).json()
    assert info["access_type"] == "online"
    for wrong in ({}, {"access_token": "nothing"}, {"access_token": given["refresh_token"]}):
        answer = await visitor.http.get("/tokeninfo", params=wrong)
        assert error_of(answer) == (400, "invalid_token", "Invalid Value")


async def test_tokeninfo_of_an_id_token(visitor: Visitor) -> None:
    token = (await visitor.allow(scope=SIGN_IN))["id_token"]
    info = (await visitor.http.get("/tokeninfo", params={"id_token": token})).json()
    assert (info["email"], info["email_verified"], info["alg"]) == ("ada@example.com", "true", "RS256")
    assert all(isinstance(value, str) for value in info.values())
    head, body, signature = token.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for forged in (f"{head}.{body}.", f"{none}.{body}.", f"{head}.{body}x.{signature}", "a.b.c", "x", f"{token}="):
        answer = await visitor.http.get("/tokeninfo", params={"id_token": forged})
        assert error_of(answer) == (400, "invalid_token", "Invalid Value")
    await control(visitor.http, "POST", "/clock", {"advance": 3600})
    assert (await visitor.http.get("/tokeninfo", params={"id_token": token})).status_code == 400


@pytest.mark.parametrize("host", ["sandbox", "127.0.0.1:4711"])
async def test_discovery_is_about_the_host_that_was_asked(http: httpx.AsyncClient, host: str) -> None:
    answer = await http.get("/.well-known/openid-configuration", headers={"host": host})
    found = answer.json()
    assert found["issuer"] == f"http://{host}"
    places = {name: value for name, value in found.items() if name.endswith(("_endpoint", "_uri"))}
    assert set(places) == {
        "authorization_endpoint",
        "token_endpoint",
        "userinfo_endpoint",
        "revocation_endpoint",
        "jwks_uri",
    }
    for place in places.values():
        assert place.startswith(f"http://{host}/")
        method = "POST" if place.endswith(("/token", "/revoke")) else "GET"
        assert (await http.request(method, place)).status_code in (200, 400, 401)


async def test_the_issuer_can_be_set(visitor: Visitor) -> None:
    await control(visitor.http, "PUT", "/issuer", {"issuer": "https://accounts.google.com"})
    found = (await visitor.http.get("/.well-known/openid-configuration")).json()
    assert found["issuer"] == "https://accounts.google.com"
    claims = claims_of((await visitor.allow(scope="openid"))["id_token"])
    assert claims["iss"] == "https://accounts.google.com"
    assert await control(visitor.http, "PUT", "/issuer", {"issuer": None}) == {"issuer": "http://sandbox"}


async def test_odd_requests_are_no_failures_of_the_sandbox(visitor: Visitor) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    many = "&".join(f"a{number}=b" for number in range(101))
    for body in (b"grant_type=%ff", b"\xff\xfe", many.encode(), b"&&=&", b""):
        for path in ("/token", "/revoke", "/tokeninfo", "/o/oauth2/v2/auth", "/o/oauth2/v2/auth/consent"):
            answer = await visitor.http.post(path, content=body, headers=form)
            assert answer.status_code == 400, (path, body)
    for query in ("client_id=%ff", many, "client_id=%00", "token=%0d%0a"):
        for path in ("/o/oauth2/v2/auth", "/tokeninfo", "/o/oauth2/revoke"):
            assert (await visitor.http.get(f"{path}?{query}")).status_code in (400, 401), (path, query)
