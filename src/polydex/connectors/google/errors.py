"""What a refusal of the People API means: one table, the first row that fits decides.

An error's body is a ``google.rpc.Status`` in JSON. Its message may repeat what was sent, so that nothing of it is shown or
kept but the names that Google gives to reasons and fields.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import msgspec

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
from polydex.net.retry import retry_after

QUOTA_SECONDS = 60.0
"""Quotas count by the minute, and a refusal rarely says for how long (no Retry-After is promised)."""
DAY_SECONDS = 3600.0
"""After a quota of the day is used up: it is filled again over the day."""
_CODES = {
    1: 499, 2: 500, 3: 400, 4: 504, 5: 404, 6: 409, 7: 403, 8: 429, 9: 400, 10: 409, 11: 400, 12: 501, 13: 500, 14: 503,
    15: 500, 16: 401,
}  # fmt: skip
"""``google.rpc.Code`` as HTTP statuses (google/rpc/code.proto)."""
_STATUSES = {5: "NOT_FOUND", 9: "FAILED_PRECONDITION", 3: "INVALID_ARGUMENT", 8: "RESOURCE_EXHAUSTED", 10: "ABORTED"}
_NAME = re.compile(r"[A-Za-z0-9_.\[\]]{1,100}")


class _Violation(msgspec.Struct, gc=False):
    field: str = ""
    subject: str = ""


class _Entry(msgspec.Struct, gc=False):
    code: int = 0
    message: str = ""


class _Detail(msgspec.Struct, rename="camel", gc=False):
    reason: str = ""
    field_violations: list[_Violation] = []
    contact_errors: dict[str, _Entry] = {}


class _Legacy(msgspec.Struct, gc=False):
    reason: str = ""


class _Status(msgspec.Struct, gc=False):
    code: int = 0
    message: str = ""
    status: str = ""
    details: list[_Detail] = []
    errors: list[_Legacy] = []


class _Body(msgspec.Struct, gc=False):
    error: _Status | str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an error says.

    Attributes:
        http: the HTTP status.
        status: the name of the ``google.rpc.Code``, or "".
        reasons: of ErrorInfo, and those of older bodies.
        text: the message, in small letters; never shown.
        fields: the paths that BadRequest names.
    """

    http: int
    status: str = ""
    reasons: frozenset[str] = frozenset()
    text: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. What is given has to fit, all of it.

    Attributes:
        error: the class that is raised.
        message: safe to show.
        statuses: HTTP statuses.
        codes: names of ``google.rpc.Code``.
        reasons: any of them.
        text: words of the message.
        pause: seconds to wait where the answer does not say.
        done: the request may have been carried out nevertheless.
    """

    error: type[ProviderError]
    message: str
    statuses: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    text: str = ""
    pause: float | None = None
    done: bool = False

    def fits(self, refusal: Refusal) -> bool:
        return (
            (not self.statuses or refusal.http in self.statuses)
            and (not self.codes or refusal.status in self.codes)
            and (not self.reasons or not refusal.reasons.isdisjoint(self.reasons))
            and self.text in refusal.text
        )


# Where a row was seen: README.md. Reasons are compared in small letters without underscores.
TABLE: tuple[Row, ...] = (
    Row(CursorExpired, "Google no longer knows the sync token", reasons=("expiredsynctoken",)),
    Row(CursorExpired, "Google no longer knows the sync token", (400, 410), text="sync token"),
    Row(CursorExpired, "Google no longer knows the page token", (400, 410), text="page token"),
    Row(Stale, "The contact has changed at Google", (400, 403, 409, 412), text="etag is different"),
    Row(ProviderRejected, "The account holds as many contacts as Google allows", text="my_contacts_overflow_count"),
    Row(ProviderRejected, "Google misses the etag of what is to be changed", (400,), text="must set person.etag"),
    Row(Stale, "The contact has changed at Google", (400,), reasons=("failedprecondition",)),
    Row(Stale, "The contact has changed at Google", (400,), ("FAILED_PRECONDITION",)),
    Row(Stale, "The contact has changed at Google", (412,)),
    Row(
        ProviderThrottled,
        "The quota of the day is used up at Google",
        (403, 429),
        reasons=("dailylimitexceeded", "dailylimitexceededunreg"),
        pause=DAY_SECONDS,
    ),
    Row(ProviderThrottled, "Google asks for fewer requests", (429,), pause=QUOTA_SECONDS),
    Row(ProviderThrottled, "Google asks for fewer requests", codes=("RESOURCE_EXHAUSTED",), pause=QUOTA_SECONDS),
    Row(
        ProviderThrottled,
        "Google asks for fewer requests",
        (403,),
        reasons=("ratelimitexceeded", "userratelimitexceeded", "quotaexceeded"),
        pause=QUOTA_SECONDS,
    ),
    Row(ProviderUnauthorized, "Google refused the access token", (401,)),
    Row(
        ProviderForbidden,
        "The account has not granted access to its contacts",
        (403,),
        reasons=("accesstokenscopeinsufficient", "insufficientpermissions"),
    ),
    Row(
        ProviderForbidden,
        "The People API is not enabled in the project of the OAuth client",
        (403,),
        reasons=("servicedisabled", "accessnotconfigured"),
    ),
    Row(ProviderForbidden, "Google does not allow this", (403, 451)),
    Row(RecordNotFound, "Google has no such contact", (404, 410)),
    # Mutations for one user are to be sent one after the other: another client's was in the way.
    Row(ProviderUnavailable, "Google was busy with another change", (409,), ("ABORTED",), pause=1.0),
    Row(ProviderRejected, "Google reports a conflict", (409,)),
    Row(ProviderTimeout, "Google gave up waiting", (408, 504), done=True),
    Row(ProviderRejected, "The request is too large for Google", (413,)),
    Row(ProviderRejected, "Google does not offer this", (405, 501)),
    Row(ProviderRejected, "Google refuses the content", (400,)),
)
_FAILED = Row(ProviderUnavailable, "Google failed", done=True)
_REFUSED = Row(ProviderRejected, "Google refuses the request")
_ODD = Row(ProviderMalformed, "Google's answer makes no sense here", done=True)


def failure(answer: Answer, step: str, now: int) -> ProviderError:
    """The error that an answer stands for.

    Args:
        answer: any answer that is not what was asked for.
        step: what was being done, for the message, as "Google update".
        now: unix milliseconds.
    """
    error = _error(refusal(answer.status, answer.body), step)
    pause = retry_after(answer.headers, now) if isinstance(error, ProviderThrottled | ProviderUnavailable) else None
    if pause is not None:
        error.retry_after = pause
    error.sent = error.sent or answer.repeated
    return error


def entry_failures(body: bytes, step: str) -> dict[str, ProviderError]:
    """The errors of those entries that a batch was refused for, by resource name or by place in the request.

    "If a contact id does not appear, then the update of that contact would have been successful"
    (BatchUpdateContactsErrorDetails; BatchCreateContactsErrorDetails says the same of places, which count from 0).

    Args:
        body: of the refusal.
        step: as for ``failure``.
    """
    status = _status(body)
    named = [detail.contact_errors for detail in status.details] if isinstance(status, _Status) else []
    return {name: item_failure(entry.code, entry.message, step) for errors in named for name, entry in errors.items()}


def item_failure(code: int, message: str, step: str) -> ProviderError:
    """The error of one entry of a batch.

    Args:
        code: its ``google.rpc.Code``.
        message: as Google gave it.
        step: as for ``failure``.
    """
    return _error(Refusal(_CODES.get(code, 500), _STATUSES.get(code, ""), text=message.lower()), step)


def refusal(status: int, body: bytes) -> Refusal:
    """What the body of an error says; of one that is no JSON, only the status counts."""
    found = _status(body)
    if isinstance(found, str):
        return Refusal(status, text=found.lower())
    named_reasons = [detail.reason for detail in found.details] + [legacy.reason for legacy in found.errors]
    reasons = {_plain(reason) for reason in named_reasons if reason}
    fields = [violation.field for detail in found.details for violation in detail.field_violations]
    named = tuple(field for field in fields if _NAME.fullmatch(field))
    return Refusal(status, found.status, frozenset(reasons), found.message.lower(), named)


def _status(body: bytes) -> _Status | str:
    try:
        return msgspec.json.decode(body, type=_Body).error
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


@lru_cache(maxsize=256)
def _plain(reason: str) -> str:
    """A reason in one spelling: ``RATE_LIMIT_EXCEEDED`` and ``rateLimitExceeded`` are the same."""
    return reason.replace("_", "").lower()


def _error(found: Refusal, step: str) -> ProviderError:
    row = next((row for row in TABLE if row.fits(found)), None)
    if row is None:
        row = _FAILED if found.http >= 500 or found.http == 499 else _REFUSED if found.http >= 400 else _ODD
    original: dict[str, object] = {"status": found.http}
    if _NAME.fullmatch(found.status):
        original["code"] = found.status
    reasons = sorted(reason for reason in found.reasons if _NAME.fullmatch(reason))
    if reasons:
        original["reasons"] = reasons
    if found.fields:
        original["fields"] = list(found.fields)
    error = row.error(f"{step}: {row.message} ({found.http})", original=original, retry_after=row.pause)
    error.sent = row.done
    return error
