"""Tokens of the simulated providers: opaque to clients, and good for one account and one purpose only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

_KEY = b"polydex sandbox"


def pack(kind: str, account: str, content: Mapping[str, Any]) -> str:
    """A token.

    Args:
        kind: what it is good for.
        account: whose it is.
        content: JSON.
    """
    data = json.dumps([kind, account, content], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_seal(data) + data).decode().rstrip("=")


def unpack(kind: str, account: str, token: str) -> dict[str, Any]:
    """Its content. Raises ValueError: it is no token of this kind and account."""
    raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    if not hmac.compare_digest(raw[:9], _seal(raw[9:])):
        raise ValueError("No token of the sandbox")
    its_kind, its_account, content = json.loads(raw[9:])
    if (its_kind, its_account) != (kind, account):
        raise ValueError("A token of another kind or account")
    return dict(content)


def fingerprint(parameters: Mapping[str, Any]) -> str:
    """Of the parameters of a list; two that ask for the same have the same."""
    plain = {
        name: sorted(set(value)) if isinstance(value, list) else value for name, value in sorted(parameters.items())
    }
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def _seal(data: bytes) -> bytes:
    return hmac.digest(_KEY, data, "sha256")[:9]
