"""How an application proves itself at the token endpoint: by a secret, or by an assertion that a certificate has signed.

https://learn.microsoft.com/entra/identity-platform/certificate-credentials (RFC 7523, section 2.2)
"""

from __future__ import annotations

import hmac
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from starlette.requests import Request

from polydex_sandbox.identity.forms import Unreadable, base_of, basic
from polydex_sandbox.identity.keys import NotAToken, decode, parts_of
from polydex_sandbox.identity.microsoft import clients, errors
from polydex_sandbox.identity.microsoft.clients import Client
from polydex_sandbox.identity.microsoft.service import MicrosoftIdentity
from polydex_sandbox.identity.microsoft.tenants import Tenant

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def client_of(
    request: Request, parameters: dict[str, str], identity: MicrosoftIdentity, tenant: Tenant, *, proof: bool = True
) -> Client:
    """Who asks, proved if it has to be. Raises StsError."""
    try:
        by_header = basic(request)
    except Unreadable:
        raise errors.malformed() from None
    client_id, secret = parameters.get("client_id"), parameters.get("client_secret")
    if by_header is not None:
        if secret is not None or client_id not in (None, by_header[0]):
            raise errors.malformed()
        client_id, secret = by_header
    if client_id is None:
        raise errors.missing("client_id")
    client = clients.client_of(identity.clients.get(client_id), client_id, tenant)
    if not proof:
        return client
    assertion = parameters.get("client_assertion")
    if not client.confidential:
        if secret or assertion:
            raise errors.public_client()
        return client
    now = identity.sandbox.clock.now()
    if assertion is not None:
        if parameters.get("client_assertion_type") != ASSERTION_TYPE:
            raise errors.missing("client_assertion_type")
        _check_assertion(assertion, client, base_of(request), now)
    else:
        _check_secret(secret, client, now)
    return client


def _check_secret(secret: str | None, client: Client, now: int) -> None:
    if not secret:
        raise errors.secret_needed()
    if not client.secret or not hmac.compare_digest(secret.encode(), client.secret.encode()):
        raise errors.secret_wrong(client.id)
    if client.secret_expires is not None and now >= client.secret_expires:
        raise errors.secret_expired(client.id)


def _check_assertion(assertion: str, client: Client, base: str, now: int) -> None:
    """By any of the client's certificates; RS256 or PS256, with the certificate's thumbprint in the header."""
    try:
        header, claims, signature = parts_of(assertion)
    except NotAToken:
        raise errors.assertion_wrong("readable") from None
    certificate = next((each for each in map(_certificate, client.certificates) if _named(header, each)), None)
    if certificate is None:
        raise errors.assertion_wrong("registered on application")
    key = certificate.public_key()
    filling: Any = {
        "RS256": padding.PKCS1v15(),
        "PS256": padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH),
    }.get(str(header.get("alg")))
    if filling is None or not isinstance(key, rsa.RSAPublicKey):
        raise errors.assertion_wrong("of a kind that is supported")
    try:
        key.verify(signature, assertion.rpartition(".")[0].encode(), filling, hashes.SHA256())
    except InvalidSignature:
        raise errors.assertion_wrong("the one of its signature") from None
    seconds, ends, begins = now // 1000, claims.get("exp"), claims.get("nbf", 0)
    # msal writes fractions of seconds.
    if not isinstance(ends, int | float) or not isinstance(begins, int | float) or not begins - 300 <= seconds < ends:
        raise errors.assertion_expired()
    if claims.get("iss") != client.id or claims.get("sub") != client.id:
        raise errors.StsError(
            "invalid_client",
            700021,
            "Client assertion application identifier doesn't match 'client_id' parameter.",
            401,
        )
    audience = claims.get("aud")
    # By whatever name the tenant is called there.
    if not isinstance(audience, str) or not audience.startswith(f"{base}/"):
        raise errors.StsError(
            "invalid_client", 50027, "JWT token is invalid or malformed: its audience is another one.", 401
        )


def _certificate(pem: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem.encode())


def _named(header: dict[str, Any], certificate: x509.Certificate) -> bool:
    """Whether the header names this certificate: by its thumbprint, SHA-256 or, as older clients do, SHA-1."""
    for name, algorithm in (("x5t#S256", hashes.SHA256()), ("x5t", hashes.SHA1())):  # noqa: S303 - a name, not a proof
        if isinstance(header.get(name), str):
            try:
                return decode(header[name].rstrip("=")) == certificate.fingerprint(algorithm)
            except ValueError:
                return False
    return False
