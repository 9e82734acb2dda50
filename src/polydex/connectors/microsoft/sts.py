"""What Microsoft's token endpoint refuses means: one table, the first row that fits decides.

An answer is ``{"error", "error_description", "error_codes", "suberror", ...}``. The numbers are those of AADSTS
(https://learn.microsoft.com/entra/identity-platform/reference-error-codes). Microsoft warns that they change: they say
more, but where RFC 6749 has a word for it, it is the word that decides between the user's fault and the operator's.
The description may repeat what was sent: nothing of it is shown or kept but its number.

For good is only what the user alone can mend, by granting access again. A rule of the organisation (conditional access)
or a locked user may pass, and the refresh token is then as good as before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from polydex.core.errors import (
    ProviderError,
    ProviderMalformed,
    ProviderThrottled,
    ProviderUnavailable,
    TokenDead,
    TokenRefreshFailed,
)
from polydex.net.message import Answer
from polydex.net.retry import retry_after

THROTTLED_SECONDS = 60.0
ID, SECRET, TOKEN_URL = (
    "POLYDEX_MICROSOFT_CLIENT_ID",
    "POLYDEX_MICROSOFT_CLIENT_SECRET",
    "POLYDEX_MICROSOFT_TOKEN_URL",
)
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,60}")
_NUMBER = re.compile(r"AADSTS(\d{4,10})", re.ASCII)
_CONSENT = frozenset({65001, 65004, 90094})
CONDITIONAL = frozenset({53000, 53001, 53002, 53003, 53004, 53005, 530002, 530003, 530032, 530034, 530084})


class _Body(msgspec.Struct, gc=False):
    error: object = None
    error_description: object = None
    error_codes: object = None
    suberror: object = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an answer says.

    Attributes:
        http: the HTTP status.
        error: of RFC 6749, section 5.2, or one of Microsoft's; "" where there is none.
        suberror: what could help: ``basic_action``, ``additional_action``, ``message_only``, ``consent_required``,
            ``user_password_expired``, ``token_expired``, ``bad_token`` ...
            (https://learn.microsoft.com/dotnet/api/microsoft.identity.client.uirequiredexceptionclassification).
        numbers: of AADSTS.
    """

    http: int
    error: str = ""
    suberror: str = ""
    numbers: frozenset[int] = frozenset()

    @property
    def wants_consent(self) -> bool:
        """Less was granted than was asked for."""
        told = bool(self.numbers & _CONSENT) or "consent_required" in (self.error, self.suberror)
        return told and 400 <= self.http < 429


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. What is given has to fit, all of it.

    Attributes:
        kind: the class that is raised.
        message: safe to show.
        statuses: of HTTP: from the first one, and below the second one.
        errors, suberrors, numbers: any of them.
    """

    kind: type[ProviderError]
    message: str
    statuses: tuple[int, int] = (400, 429)
    errors: tuple[str, ...] = ()
    suberrors: tuple[str, ...] = ()
    numbers: frozenset[int] = frozenset()

    def fits(self, refusal: Refusal) -> bool:
        return (
            self.statuses[0] <= refusal.http < self.statuses[1]
            and (not self.errors or refusal.error in self.errors)
            and (not self.suberrors or refusal.suberror in self.suberrors)
            and (not self.numbers or bool(self.numbers & refusal.numbers))
        )


_THROTTLED = "Microsoft asks for fewer refreshes"
_DOWN = "Microsoft cannot give out access tokens now"
_UNGRANTED = "Access to the contacts was not granted, or was withdrawn"

TABLE: tuple[Row, ...] = (
    # Nothing is said about the token, whatever else stands in such an answer.
    Row(ProviderThrottled, _THROTTLED, (429, 430)),
    Row(ProviderUnavailable, _DOWN, (500, 1000)),
    # LoopDetected and TenantThrottlingError; with which status and ``error`` they come is not documented.
    Row(ProviderThrottled, _THROTTLED, numbers=frozenset({50196, 90055})),
    Row(ProviderUnavailable, _DOWN, errors=("temporarily_unavailable", "server_error")),
    # Servers behind it, time-outs, a budget of requests, the directory (MsodsServiceUnavailable).
    Row(ProviderUnavailable, _DOWN, numbers=frozenset({90006, 90012, 90024, 90033})),
    # The registration, or what this installation says of it.
    Row(
        TokenRefreshFailed, f"Microsoft does not accept the client secret: check {SECRET}", numbers=frozenset({7000215})
    ),
    Row(
        TokenRefreshFailed,
        f"The client secret has ended: make another one in Entra, and set {SECRET}",
        numbers=frozenset({7000222}),
    ),
    Row(
        TokenRefreshFailed,
        f"Microsoft finds no application of this id in the directory: check {ID} and the tenant in {TOKEN_URL}, and "
        "whether the tenant's administrator has let the application in",
        numbers=frozenset({700016}),
    ),
    Row(
        TokenRefreshFailed,
        "The application is not in this tenant: the tenant's administrator has to consent to it",
        numbers=frozenset({7000229, 650051, 650052}),
    ),
    Row(
        TokenRefreshFailed,
        "The registration is not one of a web application: register the redirect URI as such in Entra, and connect again",
        numbers=frozenset({9002327, 700025, 90023}),
    ),
    Row(
        TokenRefreshFailed,
        f"The registration is for one tenant alone: put that tenant in place of common in {TOKEN_URL}",
        numbers=frozenset({50194, 50059}),
    ),
    Row(
        TokenRefreshFailed,
        f"The registration is not for accounts of this kind: check its supported account types, and {TOKEN_URL}",
        numbers=frozenset({9002331, 9002346, 500200, 50020}),
    ),
    Row(TokenRefreshFailed, "Microsoft knows no such tenant", numbers=frozenset({90002, 900023})),
    Row(
        TokenRefreshFailed,
        f"The refresh token is not of the tenant that was asked: check {TOKEN_URL}",
        numbers=frozenset({7000012, 700005}),
    ),
    Row(
        TokenRefreshFailed,
        f"Microsoft does not accept the OAuth client: check {ID} and {SECRET}",
        errors=("invalid_client",),
    ),
    Row(
        TokenRefreshFailed,
        f"The OAuth client may not do this at Microsoft: check {ID}, or connect again with a token of this client",
        errors=("unauthorized_client", "unsupported_grant_type"),
    ),
    # The user's organisation, or its administrator: for a while.
    Row(
        TokenRefreshFailed,
        "A rule of the user's organisation (conditional access) keeps this server out: its administrator can change that",
        numbers=CONDITIONAL,
    ),
    Row(TokenRefreshFailed, "The user's account is disabled or locked at Microsoft", numbers=frozenset({50053, 50057})),
    Row(
        TokenRefreshFailed,
        "Microsoft keeps the user out, for a reason that granting access again does not mend",
        suberrors=("message_only", "additional_action", "protection_policy_required", "client_mismatch"),
    ),
    # The user, who has to come.
    Row(TokenDead, _UNGRANTED, numbers=_CONSENT),
    Row(TokenDead, _UNGRANTED, suberrors=("consent_required",)),
    Row(TokenDead, "The refresh token was not used for too long", numbers=frozenset({70008, 700082})),
    Row(
        TokenDead,
        "The refresh token of a single-page application has ended: register the redirect URI as one of a web application "
        "in Entra",
        numbers=frozenset({700084}),
    ),
    Row(
        TokenDead,
        "The organisation wants its users to log in again from time to time",
        numbers=frozenset({70043, 700043}),
    ),
    Row(TokenDead, "The refresh token was revoked, as by a new password", numbers=frozenset({50133, 50173})),
    Row(TokenDead, "Microsoft wants the user to log in again", suberrors=("basic_action", "user_password_expired")),
    Row(
        TokenDead,
        "Microsoft wants the user to log in again",
        errors=("interaction_required", "login_required", "consent_required"),
    ),
    Row(
        TokenDead,
        "Microsoft does not accept the refresh token any more (revoked or expired)",
        errors=("invalid_grant",),
    ),
    Row(TokenRefreshFailed, "Microsoft refuses to give out an access token", (400, 500)),
)
_ODD = Row(ProviderMalformed, "Microsoft's answer to a refresh makes no sense")


def refusal(answer: Answer) -> Refusal:
    """What an answer that is not 200 says; of one that is no JSON object, only the status counts."""
    try:
        body = msgspec.json.decode(answer.body, type=_Body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return Refusal(answer.status)
    codes = body.error_codes if isinstance(body.error_codes, list) else ()
    numbers = {code for code in codes if isinstance(code, int) and not isinstance(code, bool)}
    if not numbers and isinstance(body.error_description, str):
        found = _NUMBER.search(body.error_description)
        numbers = {int(found[1])} if found else set()
    return Refusal(answer.status, _word(body.error), _word(body.suberror), frozenset(numbers))


def failure(found: Refusal, headers: Mapping[str, str], now: int, *, application: bool = False) -> ProviderError:
    """The error that a refusal stands for.

    Args:
        found: what the answer says.
        headers: of the answer.
        now: unix milliseconds.
        application: it is about the application's own access: there is no user who could mend it by granting access
            again, and it is never for good.
    """
    row = next((row for row in TABLE if row.fits(found)), _ODD)
    kind, message = row.kind, row.message
    if kind is TokenDead and application:
        kind, message = TokenRefreshFailed, "Microsoft does not let the application into the tenant"
    elif kind is TokenDead:
        message += ": connect again"
    number = min(found.numbers, default=None)
    original: dict[str, object] = {"status": found.http}
    if found.error:
        original["error"] = found.error
    if number is not None:
        original["code"] = f"AADSTS{number}"
    if found.suberror:
        original["suberror"] = found.suberror
    said = f"AADSTS{number}" if number is not None else found.error or str(found.http)
    error = kind(f"{message} ({said})", original=original)
    if isinstance(error, ProviderThrottled | ProviderUnavailable):
        error.retry_after = retry_after(headers, now)
    if isinstance(error, ProviderThrottled) and error.retry_after is None:
        error.retry_after = THROTTLED_SECONDS
    return error


def _word(value: object) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
