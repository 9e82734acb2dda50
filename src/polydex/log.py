"""Logging: structured events as JSON lines, without secrets and without contact data.

Every event, ours or a library's, passes ``redact`` before it is written. It is the last line of defence, not a licence
to log: events carry ids, counts, codes and host names.
"""

from __future__ import annotations

import contextlib
import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TextIO, cast

import msgspec
import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars
from structlog.typing import FilteringBoundLogger, Processor

HIDDEN: Final = "[hidden]"

# Parts of member names whose values are secrets or contact data.
_SECRET_NAME: Final = re.compile(
    r"authori[sz]ation|passw|passphrase|secret|token|cookie|credential|api_?key|private_?key|access_?key|signature"
    r"|nonce|session_?id|body|payload|content|raw|vcard|photo|e_?mail|phone|address(es)?$|query|headers",
    re.IGNORECASE,
)
_SECRET_TEXT: Final = (
    # Authorization headers, wherever they turn up.
    (re.compile(r"\b(Basic|Bearer|Digest|Negotiate|NTLM)\s+(?!realm\b)\S{6,}.*", re.IGNORECASE), rf"\1 {HIDDEN}"),
    # Our own tokens, and JSON Web Tokens.
    (re.compile(r"\bpdx_[a-z]+_\w+"), HIDDEN),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), HIDDEN),
    # User name and password in a URL, then its query.
    (re.compile(r"(?<=://)[^/\s@]+@"), f"{HIDDEN}@"),
    (re.compile(r"(?<=[\w/])\?[^\s\"'<>]*=[^\s\"'<>]*"), f"?{HIDDEN}"),
    # name=value and "name": "value" in texts of others.
    (
        re.compile(
            r"(\b\w*(?:password|passwd|secret|token|api_?key|authorization|cookie)\w*[\"']?\s*[:=]\s*)"
            r"(\"[^\"]*\"|'[^']*'|[^\s,;&]+)",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    # Mail addresses are contact data.
    (re.compile(r"[\w.%+-]+@[\w-]+(\.[\w-]+)+"), HIDDEN),
)
_DEEPEST: Final = 6


class _Stderr:
    """Standard error as it is when something is written, not as it was when the logger was made.

    What cannot be written (the disk of the log is full, its reader gone) is lost, and stops nobody's work.
    """

    def write(self, text: str) -> int:
        try:
            return sys.stderr.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()


_STDERR: Final = cast("TextIO", _Stderr())


class _Level:
    number = logging.WARNING
    target: TextIO = _STDERR


def setup(level: str = "info", stream: TextIO | None = None) -> None:
    """Send all logging of the process, ours and that of the standard library, as JSON lines to a stream.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``.
        stream: standard error by default.

    Raises:
        ValueError: no such level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"{level!r} is not a log level; use debug, info, warning or error")
    target = stream or _STDERR
    shared, render = _configure(number, target)
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, *render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # Libraries tell what they do in their debug messages, contents included.
    root.setLevel(max(number, logging.INFO))


def _configure(number: int, target: TextIO) -> tuple[list[Processor], list[Processor]]:
    shared: list[Processor] = [
        merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _place,
        redact,
    ]
    render: list[Processor] = [structlog.processors.JSONRenderer(serializer=_json)]
    _Level.number, _Level.target = number, target
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=False,
    )
    return shared, render


def logger(name: str) -> FilteringBoundLogger:
    """A logger whose events carry the name of the part of the house they come from."""
    bound: FilteringBoundLogger = structlog.get_logger(module=name)
    return bound


def debugging() -> bool:
    """Whether debug events are written; asking is cheaper than making an event that is thrown away."""
    return _Level.number <= logging.DEBUG


def begin_request(request_id: str) -> None:
    """Every event of this context (task) carries the request id from now on."""
    clear_contextvars()
    bind_contextvars(request_id=request_id)


class _Answered(msgspec.Struct, frozen=True, gc=False):
    """A line of the access log, with its members in the order of every other line."""

    account: int | None
    event: str
    level: str
    method: str
    milliseconds: float
    module: str
    request_id: str
    route: str
    status: int | None
    timestamp: datetime


def access(request_id: str, method: str, route: str, status: int | None, account: int | None, seconds: float) -> None:
    """Write the line of one answered request.

    Every value is ours (a known method, a path template, numbers), so nothing has to be looked through for secrets:
    that, and the rest of the way of an event, cost as much as the answer.
    """
    if _Level.number > logging.INFO:
        return
    line = _Answered(
        account=account,
        event="http.request",
        level="info",
        milliseconds=round(seconds * 1000, 1),
        method=method,
        module="polydex.api",
        request_id=request_id,
        route=route,
        status=status,
        timestamp=datetime.now(UTC),
    )
    _Level.target.write(_encode(line).decode() + "\n")
    _Level.target.flush()


_encode: Final = msgspec.json.Encoder().encode


def _place(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: where an exception was raised, and its kind. Its message may hold contact data."""
    info = event.pop("exc_info", None)
    error = info[1] if isinstance(info, tuple) else info if isinstance(info, BaseException) else None
    if info and error is None:
        error = sys.exc_info()[1]
    kinds: list[str] = []
    while error is not None and len(kinds) < _DEEPEST:
        frames = traceback.extract_tb(error.__traceback__)
        path = " > ".join(f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames)
        kinds.append(f"{type(error).__name__} at {path}")
        error = error.__cause__ or error.__context__
    if kinds:
        event["exception"] = "; after ".join(kinds)
    return event


def redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A structlog processor: blanks members whose name or value looks like a secret or like contact data."""
    for name, value in event.items():
        event[name] = _redacted(name, value, 0)
    return event


def _redacted(name: str, value: object, depth: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if name and _SECRET_NAME.search(name) and not isinstance(value, int | float):
        return HIDDEN
    match value:
        case str():
            for pattern, replacement in _SECRET_TEXT:
                value = pattern.sub(replacement, value)
            return value
        case int() | float():
            return value
        case bytes() | bytearray() | memoryview():
            return f"[{len(value)} bytes]"
        case _ if depth >= _DEEPEST:
            return HIDDEN
        case Mapping():
            return {str(key): _redacted(str(key), item, depth + 1) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_redacted("", item, depth + 1) for item in value]
        case _:
            # Objects show what their repr shows; that of a secret is empty, but who knows of others.
            return _redacted("", str(value), depth + 1)


def _json(event: object, **_ignored: object) -> str:
    return msgspec.json.encode(event, order="deterministic").decode()


# Who never calls ``setup`` (a test, a program that uses a part of the house) gets warnings only, redacted as well.
_configure(logging.WARNING, _STDERR)
