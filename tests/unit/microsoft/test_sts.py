"""One recorded answer of the token endpoint per row of the table: as people have reported them, shortened.

The texts stand in the issues of AzureAD's libraries and Microsoft's documentation; ids are made up.
"""

import json
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from polydex.connectors.microsoft.sts import TABLE, THROTTLED_SECONDS, failure, refusal
from polydex.core.errors import (
    ProviderError,
    ProviderMalformed,
    ProviderThrottled,
    ProviderUnavailable,
    Retry,
    TokenDead,
    TokenRefreshFailed,
)
from polydex.net.message import Answer

NOW = 1_790_000_000_000
APP = "11111111-2222-3333-4444-555555555555"
USER = "ada@example.com"


def answer(status: int, body: bytes | str = b"", **headers: str) -> Answer:
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    raw = body.encode() if isinstance(body, str) else body
    return Answer(status, CIMultiDictProxy(named), raw, "https://login.example.com/common/oauth2/v2.0/token", False)


def told(error: str, number: int | None, text: str, suberror: str = "") -> str:
    """As the token endpoint answers."""
    traced = "Trace ID: 0f0f Correlation ID: 0e0e Timestamp: 2026-01-02 03:04:05Z"
    found: dict[str, Any] = {"error": error, "error_description": f"AADSTS{number}: {text} {traced}"}
    if number is None:
        found["error_description"] = text
    else:
        found |= {"error_codes": [number], "error_uri": f"https://login.example.com/error?code={number}"}
    found |= {"timestamp": "2026-01-02 03:04:05Z", "trace_id": "0f0f", "correlation_id": "0e0e"}
    return json.dumps(found | ({"suberror": suberror} if suberror else {}))


# In the order of the table.
RECORDED: list[tuple[int, str, type[ProviderError], str]] = [
    (429, told("invalid_request", None, "Too many requests"), ProviderThrottled, "fewer"),
    (503, told("invalid_grant", 700082, "The refresh token has expired"), ProviderUnavailable, "cannot give out"),
    (
        400,
        told(
            "invalid_grant", 50196, "The server terminated an operation because it encountered a client request loop."
        ),
        ProviderThrottled,
        "AADSTS50196",
    ),
    (400, told("temporarily_unavailable", 90010, "Not supported now"), ProviderUnavailable, "cannot give out"),
    (400, told("invalid_grant", 90033, "A transient error has occurred. Try again."), ProviderUnavailable, "90033"),
    (
        401,
        told(
            "invalid_client",
            7000215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not "
            f"the client secret ID, for a secret added to app '{APP}'.",
        ),
        TokenRefreshFailed,
        "check POLYDEX_MICROSOFT_CLIENT_SECRET",
    ),
    (
        401,
        told("invalid_client", 7000222, f"The provided client secret keys for app '{APP}' are expired."),
        TokenRefreshFailed,
        "has ended",
    ),
    (
        400,
        told("unauthorized_client", 700016, f"Application with identifier '{APP}' was not found in the directory."),
        TokenRefreshFailed,
        "POLYDEX_MICROSOFT_CLIENT_ID",
    ),
    (
        401,
        told("invalid_client", 7000229, f"The client application {APP} is missing service principal in the tenant."),
        TokenRefreshFailed,
        "administrator has to consent",
    ),
    (
        400,
        told(
            "invalid_request",
            9002327,
            "Tokens issued for the 'Single-Page Application' client-type may only be redeemed via cross-origin requests.",
        ),
        TokenRefreshFailed,
        "web application",
    ),
    (
        400,
        told("invalid_request", 50194, f"Application '{APP}'(x) is not configured as a multi-tenant application."),
        TokenRefreshFailed,
        "POLYDEX_MICROSOFT_TOKEN_URL",
    ),
    (
        400,
        told(
            "invalid_request", 9002331, f"Application '{APP}'(x) is configured for use by Microsoft Account users only."
        ),
        TokenRefreshFailed,
        "account types",
    ),
    (400, told("invalid_request", 90002, "Tenant 'example.org' not found."), TokenRefreshFailed, "no such tenant"),
    (
        400,
        told("invalid_grant", 7000012, "The grant was obtained for a different tenant."),
        TokenRefreshFailed,
        "not of the tenant",
    ),
    (
        401,
        told("invalid_client", 7000218, "The request body must contain 'client_assertion' or 'client_secret'."),
        TokenRefreshFailed,
        "check POLYDEX_MICROSOFT_CLIENT_ID and",
    ),
    (
        400,
        told("unauthorized_client", 700030, "Invalid certificate"),
        TokenRefreshFailed,
        "may not do this",
    ),
    (
        400,
        told(
            "invalid_grant",
            53003,
            "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
            "message_only",
        ),
        TokenRefreshFailed,
        "conditional access",
    ),
    (400, told("invalid_grant", 50057, "The user account is disabled."), TokenRefreshFailed, "disabled or locked"),
    (
        400,
        told("interaction_required", 999999, "A rule that is new", "additional_action"),
        TokenRefreshFailed,
        "does not mend",
    ),
    (
        400,
        told(
            "invalid_grant",
            65001,
            f"The user or administrator has not consented to use the application with ID '{APP}' named 'x'.",
        ),
        TokenDead,
        "not granted",
    ),
    (400, told("invalid_grant", 999999, "A number that is new", "consent_required"), TokenDead, "not granted"),
    (
        400,
        told(
            "invalid_grant",
            700082,
            "The refresh token has expired due to inactivity. The token was issued on 2026-01-02T03:04:05Z and was inactive "
            "for 90.00:00:00.",
            "bad_token",
        ),
        TokenDead,
        "not used for too long",
    ),
    (
        400,
        told("invalid_grant", 700084, "The refresh token was issued to a single page app (SPA)", "bad_token"),
        TokenDead,
        "single-page",
    ),
    (
        400,
        told(
            "interaction_required",
            70043,
            "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.",
            "token_expired",
        ),
        TokenDead,
        "from time to time",
    ),
    (
        400,
        told("invalid_grant", 50173, "The provided grant has expired due to it being revoked", "bad_token"),
        TokenDead,
        "new password",
    ),
    (
        400,
        told("invalid_grant", 50076, "You must use multi-factor authentication to access Graph.", "basic_action"),
        TokenDead,
        "log in again",
    ),
    (400, told("interaction_required", 50079, "You must enroll in multi-factor authentication."), TokenDead, "log in"),
    (
        400,
        told("invalid_grant", 70000, "The user could not be authenticated as the grant is expired.", "bad_token"),
        TokenDead,
        "revoked or expired",
    ),
    (400, told("invalid_scope", 70011, "The scope x is not valid."), TokenRefreshFailed, "refuses to give out"),
]


@pytest.mark.parametrize(("row", "recorded"), [*zip(TABLE, RECORDED, strict=True)])
def test_every_row_has_an_answer_that_it_alone_decides(
    row: Any, recorded: tuple[int, str, type[ProviderError], str]
) -> None:
    status, body, kind, words = recorded
    found = refusal(answer(status, body))
    assert next(each for each in TABLE if each.fits(found)) is row
    error = failure(found, {}, NOW)
    assert type(error) is kind
    assert words in error.message
    assert (error.retry is Retry.LATER) == (kind not in (TokenDead, TokenRefreshFailed))
    assert (": connect again" in error.message) == (kind is TokenDead)
    for secret in (APP, USER, "Trace", "0f0f"):
        assert secret not in f"{error.message} {error.detail} {error.original}"


def test_no_row_is_for_good_for_an_application() -> None:
    for status, body, kind, _ in RECORDED:
        error = failure(refusal(answer(status, body)), {}, NOW, application=True)
        assert type(error) is (TokenRefreshFailed if kind is TokenDead else kind)
        assert "connect again" not in error.message or kind is not TokenDead


def test_what_is_told_for_programs() -> None:
    error = failure(refusal(answer(400, told("invalid_grant", 700082, "x", "bad_token"))), {}, NOW)
    assert error.original == {
        "status": 400, "error": "invalid_grant", "code": "AADSTS700082", "suberror": "bad_token",
    }  # fmt: skip
    assert failure(refusal(answer(302)), {}, NOW).original == {"status": 302}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<html>", TokenRefreshFailed),
        ("[]", TokenRefreshFailed),
        ('{"error": 5, "error_codes": "x", "suberror": {}}', TokenRefreshFailed),
        ('{"error": "invalid_grant", "error_description": "AADSTS50173: revoked"}', TokenDead),
        ('{"error": "invalid_grant", "error_codes": [true, "x", 700082]}', TokenDead),
        ('{"error": "with ada@example.com in it"}', TokenRefreshFailed),
    ],
)
def test_an_answer_in_another_form_says_what_it_can(body: str, kind: type[ProviderError]) -> None:
    error = failure(refusal(answer(400, body)), {}, NOW)
    assert type(error) is kind
    assert USER not in f"{error.message} {error.original}"


def test_numbers_are_found_in_the_text_where_there_is_no_list_of_them() -> None:
    found = refusal(answer(400, json.dumps({"error": "x", "error_description": "AADSTS7000215: Invalid"})))
    assert found.numbers == {7000215}


@pytest.mark.parametrize("status", [200, 302, 399, 600])
def test_what_is_no_refusal_makes_no_sense(status: int) -> None:
    kind = ProviderUnavailable if status >= 500 else ProviderMalformed
    assert type(failure(refusal(answer(status)), {}, NOW)) is kind


def test_a_limit_says_for_how_long() -> None:
    limited = refusal(answer(429))
    assert failure(limited, {"Retry-After": "7"}, NOW).retry_after == 7
    assert failure(limited, {}, NOW).retry_after == THROTTLED_SECONDS
    assert failure(refusal(answer(503)), {"Retry-After": "9"}, NOW).retry_after == 9


@pytest.mark.parametrize(
    ("body", "wants"),
    [
        (told("invalid_grant", 65001, "x"), True),
        (told("invalid_grant", 1, "x", "consent_required"), True),
        (told("consent_required", 1, "x"), True),
        (told("invalid_grant", 70000, "x", "bad_token"), False),
    ],
)
def test_less_is_asked_for_only_where_consent_is_missing(body: str, wants: bool) -> None:
    assert refusal(answer(400, body)).wants_consent is wants
    assert not refusal(answer(503, body)).wants_consent
