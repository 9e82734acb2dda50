"""Channel binding: what ties a proof of identity to one TLS connection.

A server with Extended Protection compares it with its own certificate, so that a proof that somebody in between has
caught is worth nothing on his own connection to the server.
"""

from __future__ import annotations

import warnings
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

_WEAK: Final = (hashes.MD5, hashes.SHA1)


def tls_server_end_point(certificate: bytes) -> bytes | None:
    """The binding of type ``tls-server-end-point`` (RFC 5929, 4.1), with its prefix.

    The hash of the certificate is that of the certificate's own signature, but SHA-256 in the place of MD5 and SHA-1.

    Args:
        certificate: of the server, DER.

    Returns:
        None where the RFC leaves it undefined: the signature uses no hash of its own (Ed25519, Ed448), or one that
        nobody knows.
    """
    try:
        with warnings.catch_warnings():
            # Certificates of old installations have numbers that are none by today's rules; they bind all the same.
            warnings.simplefilter("ignore")
            algorithm = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    except (UnsupportedAlgorithm, ValueError):
        return None
    if algorithm is None:
        return None
    digest = hashes.Hash(hashes.SHA256() if isinstance(algorithm, _WEAK) else algorithm)
    digest.update(certificate)
    return b"tls-server-end-point:" + digest.finalize()
