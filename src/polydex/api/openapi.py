"""The OpenAPI 3.1 document, made from the operations that are served."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Any

from polydex import __version__
from polydex.api.operation import Answer, Operation, Who
from polydex.api.schemas import Json, ref, schemas

ACCOUNT_ID = {"type": "apiKey", "in": "header", "name": "X-Aurinko-Account-Id", "description": "With AppAuth."}

INTRODUCTION = (
    "Contacts of any address book through one interface, compatible with the Aurinko API. An account calls with its "
    "access token (Bearer). An application calls with its id and secret (Basic); with `X-Aurinko-Account-Id` besides "
    "it acts on one of its accounts. Every failure has one shape: `code`, `message`, `requestId`."
)

# In the order in which they are shown.
TAGS: Mapping[str, str] = {
    "Contacts": "Create, read, change, delete and find contacts. Writes go through to the provider before they answer.",
    "Contacts sync": "Everything once, then only what has changed: at least once, in order, without end.",
    "Account": "The account that the caller acts for.",
    "Accounts": "The accounts of an application.",
    "Push": "For providers, which tell of changes.",
    "Operation": "For those who run the server.",
    "Documentation": "This description.",
    "Webhooks": "Notifications of changes: not served yet.",
    "Auth": "Logins in a browser: not served yet.",
    "Users": "Sessions of users: not served.",
}

SECURITY: Mapping[Who, Sequence[Mapping[str, Sequence[str]]]] = {
    Who.ANYONE: (),
    Who.APP: ({"AppAuth": []},),
    Who.ACCOUNT: ({"AccountToken": []}, {"AppAuth": [], "AccountIdHeader": []}),
}

HEADERS: Mapping[str, Json] = {
    "X-Request-Id": {"schema": {"type": "string", "format": "uuid"}, "description": "The id of the request."},
    "ETag": {"schema": {"type": "string", "pattern": '^"[^"]+"$'}, "description": "The version, quoted."},
    "Age": {"schema": {"type": "integer", "minimum": 0}, "description": "Seconds since the mirror was fresh."},
    "Preference-Applied": {"schema": {"type": "string"}, "description": "The preferences that were heeded."},
    "Location": {"schema": {"type": "string"}, "description": "Where the new contact is."},
    "Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds to wait."},
    "WWW-Authenticate": {"schema": {"type": "string"}, "description": "The accepted credentials."},
}

FAILURES: Mapping[int, str] = {
    400: "The request is wrong; the message names the place.",
    401: "No or unknown credentials, or the provider no longer accepts them.",
    403: "A scope is missing, or the account belongs to another application.",
    404: "There is no such thing.",
    409: "The first request with this key still runs, or deletions await approval.",
    410: "The token has expired: begin a new synchronisation.",
    412: "The contact has changed since.",
    413: "The request is too large.",
    422: "The provider refuses the content.",
    428: "If-Match is required.",
    429: "Too many requests, here or at the provider.",
    500: "A fault of the server.",
    501: "A part of the Aurinko interface that is not served; the message names it.",
    502: "The provider's answer cannot be understood.",
    503: "Not ready yet, out of time, or the provider is unavailable.",
    504: "The provider did not answer in time.",
}
_FAILED: Mapping[int, tuple[str, str]] = {
    400: ("badRequest", "$.emailAddresses[0].address: a string is expected, not a number"),
    401: ("unauthorized", "Authentication information is missing or invalid"),
    403: ("forbidden", "The scope Contacts.ReadWrite is missing"),
    404: ("notFound", "Not found"),
    409: ("sync.halted", "Synchronisation is halted: deletions await approval"),
    410: ("syncToken.expired", "syncToken expired."),
    412: ("precondition.failed", "The contact has changed since it was read"),
    413: ("payload.tooLarge", "The body may have 8388608 bytes at most"),
    422: ("provider.rejected", "The provider refuses the content"),
    428: ("precondition.required", "If-Match is required"),
    429: ("tooManyRequests", "The provider asks for fewer requests"),
    500: ("internal", "Internal error"),
    501: ("notImplemented", "'subscriptionId' is not served by Polydex"),
    502: ("provider.malformed", "The provider's answer cannot be understood"),
    503: ("sync.notReady", "The first synchronisation still runs"),
    504: ("provider.timeout", "The provider did not answer in time"),
}
_MORE_HEADERS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def document(operations: Sequence[Operation]) -> Json:
    """The whole description of these operations."""
    paths: dict[str, Json] = {}
    for operation in (each for each in operations if each.documented):
        path = re.sub(r"\{(\w+):\w+\}", r"{\1}", operation.path)
        paths.setdefault(path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Polydex",
            "version": __version__,
            "summary": "One contacts API for every address book",
            "description": INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": about} for tag, about in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "headers": {name: dict(header) for name, header in HEADERS.items()},
            "responses": {f"Failed{status}": _failure(status) for status in FAILURES},
            "securitySchemes": {
                "AppAuth": {"type": "http", "scheme": "basic", "description": "The application's id and secret."},
                "AccountToken": {"type": "http", "scheme": "bearer", "description": "An account's access token."},
                "AccountIdHeader": ACCOUNT_ID,
            },
        },
    }


def _operation(operation: Operation) -> Json:
    described: Json = {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "security": [{name: list(scopes) for name, scopes in each.items()} for each in SECURITY[operation.who]],
        "responses": {
            **{str(status): _answer(answer) for status, answer in operation.answers.items()},
            **{str(status): {"$ref": f"#/components/responses/Failed{status}"} for status in operation.statuses},
        },
    }
    needs = f" Needs the scope `{operation.scope}`." if operation.scope else ""
    described["description"] = operation.text + needs
    if operation.parameters:
        described["parameters"] = [
            {
                "name": parameter.name,
                "in": parameter.where,
                "required": parameter.where == "path",
                "description": parameter.text,
                "schema": dict(parameter.schema),
                "example": parameter.example,
                **parameter.extra,
            }
            for parameter in operation.parameters
            if parameter.documented
        ]
    if operation.body is not None:
        content = {"schema": ref(operation.body), "example": _example(operation.body)}
        described["requestBody"] = {
            "required": True,
            "description": "JSON in UTF-8, whatever the Content-Type says. Members that are not described are ignored.",
            "content": {"application/json": content},
        }
    return described


def _headers(names: Sequence[str], maybe: Sequence[str] = ()) -> Json:
    always = {name: {**HEADERS[name], "required": True} for name in ("X-Request-Id", *names)}
    return {**always, **{name: {"$ref": f"#/components/headers/{name}"} for name in maybe}}


def _answer(answer: Answer) -> Json:
    described: Json = {"description": answer.text, "headers": _headers(answer.headers, answer.maybe)}
    if answer.media:
        schema: Any = ref(answer.schema) if answer.schema else {"type": "string"}
        example = _example(answer.schema) if answer.schema else answer.example
        described["content"] = {answer.media: {"schema": schema, "example": example}}
    if answer.links:
        described["links"] = {
            f"{link.operation}{link.parameter[0].upper()}{link.parameter[1:]}": {
                "operationId": link.operation,
                "parameters": {link.parameter: f"$response.body#{link.place}"},
            }
            for link in answer.links
        }
    return described


def _failure(status: int) -> Json:
    return {
        "description": FAILURES[status],
        "headers": _headers(_MORE_HEADERS.get(status, ()), ("Preference-Applied",) if status == 400 else ()),
        "content": {"application/json": {"schema": ref("ApiRequestFailed"), "example": _failed(status)}},
    }


def _failed(status: int) -> Json:
    code, message = _FAILED[status]
    return {"code": code, "message": message, "requestId": "82414de3-3815-47ef-aca1-6745e42a60d6"}


@functools.cache
def _schemas() -> Json:
    return schemas()


def _example(schema: str) -> Any:
    return _schemas()[schema]["examples"][0]
