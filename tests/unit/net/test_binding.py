"""Which hash of a certificate a proof is bound to (RFC 5929, 4.1)."""

import datetime as dt
import hashlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID

from polydex.net.binding import tls_server_end_point

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail.example.com")])
RSA = rsa.generate_private_key(65537, 2048)
# sha256WithRSAEncryption and its elders differ in the last octet (RFC 8017, appendix C).
SHA256_RSA, SHA1_RSA, MD5_RSA = (bytes.fromhex("2a864886f70d0101") + last for last in (b"\x0b", b"\x05", b"\x04"))

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Hash = hashes.SHA256 | hashes.SHA384 | hashes.SHA512


def certificate(key: Key, algorithm: Hash | None, rsa_padding: padding.PSS | None = None) -> bytes:
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(NAME)
        .issuer_name(NAME)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
    )
    return builder.sign(key, algorithm, rsa_padding=rsa_padding).public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize(
    ("der", "name"),
    [
        (certificate(RSA, hashes.SHA256()), "sha256"),
        (certificate(RSA, hashes.SHA384()), "sha384"),
        (certificate(ec.generate_private_key(ec.SECP256R1()), hashes.SHA512()), "sha512"),
        (certificate(RSA, hashes.SHA384(), padding.PSS(padding.MGF1(hashes.SHA384()), 48)), "sha384"),
        (certificate(RSA, hashes.SHA256()).replace(SHA256_RSA, SHA1_RSA), "sha256"),
        (certificate(RSA, hashes.SHA256()).replace(SHA256_RSA, MD5_RSA), "sha256"),
    ],
)
def test_the_hash_is_that_of_the_signature_or_a_better_one(der: bytes, name: str) -> None:
    assert tls_server_end_point(der) == b"tls-server-end-point:" + hashlib.new(name, der).digest()


def test_what_the_standard_leaves_undefined_binds_nothing() -> None:
    assert tls_server_end_point(certificate(ed25519.Ed25519PrivateKey.generate(), None)) is None
    # A signature that nobody knows, and no certificate at all.
    assert (
        tls_server_end_point(certificate(RSA, hashes.SHA256()).replace(SHA256_RSA, SHA256_RSA[:-1] + b"\x63")) is None
    )
    assert tls_server_end_point(b"nonsense") is None
