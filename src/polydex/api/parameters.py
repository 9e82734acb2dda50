"""Parameters of operations: declared once, with what is parsed, what is documented and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, Literal, TypeVar

from polydex.core.errors import BadRequest, NotFound, TokenNotValid, Unsupported

T = TypeVar("T")
Where = Literal["query", "path", "header"]
Schema = Mapping[str, Any]

_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_TRUE = frozenset({"true", "1", "yes", "on"})
_FALSE = frozenset({"false", "0", "no", "off"})
_SEPARATORS = re.compile(r"[ ,]+")
_RFC3339 = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
NO_NUL = "^[^\\u0000]*$"
"""Pattern of any text: NUL can be stored by no database and typed by no one."""


@dataclass(frozen=True, eq=False)
class Parameter(Generic[T]):
    """One parameter of an operation.

    Attributes:
        name: as on the wire; header names in their usual letter case.
        where: query, path or header.
        schema: JSON Schema of the value, for OpenAPI.
        parse: from the values that were sent (never empty) to the value; raises BadRequest.
        default: the value when nothing was sent.
        text: for the documentation.
        extra: more members of the OpenAPI description.
        documented: shown in /openapi.json.
        example: a value that is valid, for the documentation.
    """

    name: str
    where: Where
    schema: Schema
    parse: Callable[[str, Sequence[str]], T]
    default: T
    text: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    documented: bool = True
    example: object = None

    def read(self, values: Sequence[str]) -> T:
        """The value. Raises BadRequest naming the parameter, or Unsupported for one that is not served."""
        return self.parse(self.name, values) if values else self.default


def _single(name: str, values: Sequence[str]) -> str:
    if len(set(values)) > 1:
        raise BadRequest(f"'{name}' was sent more than once, with different values")
    value = values[0]
    if "\0" in value:
        raise BadRequest(f"'{name}' contains a NUL character")
    return value


def text(
    name: str, about: str, *, example: str, where: Where = "query", schema: Schema | None = None
) -> Parameter[str | None]:
    """Free text. Empty is absent."""

    def parse(name: str, values: Sequence[str]) -> str | None:
        return _single(name, values) or None

    schema = schema or {"type": "string", "pattern": NO_NUL}
    return Parameter(name, where, schema, parse, None, about, example=example)


def token(name: str, about: str, *, example: str) -> Parameter[str | None]:
    """A token of ours. Empty is absent. Whatever else was sent is for the token's decoder to judge."""

    def parse(_name: str, values: Sequence[str]) -> str | None:
        if len(set(values)) > 1:
            raise TokenNotValid
        return values[0] or None

    return Parameter(name, "query", {"type": "string"}, parse, None, about, example=example)


def integer(
    name: str, about: str, *, low: int, high: int, default: int, where: Where = "query", documented_default: bool = True
) -> Parameter[int]:
    """A whole number between ``low`` and ``high``, both included."""

    def parse(name: str, values: Sequence[str]) -> int:
        value = _single(name, values)
        if not _INTEGER.fullmatch(value) or not low <= int(value) <= high:
            raise BadRequest(f"'{name}' must be a whole number from {low} to {high}")
        return int(value)

    schema: dict[str, Any] = {"type": "integer", "minimum": low, "maximum": high}
    if documented_default:
        schema["default"] = default
    return Parameter(name, where, schema, parse, default, about, example=default)


def maybe_integer(name: str, about: str, *, low: int, high: int, example: int) -> Parameter[int | None]:
    """A whole number, or None when it was not sent."""
    inner = integer(name, about, low=low, high=high, default=low, documented_default=False)
    return Parameter(name, "query", inner.schema, inner.parse, None, about, example=example)


def boolean(name: str, about: str, *, default: bool) -> Parameter[bool]:
    """``true``, ``1``, ``yes``, ``on`` or their opposites, in any letter case; empty is absent."""

    def parse(name: str, values: Sequence[str]) -> bool:
        value = _single(name, values).lower()
        if value in _TRUE or value in _FALSE:
            return value in _TRUE
        if value:
            raise BadRequest(f"'{name}' must be true or false")
        return default

    return Parameter(name, "query", {"type": "boolean", "default": default}, parse, default, about, example=True)


def choice(name: str, about: str, values: Sequence[str], *, default: str) -> Parameter[str]:
    """One of some words, in any letter case."""
    known = {value.lower(): value for value in values}

    def parse(name: str, sent: Sequence[str]) -> str:
        value = known.get(_single(name, sent).lower())
        if value is None:
            raise BadRequest(f"'{name}' must be one of {', '.join(values)}")
        return value

    schema = {"type": "string", "enum": list(values), "default": default}
    return Parameter(name, "query", schema, parse, default, about, example=values[-1])


def maybe_choice(name: str, about: str, values: Sequence[str]) -> Parameter[str | None]:
    """One of some words, or None when it was not sent."""
    inner = choice(name, about, values, default="")
    schema = {"type": "string", "enum": list(values)}
    return Parameter(name, "query", schema, inner.parse, None, about, example=values[-1])


def split(values: Sequence[str]) -> tuple[str, ...]:
    """The entries of a list parameter: repeated, with spaces or with commas; each once, in order."""
    entries = (entry for value in values for entry in _SEPARATORS.split(value) if entry)
    return tuple(dict.fromkeys(entries))


def words(name: str, about: str, *, example: Sequence[str], items: Schema | None = None) -> Parameter[tuple[str, ...]]:
    """A list: repeated, with spaces or with commas."""
    allowed = tuple((items or {}).get("enum", ()))
    known = {value.lower(): value for value in allowed}

    def parse(name: str, values: Sequence[str]) -> tuple[str, ...]:
        entries = split(values)
        if any("\0" in entry for entry in entries):
            raise BadRequest(f"'{name}' contains a NUL character")
        if not allowed:
            return entries
        if any(entry.lower() not in known for entry in entries):
            raise BadRequest(f"'{name}' may hold {', '.join(allowed)}")
        return tuple(dict.fromkeys(known[entry.lower()] for entry in entries))

    schema = {"type": "array", "items": dict(items or {"type": "string", "pattern": NO_NUL})}
    extra = {"style": "form", "explode": True}
    return Parameter(name, "query", schema, parse, (), about, extra, example=list(example))


def moment(name: str, about: str) -> Parameter[int | None]:
    """A date-time of RFC 3339, as unix milliseconds (rounded down). Empty is absent."""

    def parse(name: str, values: Sequence[str]) -> int | None:
        value = _single(name, values)
        if not value:
            return None
        return milliseconds(name, value)

    schema = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "maxLength": 0}]}
    return Parameter(name, "query", schema, parse, None, about, example="2026-01-31T12:00:00Z")


def milliseconds(name: str, value: str) -> int:
    """Unix milliseconds of an RFC 3339 date-time. A ``+`` that arrived as a space is understood.

    Raises:
        BadRequest: naming ``name``.
    """
    repaired = re.sub(r" (\d{2}:\d{2})$", r"+\1", value)
    match = _RFC3339.fullmatch(repaired)
    problem = f"'{name}' must be a date-time such as 2026-01-31T12:00:00Z"
    if match is None:
        raise BadRequest(problem)
    date, clock, fraction, zone = match.groups()
    # A leap second (RFC 3339, section 5.6) is the second before it: unix time has none.
    clock = clock[:6] + "59" if clock.endswith(":60") else clock
    try:
        whole = datetime.fromisoformat(f"{date}T{clock}{'+00:00' if zone in 'Zz' else zone}")
        seconds = (whole - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    except (ValueError, OverflowError):
        raise BadRequest(problem) from None
    return int(seconds) * 1000 + int((fraction or "").ljust(3, "0")[:3])


def path_text(name: str, about: str, *, schema: Schema, example: str) -> Parameter[str]:
    """A part of the path. What cannot be an identifier of ours is not found."""
    pattern = re.compile(schema.get("pattern", ".*"), re.ASCII | re.DOTALL)

    def parse(_name: str, values: Sequence[str]) -> str:
        if not pattern.fullmatch(values[0]) or "\0" in values[0]:
            raise NotFound("Not found")
        return values[0]

    return Parameter(name, "path", schema, parse, "", about, example=example)


def path_integer(name: str, about: str) -> Parameter[int]:
    """A number in the path. What is not one is not found."""

    def parse(_name: str, values: Sequence[str]) -> int:
        value = values[0]
        if not re.fullmatch(r"[0-9]{1,18}", value, re.ASCII) or value != str(int(value)):
            raise NotFound("Not found")
        return int(value)

    schema = {"type": "integer", "format": "int64", "minimum": 1, "maximum": 10**18 - 1}
    return Parameter(name, "path", schema, parse, 0, about, example=1)


def header(name: str, about: str, *, example: str) -> Parameter[str | None]:
    """A request header; several of the same name are one list (RFC 9110, section 5.3)."""

    def parse(_name: str, values: Sequence[str]) -> str | None:
        return ", ".join(values)

    return Parameter(name, "header", {"type": "string"}, parse, None, about, example=example)


def _no_cache(_name: str, values: Sequence[str]) -> bool:
    return any(part.strip().lower() == "no-cache" for value in values for part in value.split(","))


NO_CACHE: Parameter[bool] = Parameter(
    "Cache-Control",
    "header",
    {"type": "string"},
    _no_cache,
    False,
    "`no-cache` forces a read from the provider (RFC 9111, section 5.2.1.4).",
    example="no-cache",
)


def preference(name: str, value: str, about: str) -> Parameter[bool]:
    """Whether the header ``Prefer`` has the preference ``name=value`` (RFC 7240); others, and what is none, are ignored."""

    def parse(_name: str, values: Sequence[str]) -> bool:
        for sent in ",".join(values).split(","):
            found, _, asked = sent.partition(";")[0].partition("=")  # after the semicolon, parameters: we know of none
            if found.strip().lower() == name:  # the first one counts (section 2)
                return asked.strip().strip('"').lower() == value
        return False

    return Parameter("Prefer", "header", {"type": "string"}, parse, False, about, example=f"{name}={value}")


def absent(
    name: str,
    *,
    where: Where = "query",
    schema: Schema | None = None,
    unless: tuple[str, ...] = (),
    documented: bool = True,
) -> Parameter[None]:
    """A parameter that is not served: sent, it is answered with 501 naming it.

    A parameter that filters or restricts is never ignored: the answer would be another one than was asked for.

    Args:
        unless: values (lower case) that ask for nothing and are accepted, such as ``false``.
        documented: False for what no contract speaks of.
    """

    def parse(name: str, values: Sequence[str]) -> None:
        if any(value.lower() not in ("", *unless) for value in values):
            raise Unsupported(f"'{name}' is not served by Polydex")

    about = (
        "Not served: the answer is 501 and names it, because to ignore it would give something else than was asked for."
    )
    schema = schema or {"type": "string"}
    return Parameter(name, where, schema, parse, None, about, documented=documented, example=_any_of(schema))


def ignored(name: str, schema: Schema) -> Parameter[None]:
    """A parameter of an operation that is itself not served: documented, never read."""

    def parse(_name: str, _values: Sequence[str]) -> None:
        return None

    about = "Of the Aurinko interface; never read, the operation is not served."
    return Parameter(name, "query", schema, parse, None, about, example=_any_of(schema))


def _any_of(schema: Schema) -> object:
    """A value that a simple schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    return {"boolean": False, "integer": 1, "array": ["x"]}.get(schema["type"], "x")
