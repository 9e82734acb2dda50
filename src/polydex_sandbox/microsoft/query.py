"""Query options of OData: which are understood, and what they say."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl

from polydex_sandbox.microsoft import errors
from polydex_sandbox.microsoft.routes import Operation

_KNOWN = (
    "select", "top", "skip", "filter", "orderby", "expand", "count", "search", "deltatoken", "skiptoken", "format"
)  # fmt: skip
LARGEST_TOP = 1000
"""https://learn.microsoft.com/graph/paging; the text is OData's."""


def options(operation: Operation, query: str) -> dict[str, str]:
    """By name, without ``$``, which Graph lets be left out. Raises GraphError: one is not supported, or is there twice."""
    found: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        plain = name.removeprefix("$").lower()
        if plain not in _KNOWN:
            if name.startswith("$"):
                raise errors.bad_request(f"The query parameter '{name}' is not supported.")
            # Others are the client's own.
            continue
        if plain == "format":
            continue
        if plain not in operation.options:
            raise errors.bad_request(f"The query parameter '${plain}' is not supported.")
        if plain in found:
            raise errors.bad_request(
                f"Query option '${plain}' was specified more than once, but it must be specified at most once."
            )
        found[plain] = value
    return found


def none(query: str) -> None:
    """Raises GraphError: there is an option of OData, where none is understood."""
    for name, _ in parse_qsl(query, keep_blank_values=True):
        if name.startswith("$") and name.lower() != "$format":
            raise errors.no_option(name.removeprefix("$"))


def select(given: Mapping[str, str], known: Collection[str], kind: str) -> tuple[str, ...]:
    """The properties of ``$select``; () for all. Raises GraphError."""
    names = tuple(name.strip() for name in given.get("select", "").split(",") if name.strip())
    for name in names:
        if name not in known and name != "*":
            raise errors.GraphError(
                400, "RequestBroker--ParseUri", f"Could not find a property named '{name}' on type '{kind}'."
            )
    return () if "*" in names else names


def number(given: Mapping[str, str], name: str) -> int | None:
    """``$top`` or ``$skip``. Raises GraphError."""
    text = given.get(name)
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise errors.bad_request(
            f"Invalid value '{text}' for ${name} query option found. The ${name} query option requires a non-negative integer value."
        )
    found = int(text)
    if name == "top" and found > LARGEST_TOP:
        raise errors.bad_request(
            f"The limit of '{LARGEST_TOP}' for Top query has been exceeded. The value from the incoming request is '{found}'."
        )
    return found


def flag(given: Mapping[str, str], name: str) -> bool:
    """``$count``. Raises GraphError."""
    text = given.get(name, "false").lower()
    if text not in ("true", "false"):
        raise errors.bad_request(
            f"Invalid value '{text}' for ${name} query option found. Valid values are 'true' or 'false'."
        )
    return text == "true"
