"""The bodies of requests and answers, in pieces where they are large."""

from __future__ import annotations

import asyncio
import io
from typing import Final

import aiohttp

from polydex.net.encoding import decoded, too_large

# Above, undoing a compression is worth a thread; below, the hop costs more.
_THREAD_BYTES: Final = 256 * 1024
# aiohttp writes larger bytes in one go and warns; a stream it writes in pieces.
_STREAM_BYTES: Final = 1024 * 1024


def payload(body: bytes | None) -> bytes | io.BytesIO | None:
    """What aiohttp is given to send."""
    return io.BytesIO(body) if body is not None and len(body) > _STREAM_BYTES else body


async def read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The decompressed content, of which no more than the cap is ever held. Raises ProviderMalformed."""
    if response.method == "HEAD":
        return b""
    length = response.content_length
    if length is not None:
        if length > max_bytes:
            raise too_large()
        body = await response.read()
    else:
        body = await _read_capped(response.content, max_bytes)
    encoding = response.headers.get("Content-Encoding", "")
    if not encoding or not body:
        return body
    if len(body) > _THREAD_BYTES:
        return await asyncio.to_thread(decoded, body, encoding, max_bytes)
    return decoded(body, encoding, max_bytes)


async def _read_capped(content: aiohttp.StreamReader, max_bytes: int) -> bytes:
    parts: list[bytes] = []
    left = max_bytes
    async for part in content.iter_any():
        left -= len(part)
        if left < 0:
            raise too_large()
        parts.append(part)
    return b"".join(parts)
