"""What a refusal of Microsoft Graph means: one table, the first row that fits decides.

An error's body is ``{"error": {"code", "message", "innerError"}}``; the code that says most may be that of an inner error, and its
letters come in any case. The message may repeat what was sent, so that nothing is shown or kept but codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

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
from polydex.net.retry import retry_after

_CODE = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_DEPTH = 8
"""Errors inside each other that are looked into."""


class _Error(msgspec.Struct, rename="camel", gc=False):
    code: str | None = None
    message: str | None = None
    inner_error: msgspec.Raw = msgspec.Raw()
    innererror: msgspec.Raw = msgspec.Raw()


class _Body(msgspec.Struct, gc=False):
    error: msgspec.Raw = msgspec.Raw()


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an error says.

    Attributes:
        http: the HTTP status.
        codes: of the error and of those inside it, outermost first, in small letters.
        text: the messages, in small letters; never shown.
    """

    http: int
    codes: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One rule. What is given has to fit, all of it.

    Attributes:
        error: the class that is raised.
        message: safe to show.
        statuses: HTTP statuses.
        codes: any of them, in small letters.
        text: words of a message.
        done: the request may have been carried out nevertheless.
    """

    error: type[ProviderError]
    message: str
    statuses: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()
    text: str = ""
    done: bool = False

    def fits(self, refusal: Refusal) -> bool:
        return (
            (not self.statuses or refusal.http in self.statuses)
            and (not self.codes or any(code in self.codes for code in refusal.codes))
            and self.text in refusal.text
        )


# Where a row was seen: README.md.
TABLE: tuple[Row, ...] = (
    Row(
        CursorExpired,
        "Microsoft no longer knows the state of the synchronisation",
        (400, 404, 409, 410),
        (
            "syncstatenotfound",
            "syncstateinvalid",
            "resyncrequired",
            "resyncchangesapplydifferences",
            "resyncchangesuploaddifferences",
        ),
    ),
    Row(CursorExpired, "Microsoft no longer knows the state of the synchronisation", (400, 410), text="sync state"),
    # Before 401 and 404, which it comes with as well: the contacts are not gone, and no other token helps.
    Row(
        ProviderForbidden,
        "The mailbox is not in Exchange Online, or has no licence",
        codes=("mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi", "errornonexistentmailbox"),
    ),
    Row(ProviderForbidden, "There is no such mailbox", (404,), ("request_resourcenotfound", "errorinvaliduser")),
    Row(ProviderRejected, "The contact folder is gone", (404,), ("errorfoldernotfound",)),
    Row(ProviderForbidden, "The account is locked at Microsoft", codes=("erroraccountsuspend",)),
    Row(Stale, "The contact has changed at Microsoft", (400, 409, 412), ("errorirresolvableconflict",)),
    Row(Stale, "The contact has changed at Microsoft", (400, 409, 412), ("errorstaleobject", "errorinvalidchangekey")),
    Row(Stale, "The contact has changed at Microsoft", (412,)),
    Row(ProviderRejected, "The mailbox is full", codes=("errorquotaexceeded", "quotalimitreached")),
    Row(ProviderThrottled, "Microsoft asks for fewer requests", (429, 509)),
    Row(
        ProviderThrottled,
        "Microsoft asks for fewer requests",
        (403, 503),
        ("applicationthrottled", "activitylimitreached", "toomanyrequests", "errorserverbusy"),
    ),
    Row(ProviderUnauthorized, "Microsoft refused the access token", (401,)),
    Row(
        ProviderForbidden,
        "The account has not granted access to this",
        (403,),
        ("erroraccessdenied", "accessdenied", "authorization_requestdenied"),
    ),
    Row(ProviderForbidden, "Microsoft does not allow this", (403, 451)),
    # Only with a code that says so: whatever else answers 404 on the way must not pass for the end of a contact.
    Row(
        RecordNotFound,
        "Microsoft has no such contact",
        (404,),
        ("erroritemnotfound", "imagenotfound", "itemnotfound", "resourcenotfound", "notfound"),
    ),
    Row(ProviderMalformed, "Microsoft does not say what was not found", (404,)),
    Row(ProviderMalformed, "Microsoft does not say what is gone", (410,)),
    Row(ProviderRejected, "Microsoft does not offer photos for this mailbox", codes=("consumerphotoisnotsupported",)),
    Row(ProviderTimeout, "Microsoft gave up waiting", (408, 504), done=True),
    Row(ProviderRejected, "Microsoft reports a conflict", (409,)),
    Row(ProviderRejected, "The request is too large for Microsoft", (413,)),
    Row(ProviderUnavailable, "The contact is locked at Microsoft", (423,)),
    Row(ProviderUnavailable, "Microsoft did not try, as something before it failed", (424,)),
    Row(ProviderRejected, "Microsoft does not offer this", (405, 501)),
    Row(ProviderRejected, "Microsoft refuses the content", (400, 415)),
)
_FAILED = Row(ProviderUnavailable, "Microsoft failed", done=True)
_REFUSED = Row(ProviderRejected, "Microsoft refuses the request")
_ODD = Row(ProviderMalformed, "Microsoft's answer makes no sense here", done=True)


def failure(status: int, headers: Mapping[str, str], body: bytes, step: str, now: int) -> ProviderError:
    """The error that an answer stands for.

    Args:
        status, headers, body: of any answer that is not what was asked for, or of a part of one.
        step: what was being done, for the message, as "Microsoft update".
        now: unix milliseconds.
    """
    found = refusal(status, body)
    row = next((row for row in TABLE if row.fits(found)), None)
    if row is None:
        row = _FAILED if status >= 500 else _REFUSED if status >= 400 else _ODD
    original: dict[str, object] = {"status": status}
    if found.codes:
        original["code"] = found.codes[0]
    error = row.error(f"{step}: {row.message} ({status})", original=original)
    if isinstance(error, ProviderThrottled | ProviderUnavailable):
        error.retry_after = retry_after(headers, now)
    error.sent = row.done
    return error


def refusal(status: int, body: bytes) -> Refusal:
    """What the body of an error says; of one that is no JSON, only the status counts."""
    codes: list[str] = []
    texts: list[str] = []
    try:
        raw = msgspec.json.decode(body, type=_Body).error
        for _ in range(_DEPTH):
            error = msgspec.json.decode(raw, type=_Error)
            if error.code and _CODE.fullmatch(error.code):
                codes.append(error.code.lower())
            texts.append((error.message or "").lower())
            raw = error.inner_error or error.innererror
    except (msgspec.MsgspecError, UnicodeDecodeError):
        pass  # as far as it could be read
    return Refusal(status, tuple(codes), "\n".join(texts))
