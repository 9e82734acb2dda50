"""Proof Key for Code Exchange (RFC 7636): challenges, and the verifiers that meet them."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Literal

from polydex_sandbox.identity.keys import encode

_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


@dataclass(frozen=True)
class Challenge:
    """A PKCE challenge (RFC 7636)."""

    value: str
    method: Literal["S256", "plain"]

    def fits(self, verifier: str) -> bool:
        if not _VERIFIER.fullmatch(verifier):
            return False
        made = verifier if self.method == "plain" else encode(hashlib.sha256(verifier.encode()).digest())
        return hmac.compare_digest(made, self.value)


def challenge_of(value: str, method: str) -> Challenge | None:
    """None when there can be no verifier for it, or no such method."""
    if method == "plain":
        return Challenge(value, "plain") if _VERIFIER.fullmatch(value) else None
    if method == "S256":
        return Challenge(value, "S256") if re.fullmatch(r"[A-Za-z0-9_-]{43}", value) else None
    return None
