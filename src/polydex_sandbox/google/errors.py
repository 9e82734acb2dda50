"""Google's errors: google.rpc.Status as JSON, and the HTML page of an unknown path."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

CODES = {
    "INVALID_ARGUMENT": (3, 400),
    "NOT_FOUND": (5, 404),
    "ALREADY_EXISTS": (6, 409),
    "PERMISSION_DENIED": (7, 403),
    "RESOURCE_EXHAUSTED": (8, 429),
    "FAILED_PRECONDITION": (9, 400),
    "UNAVAILABLE": (14, 503),
    "UNAUTHENTICATED": (16, 401),
}
"""Status -> number of google.rpc.Code and status of HTTP: google/rpc/code.proto."""

_TYPE = "type.googleapis.com/google.rpc."
_DOCS = "https://developers.google.com/people/api/rest/v1/"


class ApiError(Exception):
    """A refusal.

    Args:
        status: name of google.rpc.Code.
        message: for developers, in English.
        details: google.rpc messages, each with its ``@type``.
        http: status of HTTP, where it is not the usual one of the code.
        headers: of the answer.
        older: the ``errors`` of Google's older format, each with ``domain`` and ``reason``.
    """

    def __init__(
        self,
        status: str,
        message: str,
        details: Sequence[Mapping[str, Any]] = (),
        *,
        http: int | None = None,
        headers: Mapping[str, str] | None = None,
        older: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.details = status, message, list(details)
        self.code, usual = CODES[status]
        self.http = http or usual
        self.headers, self.older = dict(headers or {}), list(older)

    def response(self) -> Response:
        error: dict[str, Any] = {"code": self.http, "message": self.message, "status": self.status}
        if self.older:
            error["errors"] = self.older
        if self.details:
            error["details"] = self.details
        return JSONResponse({"error": error}, self.http, self.headers, media_type="application/json; charset=UTF-8")

    def rpc(self) -> dict[str, Any]:
        """As a google.rpc.Status inside an answer."""
        return {"code": self.code, "message": self.message, **({"details": self.details} if self.details else {})}


def error_info(
    reason: str, domain: str = "googleapis.com", metadata: Mapping[str, str] | None = None
) -> dict[str, Any]:
    info: dict[str, Any] = {"@type": f"{_TYPE}ErrorInfo", "reason": reason, "domain": domain}
    return {**info, "metadata": dict(metadata)} if metadata else info


def invalid(message: str, details: Sequence[Mapping[str, Any]] = ()) -> ApiError:
    return ApiError("INVALID_ARGUMENT", message, details)


def bad_request(field: str, description: str) -> ApiError:
    """What Google's front end says of JSON and parameters that do not fit the message."""
    violation = {"description": description, **({"field": field} if field else {})}
    return invalid(description, [{"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]}])


def precondition(message: str) -> ApiError:
    return ApiError("FAILED_PRECONDITION", message)


def not_found() -> ApiError:
    return ApiError("NOT_FOUND", "Requested entity was not found.")


def no_contact(name: str) -> ApiError:
    """Seen for a profile: https://github.com/google/google-api-javascript-client/issues/356."""
    return invalid(f'Resource name "{name}" is not a valid contact person resource.')


def mask_required(name: str, method: str) -> ApiError:
    return invalid(
        f"{name} mask is required. Please specify one or more valid paths. Valid paths are documented at {_page(method)}."
    )


def mask_path(name: str, path: str, method: str) -> ApiError:
    return invalid(f'Invalid {name} mask path: "{path}". Valid paths are documented at {_page(method)}.')


def _page(method: str) -> str:
    """Of the documentation: ``people/get``, as in https://github.com/googleapis/google-api-go-client/issues/1862."""
    return _DOCS + "/".join(method.rsplit(".", 1))


def expired_sync_token(variant: str, *, details: bool) -> ApiError:
    """Args: variant is ``FAILED_PRECONDITION``, ``INVALID_ARGUMENT`` or ``410``; details: with ErrorInfo or without."""
    return ApiError(
        "FAILED_PRECONDITION" if variant == "410" else variant,
        "Sync token is expired. Clear local cache and retry call without the sync token.",
        [error_info("EXPIRED_SYNC_TOKEN", "people.googleapis.com")] if details else [],
        http=410 if variant == "410" else None,
    )


def unauthenticated(reason: str | None, rpc: str) -> ApiError:
    """No access token (reason CREDENTIALS_MISSING), or one that is unknown or expired (ACCESS_TOKEN_...)."""
    if reason == "CREDENTIALS_MISSING":
        message = (
            "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or "
            "other valid authentication credential. "
        )
        challenge = 'Bearer realm="https://accounts.google.com/"'
    else:
        message = (
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
            "valid authentication credential. "
        )
        challenge = 'Bearer realm="https://accounts.google.com/", error="invalid_token"'
    message += "See https://developers.google.com/identity/sign-in/web/devconsole-project."
    metadata = {"service": "people.googleapis.com", "method": rpc}
    details = [error_info(reason, metadata=metadata)] if reason else []
    return ApiError("UNAUTHENTICATED", message, details, headers={"WWW-Authenticate": challenge})


def insufficient_scope(scopes: Sequence[str], rpc: str) -> ApiError:
    metadata = {"service": "people.googleapis.com", "method": rpc}
    return ApiError(
        "PERMISSION_DENIED",
        "Request had insufficient authentication scopes.",
        [error_info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", metadata=metadata)],
        headers={
            "WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="insufficient_scope", '
            f'scope="{" ".join(scopes)}"'
        },
    )


def unknown_path(path: str) -> Response:
    """The page that Google answers with when no method has this path and verb."""
    return HTMLResponse(
        "<!DOCTYPE html>\n<html lang=en>\n  <meta charset=utf-8>\n  <title>Error 404 (Not Found)!!1</title>\n"
        f"  <p><b>404.</b> <ins>That\N{RIGHT SINGLE QUOTATION MARK}s an error.</ins>\n"
        f"  <p>The requested URL <code>{html.escape(path)}</code> was not found on this server.  "
        f"<ins>That\N{RIGHT SINGLE QUOTATION MARK}s all we know.</ins>\n",
        404,
    )
