"""Service accounts: assertions (RFC 7523), domain-wide delegation, and what is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from polydex_sandbox.sandbox import Sandbox
from tests.sandbox.conftest import START
from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.visitor import CONTACTS, OTHER, error_of

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
NOW = START // 1000
SHORT = (
    400,
    "invalid_grant",
    (
        "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
        "Check your iat and exp values in the JWT claim."
    ),
)
UNAUTHORIZED = (
    401,
    "unauthorized_client",
    (
        "Client is unauthorized to retrieve access tokens using this method, or client not authorized for any of the "
        "scopes requested."
    ),
)


def encode(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Service:
    """An application with the key file of a service account."""

    def __init__(self, http: httpx.AsyncClient, file: dict[str, str]) -> None:
        self.http, self.file = http, file
        key = serialization.load_pem_private_key(file["private_key"].encode(), None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self.key = key

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        body = (
            f"{encode({'alg': 'RS256', 'typ': 'JWT', 'kid': self.file['private_key_id'], **header})}.{encode(claims)}"
        )
        return f"{body}.{encode(self.key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def claims(self, **changes: Any) -> dict[str, Any]:
        made = {
            "iss": self.file["client_email"],
            "scope": CONTACTS,
            "aud": self.file["token_uri"],
            "iat": NOW,
            "exp": NOW + 3600,
            **changes,
        }
        return {name: value for name, value in made.items() if value is not None}

    async def present(self, assertion: str) -> httpx.Response:
        return await self.http.post("/token", data={"grant_type": GRANT_TYPE, "assertion": assertion})

    async def ask(self, **changes: Any) -> httpx.Response:
        return await self.present(self.sign(self.claims(**changes)))


@pytest.fixture
async def service(http: httpx.AsyncClient) -> Service:
    await control(http, "POST", "/accounts", {"email": "ada@example.com"})
    made = await control(http, "POST", "/serviceAccounts", {"name": "sync", "delegation": [CONTACTS]})
    return Service(http, made["key"])


async def test_the_key_file_is_as_google_gives_it_out(service: Service) -> None:
    assert list(service.file) == [
        "type", "project_id", "private_key_id", "private_key", "client_email", "client_id", "auth_uri", "token_uri",
        "auth_provider_x509_cert_url", "client_x509_cert_url", "universe_domain",
    ]  # fmt: skip
    assert service.file["type"] == "service_account"
    assert service.file["client_email"] == "sync@polydex-sandbox.iam.gserviceaccount.com"
    assert service.file["token_uri"] == "http://sandbox/token"


async def test_for_itself_it_has_an_address_book_that_no_user_sees(service: Service) -> None:
    answer = await service.ask()
    given = answer.json()
    assert list(given) == ["access_token", "expires_in", "token_type"]
    headers = {"authorization": f"Bearer {given['access_token']}"}
    person = {"names": [{"givenName": "Grace"}]}
    made = await service.http.post("/v1/people:createContact?personFields=names", json=person, headers=headers)
    assert made.status_code == 200, made.text
    mine = await service.http.get("/v1/people/me/connections?personFields=names", headers=headers)
    assert len(mine.json()["connections"]) == 1
    user = (await service.ask(sub="ada@example.com")).json()["access_token"]
    theirs = await service.http.get(
        "/v1/people/me/connections?personFields=names", headers={"authorization": f"Bearer {user}"}
    )
    assert theirs.json().get("connections", []) == []


async def test_it_speaks_for_a_user_in_the_scopes_that_the_administrator_has_allowed(
    service: Service, sandbox: Sandbox
) -> None:
    given = (await service.ask(sub="ada@example.com")).json()
    grant = sandbox.tokens.access(given["access_token"])
    assert grant is not None
    assert (grant.account_id, grant.scopes) == (sandbox.accounts.get("ada@example.com").id, frozenset({CONTACTS}))
    assert error_of(await service.ask(sub="ada@example.com", scope=OTHER)) == UNAUTHORIZED
    assert error_of(await service.ask(sub="ada@example.com", scope=f"{CONTACTS} {OTHER}")) == UNAUTHORIZED
    path = f"/serviceAccounts/{service.file['client_email']}"
    await control(service.http, "PATCH", path, {"delegation": [CONTACTS, OTHER]})
    assert (await service.ask(sub="ada@example.com", scope=f"{CONTACTS} {OTHER}")).status_code == 200
    await control(service.http, "PATCH", path, {"delegation": []})
    assert error_of(await service.ask(sub="ada@example.com")) == UNAUTHORIZED
    assert (await service.ask()).status_code == 200


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"iss": "nobody@example.com"}, (400, "invalid_grant", "Invalid grant: account not found")),
        ({"iss": None}, (400, "invalid_grant", "Invalid grant: account not found")),
        ({"iss": 1}, (400, "invalid_grant", "Invalid grant: account not found")),
        ({"sub": "nobody@example.com"}, (400, "invalid_grant", "Invalid email or User ID")),
        ({"sub": 1}, (400, "invalid_grant", "Invalid email or User ID")),
        ({"sub": "1"}, (400, "invalid_grant", "Invalid email or User ID")),
        ({"scope": None}, (400, "invalid_scope", "Empty or missing scope not allowed.")),
        ({"scope": " "}, (400, "invalid_scope", "Empty or missing scope not allowed.")),
        ({"scope": "x"}, (400, "invalid_scope", "Invalid OAuth scope or ID token audience provided.")),
        (
            {"aud": "http://elsewhere/token"},
            (
                400,
                "invalid_grant",
                "Invalid JWT: Failed audience check. The right audience is http://sandbox/token",
            ),
        ),
        ({"aud": None}, (400, "invalid_grant", None)),
        ({"aud": ["http://sandbox/token"]}, (400, "invalid_grant", None)),
        ({"exp": NOW + 3601}, SHORT),
        ({"exp": NOW}, SHORT),
        ({"exp": None}, SHORT),
        ({"exp": "soon"}, SHORT),
        ({"iat": None}, SHORT),
        ({"iat": True}, SHORT),
        ({"iat": NOW + 61, "exp": NOW + 600}, SHORT),
        ({"iat": NOW - 3600, "exp": NOW}, SHORT),
        ({"iat": NOW + 60, "exp": NOW + 60}, SHORT),
    ],
)
async def test_a_bad_assertion_is_refused(
    service: Service, changes: dict[str, Any], expected: tuple[int, str, str | None]
) -> None:
    status, error, description = error_of(await service.ask(**changes))
    assert (status, error) == expected[:2]
    assert expected[2] in (None, description)


async def test_an_assertion_follows_the_clock_of_the_sandbox(service: Service) -> None:
    await control(service.http, "POST", "/clock", {"advance": 3599})
    assert (await service.ask()).status_code == 200
    await control(service.http, "POST", "/clock", {"advance": 1})
    assert error_of(await service.ask()) == SHORT


async def test_only_its_own_key_counts(service: Service) -> None:
    other = Service(service.http, (await control(service.http, "POST", "/serviceAccounts", {"name": "b"}))["key"])
    signature = (400, "invalid_grant", "Invalid JWT Signature.")
    assert error_of(await service.present(other.sign(service.claims()))) == signature
    kid = service.file["private_key_id"]
    assert error_of(await service.present(other.sign(service.claims(), kid=kid))) == signature
    for alg in ("none", "HS256", None):
        assert error_of(await service.present(service.sign(service.claims(), alg=alg))) == signature
    good = service.sign(service.claims())
    head, body, _ = good.split(".")
    assert error_of(await service.present(f"{head}.{body}.")) == signature
    for nonsense in ("x", "a.b.c", "..", f"{good}.x", f"{encode(b'[]')}.{body}.x"):
        assert error_of(await service.present(nonsense)) == (400, "invalid_grant", "Bad Request")
    missing = (400, "invalid_request", "Missing required parameter: assertion")
    assert error_of(await service.present("")) == missing


async def test_its_tokens_cannot_be_given_back(service: Service) -> None:
    token = (await service.ask()).json()["access_token"]
    answer = await service.http.post("/revoke", data={"token": token})
    assert error_of(answer) == (400, "invalid_request", "Token is not revocable.")


async def test_it_does_not_sign_in_on_the_pages(service: Service) -> None:
    client = (await control(service.http, "GET", "/clients"))["clients"][0]
    query = {
        "client_id": client["clientId"],
        "redirect_uri": "http://127.0.0.1:1/",
        "response_type": "code",
        "scope": "openid",
        "prompt": "select_account",
    }
    page = await service.http.get("/o/oauth2/v2/auth", params=query)
    assert "ada@example.com" in page.text
    assert "gserviceaccount" not in page.text


async def test_the_end_of_a_service_account(service: Service, sandbox: Sandbox) -> None:
    token = (await service.ask()).json()["access_token"]
    email = service.file["client_email"]
    listed = await control(service.http, "GET", "/serviceAccounts")
    assert listed["serviceAccounts"] == [await control(service.http, "GET", f"/serviceAccounts/{email}")]
    await control(service.http, "DELETE", f"/serviceAccounts/{email}")
    assert sandbox.tokens.access(token) is None
    assert error_of(await service.ask())[2] == "Invalid grant: account not found"
    assert (await service.http.get(f"/control/serviceAccounts/{email}")).status_code == 404
    assert (await service.http.get(f"/control/accounts/{email}")).status_code == 404


async def test_the_token_endpoint_can_fail_for_the_user_whom_it_speaks_for(service: Service) -> None:
    quirk = "/accounts/ada@example.com/quirks/google-token-unavailable"
    await control(service.http, "PUT", quirk, {"count": 1, "methods": ["jwt-bearer"]})
    assert (await service.ask()).status_code == 200
    assert (await service.ask(sub="ada@example.com")).status_code == 503
    assert (await service.ask(sub="ada@example.com")).status_code == 200
