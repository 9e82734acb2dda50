"""msal, unmodified, on https: from the link to the tokens, silently, for the application itself, on a device."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import jwt
import msal  # type: ignore[import-untyped]  # the library has no types
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from tests.sandbox.identity.visitor import Forms
from tests.servers import sandbox
from tests.servers.sandbox import SandboxServer

CONTACTS = "https://graph.microsoft.com/Contacts.ReadWrite"
BACK = "https://app.example.com/callback"
TENANT = "c0ffee00-5a4d-4b0c-8d0e-5a9db0c50001"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
DEFAULT = "https://graph.microsoft.com/.default"
_numbers = itertools.count(1)

# What msal recommends, and what it warns of, is asked for here all the same.
pytestmark = [pytest.mark.filterwarnings(f"ignore::{kind}") for kind in ("UserWarning", "DeprecationWarning")]


@pytest.fixture(scope="module")
def secure() -> Iterator[SandboxServer]:
    with sandbox.serve(https=True) as running:
        yield running


@pytest.fixture(autouse=True)
def trust(monkeypatch: pytest.MonkeyPatch) -> None:
    """These go before what a session is told to trust."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@dataclass
class User:
    """An account of the sandbox and the application that it comes from."""

    server: SandboxServer
    account: dict[str, Any]
    client: dict[str, Any]

    def app(self, authority: str = "common", kind: Any = msal.ConfidentialClientApplication, **more: Any) -> Any:
        """The application, by msal; each knows only what it has got itself."""
        given = {"client_credential": self.client["clientSecret"]} if kind is msal.ConfidentialClientApplication else {}
        return kind(
            self.client["clientId"],
            authority=urljoin(f"{self.server.url}/", authority),
            verify=str(self.server.authority),
            # With it, msal asks Microsoft itself of other names that a host has.
            **{"instance_discovery": False, **given, **more},
        )

    def visit(self, url: str, data: Any = None, press: str = "accept") -> requests.Response:
        """Go through the pages; the last one, or the way back to the application."""
        with requests.Session() as browser:
            browser.verify = str(self.server.authority)
            page = browser.post(url, data, allow_redirects=False) if data else browser.get(url, allow_redirects=False)
            while page.status_code == 200 and (form := Forms(page.text)).buttons:
                wanted = (press, self.account["id"])
                pressed = next((name, value) for name, value in form.buttons if value in wanted)
                page = browser.post(
                    urljoin(self.server.url, form.action), [*form.hidden.items(), pressed], allow_redirects=False
                )
            return page

    def answer(self, flow: dict[str, Any], **given: Any) -> dict[str, str]:
        """What the application is sent back after its user has answered."""
        page = self.visit(flow["auth_uri"], **given)
        assert page.status_code in (302, 303), page.text
        query = parse_qs(urlsplit(page.headers["location"]).query)
        return {name: values[0] for name, values in query.items()}

    def signed_in(self, app: Any, **more: Any) -> dict[str, Any]:
        flow = app.initiate_auth_code_flow([CONTACTS], BACK, login_hint=self.account["email"], **more)
        found: dict[str, Any] = app.acquire_token_by_auth_code_flow(flow, self.answer(flow))
        assert "access_token" in found, found
        return found

    def quirk(self, name: str, **given: Any) -> None:
        self.server.control("PUT", f"/accounts/{self.account['id']}/quirks/identity-microsoft-{name}", given)


def user_of(server: SandboxServer, **given: Any) -> User:
    email = f"user{next(_numbers)}@example.com"
    account = server.control("POST", "/accounts", {"email": email, "name": "Ada Example", **given})
    client = server.control("POST", "/microsoft/clients", {"redirectUris": [BACK], "name": "Witness"})
    return User(server, account, client)


@pytest.fixture
def user(secure: SandboxServer) -> User:
    return user_of(secure)


@pytest.fixture
def personal(secure: SandboxServer) -> User:
    return user_of(secure, tenant="consumers")


def refresh_tokens(app: Any) -> list[str]:
    found = app.token_cache.search(msal.TokenCache.CredentialType.REFRESH_TOKEN)
    return [each["secret"] for each in found]


@pytest.mark.parametrize(
    ("authority", "tenant"),
    [("common", None), ("organizations", None), (TENANT, None), ("common", "consumers"), ("consumers", "consumers")],
)
def test_the_whole_way_with_pkce(secure: SandboxServer, authority: str, tenant: str | None) -> None:
    user = user_of(secure, **({"tenant": tenant} if tenant else {}))
    app = user.app(authority)
    flow = app.initiate_auth_code_flow([CONTACTS], BACK, login_hint=user.account["email"])
    assert "code_challenge_method=S256" in flow["auth_uri"]
    back = user.answer(flow)
    found = app.acquire_token_by_auth_code_flow(flow, back)
    assert found["scope"] == f"{CONTACTS} openid profile email"
    assert found["id_token_claims"]["preferred_username"] == user.account["email"]
    (known,) = app.get_accounts()
    assert known["username"] == user.account["email"]
    assert known["home_account_id"] == f"{user.account['oid']}.{user.account['tenant']}"
    headers = {"Authorization": f"Bearer {found['access_token']}"}
    contacts = f"{secure.url}/v1.0/me/contacts"
    made = requests.post(contacts, json={"givenName": "Zoe"}, headers=headers, verify=str(secure.authority), timeout=60)
    assert made.status_code == 201
    again = app.acquire_token_by_auth_code_flow(flow, back)
    assert (again["error"], again["error_codes"]) == ("invalid_grant", [54005])


def test_silently_with_rotation(user: User) -> None:
    user.quirk("strict-rotation")
    app = user.app()
    first = user.signed_in(app)
    (account,) = app.get_accounts()
    seen = refresh_tokens(app)
    assert app.acquire_token_silent([CONTACTS], account)["access_token"] == first["access_token"]
    for _ in range(3):
        # Each is good once: msal has to go on with the one of the answer before.
        found = app.acquire_token_silent_with_error([CONTACTS], account, force_refresh=True)
        assert "access_token" in found, found
        (now,) = refresh_tokens(app)
        assert now not in seen
        seen.append(now)
    stale = app.acquire_token_by_refresh_token(seen[0], [CONTACTS])
    assert (stale["error"], stale["error_codes"], stale["suberror"]) == ("invalid_grant", [70000], "bad_token")


@pytest.mark.parametrize(
    ("how", "number", "classification"),
    [
        ("revokeSignInSessions", 50173, ""),
        ("refreshTokens/expire", 700082, ""),
        ("grants", 65001, "consent_required"),
        ("mfa", 50076, "basic_action"),
        ("policy", 53003, "message_only"),
    ],
)
def test_it_knows_why_the_user_has_to_come(user: User, how: str, number: int, classification: str) -> None:
    app = user.app()
    user.signed_in(app)
    (account,) = app.get_accounts()
    if how in ("mfa", "policy"):
        user.quirk("interaction", kind=how)
    else:
        verb = "DELETE" if how == "grants" else "POST"
        user.server.control(verb, f"/accounts/{user.account['id']}/microsoft/{how}", None if verb == "DELETE" else {})
    found = app.acquire_token_silent_with_error([CONTACTS], account, force_refresh=True)
    assert (found["error"], found["error_codes"]) == ("invalid_grant", [number])
    # msal's own word for what would help, made of `suberror`; "bad_token" is not shown.
    assert found["classification"] == classification


def test_it_waits_when_it_is_told_to(user: User) -> None:
    app = user.app()
    user.signed_in(app)
    (account,) = app.get_accounts()
    user.quirk("throttled", retryAfter=60, methods=["refresh_token"])
    number = len(user.server.control("GET", "/requests?operation=microsoft.token")["requests"])
    for _ in range(3):
        found = app.acquire_token_silent_with_error([CONTACTS], account, force_refresh=True)
        assert found["error_codes"] == [90055]
    asked = user.server.control("GET", "/requests?operation=microsoft.token")["requests"]
    assert len(asked) == number + 1


def test_a_refusal_on_the_pages(user: User) -> None:
    app = user.app()
    flow = app.initiate_auth_code_flow([CONTACTS], BACK, login_hint=user.account["email"])
    found = app.acquire_token_by_auth_code_flow(flow, user.answer(flow, press="cancel"))
    assert found["error"] == "access_denied"
    assert found["error_description"].startswith("AADSTS65004: ")


def test_a_form_that_sends_itself(user: User) -> None:
    app = user.app()
    flow = app.initiate_auth_code_flow([CONTACTS], BACK, login_hint=user.account["email"], response_mode="form_post")
    page = user.visit(flow["auth_uri"])
    assert Forms(page.text).action == BACK
    assert "access_token" in app.acquire_token_by_auth_code_flow(flow, Forms(page.text).hidden)


def test_wrong_secrets(user: User) -> None:
    app = user.app(client_credential="wrong")
    flow = app.initiate_auth_code_flow([CONTACTS], BACK, login_hint=user.account["email"])
    found = app.acquire_token_by_auth_code_flow(flow, user.answer(flow))
    assert (found["error"], found["error_codes"]) == ("invalid_client", [7000215])


def test_the_application_itself(user: User) -> None:
    grant = f"/microsoft/tenants/{TENANT}/clients/{user.client['clientId']}"
    user.server.control("PUT", grant, {"roles": ["Contacts.ReadWrite"]})
    found = user.app(TENANT).acquire_token_for_client([DEFAULT])
    assert jwt.decode(found["access_token"], options={"verify_signature": False})["roles"] == ["Contacts.ReadWrite"]
    assert "refresh_token" not in found
    for authority in ("common", "organizations"):
        refused = user.app(authority).acquire_token_for_client([DEFAULT])
        assert (refused["error"], refused["error_codes"]) == ("invalid_request", [50059])
    refused = user.app(TENANT).acquire_token_for_client([CONTACTS])
    assert (refused["error"], refused["error_codes"]) == ("invalid_scope", [1002012])


@pytest.mark.parametrize("thumbprint", ["sha256", "sha1"])
def test_the_application_proves_itself_by_certificate(user: User, thumbprint: str) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app.example.com")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    pem = certificate.public_bytes(serialization.Encoding.PEM).decode()
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    proof = {"private_key": private, "public_certificate": pem}
    if thumbprint == "sha1":
        proof = {"private_key": private, "thumbprint": certificate.fingerprint(hashes.SHA1()).hex()}  # noqa: S303 - the name that Microsoft gives a certificate
    refused = user.app(TENANT, client_credential=proof).acquire_token_for_client([DEFAULT])
    assert (refused["error"], refused["error_codes"]) == ("invalid_client", [700027])
    client = f"/microsoft/clients/{user.client['clientId']}"
    user.server.control("PATCH", client, {"certificates": [pem]})
    assert "access_token" in user.app(TENANT, client_credential=proof).acquire_token_for_client([DEFAULT])


def test_a_device(personal: User) -> None:
    given = {"platform": "public", "redirectUris": ["http://localhost"], "name": "Device"}
    personal.client = personal.server.control("POST", "/microsoft/clients", given)
    app = personal.app("consumers", msal.PublicClientApplication)
    flow = app.initiate_device_flow([CONTACTS])
    assert flow["user_code"] in flow["message"]
    waiting = app.acquire_token_by_device_flow(flow, exit_condition=lambda _flow: True)
    assert waiting["error"] == "authorization_pending"
    page = personal.visit(flow["verification_uri"], {"otc": flow["user_code"]})
    assert "You have signed in" in page.text
    found = app.acquire_token_by_device_flow(flow)
    assert found["id_token_claims"]["tid"] == PERSONAL
    (account,) = app.get_accounts()
    assert "access_token" in app.acquire_token_silent_with_error([CONTACTS], account, force_refresh=True)


def test_an_instance_is_known_or_not(user: User) -> None:
    discovery = f"{user.server.url}/common/discovery/instance"
    user.signed_in(user.app(instance_discovery=discovery))
    elsewhere = f"{user.server.url.replace('127.0.0.1', 'localhost')}/common"
    with pytest.raises(ValueError, match="invalid_instance"):
        user.app(authority=elsewhere, instance_discovery=discovery)


@pytest.mark.parametrize("authority", ["common", TENANT])
def test_pyjwt_verifies_an_id_token(user: User, authority: str) -> None:
    """The way is that of the discovery document; the issuer is the account's directory."""
    token = user.signed_in(user.app(authority))["id_token"]
    bundle = str(user.server.authority)
    address = f"{user.server.url}/{authority}/v2.0/.well-known/openid-configuration"
    document = requests.get(address, verify=bundle, timeout=60).json()
    keys = jwt.PyJWKSet.from_dict(requests.get(document["jwks_uri"], verify=bundle, timeout=60).json())
    key = keys[jwt.get_unverified_header(token)["kid"]].key
    issuer = document["issuer"].replace("{tenantid}", TENANT)
    claims = jwt.decode(token, key, ["RS256"], audience=user.client["clientId"], issuer=issuer)
    assert (claims["tid"], claims["oid"]) == (TENANT, user.account["oid"])
    head, body, signature = token.split(".")
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(f"{head}.{body}.{signature[:-8]}AAAAAAAA", key, ["RS256"], audience=user.client["clientId"])
    with pytest.raises(jwt.InvalidIssuerError):
        jwt.decode(token, key, ["RS256"], audience=user.client["clientId"], issuer=document["issuer"] + "x")
