"""Failures of the token endpoint that can be switched on for an account, each with where it was seen.

They strike the grants by name: authorization_code, refresh_token, client_credentials, device_code. Whose token a request
is about is known before anything is done; a request for a token of the application itself is struck by what is switched on
for any account of that directory.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

from starlette.types import Scope

from polydex_sandbox.clock import DAY, rfc3339
from polydex_sandbox.connection import drop
from polydex_sandbox.identity.microsoft.errors import StsError, bad_grant, inactive, personal_over, revoked
from polydex_sandbox.quirks import Quirk, Quirks

METHODS = frozenset({"authorization_code", "refresh_token", "client_credentials", "device_code"})
_OF_USERS = METHODS - {"client_credentials"}
_REFRESH = frozenset({"refresh_token"})
_CODES = "https://learn.microsoft.com/entra/identity-platform/reference-error-codes"
_RFC6749 = "https://www.rfc-editor.org/rfc/rfc6749"
_DROPPED = "https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2"

STRICT = "identity-microsoft-strict-rotation"
KEPT = "identity-microsoft-keeps-refresh-token"
COMMON = "identity-microsoft-common-refresh"

CATALOGUE = (
    Quirk(
        STRICT,
        "A refresh token is good for one use. Used again it is refused, and with `family` from then on so are all that came "
        "of the same signing in. Microsoft lets the old one live; others do not.",
        f"{_RFC6749}#section-10.4",
        _REFRESH,
        {"family": False},
    ),
    Quirk(
        KEPT,
        "A refresh is answered without a new refresh token: the old one stays.",
        f"{_RFC6749}#section-6",
        _REFRESH,
    ),
    Quirk(
        COMMON,
        "A personal account's refresh token is refused at `common`; at `consumers` it is good.",
        "https://github.com/Softeria/ms-365-mcp-server/pull/528",
        _REFRESH,
    ),
    Quirk(
        "identity-microsoft-unavailable",
        "The token endpoint answers 503 (or `status`) with temporarily_unavailable, AADSTS90033, before anything was done.",
        _CODES,
        METHODS,
        {"status": 503, "retryAfter": 0},
        {"status": (500, 502, 503, 504)},
    ),
    Quirk(
        "identity-microsoft-throttled",
        "The token endpoint answers 429 with AADSTS90055, before anything was done; with 0 without Retry-After.",
        _CODES,
        METHODS,
        {"retryAfter": 30},
    ),
    Quirk(
        "identity-microsoft-interaction",
        "The token endpoint wants the user to come to the pages: to prove themselves a second time (`mfa`, AADSTS50076 with "
        "claims), to enrol for that (`enrol`, AADSTS50079 with interaction_required), by a policy (`policy`, AADSTS53003 "
        "with claims) or because it is so long ago (`frequency`, AADSTS70043).",
        "https://learn.microsoft.com/entra/identity-platform/v2-conditional-access-dev-guide",
        _OF_USERS,
        {"kind": "mfa"},
        {"kind": ("mfa", "enrol", "policy", "frequency")},
    ),
    Quirk(
        "identity-microsoft-dead",
        "The token endpoint answers invalid_grant although the token or code is good: AADSTS50173 (`revoked`), AADSTS700082 "
        "(`inactive`), AADSTS70000 (`ended`, as of personal accounts).",
        _CODES,
        _OF_USERS,
        {"kind": "revoked"},
        {"kind": ("revoked", "inactive", "ended")},
    ),
    Quirk(
        "identity-microsoft-slow",
        "The token endpoint answers only after so many real seconds.",
        f"{_RFC6749}#section-3.2",
        METHODS,
        {"seconds": 1.0},
    ),
    Quirk(
        "identity-microsoft-drop-before",
        "The connection of a request for tokens is dropped before anything was done.",
        _DROPPED,
        METHODS,
    ),
    Quirk(
        "identity-microsoft-drop-after",
        "The connection of a request for tokens is dropped after everything was done: the answer is lost.",
        _DROPPED,
        METHODS,
    ),
)

_MFA = (
    "Due to a configuration change made by your administrator, or because you moved to a new location, you must use "
    "multi-factor authentication to access '00000003-0000-0000-c000-000000000000'."
)
_ENROL = _MFA.replace("use multi-factor", "enroll in multi-factor")
_POLICY = "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance."
_CLAIMS = json.dumps(
    {"access_token": {"capolids": {"essential": True, "values": ["5a9db0c5-ca01-4000-8000-c0ffee000001"]}}},
    separators=(",", ":"),
)


class Faults:
    """Plays the catalogue."""

    def __init__(self, quirks: Quirks) -> None:
        self._quirks = quirks
        quirks.add(CATALOGUE)

    def strike(self, accounts: Iterable[str], quirk: str, method: str) -> dict[str, Any] | None:
        """The parameters of the first that strikes, of any of the accounts."""
        return next((found for one in accounts if (found := self._quirks.strike(one, quirk, method)) is not None), None)

    def parameters(self, account_id: str, quirk: str) -> dict[str, Any]:
        """Those of a quirk that is switched on for an account; none when it is not."""
        return self._quirks.parameters(account_id, quirk) or {}

    async def before(self, scope: Scope, accounts: Iterable[str], method: str, now: int) -> None:
        """Before anything is done. Raises StsError or Dropped."""
        all_of_them = tuple(accounts)

        def strike(quirk: str) -> dict[str, Any] | None:
            return self.strike(all_of_them, f"identity-microsoft-{quirk}", method)

        if (slow := strike("slow")) is not None:
            await asyncio.sleep(slow["seconds"])
        if strike("drop-before") is not None:
            raise drop(scope)
        if (down := strike("unavailable")) is not None:
            raise StsError(
                "temporarily_unavailable",
                90033,
                "A transient error has occurred. Please try again.",
                down["status"],
                retry_after=down["retryAfter"] or None,
            )
        if (full := strike("throttled")) is not None:
            raise StsError(
                "temporarily_unavailable",
                90055,
                "Request is throttled due to too many requests.",
                429,
                retry_after=full["retryAfter"] or None,
            )
        if (wanted := strike("interaction")) is not None:
            raise _interaction(wanted["kind"], now)
        if (dead := strike("dead")) is not None:
            kinds = {"revoked": revoked(now - 2 * DAY, now - DAY), "inactive": inactive(now - 91 * DAY)}
            raise kinds.get(dead["kind"]) or personal_over()

    def after(self, scope: Scope, accounts: Iterable[str], method: str) -> None:
        """After everything is done. Raises Dropped."""
        if self.strike(accounts, "identity-microsoft-drop-after", method) is not None:
            raise drop(scope)


def _interaction(kind: str, now: int) -> StsError:
    if kind == "enrol":
        return StsError("interaction_required", 50079, _ENROL, suberror="basic_action", claims=_CLAIMS)
    if kind == "policy":
        return StsError("invalid_grant", 53003, _POLICY, suberror="message_only", claims=_CLAIMS)
    if kind == "frequency":
        return bad_grant(
            70043,
            "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access. The token "
            f"was issued on {rfc3339(now - DAY)} and the maximum allowed lifetime for this request is 3600.",
            "bad_token",
        )
    return StsError("invalid_grant", 50076, _MFA, suberror="basic_action", claims=_CLAIMS)
