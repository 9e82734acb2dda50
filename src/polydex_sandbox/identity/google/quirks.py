"""Failures of the token endpoint that can be switched on for an account, each with where it was seen.

They strike the methods of the token endpoint by the last part of their name: authorization_code, refresh_token,
jwt-bearer; and revoke. Whose token a request is about is known before anything is done.
"""

from __future__ import annotations

import asyncio

from starlette.types import Scope

from polydex_sandbox.connection import drop
from polydex_sandbox.identity.google.errors import OAuthError, dead_token
from polydex_sandbox.quirks import Quirk, Quirks

METHODS = frozenset({"authorization_code", "refresh_token", "jwt-bearer", "revoke"})

CATALOGUE = (
    Quirk(
        "google-token-unavailable",
        "The token endpoint answers 503 (or `status`) with the error internal_failure, before anything was done.",
        "https://github.com/googleapis/google-auth-library-python/blob/main/google/oauth2/_client.py",
        METHODS,
        {"status": 503, "retryAfter": 0},
        {"status": (500, 502, 503, 504)},
    ),
    Quirk(
        "google-token-slow",
        "The token endpoint answers only after so many real seconds.",
        "https://www.rfc-editor.org/rfc/rfc6749#section-3.2",
        METHODS,
        {"seconds": 1.0},
    ),
    Quirk(
        "google-token-dead",
        "The token endpoint answers invalid_grant although the token, code or assertion is good.",
        "https://developers.google.com/identity/protocols/oauth2#expiration",
        METHODS - {"revoke"},
    ),
    Quirk(
        "google-token-drop-before",
        "The connection of a request for tokens is dropped before anything was done.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2",
        METHODS,
    ),
    Quirk(
        "google-token-drop-after",
        "The connection of a request for tokens is dropped after everything was done: the answer is lost.",
        "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2",
        METHODS,
    ),
)


class Faults:
    """Plays the catalogue."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        quirks.add(CATALOGUE)

    async def before(self, scope: Scope, account_id: str, method: str) -> None:
        """Before anything is done. Raises OAuthError or Dropped."""
        strike = self._quirks.strike
        if (slow := strike(account_id, "google-token-slow", method)) is not None:
            await asyncio.sleep(slow["seconds"])
        if strike(account_id, "google-token-drop-before", method) is not None:
            raise drop(scope)
        if (down := strike(account_id, "google-token-unavailable", method)) is not None:
            raise OAuthError("internal_failure", "Backend Error", down["status"], down["retryAfter"] or None)
        if strike(account_id, "google-token-dead", method) is not None:
            raise dead_token()

    def after(self, scope: Scope, account_id: str, method: str) -> None:
        """After everything is done. Raises Dropped."""
        if self._quirks.strike(account_id, "google-token-drop-after", method) is not None:
            raise drop(scope)
