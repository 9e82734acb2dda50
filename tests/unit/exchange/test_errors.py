"""One recorded answer per row of the table."""

import pytest

from polydex.connectors.exchange import soap
from polydex.connectors.exchange.errors import BUSY_SECONDS, TABLE, failure
from polydex.connectors.exchange.soap import Failure
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
from tests.unit.exchange.answers import answered, failed, fault

BUSY = '<{0}:MessageXml><t:Value Name="BackOffMilliseconds">297749</t:Value></{0}:MessageXml>'
GENERIC = b"<html><head><title>Object moved</title></head></html>"


def item(code: str, text: str = "No.", extra: str = "") -> bytes:
    """One item of an answer with HTTP 200."""
    return answered("GetItem", failed("GetItem", code, text, extra))


# In the order of the table; texts as Exchange has them.
RECORDED: list[tuple[int, bytes, type[ProviderError]]] = [
    (
        500,
        fault(
            "ErrorServerBusy", "The server cannot service this request right now. Try again later.", BUSY.format("t")
        ),
        ProviderThrottled,
    ),
    (
        200,
        item("ErrorExceededConnectionCount", "You have exceeded the available concurrent connections."),
        ProviderThrottled,
    ),
    (200, item("ErrorExceededSubscriptionCount"), ProviderThrottled),
    (
        200,
        item("ErrorSubscriptionNotFound", "The specified subscription was not found."),
        ProviderUnavailable,
    ),
    (200, item("ErrorNewEventStreamConnectionOpened"), ProviderUnavailable),
    (200, item("ErrorSubscriptionAccessDenied", "Access is denied."), ProviderForbidden),
    (
        200,
        item("ErrorInvalidSyncStateData", "Synchronization state data is corrupt or otherwise invalid."),
        CursorExpired,
    ),
    (200, item("ErrorSyncFolderNotFound", "The folder to synchronize could not be found."), ProviderRejected),
    (
        200,
        item(
            "ErrorIrresolvableConflict",
            "The send or update operation could not be performed because the change key passed in the request does not "
            "match the current change key for the item.",
        ),
        Stale,
    ),
    (200, item("ErrorInvalidChangeKey", "The change key is invalid."), Stale),
    (200, item("ErrorItemNotFound", "The specified object was not found in the store."), RecordNotFound),
    (200, item("ErrorInvalidIdMalformed", "Id is malformed."), RecordNotFound),
    (200, item("ErrorInvalidAttachmentId", "The attachment ID is invalid."), RecordNotFound),
    (
        500,
        fault("ErrorImpersonateUserDenied", "The account does not have permission to impersonate the requested user."),
        ProviderForbidden,
    ),
    (500, fault("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it."), ProviderForbidden),
    (200, item("ErrorAccessDenied", "Access is denied. Check credentials and try again."), ProviderForbidden),
    (500, fault("ErrorAccountDisabled"), ProviderForbidden),
    (500, fault("ErrorPasswordExpired"), ProviderUnauthorized),
    (500, fault("ErrorMailboxLogonFailed"), ProviderUnauthorized),
    (200, item("ErrorQuotaExceeded", "The mailbox has exceeded its quota."), ProviderRejected),
    (200, item("ErrorMessageSizeExceeded", "The message exceeds the maximum supported size."), ProviderRejected),
    (200, item("ErrorCannotCreateContactInNonContactFolder"), ProviderRejected),
    (
        200,
        item("ErrorInvalidPropertyRequest", "Property is not valid for this object type: Ada Secret"),
        ProviderRejected,
    ),
    (
        500,
        fault(
            "ErrorSchemaValidation",
            "The request failed schema validation: The element 'Contact' has invalid child element 'GivenName'.",
            "<t:MessageXml><t:LineNumber>1</t:LineNumber><t:LinePosition>9</t:LinePosition></t:MessageXml>",
        ),
        ProviderRejected,
    ),
    (200, item("ErrorRestrictionTooComplex"), ProviderRejected),
    (500, fault("ErrorInvalidServerVersion", "The specified server version is invalid."), ProviderRejected),
    (200, item("ErrorMailboxMoveInProgress", "Mailbox move in progress. Try again later."), ProviderUnavailable),
    (
        200,
        item("ErrorMailboxStoreUnavailable", "The mailbox database is temporarily unavailable."),
        ProviderUnavailable,
    ),
    (500, fault("ErrorNoRespondingCASInDestinationSite"), ProviderUnavailable),
    (500, fault("ErrorInternalServerTransientError"), ProviderUnavailable),
    (200, item("ErrorTimeoutExpired"), ProviderTimeout),
    (200, item("ErrorBatchProcessingStopped"), ProviderUnavailable),
    (200, item("ErrorItemCorrupt"), ProviderMalformed),
    (
        500,
        fault("ErrorInternalServerError", "An internal server error occurred. The operation failed."),
        ProviderUnavailable,
    ),
    (401, b"", ProviderUnauthorized),
    (403, b"<html>403 - Forbidden: Access is denied.</html>", ProviderForbidden),
    (404, b"<html>404 - File or directory not found.</html>", ProviderRejected),
    (413, b"<html>Request Entity Too Large</html>", ProviderRejected),
    (504, b"<html>Gateway Timeout</html>", ProviderTimeout),
    (503, b"<html>Service Unavailable</html>", ProviderUnavailable),
    (429, b"", ProviderThrottled),
    (302, GENERIC, ProviderUnavailable),
]


def read(body: bytes) -> Failure:
    """What an answer says went wrong."""
    try:
        reply = soap.read(body)
    except ProviderMalformed:
        return Failure()
    [found] = [reply.fault] if reply.fault is not None else reply.messages
    assert isinstance(found, Failure)
    return found


def error_of(status: int, body: bytes, **headers: str) -> ProviderError:
    return failure(status, read(body), "Exchange update", headers=headers, now=0)


def test_every_row_has_an_answer_that_it_decides() -> None:
    found = [next(row for row in TABLE if row.fits(status, read(body))) for status, body, _ in RECORDED]
    assert found == list(TABLE)


@pytest.mark.parametrize(("status", "body", "expected"), RECORDED)
def test_what_it_means(status: int, body: bytes, expected: type[ProviderError]) -> None:
    error = error_of(status, body)
    assert type(error) is expected
    assert error.message.startswith("Exchange update: ")
    assert error.original is not None
    assert error.original["status"] == status


def test_every_code_is_in_one_row_alone() -> None:
    codes = [code for row in TABLE for code in row.codes]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, fault("ErrorServerBusy", extra=BUSY.format("t"))), (200, item("ErrorServerBusy", extra=BUSY.format("m")))],
)
def test_a_busy_server_says_for_how_long(status: int, body: bytes) -> None:
    error = error_of(status, body)
    assert isinstance(error, ProviderThrottled)
    assert error.retry_after == pytest.approx(297.749)
    assert not error.sent


@pytest.mark.parametrize("value", ["", "-1", "soon", "²"])
def test_a_busy_server_that_says_nothing_is_left_alone_for_a_minute(value: str) -> None:
    extra = f'<t:MessageXml><t:Value Name="BackOffMilliseconds">{value}</t:Value></t:MessageXml>'
    for body in (fault("ErrorServerBusy"), fault("ErrorServerBusy", extra=extra)):
        assert error_of(500, body).retry_after == BUSY_SECONDS
    assert error_of(503, b"").retry_after == BUSY_SECONDS


@pytest.mark.parametrize(("value", "seconds"), [("0", BUSY_SECONDS), ("9" * 400, 86_400), ("9" * 5000, 86_400)])
def test_a_busy_server_that_says_something_odd(value: str, seconds: float) -> None:
    extra = f'<t:MessageXml><t:Value Name="BackOffMilliseconds">{value}</t:Value></t:MessageXml>'
    assert error_of(500, fault("ErrorServerBusy", extra=extra)).retry_after == seconds


def test_a_header_says_for_how_long_too() -> None:
    assert error_of(503, b"", **{"Retry-After": "9"}).retry_after == 9
    assert error_of(500, fault("ErrorInternalServerTransientError"), **{"Retry-After": "9"}).retry_after == 9
    assert error_of(500, fault("ErrorMailboxStoreUnavailable")).retry_after is None


def test_what_is_behind_an_error_counts() -> None:
    inner = '<m:MessageXml><t:Value Name="InnerErrorResponseCode">{}</t:Value></m:MessageXml>'
    busy = item("ErrorInternalServerError", extra=inner.format("ErrorServerBusy"))
    assert isinstance(error_of(200, busy), ProviderThrottled)
    unknown = item("ErrorInternalServerError", extra=inner.format("ErrorOdd"))
    assert isinstance(error_of(200, unknown), ProviderUnavailable)


def test_nothing_of_what_was_sent_is_told() -> None:
    [(status, body)] = [(status, body) for status, body, _ in RECORDED if b"Secret" in body]
    error = error_of(status, body)
    assert "secret" not in f"{error.message} {error.detail} {error.original}".lower()
    assert error.original == {"status": 200, "code": "ErrorInvalidPropertyRequest"}


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"<html>Server Error in '/EWS' Application</html>"),
        (502, b""),
        (503, b""),
        (504, b""),
        (500, fault("ErrorInternalServerError")),
        (500, fault("ErrorInternalServerTransientError")),
        (200, item("ErrorTimeoutExpired")),
        (200, item("ErrorMailboxStoreUnavailable")),
        (200, item("ErrorConnectionFailed")),
        (200, item("ErrorItemPropertyRequestFailed")),
    ],
)
def test_a_failure_of_exchanges_leaves_the_outcome_open(status: int, body: bytes) -> None:
    assert error_of(status, body).sent


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, b""),
        (403, b""),
        (404, b""),
        (302, GENERIC),
        (500, fault("ErrorServerBusy")),
        (500, fault("ErrorSchemaValidation")),
        (200, item("ErrorIrresolvableConflict")),
        (200, item("ErrorQuotaExceeded")),
        (200, item("ErrorSomethingNew")),
    ],
)
def test_a_refusal_leaves_nothing_open(status: int, body: bytes) -> None:
    assert not error_of(status, body).sent


def test_a_service_that_has_crashed_in_the_middle_leaves_the_outcome_open() -> None:
    page = "/ews/genericerrorpage.htm?aspxerrorpath=/EWS/Exchange.asmx"
    assert error_of(302, b"", Location=page).sent
    assert not error_of(302, b"", Location="https://login.example.com/owa/auth/logon.aspx").sent


def test_an_answer_that_is_none_of_these() -> None:
    assert isinstance(error_of(200, item("ErrorSomethingNew")), ProviderRejected)
    assert isinstance(error_of(500, fault("ErrorSomethingNew")), ProviderUnavailable)
    assert isinstance(error_of(400, b""), ProviderRejected)
    assert isinstance(error_of(202, b""), ProviderMalformed)
    assert isinstance(error_of(200, item("")), ProviderMalformed)
