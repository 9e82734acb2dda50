"""Channel binding: whether a proof of NTLM was made for the TLS connection that it came over (Extended Protection)."""

from __future__ import annotations

import hashlib
import struct
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from spnego.channel_bindings import GssChannelBindings

AUTHENTICATE: Final = b"NTLMSSP\x00\x03\x00\x00\x00"
"""How the third message of NTLM begins (MS-NLMP 2.2.1.3), also inside of SPNEGO."""

_RESPONSE_AT = 20
"""Where it tells the length and place of NtChallengeResponse."""
_PAIRS_AT = 44
"""Where the pairs begin in NtChallengeResponse: after NTProofStr, and what else NTLMv2_CLIENT_CHALLENGE has (2.2.2.7)."""
_END, _CHANNEL_BINDINGS = 0, 10
"""Ids of pairs (2.2.2.1)."""
_NOTHING = bytes(16)


def expected(certificate: bytes) -> bytes | None:
    """What a proof has to be bound to: MD5 of the binding of type tls-server-end-point (RFC 5929, section 4.1).

    Args:
        certificate: what the server shows, DER.

    Returns:
        None where the RFC tells none: the certificate's signature has no hash of its own.
    """
    signed_by = x509.load_der_x509_certificate(certificate).signature_hash_algorithm
    if signed_by is None:
        return None
    chosen = hashes.SHA256() if isinstance(signed_by, (hashes.MD5, hashes.SHA1)) else signed_by
    digest = hashes.Hash(chosen)
    digest.update(certificate)
    bound = GssChannelBindings(application_data=b"tls-server-end-point:" + digest.finalize())
    return hashlib.md5(bound.pack(), usedforsecurity=False).digest()


def bound_to(token: bytes) -> bytes | None:
    """What a proof says that it is bound to; None: to nothing, or it is no proof."""
    at = token.find(AUTHENTICATE)
    if at < 0:
        return None
    message = token[at:]
    try:
        length, _, start = struct.unpack_from("<HHI", message, _RESPONSE_AT)
        pairs = message[start : start + length][_PAIRS_AT:]
        while True:
            kind, size = struct.unpack_from("<HH", pairs)
            if kind == _END:
                return None
            if kind == _CHANNEL_BINDINGS:
                value = pairs[4 : 4 + size]
                return None if value == _NOTHING else value
            pairs = pairs[4 + size :]
    except struct.error:
        return None
