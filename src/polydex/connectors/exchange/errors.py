"""What a refusal of Exchange means: one table, the first row that fits decides.

A refusal is an HTTP status, a SOAP fault (HTTP 500) or, mostly, HTTP 200 with a response code per item. The codes are those of
ResponseCodeType (messages.xsd; learn.microsoft.com, web-service-reference/responsecode). The message may repeat what was
sent, so that nothing is shown or kept but codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
from polydex.net.retry import retry_after

BUSY_SECONDS = 60.0
"""After a refusal that names no time (exchangelib, protocol.py, FaultTolerance.DEFAULT_BACKOFF)."""
CROWDED = 503
"""The status that asks everybody to hold back, as ErrorServerBusy does."""
LONGEST_SECONDS = 86_400.0
OF_STREAMS = ("ErrorExceededConnectionCount", "ErrorExceededSubscriptionCount")
"""Too many connections that stay open, or subscriptions: other requests are as welcome as before."""
FORGOTTEN = (
    "ErrorSubscriptionNotFound",
    "ErrorExpiredSubscription",
    "ErrorInvalidSubscription",
    "ErrorSubscriptionUnsubscribed",
    "ErrorInvalidWatermark",
    "ErrorMissedNotificationEvents",
    "ErrorReadEventsFailed",
    "ErrorProxiedSubscriptionCallFailure",
)
"""The subscription has ended, or has lost something: another one is made, without a watermark (learn.microsoft.com,
notification-subscriptions-mailbox-events-and-ews-in-exchange).
"""
UNREADABLE = ("ErrorItemCorrupt", "ErrorCorruptData", "ErrorContentConversionFailed", "ErrorItemPropertyRequestFailed")
"""An item is damaged, or is one that Exchange cannot show."""
NO_FOLDER = (
    "ErrorSyncFolderNotFound",
    "ErrorFolderNotFound",
    "ErrorSavedItemFolderNotFound",
    "ErrorParentFolderNotFound",
    "ErrorToFolderNotFound",
    "ErrorInvalidFolderId",
)
_OF_ONE = ("ErrorInternalServerError", "ErrorTimeoutExpired")
"""Exchange says no more than that of a single item that it cannot render, too (exchangelib#1192)."""
_OK = 200
_CRASH = 500
_ELSEWHERE = (301, 302, 303, 307, 308)
_UNTRIED = "ErrorBatchProcessingStopped"
_CRASHED = "genericerrorpage"
"""In the address that ASP.NET leads to when the service itself has failed (exchangelib, protocol.py)."""
_LONGEST_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. What is given has to fit, all of it.

    Attributes:
        error: the class that is raised.
        message: safe to show.
        codes: response codes, any of them.
        statuses: HTTP statuses; empty: any.
        done: the request may have been carried out nevertheless.
    """

    error: type[ProviderError]
    message: str
    codes: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    done: bool = False

    def fits(self, status: int, failure: Failure) -> bool:
        return (not self.codes or any(code in self.codes for code in failure.codes)) and (
            not self.statuses or status in self.statuses
        )


# Where a row was seen: README.md. Rows with codes first: the status of a fault is 500 whatever it says.
TABLE: tuple[Row, ...] = (
    Row(ProviderThrottled, "Exchange asks for fewer requests", ("ErrorServerBusy",)),
    Row(
        ProviderThrottled,
        "Exchange has too many connections of this account",
        ("ErrorExceededConnectionCount", "ErrorTooManyObjectsOpened"),
    ),
    Row(ProviderThrottled, "Exchange has too many subscriptions of this account", ("ErrorExceededSubscriptionCount",)),
    Row(ProviderUnavailable, "Exchange has forgotten the subscription", FORGOTTEN),
    Row(
        ProviderUnavailable,
        "Another connection has taken over the subscription",
        ("ErrorNewEventStreamConnectionOpened",),
    ),
    Row(
        ProviderForbidden,
        "Exchange does not tell this account of changes",
        ("ErrorSubscriptionAccessDenied", "ErrorSubscriptionDelegateAccessNotSupported"),
    ),
    Row(CursorExpired, "Exchange no longer knows the state of the synchronisation", ("ErrorInvalidSyncStateData",)),
    Row(ProviderRejected, "The contact folder is gone", NO_FOLDER),
    Row(
        Stale,
        "The contact has changed at Exchange",
        ("ErrorIrresolvableConflict", "ErrorStaleObject"),
    ),
    Row(
        Stale,
        "The contact has changed at Exchange",
        ("ErrorInvalidChangeKey", "ErrorChangeKeyRequired", "ErrorChangeKeyRequiredForWriteOperations"),
    ),
    Row(RecordNotFound, "Exchange has no such contact", ("ErrorItemNotFound",)),
    # An id that is none: of another server, or cut off. Nobody else can be meant by it.
    Row(
        RecordNotFound,
        "Exchange has no such contact",
        (
            "ErrorInvalidIdMalformed",
            "ErrorInvalidIdEmpty",
            "ErrorInvalidId",
            "ErrorInvalidIdMalformedEwsLegacyIdFormat",
        ),
    ),
    Row(RecordNotFound, "Exchange has no such photo", ("ErrorInvalidAttachmentId",)),
    Row(
        ProviderForbidden,
        "The service account may not act on this mailbox: it lacks the role ApplicationImpersonation",
        ("ErrorImpersonateUserDenied", "ErrorImpersonationDenied", "ErrorImpersonationFailed"),
    ),
    Row(
        ProviderForbidden,
        "There is no such mailbox",
        (
            "ErrorNonExistentMailbox",
            "ErrorInvalidExchangeImpersonationHeaderData",
            "ErrorNonPrimarySmtpAddress",
            "ErrorMissingEmailAddress",
            "ErrorInvalidSmtpAddress",
        ),
    ),
    Row(
        ProviderForbidden,
        "The account has no access to this",
        ("ErrorAccessDenied", "ErrorCreateItemAccessDenied", "ErrorCannotDeleteObject"),
    ),
    Row(
        ProviderForbidden,
        "The account is locked, or may not use Exchange Web Services",
        ("ErrorAccountDisabled", "ErrorOrganizationAccessBlocked", "ErrorUserNotAllowedByPolicy"),
    ),
    Row(
        ProviderUnauthorized,
        "The password has expired at Exchange",
        ("ErrorPasswordExpired", "ErrorPasswordChangeRequired"),
    ),
    Row(
        ProviderUnauthorized, "Exchange refused the login", ("ErrorMailboxLogonFailed", "ErrorTokenSerializationDenied")
    ),
    Row(
        ProviderRejected,
        "The mailbox is full",
        ("ErrorQuotaExceeded", "ErrorMessagePerFolderCountReceiveQuotaExceeded"),
    ),
    Row(
        ProviderRejected,
        "The contact is too large for Exchange",
        (
            "ErrorMessageSizeExceeded",
            "ErrorAttachmentSizeLimitExceeded",
            "ErrorDataSizeLimitExceeded",
            "ErrorRequestStreamTooBig",
        ),
    ),
    Row(
        ProviderRejected,
        "Exchange does not take a contact in this folder",
        ("ErrorCannotCreateContactInNonContactFolder", "ErrorInvalidFolderTypeForOperation"),
    ),
    # The content, or a fault of ours: trying again does not help.
    Row(
        ProviderRejected,
        "Exchange refuses the content",
        (
            "ErrorInvalidPropertyRequest",
            "ErrorInvalidPropertySet",
            "ErrorInvalidPropertyDelete",
            "ErrorInvalidValueForProperty",
            "ErrorInvalidExtendedProperty",
            "ErrorInvalidExtendedPropertyValue",
            "ErrorIncorrectUpdatePropertyCount",
            "ErrorUpdatePropertyMismatch",
            "ErrorPropertyUpdate",
            "ErrorPropertyValidationFailure",
            "ErrorRequiredPropertyMissing",
            "ErrorItemSavePropertyError",
        ),
    ),
    Row(
        ProviderRejected,
        "Exchange cannot read the request",
        ("ErrorSchemaValidation", "ErrorInvalidRequest", "ErrorInvalidArgument", "ErrorMissingArgument"),
    ),
    Row(
        ProviderRejected,
        "Exchange does not take such a search",
        (
            "ErrorRestrictionTooComplex",
            "ErrorRestrictionTooLong",
            "ErrorUnsupportedPathForQuery",
            "ErrorUnsupportedQueryFilter",
            "ErrorInvalidRestriction",
            "ErrorContainsFilterWrongType",
        ),
    ),
    Row(
        ProviderRejected,
        "The server, or the mailbox, is older than Exchange 2013 SP1",
        (
            "ErrorInvalidServerVersion",
            "ErrorInvalidSchemaVersionForMailboxVersion",
            "ErrorIncorrectSchemaVersion",
            "ErrorWrongServerVersion",
        ),
    ),
    Row(ProviderUnavailable, "The mailbox is being moved", ("ErrorMailboxMoveInProgress",)),
    # Also of a connection to the database that broke while something was being saved (learn.microsoft.com, responsecode).
    Row(
        ProviderUnavailable,
        "The database of the mailbox cannot be reached",
        ("ErrorMailboxStoreUnavailable", "ErrorMailboxFailover", "ErrorConnectionFailed", "ErrorADUnavailable"),
        done=True,
    ),
    Row(
        ProviderUnavailable,
        "The server of the mailbox cannot be reached",
        (
            "ErrorNoRespondingCASInDestinationSite",
            "ErrorProxyRequestProcessingFailed",
            "ErrorProxyCallFailed",
            "ErrorCrossSiteRequest",
        ),
        done=True,
    ),
    Row(
        ProviderUnavailable,
        "Exchange failed, for a moment as it says",
        ("ErrorInternalServerTransientError", "ErrorInsufficientResources", "ErrorNotEnoughMemory"),
        done=True,
    ),
    Row(ProviderTimeout, "Exchange gave up waiting", ("ErrorTimeoutExpired", "ErrorRequestAborted"), done=True),
    Row(ProviderUnavailable, "Exchange did not try, as something before it failed", (_UNTRIED,)),
    # That is so of this one alone. And of a write: what is answered is read after it was saved.
    Row(ProviderMalformed, "Exchange cannot read what it has stored", UNREADABLE, done=True),
    Row(ProviderUnavailable, "Exchange failed", ("ErrorInternalServerError", "ErrorItemSave"), done=True),
    Row(ProviderUnauthorized, "Exchange refused the login", statuses=(401, 440)),
    Row(ProviderForbidden, "Exchange does not allow this", statuses=(403,)),
    Row(ProviderRejected, "There are no Exchange Web Services at this address", statuses=(404, 405)),
    Row(ProviderRejected, "The request is too large for Exchange", statuses=(413,)),
    Row(ProviderTimeout, "Exchange gave up waiting", statuses=(408, 504), done=True),
    # What throttling says, too, and a stopped service (learn.microsoft.com, EWS throttling in Exchange); and a proxy that
    # has lost the server in the middle of something. So nobody knows whether it was carried out.
    Row(ProviderUnavailable, "Exchange is too busy, or stopped", statuses=(CROWDED,), done=True),
    Row(ProviderThrottled, "Exchange asks for fewer requests", statuses=(429,)),
    # /ews/genericerrorpage.htm, after a failure in the middle of something (_CRASHED), and the login pages of proxies.
    Row(ProviderUnavailable, "Exchange leads to another page", statuses=_ELSEWHERE),
)
_FAILED = Row(ProviderUnavailable, "Exchange failed", done=True)
_REFUSED = Row(ProviderRejected, "Exchange refuses the request")
_ODD = Row(ProviderMalformed, "Exchange's answer makes no sense here", done=True)


def failure(status: int, found: Failure, step: str, *, headers: Mapping[str, str], now: int) -> ProviderError:
    """The error that a refusal stands for.

    Args:
        status: of HTTP.
        found: what the answer says, of the whole request or of one item; nothing when it was no SOAP.
        step: what was being done, for the message, as "Exchange update".
        headers: of the answer.
        now: unix milliseconds.
    """
    row = next((row for row in TABLE if row.fits(status, found)), None)
    if row is None and status == _OK:
        row = _REFUSED if found.codes else _ODD
    elif row is None:
        row = _FAILED if status >= 500 else _REFUSED if status >= 400 else _ODD
    original: dict[str, object] = {"status": status}
    said = str(status)
    if found.codes:
        original["code"] = found.codes[0]
        said = found.codes[0]
    error = row.error(f"{step}: {row.message} ({said})", original=original)
    if isinstance(error, ProviderThrottled | ProviderUnavailable):
        error.retry_after = _back_off(found) or retry_after(headers, now)
    if holds_back(error, status) and error.retry_after is None:
        error.retry_after = BUSY_SECONDS
    error.sent = row.done or (status in _ELSEWHERE and _CRASHED in headers.get("Location", "").lower())
    return error


def is_untried(error: ProviderError) -> bool:
    """Whether Exchange has not looked at this item, as it stopped at one before it."""
    return (error.original or {}).get("code") == _UNTRIED


def is_unreadable(error: ProviderError) -> bool:
    """Whether it is this item alone that Exchange cannot read, by its own word."""
    return (error.original or {}).get("code") in UNREADABLE


def may_be_of_one(error: ProviderError) -> bool:
    """Whether an item for which alone was asked may be at fault, and not Exchange: whether others can be read tells."""
    original = error.original or {}
    return original.get("code") in _OF_ONE or original == {"status": _CRASH}


def leads_elsewhere(error: ProviderError) -> bool:
    """Whether what was asked for may be in another mailbox than the one that answers."""
    return isinstance(error, ProviderForbidden) or (error.original or {}).get("code") in NO_FOLDER


def holds_back(error: ProviderError, status: int) -> bool:
    """Whether it is about too many requests. ``status``: of HTTP."""
    return isinstance(error, ProviderThrottled) or status == CROWDED


def _back_off(found: Failure) -> float | None:
    """Seconds, a day at most, as Exchange itself says it (learn.microsoft.com, EWS throttling in Exchange)."""
    text = found.values.get("BackOffMilliseconds", "")
    if not (text.isascii() and text.isdigit()):
        return None
    return min(int(text) / 1000, LONGEST_SECONDS) if len(text) <= _LONGEST_DIGITS else LONGEST_SECONDS
