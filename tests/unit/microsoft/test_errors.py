"""One recorded answer per row of the table."""

import json
from typing import Any

import pytest

from polydex.connectors.microsoft.errors import TABLE, failure, refusal
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

GENERATION = "The sync state generation is not found; generation=605;[highest=841][841][839][840]."
CONFLICT = (
    "The send or update operation could not be performed because the change key passed in the request does not match the "
    "current change key for the item."
)
INNER = {"date": "2026-01-02T03:04:05", "request-id": "b6d7a8a3", "client-request-id": "b6d7a8a3"}


def body(code: str, message: str = "", /, **inner: Any) -> bytes:
    return json.dumps({"error": {"code": code, "message": message, "innerError": {**INNER, **inner}}}).encode()


# In the order of the table.
RECORDED: list[tuple[int, bytes, type[ProviderError]]] = [
    (410, body("SyncStateNotFound", GENERATION), CursorExpired),
    (410, body("UnknownError", GENERATION), CursorExpired),
    (
        404,
        body("MailboxNotEnabledForRESTAPI", "The mailbox is either inactive, soft-deleted, or is hosted on-premise."),
        ProviderForbidden,
    ),
    (
        404,
        body(
            "Request_ResourceNotFound",
            "Resource 'ada@example.com' does not exist or one of its queried reference-property objects are not present.",
        ),
        ProviderForbidden,
    ),
    (404, body("ErrorFolderNotFound", "The specified folder could not be found in the store."), ProviderRejected),
    (403, body("ErrorAccountSuspend", "Account suspended. Follow the instructions."), ProviderForbidden),
    (412, body("ErrorIrresolvableConflict", CONFLICT), Stale),
    (400, body("ErrorInvalidChangeKey", "The change key is invalid."), Stale),
    (412, b"", Stale),
    (507, body("ErrorQuotaExceeded", "The mailbox quota has been exceeded."), ProviderRejected),
    (
        429,
        body("ApplicationThrottled", "Application is over its MailboxConcurrency limit."),
        ProviderThrottled,
    ),
    (
        503,
        body("ErrorServerBusy", "The server cannot service this request right now. Try again later."),
        ProviderThrottled,
    ),
    (
        401,
        body("InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."),
        ProviderUnauthorized,
    ),
    (403, body("ErrorAccessDenied", "Access is denied. Check credentials and try again."), ProviderForbidden),
    (403, b"<html>Forbidden</html>", ProviderForbidden),
    (404, body("ErrorItemNotFound", "The specified object was not found in the store."), RecordNotFound),
    (404, b"<html>Not Found</html>", ProviderMalformed),
    (410, b"", ProviderMalformed),
    (
        400,
        body("ErrorInvalidRequest", "Unsupported.", code="ConsumerPhotoIsNotSupported"),
        ProviderRejected,
    ),
    (504, body("UnknownError", ""), ProviderTimeout),
    (409, body("ErrorFolderExists", "A folder with the specified name already exists."), ProviderRejected),
    (413, b"<html>Request Entity Too Large</html>", ProviderRejected),
    (423, body("ErrorItemLocked", "Locked."), ProviderUnavailable),
    (424, body("FailedDependency", "Failed Dependency"), ProviderUnavailable),
    (405, body("ErrorInvalidRequest", "The OData request is not supported."), ProviderRejected),
    (
        400,
        body(
            "ErrorInvalidArgument",
            "The multi value property EmailAddresses has 4 entries, that exceeds the max allowed value of 3: Ada Secret",
        ),
        ProviderRejected,
    ),
]


def test_every_row_has_an_answer_that_it_decides() -> None:
    found = [next(row for row in TABLE if row.fits(refusal(status, content))) for status, content, _ in RECORDED]
    assert found == list(TABLE)


@pytest.mark.parametrize(("status", "content", "expected"), RECORDED)
def test_what_it_means(status: int, content: bytes, expected: type[ProviderError]) -> None:
    error = failure(status, {}, content, "Microsoft update", 0)
    assert type(error) is expected
    assert error.message.startswith("Microsoft update: ")
    assert error.original is not None
    assert error.original["status"] == status


@pytest.mark.parametrize("status", [400, 404, 410])
@pytest.mark.parametrize(
    "code", ["SyncStateNotFound", "syncStateNotFound", "resyncRequired", "SyncStateInvalid", "ResyncRequired"]
)
def test_a_state_that_is_forgotten_in_all_its_forms(status: int, code: str) -> None:
    assert isinstance(failure(status, {}, body(code), "x", 0), CursorExpired)
    deep = body("BadRequest", "", innerError={"code": code})
    assert isinstance(failure(status, {}, deep, "x", 0), CursorExpired), "in an error inside an error"
    assert isinstance(failure(status, {}, body("UnknownError", code=code), "x", 0), CursorExpired)


def test_what_is_not_said_to_be_gone_is_not_gone() -> None:
    """A proxy, a wrong address or a segment that Graph does not know must not pass for the end of a contact."""
    for content in (
        b"",
        b"{}",
        b'{"error":"not_found"}',
        body("BadRequest", "Resource not found for the segment 'x'."),
    ):
        assert not isinstance(failure(404, {}, content, "x", 0), RecordNotFound)


def test_nothing_of_what_was_sent_is_told() -> None:
    status, content, _ = RECORDED[-1]
    error = failure(status, {}, content, "Microsoft update", 0)
    assert "secret" not in f"{error.message} {error.detail} {error.original}".lower()
    assert error.original == {"status": 400, "code": "errorinvalidargument"}
    odd = failure(400, {}, body("Ada Secret"), "Microsoft update", 0)
    assert odd.original == {"status": 400}


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failure_of_microsofts_leaves_the_outcome_open(status: int) -> None:
    error = failure(status, {}, b"<html>", "Microsoft create", 0)
    assert isinstance(error, ProviderUnavailable)
    assert error.sent


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 424, 429])
def test_a_refusal_leaves_nothing_open(status: int) -> None:
    assert not failure(status, {}, body("ErrorItemNotFound"), "Microsoft create", 0).sent


def test_an_answer_that_is_none_of_these() -> None:
    assert isinstance(failure(302, {}, b"", "Microsoft list", 0), ProviderMalformed)
    assert isinstance(failure(418, {}, b"{}", "Microsoft list", 0), ProviderRejected)
    assert isinstance(failure(400, {}, b'{"error":"invalid_grant"}', "Microsoft list", 0), ProviderRejected)
    assert isinstance(failure(500, {}, body("x" * 101), "Microsoft list", 0), ProviderUnavailable)


def test_an_error_that_goes_on_for_ever_is_read_as_far_as_it_makes_sense() -> None:
    inner: dict[str, Any] = {"code": "SyncStateNotFound"}
    for _ in range(50):
        inner = {"code": "x", "innerError": inner}
    assert len(refusal(400, json.dumps({"error": inner}).encode()).codes) < 10


def test_how_long_to_wait() -> None:
    assert failure(429, {"Retry-After": "7"}, b"", "x", 0).retry_after == 7
    assert failure(503, {"Retry-After": "9"}, b"", "x", 0).retry_after == 9
    assert failure(429, {}, b"", "x", 0).retry_after is None
