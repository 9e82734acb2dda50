"""What a refusal of a CardDAV server means: one table, the first row that fits decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import lru_cache

from polydex.connectors.carddav.wire import CARDDAV, DAV, Conditions, conditions
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
from polydex.net.retry import retry_after as net_retry_after

NO_UID_CONFLICT = CARDDAV + "no-uid-conflict"
VALID_SYNC_TOKEN = DAV + "valid-sync-token"


@dataclass(frozen=True, slots=True)
class Row:
    """One rule.

    Attributes:
        error: the class that is raised.
        message: safe to show.
        condition: a precondition element that the body must name; it decides whatever the status is.
        statuses: the HTTP statuses; empty with a condition.
        done: the request may have been carried out nevertheless (as with a failure behind the server).
    """

    error: type[ProviderError]
    message: str
    condition: str | None = None
    statuses: tuple[int, ...] = ()
    done: bool = True

    def fits(self, status: int, found: Conditions) -> bool:
        return self.condition in found.names if self.condition is not None else status in self.statuses


TABLE: tuple[Row, ...] = (
    # RFC 6578 section 3.2; 403 from sabre, Radicale and Cyrus, 412 from Xandikos.
    Row(CursorExpired, "The server no longer knows the sync token", VALID_SYNC_TOKEN),
    # RFC 6352 section 6.3.2.1; 403 or 409, Xandikos answers 412 to an invalid card.
    Row(ProviderRejected, "The server has another card with the same UID", NO_UID_CONFLICT),
    Row(ProviderRejected, "The server takes the card for invalid", CARDDAV + "valid-address-data"),
    Row(ProviderRejected, "The server does not take this version of vCard", CARDDAV + "supported-address-data"),
    Row(ProviderRejected, "The card is too large for the server", CARDDAV + "max-resource-size"),
    Row(ProviderRejected, "The server does not know this filter", CARDDAV + "supported-filter"),
    Row(ProviderRejected, "The server does not know this collation", CARDDAV + "supported-collation"),
    # RFC 3744 section 7.1.1.
    Row(ProviderForbidden, "The address book does not allow this (missing privileges)", DAV + "need-privileges"),
    # RFC 4331 section 6.
    Row(ProviderRejected, "The account's space at the server is used up", DAV + "quota-not-exceeded"),
    Row(ProviderUnavailable, "The server has no disk space left", DAV + "sufficient-disk-space"),
    # RFC 4918 section 16.
    Row(ProviderUnavailable, "The card is locked at the server", DAV + "lock-token-submitted", done=False),
    Row(ProviderUnavailable, "The card is locked at the server", DAV + "no-conflicting-lock", done=False),
    Row(ProviderRejected, "The server refuses to answer with so many cards", DAV + "number-of-matches-within-limits"),
    Row(ProviderRejected, "The server does not know this report", DAV + "supported-report"),
    Row(ProviderUnauthorized, "The server refused the credentials", statuses=(401, 407)),
    Row(ProviderForbidden, "The server does not allow this", statuses=(402, 403, 451)),
    Row(RecordNotFound, "The server has nothing under this address", statuses=(404, 410)),
    Row(ProviderForbidden, "The server does not allow this method here", statuses=(405,)),
    Row(ProviderTimeout, "The server gave up waiting for the request", statuses=(408,)),
    Row(ProviderRejected, "The server reports a conflict", statuses=(409,)),
    Row(Stale, "The card has changed at the server", statuses=(412,)),
    Row(ProviderRejected, "The request is too large for the server", statuses=(413, 414, 431)),
    Row(ProviderRejected, "The server refuses the content", statuses=(400, 406, 415, 422)),
    # RFC 4918 section 11.3: locked by somebody, which ends; Xandikos locks the whole book for the time of a write.
    Row(ProviderUnavailable, "The card is locked at the server", statuses=(423,), done=False),
    # RFC 8470 section 5.2: not processed, to be sent again.
    Row(ProviderUnavailable, "The server wants the request later", statuses=(425,), done=False),
    Row(ProviderThrottled, "The server asks for fewer requests", statuses=(429,)),
    Row(ProviderRejected, "The server does not offer this", statuses=(501, 505)),
    Row(ProviderTimeout, "The server's back end did not answer in time", statuses=(504,)),
    Row(ProviderRejected, "The server has no space for this", statuses=(507,)),
)
_OTHERS: tuple[tuple[Callable[[int], bool], Row], ...] = (
    (lambda status: status >= 500, Row(ProviderUnavailable, "The server failed")),
    (lambda status: status >= 400, Row(ProviderRejected, "The server refuses the request")),
    (lambda _status: True, Row(ProviderMalformed, "The server's answer makes no sense here")),
)


def failure(answer: Answer, step: str) -> ProviderError:
    """The error that an answer stands for.

    Args:
        answer: any answer that is not what was asked for.
        step: what was being done, for the message, as "CardDAV write".
    """
    found = conditions(answer.body) if answer.status >= 400 else Conditions()
    row = next((row for row in TABLE if row.fits(answer.status, found)), None)
    if row is None:
        row = next(row for applies, row in _OTHERS if applies(answer.status))
    original: dict[str, object] = {"status": answer.status}
    if found.names:
        original["conditions"] = sorted(name.rpartition("}")[2] for name in found.names)
    pause = retry_after(answer) if answer.status in (423, 429, 503) else None
    if not row.done and pause is None:
        pause = LOCK_SECONDS
    error = row.error(f"{step}: {row.message} ({answer.status})", original=original, retry_after=pause)
    error.sent = row.done or answer.repeated
    return error


def refused(error: Exception) -> bool:
    """Whether the server refused this one request, so that another way of asking may work.

    Not so when it cannot be reached, is overloaded (429, 503) or does not let us in: then every request fails.
    """
    if isinstance(error, ProviderUnavailable):
        status = (error.original or {}).get("status")
        return status is not None and status != 503
    return isinstance(
        error, ProviderRejected | ProviderMalformed | ProviderForbidden | ProviderTimeout | RecordNotFound | Stale
    )


LOCK_SECONDS = 1.0
"""After a refusal because of a lock: locks last as long as somebody's write."""
THROTTLE_SECONDS = 60.0
"""For a 429 that does not say for how long."""


def retry_after(answer: Answer) -> float | None:
    """Seconds to wait, a date measured by the server's own clock."""
    now = date_ms(answer)
    seconds = net_retry_after(answer.headers, now) if now is not None else net_retry_after(answer.headers, 0)
    if now is None and seconds is not None and not answer.headers.get("Retry-After", "").strip().isdigit():
        seconds = None  # a date, and no clock to measure it by
    if seconds is None:
        return THROTTLE_SECONDS if answer.status == 429 else None
    return seconds


def date_ms(answer: Answer) -> int | None:
    """The server's clock when it answered (the Date header, whole seconds), unix milliseconds; None without one."""
    return _date_ms(answer.headers.get("Date", ""))


@lru_cache(maxsize=64)  # all answers of a second have the same one
def _date_ms(date: str) -> int | None:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return None
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()) * 1000
