"""OAuth 2.0 at a token endpoint (RFC 6749): the request for a new access token, and what the answers mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from polydex.core.errors import (
    ProviderError,
    ProviderMalformed,
    ProviderThrottled,
    ProviderUnavailable,
    TokenDead,
    TokenRefreshFailed,
)
from polydex.net.auth import TOKEN68
from polydex.net.message import Answer, Call
from polydex.net.retry import retry_after

SECONDS: Final = 10.0
"""That a call to the token endpoint may take."""
_MAX_BYTES: Final = 256 * 1024
_THROTTLED_SECONDS: Final = 60.0
_FORM: Final = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
# error and error_subtype are words; whatever else comes is not repeated.
_WORD: Final = re.compile(r"[A-Za-z0-9_.-]{1,60}")
# A hundred years in seconds: what is longer is no lifetime.
_LONGEST: Final = 3_155_760_000


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client, which an installation has registered with a service.

    Attributes:
        service: its name, for messages.
        token_url, revoke_url: where tokens are given out, and ended.
        id, secret: of the client; "" where nothing is set.
        id_setting, secret_setting: names of the settings, for messages.
        label: for the metrics.
    """

    service: str
    token_url: str
    revoke_url: str
    id: str = ""
    secret: str = field(default="", repr=False)
    id_setting: str = ""
    secret_setting: str = ""
    label: str = ""

    def refresh(self, refresh_token: str, scope: str = "") -> Call:
        """The request for a new access token (section 6). Raises TokenRefreshFailed when the client is not set.

        ``scope``: what it is to be good for, separated by spaces; "" for all that was granted.

        It may be sent once more when the connection drops or the server behind fails, also where every use of a refresh
        token gives another one. The answer that was lost may have held it, but we do not have it, and the old token is
        all that there is to ask with, then or later; services that rotate take the old one again for a short while only
        (RFC 9700, 4.14.2, and what its implementers call leeway or grace period), so at once is the best time.
        """
        return self._ask({"grant_type": "refresh_token", "refresh_token": refresh_token}, scope)

    def own(self, scope: str) -> Call:
        """The request for an access token of the client itself (section 4.4). Raises as ``refresh``."""
        return self._ask({"grant_type": "client_credentials"}, scope)

    def _ask(self, form: dict[str, str], scope: str) -> Call:
        if not self.id or not self.secret:
            missing = self.secret_setting if self.id else self.id_setting
            raise TokenRefreshFailed(
                f"The OAuth client for {self.service} is not set: the operator of this server has to set {missing}"
            )
        form |= {"client_id": self.id, "client_secret": self.secret}
        if scope:
            form["scope"] = scope
        return self._post(self.token_url, form, SECONDS)

    def revoke(self, token: str, seconds: float) -> Call:
        """The request to end a grant (RFC 7009, without the client: Google wants none)."""
        return self._post(self.revoke_url, {"token": token}, seconds)

    def _post(self, url: str, form: dict[str, str], seconds: float) -> Call:
        return Call(
            "POST",
            url,
            headers=_FORM,
            body=urlencode(form).encode("ascii"),
            deadline=seconds,
            idempotent=True,
            max_bytes=_MAX_BYTES,
            redirects=0,
            confidential=True,
            label=self.label,
        )

    def issued(self, answer: Answer, now: int) -> Issued:
        """What the token endpoint gave.

        Args:
            answer: to ``refresh``.
            now: unix milliseconds, from before the request: lifetimes then end early rather than late.

        Raises:
            TokenDead: the refresh token is refused for good.
            TokenRefreshFailed: refused for another reason, which the message names.
            ProviderThrottled, ProviderUnavailable: it cannot answer now.
            ProviderMalformed: the answer is none.
        """
        if answer.status != 200:
            raise self.failure(answer, now)
        found = _members(answer.body)
        token = found.get("access_token")
        kind = found.get("token_type", "bearer")
        if not isinstance(token, str) or not isinstance(kind, str) or kind.lower() != "bearer":
            token = ""
        if not TOKEN68.fullmatch(token):  # stored, it would fail every call until its end
            raise ProviderMalformed(f"{self.service} gave an answer without an access token")
        refresh, scope = found.get("refresh_token"), found.get("scope")
        return Issued(
            access_token=token,
            refresh_token=refresh if isinstance(refresh, str) and refresh else None,
            expires_at=_end(found.get("expires_in"), now),
            refresh_expires_at=_end(found.get("refresh_token_expires_in"), now),
            scopes=frozenset(scope.split()) if isinstance(scope, str) else None,
        )

    def failure(self, answer: Answer, now: int) -> ProviderError:
        """The error that a refusal stands for (section 5.2, and the codes that Google has besides)."""
        found = _members(answer.body, strict=False)
        code, subtype = _word(found.get("error")), _word(found.get("error_subtype"))
        original: dict[str, object] = {"status": answer.status}
        if code:
            original["error"] = code
        if subtype:
            original["errorSubtype"] = subtype
        if code == "invalid_grant" and answer.status != 429 and answer.status < 500:  # else it is no verdict
            return TokenDead(self._dead(subtype), original=original)
        pause = retry_after(answer.headers, now)
        if answer.status == 429 or code in _THROTTLED:
            wait = _THROTTLED_SECONDS if pause is None else pause
            return ProviderThrottled(f"{self.service} asks for fewer refreshes", original=original, retry_after=wait)
        if answer.status >= 500 or code in _PASSING:
            message = f"{self.service} cannot give out access tokens now"
            return ProviderUnavailable(message, original=original, retry_after=pause)
        if not 400 <= answer.status < 500:
            return ProviderMalformed(f"{self.service} answers a refresh with {answer.status}", original=original)
        reason = _REASONS.get(code, "")
        if reason:
            told = reason.format(service=self.service, id=self.id_setting, secret=self.secret_setting)
        else:
            told = f"{self.service} refuses to refresh the access token ({code or answer.status})"
        return TokenRefreshFailed(told, original=original)

    def _dead(self, subtype: str) -> str:
        if subtype == "invalid_rapt":
            # Google Workspace's session control (Admin console, Google Cloud session control).
            return f"{self.service} wants the user to log in again, as the organisation's policy says: connect again"
        return f"{self.service} does not accept the refresh token any more (revoked or expired): connect again"


@dataclass(frozen=True, slots=True)
class Issued:
    """Tokens as a token endpoint gives them (RFC 6749, 5.1). Times are unix milliseconds.

    Attributes:
        refresh_token: None when the answer has none: the one that was used stays good.
        expires_at, refresh_expires_at: None when nobody said; ``refresh_token_expires_in`` is Google's.
        scopes: None when nobody said.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: int | None
    refresh_expires_at: int | None
    scopes: frozenset[str] | None


_THROTTLED: Final = frozenset({"rate_limit_exceeded", "slow_down", "quota_exceeded"})
_PASSING: Final = frozenset({"temporarily_unavailable", "server_error", "internal_failure", "backend_error"})
# error -> what the operator has to do. The last five are Google's (developers.google.com/identity/protocols/oauth2).
_REASONS: Final = {
    "invalid_client": "{service} does not accept the OAuth client: check {id} and {secret}",
    "unauthorized_client": "The refresh token was not given to this OAuth client of {service}: check {id}, or connect "
    "again with a token of this client",
    "invalid_scope": "{service} refuses the scopes of the refresh token: connect again",
    "invalid_request": "{service} cannot read the refresh: check {id} and {secret}",
    "unsupported_grant_type": "{service} does not offer a refresh to this OAuth client: check {id}",
    "deleted_client": "The OAuth client for {service} was deleted: make another one and set {id} and {secret}",
    "disabled_client": "The OAuth client for {service} is disabled: see its project, or set {id} and {secret}",
    "admin_policy_enforced": "The administrator of the user's organisation does not let this OAuth client of {service} in",
    "org_internal": "The OAuth client {id} is for the accounts of its own organisation only",
    "access_denied": "{service} denies access to this OAuth client: check {id}",
}


def _members(body: bytes, *, strict: bool = True) -> dict[str, Any]:
    """The members of a JSON object. ``strict``: raise ProviderMalformed for anything else, in place of nothing."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        found = None
    if isinstance(found, dict):
        return found
    if strict:
        raise ProviderMalformed("The token endpoint's answer is no JSON object")
    return {}


def _word(value: object) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def _end(seconds: object, now: int) -> int | None:
    """When a lifetime ends; None when nothing sensible is said, as 0: every call would want another token.

    Seconds may come as a number or, against the RFC, as text.
    """
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit():
        seconds = int(seconds[:12])
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 1 <= seconds <= _LONGEST:
        return None
    return now + int(seconds * 1000)
