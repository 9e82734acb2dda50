"""How a command ends: exit codes, and errors as one line for people or one JSON object for programs."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import msgspec

from polydex.core.errors import (
    AddressForbidden,
    BadRequest,
    ConfigInvalid,
    Internal,
    PolydexError,
    ProviderError,
    ProviderUnauthorized,
    ProviderUnavailable,
    Retry,
    StoreFailed,
)

OK = 0
FAILED = 1
"""Anything without a code of its own."""
USAGE = 2
"""The command line, the input or a setting is wrong."""
NOT_FOUND = 3
PRECONDITION = 4
"""The contact has changed since the version named by ``--if-match``."""
TRY_LATER = 5
"""The provider or the database cannot be used now; the same command may succeed later."""
REFUSED = 6
"""The provider refuses the credentials, or does not allow it."""
INTERRUPTED = 130
"""Ctrl-C, as shells number it."""

_BY_STATUS = {
    400: USAGE,
    413: USAGE,
    422: USAGE,
    401: REFUSED,
    403: REFUSED,
    404: NOT_FOUND,
    412: PRECONDITION,
    428: PRECONDITION,
}


def exit_code(error: PolydexError) -> int:
    """The exit code of an error."""
    if isinstance(error, ConfigInvalid):
        return USAGE
    if error.retry is Retry.LATER:
        return TRY_LATER
    return _BY_STATUS.get(error.status, FAILED)


def tell(error: Exception, *, as_json: bool) -> int:
    """Write an error to standard error; the exit code."""
    if not isinstance(error, PolydexError):
        # A fault of ours. Where it happened helps whoever mends it, but shows code, and maybe data.
        if os.environ.get("POLYDEX_LOG_LEVEL", "").lower() == "debug":
            traceback.print_exception(error)
        error = _ours(error)
    code = error.code if not isinstance(error, ConfigInvalid) else "config.invalid"
    _write(code, explain(error), error.original, as_json)
    return exit_code(error)


def explain(error: PolydexError) -> str:
    """The message with what the operator, who runs the command, may know besides: the place, and how to mend it."""
    message = error.message
    if isinstance(error, (Internal, ProviderError)) and error.detail and error.detail not in message:
        message = f"{message} ({error.detail})" if isinstance(error, ProviderError) else f"{message}: {error.detail}"
    match error:
        case StoreFailed() if error.detail and error.detail not in message:
            return f"{error.default_message}: {error.detail}"
        case AddressForbidden() if error.detail:  # without detail the URL itself is malformed, and the message says it
            return (
                f"{message}: it is not a public one; if it is meant, name its network in "
                "POLYDEX_ALLOW_PRIVATE_NETWORKS, such as 192.168.1.0/24, for the commands and for the server"
            )
        case ProviderUnavailable() if not error.sent:
            return f"{message}; is the address right, and does the service run?"
        case ProviderUnauthorized():
            return f"{message}; check the login, and whether the service wants an app password"
    return message


def usage(message: str, *, as_json: bool) -> int:
    """Write that the command line is wrong; the exit code."""
    _write("usage", " ".join(message.split()), None, as_json)
    return USAGE


def check_text(words: Sequence[str]) -> None:
    """Raises BadRequest for an argument that is not UTF-8: Python gives its bytes as lone surrogates."""
    for number, word in enumerate(words, 1):
        if any("\ud800" <= character <= "\udfff" for character in word):
            raise BadRequest(f"Argument {number} is not UTF-8")


def _ours(error: Exception) -> Internal:
    if isinstance(error, OSError) and error.strerror:
        # Disk full, output closed, a file without rights: the system says it best.
        return Internal(f"{error.filename or 'Reading or writing failed'}: {error.strerror}")
    return Internal(f"Internal error ({type(error).__name__}); run it again with POLYDEX_LOG_LEVEL=debug to see where")


def _write(code: str, message: str, original: dict[str, object] | None, as_json: bool) -> None:
    if as_json:
        told: dict[str, object] = {"code": code, "message": message}
        if original:
            told["originalError"] = original
        sys.stderr.write(msgspec.json.encode(told).decode() + "\n")
    else:
        sys.stderr.write(f"polydex: {message}\n")
