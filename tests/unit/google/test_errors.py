"""One recorded answer per row of the table."""

import json
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from polydex.connectors.google.errors import (
    DAY_SECONDS,
    QUOTA_SECONDS,
    TABLE,
    entry_failures,
    failure,
    item_failure,
    refusal,
)
from polydex.core.errors import (
    CursorExpired,
    ProviderError,
    ProviderForbidden,
    ProviderMalformed,
    ProviderRejected,
    ProviderThrottled,
    ProviderTimeout,
    ProviderUnauthorized,
    ProviderUnavailable,
    RecordNotFound,
    Stale,
)
from polydex.net.message import Answer

SYNC = "Sync token is expired. Clear local cache and retry call without the sync token."
STALE = "Request person.etag is different than the current person.etag. Clear local cache and get the latest person."


def body(code: int, status: str, message: str, *details: dict[str, Any], errors: Any = None) -> bytes:
    error: dict[str, Any] = {"code": code, "message": message, "status": status}
    if details:
        error["details"] = list(details)
    if errors:
        error["errors"] = errors
    return json.dumps({"error": error}).encode()


def info(reason: str) -> dict[str, Any]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "people.googleapis.com"}


def answer(status: int, content: bytes, *, repeated: bool = False, **headers: str) -> Answer:
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    return Answer(status, CIMultiDictProxy(named), content, "https://people.googleapis.com/v1/", repeated)


# In the order of the table.
RECORDED: list[tuple[int, bytes, type[ProviderError]]] = [
    (400, body(400, "INVALID_ARGUMENT", SYNC, info("EXPIRED_SYNC_TOKEN")), CursorExpired),
    (400, body(400, "FAILED_PRECONDITION", SYNC), CursorExpired),
    (400, body(400, "INVALID_ARGUMENT", "Page token is invalid."), CursorExpired),
    (403, body(403, "PERMISSION_DENIED", STALE), Stale),
    (400, body(400, "FAILED_PRECONDITION", "MY_CONTACTS_OVERFLOW_COUNT"), ProviderRejected),
    (
        400,
        body(
            400,
            "FAILED_PRECONDITION",
            "Request must set person.etag or person.metadata.sources.etag for the source that is being updated.",
        ),
        ProviderRejected,
    ),
    (400, body(400, "", "", errors=[{"reason": "failedPrecondition", "domain": "global"}]), Stale),
    (400, body(400, "FAILED_PRECONDITION", "Precondition check failed."), Stale),
    (412, b"", Stale),
    (403, body(403, "", "Daily Limit Exceeded", errors=[{"reason": "dailyLimitExceeded"}]), ProviderThrottled),
    (
        429,
        body(
            429,
            "RESOURCE_EXHAUSTED",
            "Resource has been exhausted (e.g. check quota).",
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"subject": "QUOTA_EXCEEDED", "description": "FBS quota limit exceeded"}],
            },
        ),
        ProviderThrottled,
    ),
    (400, body(400, "RESOURCE_EXHAUSTED", "Quota exceeded", info("RATE_LIMIT_EXCEEDED")), ProviderThrottled),
    (403, body(403, "", "User Rate Limit Exceeded", errors=[{"reason": "userRateLimitExceeded"}]), ProviderThrottled),
    (401, body(401, "UNAUTHENTICATED", "Request had invalid authentication credentials."), ProviderUnauthorized),
    (
        403,
        body(
            403,
            "PERMISSION_DENIED",
            "Request had insufficient authentication scopes.",
            info("ACCESS_TOKEN_SCOPE_INSUFFICIENT"),
        ),
        ProviderForbidden,
    ),
    (
        403,
        body(403, "PERMISSION_DENIED", "People API has not been used in project 1", info("SERVICE_DISABLED")),
        ProviderForbidden,
    ),
    (403, body(403, "PERMISSION_DENIED", "The caller does not have permission"), ProviderForbidden),
    (404, body(404, "NOT_FOUND", "Requested entity was not found."), RecordNotFound),
    (409, body(409, "ABORTED", "The operation was aborted."), ProviderUnavailable),
    (409, body(409, "ALREADY_EXISTS", "Contact group name already exists."), ProviderRejected),
    (504, body(504, "DEADLINE_EXCEEDED", "Deadline expired before operation could complete."), ProviderTimeout),
    (413, b"<html>Request Entity Too Large</html>", ProviderRejected),
    (501, body(501, "UNIMPLEMENTED", "Operation is not implemented"), ProviderRejected),
    (
        400,
        body(
            400,
            "INVALID_ARGUMENT",
            "Invalid value at 'person.names[0]' (type.googleapis.com/x), \"Ada Secret\"",
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{"field": "person.names[0]", "description": "Ada Secret"}],
            },
        ),
        ProviderRejected,
    ),
]


def test_every_row_has_an_answer_that_it_decides() -> None:
    found = [next(row for row in TABLE if row.fits(refusal(status, content))) for status, content, _ in RECORDED]
    assert found == list(TABLE)


@pytest.mark.parametrize(("status", "content", "expected"), RECORDED)
def test_what_it_means(status: int, content: bytes, expected: type[ProviderError]) -> None:
    error = failure(answer(status, content), "Google update", 0)
    assert type(error) is expected
    assert error.message.startswith("Google update: ")
    assert error.original is not None
    assert error.original["status"] == status


def test_nothing_of_what_was_sent_is_told() -> None:
    status, content, _ = RECORDED[-1]
    error = failure(answer(status, content), "Google update", 0)
    assert "Secret" not in f"{error.message} {error.detail} {error.original}"
    assert error.original == {"status": 400, "code": "INVALID_ARGUMENT", "fields": ["person.names[0]"]}


@pytest.mark.parametrize("status", [500, 502, 503, 499])
def test_a_failure_of_googles_leaves_the_outcome_open(status: int) -> None:
    error = failure(answer(status, b"<html>"), "Google create", 0)
    assert isinstance(error, ProviderUnavailable)
    assert error.sent


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 429])
def test_a_refusal_leaves_nothing_open(status: int) -> None:
    assert not failure(answer(status, b""), "Google create", 0).sent
    assert failure(answer(status, b"", repeated=True), "Google create", 0).sent, "the first sending may have arrived"


def test_an_answer_that_is_none_of_these() -> None:
    assert isinstance(failure(answer(302, b""), "Google list", 0), ProviderMalformed)
    assert isinstance(failure(answer(418, b"{}"), "Google list", 0), ProviderRejected)
    assert isinstance(failure(answer(400, b'{"error":"invalid_grant"}'), "Google list", 0), ProviderRejected)


def test_how_long_to_wait() -> None:
    quota = body(429, "RESOURCE_EXHAUSTED", "")
    assert failure(answer(429, quota), "x", 0).retry_after == QUOTA_SECONDS
    assert failure(answer(429, quota, Retry_After="7"), "x", 0).retry_after == 7
    assert failure(answer(503, b"", Retry_After="9"), "x", 0).retry_after == 9
    assert failure(answer(RECORDED[9][0], RECORDED[9][1]), "x", 0).retry_after == DAY_SECONDS


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        (5, "Requested entity was not found.", RecordNotFound),
        (9, STALE, Stale),
        (9, "Precondition check failed.", Stale),
        (3, "Cannot have more than one person.names per source.", ProviderRejected),
        (8, "Quota", ProviderThrottled),
        (13, "Internal error", ProviderUnavailable),
        (99, "", ProviderUnavailable),
    ],
)
def test_entries_of_a_batch(code: int, message: str, expected: type[ProviderError]) -> None:
    assert type(item_failure(code, message, "Google update")) is expected


def test_the_entries_that_a_batch_is_refused_for() -> None:
    details = {
        "@type": "type.googleapis.com/google.people.v1.BatchUpdateContactsErrorDetails",
        "contactErrors": {"people/c1": {"code": 9, "message": STALE}, "people/c2": {"code": 5, "message": "x"}},
    }
    found = entry_failures(body(400, "FAILED_PRECONDITION", STALE, details), "Google update")
    assert {name: type(error) for name, error in found.items()} == {"people/c1": Stale, "people/c2": RecordNotFound}
    assert entry_failures(body(400, "INVALID_ARGUMENT", "x", info("INVALID_ARGUMENT")), "Google update") == {}
    assert entry_failures(b"<html>", "Google update") == {}
