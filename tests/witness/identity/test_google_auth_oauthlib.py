"""google-auth-oauthlib and requests-oauthlib, unmodified: from the link to the tokens, with PKCE."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from google.auth.exceptions import RefreshError
from google_auth_oauthlib.flow import Flow  # type: ignore[import-untyped]  # the library has no types
from oauthlib.oauth2.rfc6749.errors import (  # type: ignore[import-untyped]  # the library has no types
    AccessDeniedError,
    InvalidGrantError,
)
from requests_oauthlib import OAuth2Session  # type: ignore[import-untyped]  # the library has no types

from tests.sandbox.identity.visitor import Forms
from tests.servers.sandbox import SandboxServer

CONTACTS = "https://www.googleapis.com/auth/contacts"
OTHER = "https://www.googleapis.com/auth/contacts.other.readonly"
BACK = "https://app.example.com/callback"


@pytest.fixture(autouse=True)
def plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    """oauthlib talks to servers without TLS only when told so."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.fixture(scope="module")
def account(server: SandboxServer) -> Any:
    return server.control("POST", "/accounts", {"email": "ada@example.com", "name": "Ada Example"})


@pytest.fixture
def client(server: SandboxServer, account: Any) -> Any:
    return server.control("POST", "/clients", {"redirectUris": [BACK], "name": "Witness"})


def flow_of(client: Any, scopes: list[str], **given: Any) -> Flow:
    flow: Flow = Flow.from_client_config(client["file"], scopes, redirect_uri=BACK, **given)
    return flow


def visit(url: str, answer: str = "allow") -> str:
    """Go through the pages; the address that the user is sent back to."""
    with requests.Session() as browser:
        page = browser.get(url, allow_redirects=False)
        while page.status_code == 200:
            form = Forms(page.text)
            pressed = next((name, value) for name, value in form.buttons if value in (answer, "continue", "1"))
            data = [*form.hidden.items(), pressed, *(("scope", scope) for scope in form.ticked)]
            target = urlsplit(url)._replace(path=form.action, query="").geturl()
            page = browser.post(target, data=data, allow_redirects=False)
        assert page.status_code in (302, 303), page.text
        return str(page.headers["location"])


def test_the_whole_way_with_pkce(server: SandboxServer, client: Any) -> None:
    flow = flow_of(client, [CONTACTS, OTHER])
    url, state = flow.authorization_url(prompt="consent", include_granted_scopes="true")
    assert parse_qs(urlsplit(url).query)["code_challenge_method"] == ["S256"]
    back = visit(url)
    assert parse_qs(urlsplit(back).query)["state"] == [state]
    token = flow.fetch_token(authorization_response=back)
    assert token["scope"] == [CONTACTS, OTHER]
    made = flow.credentials
    assert made.refresh_token == token["refresh_token"]
    session, contacts = flow.authorized_session(), f"{server.url}/v1/people/me/connections?personFields=names"
    assert session.get(contacts).status_code == 200
    with pytest.raises(InvalidGrantError):
        flow.fetch_token(authorization_response=back)
    # What the code gave is gone, the refresh token with which the session wants to help itself, too.
    with pytest.raises(RefreshError, match="invalid_grant"):
        session.get(contacts)


def test_with_another_verifier_it_fails(client: Any) -> None:
    flow = flow_of(client, [CONTACTS])
    back = visit(flow.authorization_url()[0])
    flow.code_verifier = "w" * 64
    with pytest.raises(InvalidGrantError, match=r"Invalid code verifier\."):
        flow.fetch_token(authorization_response=back)


def test_a_verifier_that_was_not_announced_is_refused(client: Any) -> None:
    link = flow_of(client, [CONTACTS], autogenerate_code_verifier=False)
    back = visit(link.authorization_url()[0])
    flow = flow_of(client, [CONTACTS], code_verifier="v" * 64)
    with pytest.raises(InvalidGrantError, match="is not needed"):
        flow.fetch_token(authorization_response=back)


def test_a_denial(client: Any) -> None:
    flow = flow_of(client, [CONTACTS])
    back = visit(flow.authorization_url()[0], "cancel")
    with pytest.raises(AccessDeniedError):
        flow.fetch_token(authorization_response=back)


def test_other_scopes_than_asked_for_are_noticed(client: Any) -> None:
    """As at Google: whoever asks for ``email`` is answered with the long name, and ``openid`` besides."""
    flow = flow_of(client, [CONTACTS, "email"])
    back = visit(flow.authorization_url()[0])
    with pytest.raises(Warning, match="Scope has changed"):
        flow.fetch_token(authorization_response=back)


def test_requests_oauthlib_proves_the_client_by_header(server: SandboxServer, client: Any) -> None:
    with OAuth2Session(client["clientId"], redirect_uri=BACK, scope=[CONTACTS]) as session:
        url, _ = session.authorization_url(f"{server.url}/o/oauth2/v2/auth", access_type="offline", prompt="consent")
        token = session.fetch_token(
            f"{server.url}/token", authorization_response=visit(url), client_secret=client["clientSecret"]
        )
        assert token["refresh_token"].startswith("1//")
        fresh = session.refresh_token(
            f"{server.url}/token", auth=requests.auth.HTTPBasicAuth(client["clientId"], client["clientSecret"])
        )
        assert fresh["access_token"] != token["access_token"]
        assert fresh["refresh_token"] == token["refresh_token"]
        info = session.get(f"{server.url}/tokeninfo", params={"access_token": fresh["access_token"]})
        assert info.json()["scope"] == CONTACTS
