"""Push: where providers tell of changes, the secret that they tell them with, and whether they do. Pure.

The secret of a source says which source it is, and proves that it came from us. So a notification is judged without the
database, which may be locked, slow or down while the provider waits for an answer.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass

from polydex.core.ids import SourceId
from polydex.engine.keys import Keys
from polydex.store.watches import STREAM, Watched

PATH = "/push"
_SECRET = re.compile(r"pdx-([1-9][0-9]{0,17})-([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Push:
    """Whether the provider tells of the changes of a source.

    Attributes:
        active: it does.
        until: when the channel ends unless it is renewed, which happens long before; unix milliseconds. None of a
            connection that is held open.
        stream: it is told, or would be, over a connection that is held open.
        code, message: why it does not; the code is that of an error, or ``push.off`` or ``push.waiting``. No secrets.
    """

    active: bool
    until: int | None = None
    code: str | None = None
    message: str | None = None
    stream: bool = False


def address(public_url: str, provider: str) -> str:
    """Where a provider's notifications go."""
    return f"{public_url}{PATH}/{provider}"


def secret_key(keys: Keys) -> bytes:
    """The key behind the secrets. It comes out of one that never changes, for channels outlive processes."""
    return hmac.digest(keys.tokens, b"polydex push secrets", "sha256")


def secret(key: bytes, provider: str, source: SourceId) -> str:
    """What comes with each notification about a source; 66 characters at most."""
    return f"pdx-{source}-{_mac(key, provider, source)}"


def source_of(key: bytes, provider: str, presented: str) -> SourceId | None:
    """The source that a secret is about; None for one that is not ours."""
    match = _SECRET.fullmatch(presented)
    if match is None:
        return None
    source = SourceId(int(match[1]))
    return source if hmac.compare_digest(match[2], _mac(key, provider, source)) else None


def _mac(key: bytes, provider: str, source: SourceId) -> str:
    digest = hmac.digest(key, f"{provider}\0{source}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def state(watched: Watched | None, now: int, *, ended: bool = False) -> Push | None:
    """Whether a source is watched, for its owner; None where the provider does not offer it.

    By what is stored alone, so that every process says the same, whatever its own settings are. ``ended``: nothing is
    pulled any more, so that a channel which may still live tells in vain.
    """
    if watched is None:
        return None
    stream = watched.url == STREAM
    if ended:
        return Push(active=False, code="push.off", message="The account's access has ended", stream=stream)
    if watched.lives(watched.url, now):
        return Push(active=True, until=None if stream else watched.expires_at, stream=stream)
    if watched.error_code is not None:
        return Push(active=False, code=watched.error_code, message=watched.error_message, stream=stream)
    if watched.due_at is not None:
        said = "A connection waits to be opened" if stream else "The provider is about to be asked"
        return Push(active=False, code="push.waiting", message=said, stream=stream)
    said = "The provider does not offer it for this address book" if watched.url else "POLYDEX_PUBLIC_URL is not set"
    return Push(active=False, code="push.off", message=said, stream=stream)
