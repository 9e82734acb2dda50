"""Tokens of the application itself: client credentials, by secret or certificate, as far as an administrator allows."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from polydex_sandbox.sandbox import Sandbox
from tests.sandbox.conftest import START
from tests.sandbox.identity.conftest import control
from tests.sandbox.identity.microsoft.visitor import (
    BACK,
    CLIENT_ID,
    CONTACTS,
    GRAPH,
    OTHER_TENANT,
    TENANT,
    Visitor,
    claims_of,
    error_of,
    good,
)

DEFAULT = f"{GRAPH}.default"
HERE = f"http://sandbox/{TENANT}/oauth2/v2.0/token"


async def daemon(visitor: Visitor, tenant: str = TENANT, **changes: Any) -> httpx.Response:
    return await visitor.token(**{"tenant": tenant, "grant_type": "client_credentials", "scope": DEFAULT, **changes})


async def granted(visitor: Visitor, *roles: str, tenant: str = TENANT) -> None:
    await control(visitor.http, "PUT", f"/microsoft/tenants/{tenant}/clients/{CLIENT_ID}", {"roles": list(roles)})


async def test_with_an_administrators_grant(visitor: Visitor, sandbox: Sandbox) -> None:
    await granted(visitor, "Contacts.ReadWrite")
    for name in (TENANT, "example.com", "sandbox.onmicrosoft.com"):
        given = good(await daemon(visitor, name))
        assert list(given) == ["token_type", "expires_in", "ext_expires_in", "access_token"]
        says = claims_of(given["access_token"])
        assert (says["roles"], says["tid"], says["appid"]) == (["Contacts.ReadWrite"], TENANT, CLIENT_ID)
        assert "scp" not in says
        grant = sandbox.tokens.access(given["access_token"])
        assert grant is not None
        assert (grant.application, grant.account_id, grant.tenant, set(grant.scopes)) == (True, "", TENANT, {CONTACTS})
        assert grant.expires == START + given["expires_in"] * 1000


async def test_what_its_token_opens(visitor: Visitor) -> None:
    async def create(email: str) -> int:
        headers = {"authorization": f"Bearer {good(await daemon(visitor))['access_token']}"}
        path = f"/v1.0/users/{email}/contacts"
        return (await visitor.http.post(path, json={"givenName": "Zoe"}, headers=headers)).status_code

    assert await create("ada@example.com") == 403
    await granted(visitor, "Contacts.ReadWrite")
    assert await create("ada@example.com") == 201
    assert await create("eve@example.org") == 404
    await granted(visitor)
    assert await create("ada@example.com") == 403


async def test_in_another_directory_it_has_to_be_known(visitor: Visitor) -> None:
    assert error_of(await daemon(visitor, OTHER_TENANT)) == (400, "unauthorized_client", 7000229)
    await granted(visitor, "Contacts.ReadWrite", tenant=OTHER_TENANT)
    assert claims_of(good(await daemon(visitor, OTHER_TENANT))["access_token"])["roles"] == ["Contacts.ReadWrite"]
    # At home it is known, and without a grant its token has no rights.
    assert "roles" not in claims_of(good(await daemon(visitor))["access_token"])
    await control(visitor.http, "DELETE", f"/microsoft/tenants/{OTHER_TENANT}/clients/{CLIENT_ID}")
    assert error_of(await daemon(visitor, OTHER_TENANT)) == (400, "unauthorized_client", 7000229)
    # A user's consent makes it known, too.
    await visitor.code(login_hint="eve@example.org")
    assert "roles" not in claims_of(good(await daemon(visitor, OTHER_TENANT))["access_token"])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"tenant": "common"}, (400, "invalid_request", 50059)),
        ({"tenant": "organizations"}, (400, "invalid_request", 50059)),
        ({"tenant": "consumers"}, (400, "invalid_request", 50059)),
        ({"tenant": "33333333-cccc-4000-8000-000000000003"}, (400, "invalid_request", 90002)),
        ({"scope": None}, (400, "invalid_request", 900144)),
        ({"scope": CONTACTS}, (400, "invalid_scope", 1002012)),
        ({"scope": f"{DEFAULT} {CONTACTS}"}, (400, "invalid_scope", 1002012)),
        ({"scope": "https://example.org/.default"}, (400, "invalid_scope", 70011)),
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"client_secret": None}, (401, "invalid_client", 7000218)),
    ],
)
async def test_what_is_refused(visitor: Visitor, changes: dict[str, Any], expected: tuple[int, str, int]) -> None:
    await granted(visitor, "Contacts.ReadWrite")
    assert error_of(await daemon(visitor, **changes)) == expected


async def test_a_client_without_a_secret_cannot(visitor: Visitor) -> None:
    made = await control(visitor.http, "POST", "/microsoft/clients", {"platform": "public", "redirectUris": [BACK]})
    refused = await daemon(visitor, client_id=made["clientId"], client_secret=None)
    assert error_of(refused) == (401, "invalid_client", 7000218)


# --- certificates --------------------------------------------------------------------------------------------------


class Certificate:
    """A certificate of an application, and assertions that it has signed."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "app.example.com")])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self.key.public_key())
        builder = builder.serial_number(1).not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        self.certificate = builder.not_valid_after(datetime(2100, 1, 1, tzinfo=UTC)).sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def assertion(self, *, alg: str = "PS256", thumbprint: bytes | None = None, **changes: Any) -> dict[str, str]:
        """The parameters of a request."""
        shown = self.certificate.fingerprint(hashes.SHA256()) if thumbprint is None else thumbprint
        header = {"alg": alg, "typ": "JWT", "x5t#S256": base64.urlsafe_b64encode(shown).rstrip(b"=").decode()}
        seconds = START // 1000
        claims = {"aud": HERE, "iss": CLIENT_ID, "sub": CLIENT_ID, "jti": "1", "nbf": seconds, "exp": seconds + 600}
        body = f"{_part(header)}.{_part(claims | changes)}"
        salted = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        filling = salted if alg == "PS256" else padding.PKCS1v15()
        signature = base64.urlsafe_b64encode(self.key.sign(body.encode(), filling, hashes.SHA256())).rstrip(b"=")
        return {
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": f"{body}.{signature.decode()}",
        }


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    return Certificate()


@pytest.fixture
async def certified(visitor: Visitor, certificate: Certificate) -> Visitor:
    await control(visitor.http, "PATCH", f"/microsoft/clients/{CLIENT_ID}", {"certificates": [certificate.pem]})
    await granted(visitor, "Contacts.ReadWrite")
    return visitor


@pytest.mark.parametrize("alg", ["PS256", "RS256"])
async def test_by_certificate(certified: Visitor, certificate: Certificate, alg: str) -> None:
    good(await daemon(certified, client_secret=None, **certificate.assertion(alg=alg)))
    seconds = START / 1000 + 0.5
    good(await daemon(certified, client_secret=None, **certificate.assertion(alg=alg, nbf=seconds, exp=seconds + 600)))
    token = (await certified.allow())["refresh_token"]
    good(await certified.refresh(token, client_secret=None, **certificate.assertion(alg=alg)))


@pytest.mark.parametrize(
    ("changes", "number"),
    [
        ({"thumbprint": b"another"}, 700027),
        ({"alg": "none"}, 700027),
        ({"exp": START // 1000}, 700024),
        ({"nbf": START // 1000 + 301}, 700024),
        ({"exp": "later"}, 700024),
        ({"iss": "another"}, 700021),
        ({"sub": "another"}, 700021),
        ({"aud": "https://evil.example.org/token"}, 50027),
    ],
)
async def test_assertions_that_prove_nothing(
    certified: Visitor, certificate: Certificate, changes: dict[str, Any], number: int
) -> None:
    refused = await daemon(certified, client_secret=None, **certificate.assertion(**changes))
    assert error_of(refused) == (401, "invalid_client", number)


async def test_an_assertion_that_another_has_signed(certified: Visitor, certificate: Certificate) -> None:
    mine = certificate.certificate.fingerprint(hashes.SHA256())
    refused = await daemon(certified, client_secret=None, **Certificate().assertion(thumbprint=mine))
    assert error_of(refused) == (401, "invalid_client", 700027)
    given = {**certificate.assertion(), "client_assertion": "nonsense"}
    assert error_of(await daemon(certified, client_secret=None, **given)) == (401, "invalid_client", 700027)
    given = {**certificate.assertion(), "client_assertion_type": "another"}
    assert error_of(await daemon(certified, client_secret=None, **given)) == (400, "invalid_request", 900144)
