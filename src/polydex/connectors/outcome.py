"""What a failure says of a write of several requests: whether it was carried out, and how far."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from polydex.core.errors import (
    ProviderError,
    ProviderForbidden,
    ProviderMalformed,
    ProviderRejected,
    ProviderTimeout,
    ProviderUnavailable,
    RecordNotFound,
    Retry,
    Stale,
)
from polydex.core.fields import Loss


@contextlib.contextmanager
def nothing_sent() -> Iterator[None]:
    """A failure in here is no ambiguous write: nothing was sent that changes anything."""
    try:
        yield
    except ProviderError as error:
        raise unsent(error) from error


def unsent(error: ProviderError) -> ProviderError:
    """The error as one of which it is known that nothing was sent that changes anything."""
    if isinstance(error, ProviderTimeout | ProviderMalformed):  # ambiguous whatever they say of themselves
        return ProviderUnavailable(
            error.message, sent=False, detail=error.detail, original=error.original, retry_after=error.retry_after
        )
    error.sent = False
    return error


def of_create(error: ProviderError) -> ProviderError:
    """The error as that of a create: there is no contact yet that could have changed, or be missing."""
    if isinstance(error, Stale | RecordNotFound):
        rejected = ProviderRejected(error.message, original=error.original)
        rejected.sent = error.sent
        return rejected
    return error


def without_photo(error: ProviderError, step: str) -> Loss:
    """What a new contact loses whose photo failed after it.

    Args:
        error: of the photo.
        step: what is done, for messages.

    Raises:
        ProviderTimeout: it is to be seen later what has become of the photo.
    """
    if isinstance(error, ProviderRejected | ProviderForbidden):
        return Loss("$.photo", f"The contact was created without it: {error.message}")
    raise ProviderTimeout(
        f"{step}: the contact is there, its photo is not", original=error.original, retry_after=error.retry_after
    ) from error


@contextlib.contextmanager
def half_done(step: str) -> Iterator[None]:
    """The photo is written: what fails in here, and may be tried again, is not to pass for a change that did not happen.

    The engine finds out how far it has come, and ends it. ``step``: what is done, for messages.
    """
    try:
        yield
    except ProviderError as error:
        if error.retry is Retry.NEVER:
            raise
        message = f"{step}: the photo is written, the rest is not"
        raise ProviderTimeout(message, original=error.original, retry_after=error.retry_after) from error
