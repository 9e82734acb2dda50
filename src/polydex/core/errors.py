"""Every error that Polydex raises on purpose.

The tree (``class``: HTTP status, code)::

    PolydexError
    ├── RequestError                    the caller's request cannot be served as it stands
    │   ├── BadRequest                  400 badRequest
    │   ├── TokenNotValid               400 token.notValid
    │   ├── FieldUnsupported            400 field.unsupported
    │   ├── ReturnUrlInvalid            400 returnurl.invalid
    │   ├── ScopesInvalid               400 Scopes.invalid
    │   ├── Unauthorized                401 unauthorized
    │   ├── Forbidden                   403 forbidden
    │   ├── NotFound                    404 notFound
    │   ├── MethodNotAllowed            405 methodNotAllowed
    │   ├── IdempotencyInProgress       409 idempotency.inProgress
    │   ├── SyncHalted                  409 sync.halted
    │   ├── SyncTokenExpired            410 syncToken.expired
    │   ├── PreconditionFailed          412 precondition.failed
    │   ├── PayloadTooLarge             413 payload.tooLarge
    │   ├── IdempotencyMismatch         422 idempotency.mismatch
    │   ├── PreconditionRequired        428 precondition.required
    │   ├── TooManyRequests             429 tooManyRequests
    │   ├── Unsupported                 501 notImplemented
    │   ├── Unavailable                 503 unavailable             this server cannot answer now
    │   └── NotReady                    503 sync.notReady
    ├── StoreFailed                     503 storage.unavailable     disk full, I/O error, locked, connection lost
    │   ├── StoreDamaged                503 storage.unavailable     the database is damaged, missing or another one
    │   └── StoreTooNew                 503 storage.unavailable     the database is of a newer version
    ├── ProviderError                   the provider, or the way to it, failed
    │   ├── TokenDead                   401 token.dead
    │   ├── TokenRefreshFailed          401 token.refresh.failed
    │   ├── ProviderUnauthorized        401 unauthorized            the provider refused our credentials
    │   ├── ProviderForbidden           403 forbidden               authenticated, but not allowed
    │   ├── RecordNotFound              404 notFound
    │   ├── CursorExpired               (never reaches a client)    the engine walks from the start
    │   ├── Stale                       412 precondition.failed     the base of a write is superseded
    │   ├── ProviderRejected            422 provider.rejected       the provider refuses the content
    │   ├── ProviderThrottled           429 tooManyRequests
    │   ├── ProviderMalformed           502 provider.malformed
    │   ├── ProviderUnavailable         503 provider.unavailable
    │   ├── ProviderTimeout             504 provider.timeout
    │   └── AddressForbidden            400 badRequest              the outbound guard refused an address
    ├── FenceLost                       (never reaches a client)    another worker holds the lease now
    ├── GenerationChanged               404 notFound                the account was erased or restored meanwhile
    ├── Internal                        500 internal
    └── ConfigInvalid                   (never reaches a client)    a setting or a key file cannot be used

``message`` is safe to show to anyone; ``detail`` is for the operator's log and still holds no secret and no contact
data; ``original`` is what the provider said, reduced to facts such as its status.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar


class Retry(Enum):
    """What may be done about a failure. The connector's error table decides it once; callers only branch on it."""

    NEVER = "never"
    LATER = "later"
    AFTER_REFRESH = "afterRefresh"


class PolydexError(Exception):
    """Root of the tree.

    Args:
        message: shown to the caller; names the place, holds no secret and no contact data.
        detail: for the log only.
        original: facts of the provider's answer, a JSON object.
        retry_after: seconds until a repetition makes sense, or None.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retry: ClassVar[Retry] = Retry.NEVER
    default_message: ClassVar[str] = "Internal error"

    def __init__(
        self,
        message: str | None = None,
        *,
        detail: str = "",
        original: dict[str, object] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = message or self.default_message
        self.detail = detail
        self.original = original
        self.retry_after = retry_after
        super().__init__(self.message)


class RequestError(PolydexError):
    """The caller's request cannot be served as it stands."""


class BadRequest(RequestError):
    """A malformed parameter, header or body; the message names the place (a JSON path such as ``$.name.prefix``)."""

    code, status, default_message = "badRequest", 400, "Bad request"


class TokenNotValid(RequestError):
    """A delta or page token of bad shape, signature, account or stream.

    The official Java client recognises the words of the message, so they are part of the interface.
    """

    code, status, default_message = "token.notValid", 400, "Page token is invalid"


class FieldUnsupported(RequestError):
    """Strict handling was asked for and the provider cannot keep a field."""

    code, status, default_message = "field.unsupported", 400, "A field is not supported by the provider"


class ReturnUrlInvalid(RequestError):
    """The return URL is not registered with the application."""

    code, status, default_message = "returnurl.invalid", 400, "The returnUrl is not registered"


class ScopesInvalid(RequestError):
    """The requested scopes cannot be understood."""

    code, status, default_message = "Scopes.invalid", 400, "The scopes are not valid"


class Unauthorized(RequestError):
    """No credentials, or unknown ones."""

    code, status, default_message = "unauthorized", 401, "Authentication information is missing or invalid"


class Forbidden(RequestError):
    """A scope is missing, or the account belongs to another application."""

    code, status, default_message = "forbidden", 403, "Not allowed"


class NotFound(RequestError):
    """There is no such resource."""

    code, status, default_message = "notFound", 404, "Not found"


class MethodNotAllowed(RequestError):
    """The resource exists but not with this method."""

    code, status, default_message = "methodNotAllowed", 405, "Method not allowed"


class IdempotencyInProgress(RequestError):
    """The first request with this key still runs, or its outcome cannot be known yet."""

    code, status, retry = "idempotency.inProgress", 409, Retry.LATER
    default_message = "The first request with this key is still running"


class SyncHalted(RequestError):
    """A mass deletion awaits approval."""

    code, status, default_message = "sync.halted", 409, "Synchronisation is halted: deletions await approval"


class SyncTokenExpired(RequestError):
    """The token is too old or comes from a lost future (a restored backup)."""

    code, status, default_message = "syncToken.expired", 410, "syncToken expired."


class PreconditionFailed(RequestError):
    """The contact has changed since the version named by If-Match."""

    code, status, default_message = "precondition.failed", 412, "The contact has changed since it was read"


class PayloadTooLarge(RequestError):
    """The body, or a photo in it, exceeds the limit."""

    code, status, default_message = "payload.tooLarge", 413, "The request is too large"


class IdempotencyMismatch(RequestError):
    """The same Idempotency-Key came with another body."""

    code, status, default_message = "idempotency.mismatch", 422, "The key was used with another request"


class PreconditionRequired(RequestError):
    """If-Match is missing and the server is configured to demand it."""

    code, status, default_message = "precondition.required", 428, "If-Match is required"


class TooManyRequests(RequestError):
    """Our own limit; always with ``retry_after``."""

    code, status, retry, default_message = "tooManyRequests", 429, Retry.LATER, "Too many requests"


class Unsupported(RequestError):
    """A part of the Aurinko interface that Polydex does not serve; the message names it."""

    code, status, default_message = "notImplemented", 501, "Not implemented"


class Unavailable(RequestError):
    """This server cannot answer now: it is starting, stopping or out of time. No provider is to blame."""

    code, status, retry, default_message = "unavailable", 503, Retry.LATER, "The server cannot answer now"


class NotReady(RequestError):
    """The first pull is not complete; always with ``retry_after``."""

    code, status, retry, default_message = "sync.notReady", 503, Retry.LATER, "The first synchronisation still runs"


class ProviderError(PolydexError):
    """The provider, or the way to it, failed.

    ``sent`` tells whether the request may have reached the provider: only then is a failed write ambiguous (J10).
    """

    sent: bool = True


class TokenDead(ProviderError):
    """The refresh was refused for good; no call is made any more."""

    code, status, default_message = "token.dead", 401, "Not authorized"


class TokenRefreshFailed(ProviderError):
    """The access token could not be refreshed."""

    code, status, default_message = "token.refresh.failed", 401, "The access token could not be refreshed"


class ProviderUnauthorized(ProviderError):
    """The provider refused our credentials."""

    code, status, retry = "unauthorized", 401, Retry.AFTER_REFRESH
    default_message = "The provider refused the credentials"


class ProviderForbidden(ProviderError):
    """Authenticated at the provider, but not allowed to do this (for example a read-only address book)."""

    code, status, default_message = "forbidden", 403, "The provider does not allow this"


class RecordNotFound(ProviderError):
    """The provider has no record under this key."""

    code, status, default_message = "notFound", 404, "Not found"


class CursorExpired(ProviderError):
    """The provider no longer accepts a cursor. ``resume`` is true when it was the cursor of a walk in progress."""

    code, status, default_message = "internal", 500, "The provider's cursor has expired"
    resume: bool = False


class Stale(ProviderError):
    """The base of a write is superseded at the provider."""

    code, status, default_message = "precondition.failed", 412, "The contact has changed at the provider"


class ProviderRejected(ProviderError):
    """The provider refuses the content; ``original`` has its reason."""

    code, status, default_message = "provider.rejected", 422, "The provider refuses the content"


class ProviderThrottled(ProviderError):
    """The provider's limit; ``retry_after`` is set."""

    code, status, retry = "tooManyRequests", 429, Retry.LATER
    default_message = "The provider asks for fewer requests"


class ProviderMalformed(ProviderError):
    """The provider's answer cannot be understood."""

    code, status, retry = "provider.malformed", 502, Retry.LATER
    default_message = "The provider's answer cannot be understood"


class ProviderUnavailable(ProviderError):
    """The provider cannot be reached or fails. ``sent`` is false when no byte of the request can have arrived."""

    code, status, retry, default_message = "provider.unavailable", 503, Retry.LATER, "The provider is unavailable"

    def __init__(
        self,
        message: str | None = None,
        *,
        sent: bool = True,
        detail: str = "",
        original: dict[str, object] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, detail=detail, original=original, retry_after=retry_after)
        self.sent = sent


class ProviderTimeout(ProviderError):
    """The provider did not answer in time: whether it acted is unknown."""

    code, status, retry = "provider.timeout", 504, Retry.LATER
    default_message = "The provider did not answer in time"


class AddressForbidden(ProviderError):
    """The outbound guard refused an address: not public and not allowed by the operator, or not http(s)."""

    code, status, default_message = "badRequest", 400, "This address may not be reached from the server"
    sent = False


class FenceLost(PolydexError):
    """Another worker holds the lease now; what this one learned must not be applied."""

    retry = Retry.LATER


class GenerationChanged(PolydexError):
    """The account was erased or restored while the request ran (J9)."""

    code, status, default_message = "notFound", 404, "The account has changed; nothing was applied"


class Internal(PolydexError):
    """A fault of ours; shown without details."""


class StoreFailed(PolydexError):
    """The database cannot do its work now: disk full, I/O error, lock not granted in time, connection lost.

    Nothing of the transaction counts, except that a connection lost, or a disk that failed, during COMMIT leaves its
    outcome open. The message names the cause, the detail the place. Raised while opening, the message is for the
    operator and says what to do.
    """

    code, status, retry = "storage.unavailable", 503, Retry.LATER
    default_message = "The database cannot be used now"


class StoreDamaged(StoreFailed):
    """The database is damaged, missing, or not the one that was opened: it takes the operator to mend that."""

    retry = Retry.NEVER
    default_message = "The database cannot be used"


class StoreTooNew(StoreFailed):
    """The database was made by a newer version of Polydex; nothing was changed, and trying again does not help."""

    retry = Retry.NEVER


class ConfigInvalid(PolydexError):
    """A setting or a key file cannot be used; the message names it and says what to do, for the operator."""

    default_message = "The configuration is not valid"
