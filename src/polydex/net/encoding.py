"""Content-Encoding undone, with a cap on what comes out."""

from __future__ import annotations

import zlib
from typing import Final

from polydex.core.errors import ProviderMalformed

ACCEPTED: Final = "gzip, deflate"
_MAX_LAYERS: Final = 2
_MAX_MEMBERS: Final = 1000


def decoded(body: bytes, content_encoding: str, max_bytes: int) -> bytes:
    """The body without its encodings (RFC 9110, 8.4), at most ``max_bytes`` long at every layer.

    Raises:
        ProviderMalformed: an unknown encoding, a damaged or cut body, or too much of it.
    """
    layers = [layer for part in content_encoding.split(",") if (layer := part.strip().lower()) not in ("", "identity")]
    if len(layers) > _MAX_LAYERS:
        raise ProviderMalformed("The provider's answer is encoded too often")
    for layer in reversed(layers):
        if layer in ("gzip", "x-gzip"):
            body = _inflate(body, 16 + zlib.MAX_WBITS, max_bytes)
        elif layer == "deflate":
            # RFC 1950 by the standard, bare RFC 1951 by some servers; the first byte tells.
            zlib_header = body[:1] and body[0] & 0x0F == 8
            body = _inflate(body, zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS, max_bytes)
        else:
            raise ProviderMalformed("The provider's answer has an encoding that was not asked for")
    return body


def _inflate(data: bytes, window_bits: int, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    left = max_bytes
    while data:
        member = zlib.decompressobj(window_bits)
        try:
            part = member.decompress(data, left + 1)
        except zlib.error:
            raise ProviderMalformed("The provider's answer is not encoded as it says") from None
        left -= len(part)
        if left < 0:
            raise too_large()
        if not member.eof:
            raise ProviderMalformed("The provider's answer is cut off")
        parts.append(part)
        if len(parts) > _MAX_MEMBERS:
            raise ProviderMalformed("The provider's answer is encoded in too many pieces")
        data = member.unused_data
    return parts[0] if len(parts) == 1 else b"".join(parts)


def too_large() -> ProviderMalformed:
    return ProviderMalformed("The provider's answer is too large")
