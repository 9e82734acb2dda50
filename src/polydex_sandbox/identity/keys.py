"""Signing: JSON Web Tokens with RS256, and the public keys as JWK set and as certificates (RFC 7515, 7517, 7519)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

_BEGIN, _END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_LONGEST = 16_384


class NotAToken(Exception):
    """This is no JSON Web Token, or its signature is not good."""


class Key:
    """An RSA key of 2048 bits, made when it is first needed."""

    @cached_property
    def _private(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def id(self) -> str:
        """40 hexadecimal digits."""
        public = self._private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return hashlib.sha256(public).hexdigest()[:40]

    def pem(self) -> str:
        """The private key as PKCS #8, as in the key file of a service account."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def sign(self, claims: dict[str, Any]) -> str:
        header = {"alg": "RS256", "kid": self.id, "typ": "JWT"}
        body = f"{_json(header)}.{_json(claims)}"
        return f"{body}.{encode(self._private.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def verify(self, token: str) -> dict[str, Any]:
        """The claims. Raises NotAToken."""
        header, claims, signature = parts_of(token)
        if header.get("alg") != "RS256" or header.get("kid", self.id) != self.id:
            raise NotAToken
        try:
            body = token.rpartition(".")[0].encode()
            self._private.public_key().verify(signature, body, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise NotAToken from None
        return claims

    def jwk(self) -> dict[str, str]:
        numbers = self._private.public_key().public_numbers()
        return {
            "kty": "RSA",
            "alg": "RS256",
            "use": "sig",
            "kid": self.id,
            "n": encode(numbers.n.to_bytes(256, "big")),
            "e": encode(numbers.e.to_bytes(3, "big")),
        }

    @cached_property
    def certificate(self) -> str:
        """PEM, signed by itself."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "federated-signon.system.gserviceaccount.com")])
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_BEGIN)
            .not_valid_after(_END)
        )
        return builder.sign(self._private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def parts_of(token: str) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """Header, claims and signature, not verified. Raises NotAToken."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > _LONGEST:
        raise NotAToken
    try:
        header, claims = (json.loads(decode(part)) for part in parts[:2])
        signature = decode(parts[2])
    except (ValueError, RecursionError):
        raise NotAToken from None
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise NotAToken
    return header, claims, signature


def encode(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Raises ValueError for what is not base64url without padding."""
    if "=" in text or "+" in text or "/" in text:
        raise ValueError("Not base64url")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("Not base64url") from error
    return raw


def _json(value: dict[str, Any]) -> str:
    return encode(json.dumps(value, separators=(",", ":")).encode())
