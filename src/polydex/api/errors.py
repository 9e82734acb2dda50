"""Every failure of every route in one shape (the page "Errors" of the documentation)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
from starlette.exceptions import HTTPException

from polydex.api.reply import Reply
from polydex.core.errors import (
    BadRequest,
    FieldUnsupported,
    Internal,
    MethodNotAllowed,
    NotFound,
    PayloadTooLarge,
    PolydexError,
    Unavailable,
)

RETRY_SECONDS = 5
"""``Retry-After`` when the error has no opinion of its own."""

STRICT = {"Preference-Applied": "handling=strict"}
"""Says that strict handling was asked for and heeded."""

_WAIT = frozenset({429, 503})
_FRAMEWORK: dict[int, type[PolydexError]] = {
    400: BadRequest,
    404: NotFound,
    405: MethodNotAllowed,
    413: PayloadTooLarge,
    503: Unavailable,
}


class MethodRefused(MethodNotAllowed):
    """The path exists, the method does not; ``allow`` are the methods that do (RFC 9110, section 15.5.6)."""

    def __init__(self, allow: Sequence[str]) -> None:
        super().__init__()
        self.allow = tuple(allow)


class OutOfTime(Unavailable):
    """The request took too long, or its body did."""


class StrictlyRefused(FieldUnsupported):
    """What strict handling refuses; the answer says that the preference was heeded (RFC 7240, section 3)."""


def understood(error: Exception) -> PolydexError:
    """The error of our tree that stands for any exception; an unexpected one is a fault of ours."""
    if isinstance(error, PolydexError):
        return error
    if isinstance(error, HTTPException):
        return _FRAMEWORK.get(error.status_code, Internal)()
    return Internal()


def failure(error: PolydexError, request_id: str) -> Reply:
    """The answer for an error. A fault of ours is told without any detail."""
    body: dict[str, object] = {
        "code": error.code,
        "message": Internal.default_message if error.status == Internal.status else error.message,
        "requestId": request_id,
    }
    if error.original is not None and error.status != Internal.status:
        body["originalError"] = error.original
    headers: dict[str, str] = {}
    if error.retry_after is not None or error.status in _WAIT:
        seconds = RETRY_SECONDS if error.retry_after is None else error.retry_after
        headers["Retry-After"] = str(max(1, math.ceil(seconds)))
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="Polydex", Basic realm="Polydex", charset="UTF-8"'
    if isinstance(error, StrictlyRefused):
        headers |= STRICT
    if isinstance(error, PayloadTooLarge | OutOfTime):
        headers["Connection"] = "close"  # of the body, nobody reads the rest
    if isinstance(error, MethodRefused):
        headers["Allow"] = ", ".join(error.allow)
    return Reply(msgspec.json.encode(body), error.status, headers)
