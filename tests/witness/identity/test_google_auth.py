"""google-auth, unmodified: refresh, service accounts, ID tokens."""

from __future__ import annotations

import itertools
from typing import Any

import google.auth.exceptions
import pytest
import requests
from google.auth.transport.requests import AuthorizedSession, Request
from google.oauth2 import id_token, service_account
from google.oauth2.credentials import Credentials

from tests.servers.sandbox import SandboxServer

CONTACTS = "https://www.googleapis.com/auth/contacts"
OTHER = "https://www.googleapis.com/auth/contacts.other.readonly"
EMAIL = "https://www.googleapis.com/auth/userinfo.email"
_numbers = itertools.count(1)


@pytest.fixture
def account(server: SandboxServer) -> Any:
    given = {"email": f"user{next(_numbers)}@example.com", "name": "Ada Example", "scopes": ["openid", CONTACTS, OTHER]}
    return server.control("POST", "/accounts", given)


def credentials(server: SandboxServer, account: Any, **changes: Any) -> Credentials:
    given = {
        "token": None,
        "refresh_token": account["refreshToken"],
        "token_uri": f"{server.url}/token",
        "client_id": account["clientId"],
        "client_secret": account["clientSecret"],
        **changes,
    }
    return Credentials(**given)  # type: ignore[no-untyped-call]  # the library has no types


def refresh(made: Credentials) -> None:
    made.refresh(Request())  # type: ignore[no-untyped-call]  # the library has no types


def signed(made: Any) -> requests.Session:
    """A session that sends its token, and gets another when that is refused."""
    session: requests.Session = AuthorizedSession(made)  # type: ignore[no-untyped-call]  # the library has no types
    return session


def own(
    server: SandboxServer, session: requests.Session, path: str = "people/me/connections?personFields=names"
) -> requests.Response:
    """Ask the People API."""
    return session.get(f"{server.url}/v1/{path}")


def test_it_refreshes_and_its_token_opens_the_people_api(server: SandboxServer, account: Any) -> None:
    made = credentials(server, account)
    assert own(server, signed(made)).status_code == 200
    assert made.valid
    assert made.refresh_token == account["refreshToken"]


def test_it_refreshes_when_the_people_api_refuses_its_token(server: SandboxServer, account: Any) -> None:
    made = credentials(server, account, token=account["accessToken"])
    session = signed(made)
    assert own(server, session).status_code == 200
    assert made.token == account["accessToken"]
    server.control("POST", f"/accounts/{account['id']}/tokens/expire", {})
    assert own(server, session).status_code == 200
    assert made.token != account["accessToken"]


def test_it_asks_for_some_of_the_scopes(server: SandboxServer, account: Any) -> None:
    made = credentials(server, account, scopes=[OTHER])
    refresh(made)
    assert made.granted_scopes == [OTHER]
    assert own(server, signed(made)).status_code == 403
    with pytest.raises(google.auth.exceptions.RefreshError, match="invalid_scope: Bad Request"):
        refresh(credentials(server, account, scopes=[f"{CONTACTS}.readonly"]))


@pytest.mark.parametrize("how", ["expire", "revoke"])
def test_it_knows_a_dead_refresh_token(server: SandboxServer, account: Any, how: str) -> None:
    server.control("POST", f"/accounts/{account['id']}/refreshTokens/{how}", {})
    with pytest.raises(google.auth.exceptions.RefreshError) as raised:
        refresh(credentials(server, account))
    assert "invalid_grant: Token has been expired or revoked." in str(raised.value)
    assert raised.value.retryable is False


def test_it_knows_a_wrong_client(server: SandboxServer, account: Any) -> None:
    with pytest.raises(google.auth.exceptions.RefreshError, match="invalid_client"):
        refresh(credentials(server, account, client_secret="wrong"))


def test_it_repeats_when_the_endpoint_is_unavailable(server: SandboxServer, account: Any) -> None:
    server.control("PUT", f"/accounts/{account['id']}/quirks/google-token-unavailable", {"count": 1})
    made = credentials(server, account)
    refresh(made)
    assert made.valid
    (quirk,) = server.control("GET", f"/accounts/{account['id']}/quirks")["quirks"]
    assert quirk["struck"] == 1


def test_it_sees_a_lost_answer_as_a_failure_of_the_network(server: SandboxServer, account: Any) -> None:
    server.control("PUT", f"/accounts/{account['id']}/quirks/google-token-drop-after", {"count": 1})
    with pytest.raises(google.auth.exceptions.TransportError):
        refresh(credentials(server, account))
    assert len(server.control("GET", f"/accounts/{account['id']}/tokens")["tokens"]) == 2


def service(server: SandboxServer, *delegation: str) -> Any:
    made = server.control("POST", "/serviceAccounts", {"name": f"s{next(_numbers)}", "delegation": list(delegation)})
    return service_account.Credentials.from_service_account_info(made["key"])  # type: ignore[no-untyped-call]  # the library has no types


def test_a_service_account_for_itself(server: SandboxServer) -> None:
    made = service(server).with_scopes([CONTACTS])
    assert own(server, signed(made)).json() == {}


def test_a_service_account_speaks_for_a_user(server: SandboxServer, account: Any) -> None:
    made = service(server, CONTACTS, EMAIL).with_scopes([CONTACTS, EMAIL]).with_subject(account["email"])
    answer = own(server, signed(made), "people/me?personFields=emailAddresses")
    assert answer.json()["emailAddresses"][0]["value"] == account["email"]


def test_a_service_account_without_delegation(server: SandboxServer, account: Any) -> None:
    made = service(server, OTHER).with_scopes([CONTACTS]).with_subject(account["email"])
    with pytest.raises(google.auth.exceptions.RefreshError, match="unauthorized_client: Client is unauthorized"):
        refresh(made)


def test_it_verifies_an_id_token(server: SandboxServer, account: Any) -> None:
    made = credentials(server, account)
    refresh(made)
    # The set of JWKs at /oauth2/v3/certs would need PyJWT besides; these are the certificates that google-auth takes.
    claims = id_token.verify_token(
        made.id_token, Request(), audience=account["clientId"], certs_url=f"{server.url}/oauth2/v1/certs"
    )
    assert claims["sub"] == account["subject"]
    assert claims["iss"] == server.url
    head, body, signature = made.id_token.split(".")
    forged = f"{head}.{body}.{signature[:-8]}AAAAAAAA"
    with pytest.raises(ValueError, match="Could not verify token signature"):
        id_token.verify_token(forged, Request(), certs_url=f"{server.url}/oauth2/v1/certs")
